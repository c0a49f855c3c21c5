//! Errors as the caller sees them: RFC 9457, `application/problem+json`.

use std::error::Error as StdError;

use http::{HeaderValue, header};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Code, Response};
use crate::Violation;

const DOCUMENTATION: &str = "https://github.com/tributary/tributary/blob/main/docs/problems.md";

/// Seconds after which a retryable request is worth repeating, unless the problem knows better.
const RETRY_AFTER: u32 = 1;

/// An answer that says what is wrong.
///
/// The cause stays beside it, for the log; it is never part of the answer.
#[derive(Debug)]
pub struct Problem(Box<Inner>);

// Boxed: a handler's result carries it through every await, and it is rare.
#[derive(Debug)]
struct Inner {
    code: Code,
    detail: Option<String>,
    fields: Vec<Violation>,
    members: Map<String, Value>,
    retry_after: Option<u32>,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    code: &'static str,
    request_id: &'a str,
    retryable: bool,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [Violation],
    #[serde(flatten)]
    members: &'a Map<String, Value>,
}

impl Problem {
    /// Every code a problem may carry.
    pub const CODES: &[Code] = Code::ALL;

    /// A problem of a kind.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self(Box::new(Inner {
            code,
            detail: None,
            fields: Vec::new(),
            members: Map::new(),
            retry_after: None,
            cause: None,
        }))
    }

    /// No valid credentials.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::new(Code::Unauthenticated)
    }

    /// Not allowed.
    #[must_use]
    pub fn forbidden() -> Self {
        Self::new(Code::Forbidden)
    }

    /// Not there, or not the caller's.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Code::NotFound)
    }

    /// The state does not allow it, and why.
    #[must_use]
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(Code::Conflict).detail(detail)
    }

    /// Our fault.
    #[must_use]
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Code::Internal).caused_by(cause)
    }

    /// It may work in a moment.
    #[must_use]
    pub fn unavailable(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Code::Unavailable).caused_by(cause)
    }

    /// What is wrong this time, for a person. A 5xx answer leaves it out: there is nothing the
    /// caller could do with it.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// The cause, for the log only.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// A further member of the document, such as the list of blockers.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.0.members.insert(name.to_owned(), value.into());
        self
    }

    /// Seconds after which the request is worth repeating.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// The wrong fields.
    #[must_use]
    pub fn violations(mut self, fields: Vec<Violation>) -> Self {
        self.0.fields = fields;
        self
    }

    /// The kind.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.code.status()
    }

    /// The wrong fields.
    #[must_use]
    pub fn fields(&self) -> &[Violation] {
        &self.0.fields
    }

    /// The cause, for the log.
    #[must_use]
    pub fn cause(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.cause.as_deref().map(|cause| cause as &(dyn StdError + 'static))
    }

    /// The document, for a problem that is one part of an answer.
    #[must_use]
    pub fn document(&self, request_id: &str) -> Value {
        // Texts, numbers and a map with text keys: there is nothing here that could fail.
        serde_json::to_value(self.as_document(request_id)).unwrap_or_default()
    }

    fn as_document<'a>(&'a self, request_id: &'a str) -> Document<'a> {
        let (inner, status) = (&self.0, self.status());
        Document {
            r#type: format!("{DOCUMENTATION}#{}", inner.code.as_str()),
            title: inner.code.title(),
            status,
            detail: inner.detail.as_deref().filter(|_| status < 500),
            code: inner.code.as_str(),
            request_id,
            retryable: inner.code.retryable(),
            errors: &inner.fields,
            members: &inner.members,
        }
    }

    /// The answer.
    pub(super) fn into_response(self, request_id: &str) -> Response {
        // As above: nothing could fail.
        let body = serde_json::to_string(&self.as_document(request_id)).unwrap_or_default();
        let inner = *self.0;
        let mut response = Response::raw(inner.code.status(), "application/problem+json", body);
        let retry_after = inner.retry_after.or(inner.code.retryable().then_some(RETRY_AFTER));
        if let Some(seconds) = retry_after {
            response.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if inner.code == Code::Unauthenticated {
            response.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<store::Error> for Problem {
    /// What a handler has not decided itself: a condition that it did not expect to fail means
    /// that somebody else was faster, and everything else is ours.
    fn from(error: store::Error) -> Self {
        if error.is_retryable() {
            return Self::unavailable(error);
        }
        match error.failures() {
            Some(_) => Self::conflict("the data changed while the request was handled; read it again")
                .caused_by(error),
            None => Self::internal(error),
        }
    }
}
