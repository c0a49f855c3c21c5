//! Calls to PayPal's REST API, with an access token that is fetched once and kept while it lives.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use http::{HeaderValue, StatusCode, header};
use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use url::Url;

use crate::{
    credential::{self, InvalidCredential},
    exchange::{Answer, NoAnswer, address, exchange, text},
};

/// A token is not used in its last minute, so that it does not die on the way.
const MARGIN: Duration = Duration::from_secs(60);

/// PayPal's API, with the credentials of one application.
#[derive(Debug, Clone)]
pub(super) struct Api {
    client: Client,
    base: Url,
    basic: HeaderValue,
    token: Arc<Mutex<Option<Token>>>,
}

#[derive(Debug, Clone)]
struct Token {
    bearer: HeaderValue,
    dies_at: Instant,
}

impl Api {
    pub(super) fn new(client: Client, base: Url, id: &str, secret: &str) -> Result<Self, InvalidCredential> {
        let pair = data_encoding::BASE64.encode(format!("{id}:{secret}").as_bytes());
        let basic = credential::authorization("Basic", &pair)?;
        Ok(Self { client, base, basic, token: Arc::default() })
    }

    pub(super) async fn post(&self, path: &[&str], body: &Value) -> Result<Answer, NoAnswer> {
        self.call(|| self.client.post(address(&self.base, path)).json(body)).await
    }

    pub(super) async fn get(&self, path: &[&str]) -> Result<Answer, NoAnswer> {
        self.call(|| self.client.get(address(&self.base, path))).await
    }

    /// Calls with the token at hand. PayPal may end a token early; that answer comes before any
    /// work is done, so the same request is made once more with a new one.
    async fn call(&self, request: impl Fn() -> RequestBuilder) -> Result<Answer, NoAnswer> {
        if let Some(bearer) = self.living_token() {
            let answer = exchange(request().header(header::AUTHORIZATION, bearer)).await?;
            if answer.status != StatusCode::UNAUTHORIZED {
                return Ok(answer);
            }
        }
        let bearer = self.new_token().await?;
        exchange(request().header(header::AUTHORIZATION, bearer)).await
    }

    fn living_token(&self) -> Option<HeaderValue> {
        let token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        token.as_ref().filter(|token| Instant::now() < token.dies_at).map(|token| token.bearer.clone())
    }

    async fn new_token(&self) -> Result<HeaderValue, NoAnswer> {
        let request = self
            .client
            .post(address(&self.base, &["v1", "oauth2", "token"]))
            .header(header::AUTHORIZATION, self.basic.clone())
            .form(&[("grant_type", "client_credentials")]);
        let answer = exchange(request).await.map_err(|_| "no answer to the request for a token")?;
        let token = text(&answer.body, &["access_token"]).filter(|_| answer.status == StatusCode::OK);
        let bearer = token.and_then(|token| credential::authorization("Bearer", token).ok());
        let bearer = bearer.ok_or("no token was given for these credentials")?;
        let life = Duration::from_secs(answer.body.get("expires_in").and_then(Value::as_u64).unwrap_or(0));
        if let Some(dies_at) = Instant::now().checked_add(life.saturating_sub(MARGIN)) {
            let token = Token { bearer: bearer.clone(), dies_at };
            *self.token.lock().unwrap_or_else(PoisonError::into_inner) = Some(token);
        }
        Ok(bearer)
    }
}
