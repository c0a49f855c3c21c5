//! The public address of the API, which tracking links start with.

use std::sync::Arc;

use url::Url;

use crate::{Environment, Error, FromEnvironment, Problem, Request, Variable};

/// The address below which links answer, such as `https://go.example.com/r`, where one is set.
#[derive(Debug, Clone)]
pub struct LinkBase(Option<Arc<Url>>);

/// The address below which links answer.
#[derive(Debug, Clone)]
pub struct LinkAddress(Arc<Url>);

impl LinkBase {
    /// The address that is set, or else the one that this request was sent to.
    ///
    /// A stack cannot put the address of its own API into its functions' variables before that
    /// API exists, and the API needs the functions first.
    ///
    /// # Errors
    /// When none is set and the request does not tell.
    pub fn of(&self, request: &Request) -> Result<LinkAddress, Problem> {
        match &self.0 {
            Some(url) => Ok(LinkAddress(Arc::clone(url))),
            None => LinkAddress::at(request.domain_name().unwrap_or_default(), request.stage()),
        }
    }
}

impl LinkAddress {
    fn at(domain_name: &str, stage: Option<&str>) -> Result<Self, Problem> {
        if domain_name.is_empty() {
            // The parser would take the path for the host.
            return Err(Problem::internal("the request does not tell which host it was sent to"));
        }
        // The default stage does not show in the path.
        let stage =
            stage.filter(|stage| *stage != "$default").map_or(String::new(), |stage| format!("/{stage}"));
        let url: Url = format!("https://{domain_name}{stage}/r").parse().map_err(Problem::internal)?;
        Ok(Self(Arc::new(url)))
    }

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
        let is_set = !environment.variable(Variable::LinkBaseUrl)?.is_empty();
        let url = is_set.then(|| environment.url(Variable::LinkBaseUrl)).transpose()?;
        Ok(Self(url.map(Arc::new)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(url: &str) -> LinkAddress {
        LinkAddress(Arc::new(url.parse().unwrap()))
    }

    #[test]
    fn a_slug_is_appended_with_one_slash() {
        for base in ["https://api.example.com/r", "https://api.example.com/r/"] {
            assert_eq!(address(base).link("spring"), "https://api.example.com/r/spring");
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
            assert_eq!(address(base).beside("/webhooks/stripe"), expected);
        }
    }

    #[test]
    fn where_none_is_set_it_is_the_address_that_was_called() {
        for (stage, expected) in [
            (Some("$default"), "https://a1b2c3.execute-api.eu-central-1.amazonaws.com/r/spring"),
            (None, "https://a1b2c3.execute-api.eu-central-1.amazonaws.com/r/spring"),
            (Some("live"), "https://a1b2c3.execute-api.eu-central-1.amazonaws.com/live/r/spring"),
        ] {
            let address = LinkAddress::at("a1b2c3.execute-api.eu-central-1.amazonaws.com", stage).unwrap();
            assert_eq!(address.link("spring"), expected);
        }
        assert!(LinkAddress::at("", None).is_err());
    }
}
