//! API Gateway's request authorizer: payload 2.0, simple answers.

use std::error::Error as StdError;

use aws_lambda_events::apigw::ApiGatewayV2CustomAuthorizerV2Request;
use http::HeaderMap;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{Caller, Problem, panic::caught, telemetry};

/// What a request shows to be let in.
#[derive(Clone)]
pub struct Credentials {
    authorization: Option<String>,
}

impl Credentials {
    fn of(headers: &HeaderMap) -> Self {
        let authorization = headers.get(http::header::AUTHORIZATION);
        Self { authorization: authorization.and_then(|value| value.to_str().ok()).map(str::to_owned) }
    }

    /// The bearer token: an API key or a token of the identity provider.
    ///
    /// # Errors
    /// When there is none.
    pub fn bearer(&self) -> Result<&str, Problem> {
        let (scheme, token) = self
            .authorization
            .as_deref()
            .and_then(|value| value.trim().split_once(' '))
            .ok_or_else(Problem::unauthenticated)?;
        if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim()) } else { Err(Problem::unauthenticated()) }
    }
}

/// The answer to API Gateway.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// Always true. API Gateway answers a refusal with a bare 403 of its own; the function behind
    /// answers the role `none` with 401 and the problem document that every other error is.
    pub is_authorized: bool,
    /// Who it is, for the function behind; the role `none` is nobody.
    pub context: Map<String, Value>,
}

/// Answers one request of the authorizer.
///
/// `now` stands in where the event carries no time of its own.
///
/// # Errors
/// When it could not be decided, because the keys or the table were out of reach: the caller
/// gets a 500 and may try again. Letting that pass as a refusal would be remembered by API
/// Gateway's cache and lock a good caller out.
pub async fn decide<D, H, F>(
    deps: D,
    handle: H,
    event: ApiGatewayV2CustomAuthorizerV2Request,
    now: Timestamp,
) -> Result<Decision, Box<dyn StdError + Send + Sync>>
where
    H: Fn(D, Credentials, Timestamp) -> F,
    F: Future<Output = Result<Caller, Problem>>,
{
    let request_id = event.request_context.request_id.clone().unwrap_or_default();
    let now = match event.request_context.time_epoch {
        0 => now,
        epoch => Timestamp::from_millisecond(epoch).unwrap_or(now),
    };
    let credentials = Credentials::of(&event.headers);
    let outcome = caught(async { handle(deps, credentials, now).await }).await;
    match outcome.unwrap_or_else(|panicked| Err(Problem::internal(panicked))) {
        Ok(caller) => {
            tracing::info!(
                http.request_id = request_id,
                caller.role = caller.role(),
                caller.id = caller.id(),
                "let in"
            );
            Ok(Decision { is_authorized: true, context: caller.to_context() })
        }
        Err(problem) if problem.status() < 500 => {
            let cause = problem.cause().map(telemetry::chain).unwrap_or_default();
            tracing::info!(http.request_id = request_id, error.cause = cause, "refused");
            Ok(Decision { is_authorized: true, context: nobody() })
        }
        Err(problem) => {
            let cause = problem.cause().map(telemetry::chain).unwrap_or_default();
            tracing::error!(http.request_id = request_id, error.cause = cause, "undecided");
            Err("the authorizer could not decide".into())
        }
    }
}

/// What is handed on when nobody can be named.
fn nobody() -> Map<String, Value> {
    Map::from_iter([("role".to_owned(), Value::from("none"))])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::AdminCaller;

    fn event(authorization: &str) -> ApiGatewayV2CustomAuthorizerV2Request {
        let mut event: Value = serde_json::from_str(include_str!("../testdata/authorizer.json")).unwrap();
        event["headers"]["authorization"] = json!(authorization);
        serde_json::from_value(event).unwrap()
    }

    async fn handle((): (), credentials: Credentials, now: Timestamp) -> Result<Caller, Problem> {
        match credentials.bearer()? {
            "good" => Ok(Caller::Admin(AdminCaller { subject: now.to_string() })),
            "lost" => Err(Problem::unavailable("the keys")),
            "bad" => Err(Problem::unauthenticated()),
            _ => panic!("secret token"),
        }
    }

    #[tokio::test]
    async fn a_good_token_is_let_in_with_its_caller() {
        for header in ["Bearer good", "bearer  good ", "BEARER good"] {
            let decision = decide((), handle, event(header), Timestamp::UNIX_EPOCH).await.unwrap();
            let expected = json!({
                "isAuthorized": true,
                "context": { "role": "admin", "id": "2026-11-22T09:30:02Z" },
            });
            assert_eq!(serde_json::to_value(decision).unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn a_bad_token_is_nobodys() {
        for header in ["Bearer bad", "Basic good", "good", "", "Bearer"] {
            let decision = decide((), handle, event(header), Timestamp::UNIX_EPOCH).await.unwrap();
            assert_eq!(decision, Decision { is_authorized: true, context: nobody() }, "{header}");
            assert_eq!(Caller::from_context(|name| decision.context.get(name)?.as_str()), None);
        }
    }

    #[tokio::test]
    async fn what_could_not_be_decided_is_neither() {
        for header in ["Bearer lost", "Bearer panic"] {
            let error = decide((), handle, event(header), Timestamp::UNIX_EPOCH).await.unwrap_err();
            assert_eq!(error.to_string(), "the authorizer could not decide");
        }
    }

    #[tokio::test]
    async fn without_a_time_in_the_event_the_given_one_counts() {
        let mut event = event("Bearer good");
        event.request_context.time_epoch = 0;
        let decision = decide((), handle, event, Timestamp::UNIX_EPOCH).await.unwrap();
        assert_eq!(decision.context["id"], "1970-01-01T00:00:00Z");
    }
}
