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

    /// The public address of another path of the API, which answers beside the links.
    #[must_use]
    pub fn beside(&self, path: &str) -> String {
        let mut url = Url::clone(&self.0);
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().pop().extend(path.trim_start_matches('/').split('/'));
        }
        url.into()
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
    #[test]
    fn other_paths_of_the_api_answer_beside_the_links() {
        for (base, expected) in [
            ("https://go.example.com/r", "https://go.example.com/webhooks/stripe"),
            ("https://go.example.com/r/", "https://go.example.com/webhooks/stripe"),
            ("https://go.example.com", "https://go.example.com/webhooks/stripe"),
            ("http://127.0.0.1:4566/api/$default/r", "http://127.0.0.1:4566/api/$default/webhooks/stripe"),
        ] {
            let base = LinkBase(Arc::new(base.parse().unwrap()));
            assert_eq!(base.beside("/webhooks/stripe"), expected);
        }
    }
}
