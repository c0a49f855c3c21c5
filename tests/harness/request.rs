//! A call of the API, and what came back.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use serde::Serialize;
use serde_json::Value;

use crate::world::World;

/// A request in the making.
#[derive(Debug, Clone)]
pub struct Call<'w> {
    world: &'w World,
    /// The method, upper case.
    pub method: String,
    /// The path as it is sent.
    pub path: String,
    /// The query string as it is sent.
    pub query: String,
    /// Headers under lower-case names.
    pub headers: BTreeMap<String, String>,
    /// The body's bytes.
    pub body: Vec<u8>,
    /// Does the gateway hand the body on in base64, as it does with what it takes for binary?
    pub base64: bool,
}

impl<'w> Call<'w> {
    /// A request; a POST gets an idempotency key of its own.
    #[must_use]
    pub fn new(world: &'w World, method: &str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers = BTreeMap::from([
            ("user-agent".to_owned(), "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Firefox/145.0".to_owned()),
            ("host".to_owned(), "api.acme.example".to_owned()),
        ]);
        if method == "POST" {
            headers.insert("idempotency-key".to_owned(), world.fresh("key"));
        }
        let (method, path, query) = (method.to_owned(), path.to_owned(), query.to_owned());
        Self { world, method, path, query, headers, body: Vec::new(), base64: false }
    }

    /// With a bearer token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// With this idempotency key.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_lowercase(), value.to_owned());
        self
    }

    /// Without a header.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &impl Serialize) -> Self {
        self.text("application/json", &serde_json::to_string(body).unwrap())
    }

    /// With a body of any type.
    #[must_use]
    pub fn text(mut self, content_type: &str, body: &str) -> Self {
        self.body = body.as_bytes().to_vec();
        self.header("content-type", content_type)
    }

    /// With the body in base64, as the gateway hands on what it takes for binary.
    #[must_use]
    pub fn in_base64(mut self) -> Self {
        self.base64 = true;
        self
    }

    /// The body as the event carries it.
    #[must_use]
    pub fn event_body(&self) -> String {
        if self.base64 { BASE64.encode(&self.body) } else { String::from_utf8(self.body.clone()).unwrap() }
    }

    /// Sends it.
    pub async fn send(self) -> Reply {
        let world = self.world;
        world.gateway.answer(world, self).await
    }

    /// Sends it and expects this status; gives the body.
    pub async fn expect(self, status: u16) -> Value {
        let line = format!("{} {}", self.method, self.path);
        let reply = self.send().await;
        assert_eq!(reply.status, status, "{line}: {}", reply.text);
        reply.body
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Headers under lower-case names.
    pub headers: BTreeMap<String, String>,
    /// The body as text.
    pub text: String,
    /// The body as JSON; null where it is none.
    pub body: Value,
    /// The body as it goes out, where it is not text.
    pub bytes: Vec<u8>,
}

impl Reply {
    /// An answer with a body.
    #[must_use]
    pub fn new(status: u16, headers: BTreeMap<String, String>, text: String) -> Self {
        let body = serde_json::from_str(&text).unwrap_or_default();
        Self { status, headers, text, body, bytes: Vec::new() }
    }

    /// An answer with a body that is not text.
    #[must_use]
    pub fn of_bytes(status: u16, headers: BTreeMap<String, String>, bytes: Vec<u8>) -> Self {
        Self { status, headers, text: String::new(), body: Value::Null, bytes }
    }

    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The code of the problem that the answer is; empty when it is none.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// Expects a problem.
    #[must_use]
    pub fn problem(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.text);
        self
    }

    /// The fields that a validation problem names, with their codes, sorted.
    #[must_use]
    pub fn faults(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let errors = self.body["errors"].as_array().cloned().unwrap_or_default();
        let mut faults: Vec<_> =
            errors.iter().map(|error| (text(&error["pointer"]), text(&error["code"]))).collect();
        faults.sort();
        faults
    }
}
