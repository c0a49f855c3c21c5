//! The one HTTP client towards everybody but AWS.

use std::time::Duration;

use crate::{Environment, Error, FromEnvironment};

/// The client that providers and the token verifier share.
pub type HttpClient = reqwest::Client;

// Providers answer within seconds or not at all; an unknown outcome is looked up later, so
// waiting longer only costs money.
const CONNECT: Duration = Duration::from_secs(3);
const TOTAL: Duration = Duration::from_secs(15);

/// Builds the client: rustls with ring, HTTP/1.1, no redirects, no proxy, timeouts set.
///
/// Redirects are refused because every caller talks to one known API: following one would carry
/// credentials to wherever an answer points.
///
/// # Errors
/// When the platform's certificates cannot be read.
pub fn http_client() -> Result<HttpClient, Error> {
    // reqwest takes the process-wide provider, and only the first installation counts: an error
    // here says that another call, or a test, has installed the same one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .connect_timeout(CONNECT)
        .timeout(TOTAL)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("tributary/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(Error::HttpClient)
}

impl FromEnvironment for HttpClient {
    async fn from_environment(_: &Environment) -> Result<Self, Error> {
        http_client()
    }
}
