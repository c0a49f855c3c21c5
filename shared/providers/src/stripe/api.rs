//! Calls to Stripe's API v1, and what their answers prove.
//!
//! Sources: <https://docs.stripe.com/error-low-level>, <https://docs.stripe.com/api/errors>,
//! <https://docs.stripe.com/api/idempotent_requests>.

use http::{HeaderValue, header};
use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use url::Url;

use crate::{
    credential::{self, InvalidCredential},
    exchange::{Answer, NoAnswer, address, exchange, text},
};

/// Stripe's API, with the key of one account.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    client: Client,
    base: Url,
    authorization: HeaderValue,
}

/// What an answer proves.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Done; the object.
    Done(Value),
    /// Refused for good, and not done.
    Refused {
        /// Stripe's code, or the error's type where it has none.
        code: String,
        /// What Stripe says.
        message: String,
    },
    /// The object does not exist.
    Missing,
    /// Nothing.
    Unknown(String),
}

impl Api {
    pub(crate) fn new(client: Client, base: Url, secret_key: &str) -> Result<Self, InvalidCredential> {
        Ok(Self { client, base, authorization: credential::authorization("Bearer", secret_key)? })
    }

    /// Creates an object, once per key.
    pub(crate) async fn create(&self, path: &[&str], key: &str, form: &[(&str, &str)]) -> Verdict {
        let request = self.client.post(address(&self.base, path)).header("idempotency-key", key).form(form);
        judge(self.run(request).await, false)
    }

    /// Reads an object or a list.
    pub(crate) async fn read(&self, path: &[&str], query: &[(&str, &str)]) -> Verdict {
        let mut url = address(&self.base, path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        judge(self.run(self.client.get(url)).await, true)
    }

    async fn run(&self, request: RequestBuilder) -> Result<Answer, NoAnswer> {
        exchange(request.header(header::AUTHORIZATION, self.authorization.clone())).await
    }
}

fn judge(answer: Result<Answer, NoAnswer>, is_read: bool) -> Verdict {
    let Answer { status, body } = match answer {
        Ok(answer) => answer,
        Err(cause) => return Verdict::Unknown(cause.to_owned()),
    };
    let unknown = || Verdict::Unknown(format!("status {}", status.as_u16()));
    let kind = text(&body, &["error", "type"]);
    let code = text(&body, &["error", "code"]);
    match (status.as_u16(), kind) {
        (200, _) if body.is_object() => Verdict::Done(body),
        (404, Some(_)) if is_read => Verdict::Missing,
        // The key was used with other parameters, so a request is under it that we do not know.
        (_, Some("idempotency_error")) => unknown(),
        (400 | 402 | 404, Some(kind)) => refused(&body, code.unwrap_or(kind)),
        // With a code it is about the account paid to; without, about our key and its rights.
        (403, Some(_)) => code.map_or_else(unknown, |code| refused(&body, code)),
        // 401 is our mistake to mend, 409 says that the same request is under way, 429 and 5xx may
        // come before or after the work. A body that is not Stripe's is some proxy's.
        _ => unknown(),
    }
}

fn refused(body: &Value, code: &str) -> Verdict {
    let message = text(body, &["error", "message"]).unwrap_or_default().to_owned();
    Verdict::Refused { code: code.to_owned(), message }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use serde_json::json;

    use super::*;

    fn judged(status: u16, body: Value) -> Verdict {
        judge(Ok(Answer { status: StatusCode::from_u16(status).unwrap(), body }), false)
    }

    #[test]
    fn only_a_clear_answer_of_stripes_own_is_definite() {
        let error = |kind: &str, code: &str| json!({"error": {"type": kind, "code": code, "message": "m"}});
        let invalid = error("invalid_request_error", "balance_insufficient");
        for status in [400, 402, 403, 404] {
            assert!(
                matches!(judged(status, invalid.clone()), Verdict::Refused { code, .. } if code == "balance_insufficient")
            );
        }
        for (status, body) in [
            (400, error("idempotency_error", "")),
            (400, json!("Bad Request")),
            (401, invalid.clone()),
            (403, json!({"error": {"type": "invalid_request_error"}})),
            (404, Value::Null),
            (409, invalid.clone()),
            (429, invalid.clone()),
            (500, error("api_error", "")),
            (502, Value::Null),
            (200, Value::Null),
            (302, Value::Null),
        ] {
            assert!(matches!(judged(status, body), Verdict::Unknown(_)), "{status}");
        }
    }
}
