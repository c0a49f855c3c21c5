//! The sample events of `infra/events` with live values: ids that are in the table, the time of
//! now, and an idempotency key that was not used before.

use ::tests::{World, repository, story::Partner};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// An event in the making.
#[derive(Debug, Clone)]
pub(crate) struct Sample(Value);

impl Sample {
    /// The sample of a function.
    pub(crate) fn of(world: &World, name: &str) -> Self {
        let mut event: Value =
            serde_json::from_str(&repository::read(&format!("infra/events/{name}.json"))).unwrap();
        if event["requestContext"].is_object() {
            event["requestContext"]["timeEpoch"] = json!(world.now().as_millisecond());
            event["requestContext"]["requestId"] = json!(world.fresh("request"));
        }
        if event["headers"]["idempotency-key"].is_string() {
            event["headers"]["idempotency-key"] = json!(world.fresh("idempotency"));
        }
        Self(event)
    }

    /// Its fields for whatever has no word of its own here.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Value)) -> Self {
        change(&mut self.0);
        self
    }

    /// With the caller that the authorizer would have found.
    pub(crate) fn caller(self, context: Value) -> Self {
        self.with(|event| event["requestContext"]["authorizer"] = json!({ "lambda": context }))
    }

    /// Called by a partner.
    pub(crate) fn partner(self, partner: &Partner) -> Self {
        let email = format!("{}@partners.example", partner.name);
        self.caller(json!({ "role": "partner", "id": partner.id, "email": email }))
    }

    /// With these parameters in the path.
    pub(crate) fn path(self, parameters: &[(&str, &str)]) -> Self {
        self.with(|event| {
            let route = event["routeKey"].as_str().unwrap().to_owned();
            let mut path = route.split_once(' ').unwrap().1.to_owned();
            let mut known = Map::new();
            for (name, value) in parameters {
                path = path.replace(&format!("{{{name}}}"), value);
                known.insert((*name).to_owned(), json!(value));
            }
            event["rawPath"] = json!(path);
            event["requestContext"]["http"]["path"] = json!(path);
            event["pathParameters"] = Value::Object(known);
        })
    }

    /// With this query.
    pub(crate) fn query(self, query: &[(&str, &str)]) -> Self {
        self.with(|event| {
            let pairs: Vec<_> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
            event["rawQueryString"] = json!(pairs.join("&"));
            let pairs = query.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
            event["queryStringParameters"] = Value::Object(pairs.collect());
        })
    }

    /// With the body changed.
    pub(crate) fn body(self, change: impl FnOnce(&mut Value)) -> Self {
        self.with(|event| {
            let mut body = serde_json::from_str(event["body"].as_str().unwrap_or("null")).unwrap();
            change(&mut body);
            event["body"] = json!(body.to_string());
        })
    }

    /// With one message, this one.
    pub(crate) fn message(self, message: &Value) -> Self {
        self.with(|event| {
            let records = event["Records"].as_array_mut().unwrap();
            records.truncate(1);
            records[0]["body"] = json!(message.to_string());
        })
    }

    /// The event.
    pub(crate) fn event(self) -> Value {
        self.0
    }
}

/// The time by the clock of this machine, which a worker's process goes by.
#[expect(clippy::disallowed_methods, reason = "a process that runs now goes by the real clock")]
pub(crate) fn real_now() -> Timestamp {
    Timestamp::now()
}
