//! An answer as a handler gives it.

use aws_lambda_events::{apigw::ApiGatewayV2httpResponse, encodings::Body};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::Serialize;
use store::idempotency::{Answer as Stored, Committed, Earlier};

use super::{Code, Problem};

/// What a handler returns.
pub type Answer = Result<Response, Problem>;

const JSON: &str = "application/json";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// An answer.
///
/// Every constructor gives an [`Answer`], so that it can stand at the end of a handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    status: u16,
    headers: HeaderMap,
    cookies: Vec<String>,
    body: Content,
}

/// A body. What is not text goes through the gateway in base64.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    Text(String),
    Bytes(Vec<u8>),
}

impl Response {
    /// 200 with a body.
    ///
    /// # Errors
    /// 500 when the value cannot be written as JSON.
    pub fn ok(value: &impl Serialize) -> Answer {
        Self::json(200, value)
    }

    /// 201 with a body, and where the new thing is.
    ///
    /// # Errors
    /// 500 when the value cannot be written as JSON or the location is no header value.
    pub fn created(location: &str, value: &impl Serialize) -> Answer {
        Self::json(201, value)?.with_header(header::LOCATION, location)
    }

    /// 202 with a body: accepted, and done later.
    ///
    /// # Errors
    /// 500 when the value cannot be written as JSON.
    pub fn accepted(value: &impl Serialize) -> Answer {
        Self::json(202, value)
    }

    /// 204.
    ///
    /// # Errors
    /// Never; for symmetry with the others.
    pub fn no_content() -> Answer {
        Ok(Self::empty(204))
    }

    /// 302 to an address.
    ///
    /// # Errors
    /// 500 when the address is no header value.
    pub fn redirect(location: &str) -> Answer {
        Self::empty(302).with_header(header::LOCATION, location)
    }

    /// 200 with a text that is not JSON.
    #[must_use]
    pub fn text(content_type: &'static str, text: String) -> Self {
        Self::raw(200, content_type, text)
    }

    /// 200 with bytes, such as an image's.
    #[must_use]
    pub fn bytes(content_type: &'static str, bytes: Vec<u8>) -> Self {
        let mut response = Self { body: Content::Bytes(bytes), ..Self::empty(200) };
        response.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        response
    }

    /// The finished answer of an earlier request under the same idempotency key.
    ///
    /// # Errors
    /// 500 when the location is no header value.
    pub fn replay(stored: Stored) -> Answer {
        let mut response = Self::raw(stored.status, JSON, stored.body);
        response.insert(REPLAYED, HeaderValue::from_static("true"));
        match stored.location {
            Some(location) => response.with_header(header::LOCATION, &location),
            None => Ok(response),
        }
    }

    /// The answer that an earlier request under the same key decides, or nothing when this one is
    /// the first.
    #[must_use]
    pub fn earlier(earlier: Earlier) -> Option<Answer> {
        match earlier {
            Earlier::New => None,
            Earlier::Replay(stored) => Some(Self::replay(stored)),
            Earlier::Reused => Some(Err(Problem::new(Code::IdempotencyKeyReused))),
        }
    }

    /// What is kept of this answer, to be written with its effect.
    #[must_use]
    pub fn stored(&self) -> Stored {
        Stored {
            status: self.status,
            location: self.location().map(str::to_owned),
            body: self.body().to_owned(),
        }
    }

    /// This answer when its effect happened now, else the one of the request that was faster.
    ///
    /// # Errors
    /// 422 when the key was used for another request meanwhile.
    pub fn committed(self, committed: Committed) -> Answer {
        match committed {
            Committed::Now => Ok(self),
            Committed::Replay(stored) => Self::replay(stored),
            Committed::Reused => Err(Problem::new(Code::IdempotencyKeyReused)),
        }
    }

    /// Adds a header.
    ///
    /// # Errors
    /// 500 when the value has characters that no header can carry.
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Answer {
        self.insert(name, HeaderValue::from_str(value).map_err(Problem::internal)?);
        Ok(self)
    }

    /// Adds a cookie, given as the value of a `Set-Cookie` header.
    #[must_use]
    pub fn with_cookie(mut self, cookie: impl Into<String>) -> Self {
        self.cookies.push(cookie.into());
        self
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Where the created thing is, or where the redirect leads.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.headers.get(header::LOCATION)?.to_str().ok()
    }

    /// The body's text; empty when there is none.
    #[must_use]
    pub fn body(&self) -> &str {
        match &self.body {
            Content::Text(text) => text,
            Content::Bytes(_) => "",
        }
    }

    fn json(status: u16, value: &impl Serialize) -> Answer {
        Ok(Self::raw(status, JSON, serde_json::to_string(value).map_err(Problem::internal)?))
    }

    fn empty(status: u16) -> Self {
        Self { status, headers: HeaderMap::new(), cookies: Vec::new(), body: Content::Text(String::new()) }
    }

    pub(super) fn raw(status: u16, content_type: &'static str, body: String) -> Self {
        let mut response = Self { body: Content::Text(body), ..Self::empty(status) };
        if !response.body().is_empty() {
            response.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        response
    }

    pub(super) fn insert(&mut self, name: HeaderName, value: HeaderValue) {
        self.headers.insert(name, value);
    }

    /// The answer in API Gateway's shape, with what every answer carries.
    pub(super) fn into_event(mut self, request_id: &str) -> ApiGatewayV2httpResponse {
        if let Ok(id) = HeaderValue::from_str(request_id) {
            self.insert(REQUEST_ID, id);
        }
        // Balances, links and redirects change; nobody between us and the caller keeps a copy.
        self.headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        self.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        let mut event = ApiGatewayV2httpResponse::default();
        event.status_code = i64::from(self.status);
        event.headers = self.headers;
        event.cookies = self.cookies;
        event.is_base64_encoded = matches!(self.body, Content::Bytes(_));
        event.body = match self.body {
            Content::Text(text) => (!text.is_empty()).then_some(Body::Text(text)),
            Content::Bytes(bytes) => Some(Body::Binary(bytes)),
        };
        event
    }
}
