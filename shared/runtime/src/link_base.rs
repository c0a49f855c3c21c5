//! What tracking links start with.

use std::sync::Arc;

use url::Url;

use crate::{Environment, Error, FromEnvironment, Variable};

/// The public address below which links answer, such as `https://api.example.com/r`.
#[derive(Debug, Clone)]
pub struct LinkBase(Arc<Url>);

impl LinkBase {
    /// The public address of a slug.
    #[must_use]
    pub fn link(&self, slug: &str) -> String {
        format!("{}/{slug}", self.0.as_str().trim_end_matches('/'))
    }
}

impl FromEnvironment for LinkBase {
    async fn from_environment(environment: &Environment) -> Result<Self, Error> {
        environment.url(Variable::LinkBaseUrl).map(Arc::new).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_appended_with_one_slash() {
        for base in ["https://api.example.com/r", "https://api.example.com/r/"] {
            let base = LinkBase(Arc::new(base.parse().unwrap()));
            assert_eq!(base.link("spring"), "https://api.example.com/r/spring");
        }
    }
}
