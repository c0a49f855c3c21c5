//! A place between the functions and AWS for whoever wants to see or bend the calls.

use std::{fmt, sync::Arc};

use aws_smithy_runtime_api::client::http::SharedHttpClient;

/// Gives an HTTP client over another one, for the function with this name.
type Wrap = dyn Fn(&str, SharedHttpClient) -> SharedHttpClient + Send + Sync;

/// What stands between the functions and AWS; nothing by default.
#[derive(Clone, Default)]
pub struct Between(Option<Arc<Wrap>>);

impl Between {
    /// Puts a client over the one of every function.
    pub fn new(wrap: impl Fn(&str, SharedHttpClient) -> SharedHttpClient + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(wrap)))
    }

    /// The client that a function gets.
    #[must_use]
    pub fn over(&self, binary: &str, http: SharedHttpClient) -> SharedHttpClient {
        match &self.0 {
            Some(wrap) => wrap(binary, http),
            None => http,
        }
    }
}

impl fmt::Debug for Between {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Between")
    }
}
