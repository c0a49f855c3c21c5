//! What a handler may ask for by naming it in its signature.

use store::Store;

use crate::{Environment, Error};

/// A dependency that can be built from the environment.
///
/// Dependencies are handed to the handler by value, so they are cheap to clone: a client or an
/// `Arc`. What no handler names is never built, and its code is not linked.
pub trait FromEnvironment: Clone + Send + Sync + 'static {
    /// Builds the dependency, once for each instance of the function.
    fn from_environment(environment: &Environment) -> impl Future<Output = Result<Self, Error>> + Send;

    /// Opens connections while the instance starts, so that the first request does not wait for
    /// them. Failing is harmless: the first request then opens them itself.
    fn warm(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

impl FromEnvironment for () {
    async fn from_environment(_: &Environment) -> Result<Self, Error> {
        Ok(())
    }
}

impl FromEnvironment for Store {
    async fn from_environment(environment: &Environment) -> Result<Self, Error> {
        environment.store()
    }

    async fn warm(&self) {
        Self::warm(self).await;
    }
}

macro_rules! tuple {
    ($($name:ident $index:tt),+) => {
        impl<$($name: FromEnvironment),+> FromEnvironment for ($($name,)+) {
            async fn from_environment(environment: &Environment) -> Result<Self, Error> {
                Ok(($($name::from_environment(environment).await?,)+))
            }

            async fn warm(&self) {
                $(self.$index.warm().await;)+
            }
        }
    };
}

tuple!(A 0);
tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);
