//! Requests as API Gateway sends them, from the event to the answer.

use aws_lambda_events::encodings::Body;
use domain::id::{PartnerId, ProgramId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::*;
use crate::{Cursors, Scope};

fn post() -> Value {
    serde_json::from_str(include_str!("../../testdata/http_post.json")).unwrap()
}

fn get() -> Value {
    serde_json::from_str(include_str!("../../testdata/http_get.json")).unwrap()
}

fn request(event: Value) -> Request {
    Request::new(serde_json::from_value(event).unwrap(), Afterwards::default())
}

/// The event with one place changed, named by a JSON pointer.
fn changed(mut event: Value, pointer: &str, value: impl Into<Value>) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    event.pointer_mut(parent).unwrap()[name] = value.into();
    event
}

fn called_by(event: Value, context: Value) -> Value {
    changed(event, "/requestContext/authorizer", json!({ "lambda": context }))
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: String,
}

struct Seen {
    status: i64,
    headers: ::http::HeaderMap,
    body: Value,
    event: ApiGatewayV2httpResponse,
}

impl Seen {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

async fn seen<H, F>(event: Value, handle: H) -> Seen
where
    H: Fn((), Request) -> F + Send + Sync,
    F: Future<Output = Answer> + Send,
{
    let event = answer((), handle, serde_json::from_value(event).unwrap(), Afterwards::default()).await;
    let body = match &event.body {
        Some(Body::Text(text)) => serde_json::from_str(text).unwrap(),
        _ => Value::Null,
    };
    Seen { status: event.status_code, headers: event.headers.clone(), body, event }
}

#[test]
fn a_recorded_request_is_read() {
    let request = request(post());
    assert_eq!(request.json::<Named>().unwrap(), Named { name: "gold".to_owned() });
    assert_eq!(request.received_at().to_string(), "2026-11-22T09:30:00.123Z");
    assert_eq!(request.request_id(), "UcT5ij3eFiAEJ8A=");
    assert_eq!(request.route(), "POST /admin/programs/{program_id}/plans");
    assert_eq!(request.client_address(), Some("203.0.113.7"));
    assert_eq!(request.user_agent(), Some("curl/8.5.0"));
    assert_eq!(request.admin().unwrap().subject, "9f0c2d");
    assert_eq!(request.path_id::<ProgramId>("program_id").unwrap().body(), "0000000000000000000000000A");
    let once = request.idempotency("publish_plan").unwrap();
    assert_eq!((once.key.as_str(), once.caller.as_str()), ("4d7e3c1a-6f0b", "admin:9f0c2d"));
}

#[test]
fn a_link_with_an_odd_query_string_and_host_is_read() {
    let request = request(get());
    assert_eq!(request.path_text("slug"), Some("spring"));
    assert_eq!(request.cookie("trb_click"), Some("clk_1"));
    assert_eq!(request.cookie("theme"), Some("dark=1"));
    assert_eq!(request.cookie("absent"), None);
    assert_eq!(request.raw_body().unwrap(), b"");
    assert_eq!(request.raw_query(), "utm_campaign=Fr%C3%BChling|ä&x={y}&utm_campaign=2");
}

#[test]
fn a_debug_print_shows_no_token_and_no_body() {
    let text = format!("{:?}", request(post()));
    assert!(!text.contains("Bearer") && !text.contains("gold"), "{text}");
}

#[track_caller]
fn refused<T>(result: Result<T, Problem>, code: Code) {
    assert_eq!(result.map(drop).unwrap_err().code(), code);
}

#[test]
fn roles_are_told_apart() {
    let partner = PartnerId::derive(&["issuer", "subject"]);
    let as_partner =
        request(called_by(post(), json!({ "role": "partner", "id": partner, "email": "a@example.com" })));
    assert_eq!(as_partner.partner().unwrap().id, partner);
    assert_eq!(as_partner.partner().unwrap().email.as_deref(), Some("a@example.com"));
    refused(as_partner.admin(), Code::Forbidden);
    refused(as_partner.merchant(Scope::ConversionsWrite), Code::Forbidden);
    let as_admin = request(post());
    refused(as_admin.partner(), Code::Forbidden);
    for nobody in
        [get(), called_by(post(), json!({})), called_by(post(), json!({ "role": "admin", "id": "" }))]
    {
        let nobody = request(nobody);
        refused(nobody.caller(), Code::Unauthenticated);
        refused(nobody.partner(), Code::Unauthenticated);
        refused(nobody.admin(), Code::Unauthenticated);
    }
}

#[test]
fn an_api_key_needs_the_scope() {
    let key = |scopes: &str| {
        let context = json!({
            "role": "merchant",
            "id": domain::id::ApiKeyId::derive(&["key"]),
            "program_id": ProgramId::derive(&["program"]),
            "scopes": scopes,
        });
        request(called_by(post(), context))
    };
    assert!(key("conversions:write").merchant(Scope::ConversionsWrite).is_ok());
    refused(key("").merchant(Scope::ConversionsWrite), Code::Forbidden);
    refused(key("").partner(), Code::Forbidden);
}

#[test]
fn a_malformed_id_in_the_path_is_not_found() {
    let request = request(changed(post(), "/pathParameters/program_id", "prg_1"));
    refused(request.path_id::<ProgramId>("program_id"), Code::NotFound);
    refused(request.path_id::<ProgramId>("absent"), Code::NotFound);
}

#[test]
fn a_base64_body_gives_the_bytes_that_were_sent() {
    let event = changed(changed(post(), "/body", "AP+AeyJ4Ijp9"), "/isBase64Encoded", true);
    assert_eq!(request(event).raw_body().unwrap(), b"\x00\xff\x80{\"x\":}");
    let event = changed(changed(post(), "/body", "%%%"), "/isBase64Encoded", true);
    refused(request(event).raw_body(), Code::UnreadableBody);
}

#[test]
fn bodies_are_refused_by_what_is_wrong_with_them() {
    let json = |event| request(event).json::<Named>();
    refused(json(changed(post(), "/body", " ".repeat(BODY_LIMIT + 1))), Code::BodyTooLarge);
    refused(json(changed(post(), "/body", " ".repeat(BODY_LIMIT))), Code::UnreadableBody);
    refused(json(changed(post(), "/headers/content-type", "text/plain")), Code::UnsupportedMediaType);
    refused(json(changed(post(), "/headers", json!({}))), Code::UnsupportedMediaType);
    refused(json(changed(post(), "/body", "{")), Code::UnreadableBody);
    refused(json(changed(post(), "/body", Value::Null)), Code::UnreadableBody);
    refused(json(changed(post(), "/body", "{}")), Code::ValidationFailed);
}

#[test]
fn the_idempotency_key_is_required_and_checked() {
    let once = |event| request(event).idempotency("publish_plan");
    refused(once(changed(post(), "/headers", json!({}))), Code::IdempotencyKeyRequired);
    refused(once(changed(post(), "/headers/idempotency-key", "a b")), Code::IdempotencyKeyInvalid);
    let body = once(changed(post(), "/body", "{}")).unwrap();
    assert_ne!(body.request_hash, once(post()).unwrap().request_hash);
    let path = once(changed(post(), "/rawPath", "/admin/programs/other/plans")).unwrap();
    assert_ne!(path.request_hash, once(post()).unwrap().request_hash);
}

#[test]
fn a_foreign_cursor_is_refused() {
    let cursors = Cursors::new([1; 32], None);
    let list = |query: &str| {
        let event =
            called_by(changed(get(), "/rawQueryString", query), json!({ "role": "admin", "id": "9f0c2d" }));
        request(event).page::<NoFilters>(&cursors, "list_links").map(drop)
    };
    assert!(list("limit=5").is_ok());
    refused(list("cursor=bm9uc2Vuc2U"), Code::InvalidCursor);
    refused(list("limit=0"), Code::ValidationFailed);
}

#[tokio::test]
async fn an_answer_carries_what_every_answer_carries() {
    async fn handle((): (), _: Request) -> Answer {
        Ok(Response::created("/things/1", &json!({ "id": 1 }))?.with_cookie("a=1; Path=/").with_cookie("b=2"))
    }
    let seen = seen(post(), handle).await;
    assert_eq!(seen.status, 201);
    assert_eq!(seen.body, json!({ "id": 1 }));
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(seen.header("location"), Some("/things/1"));
    assert_eq!(seen.header("x-request-id"), Some("UcT5ij3eFiAEJ8A="));
    assert_eq!(seen.header("cache-control"), Some("no-store"));
    assert_eq!(seen.header("idempotent-replayed"), None);
    assert_eq!(seen.event.cookies, ["a=1; Path=/", "b=2"]);
}

#[tokio::test]
async fn answers_without_a_body_have_no_content_type() {
    async fn gone((): (), _: Request) -> Answer {
        Response::no_content()
    }
    async fn elsewhere((): (), _: Request) -> Answer {
        Response::redirect("https://shop.example.com/?a=b")
    }
    let gone = seen(get(), gone).await;
    assert_eq!((gone.status, gone.event.body.is_none(), gone.header("content-type")), (204, true, None));
    let elsewhere = seen(get(), elsewhere).await;
    assert_eq!(
        (elsewhere.status, elsewhere.header("location")),
        (302, Some("https://shop.example.com/?a=b"))
    );
}

#[tokio::test]
async fn a_replayed_answer_says_so() {
    async fn handle((): (), _: Request) -> Answer {
        let first = Response::created("/things/1", &json!({ "id": 1 }))?;
        Response::replay(first.stored())
    }
    let seen = seen(post(), handle).await;
    assert_eq!((seen.status, seen.header("location")), (201, Some("/things/1")));
    assert_eq!(seen.header("idempotent-replayed"), Some("true"));
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(seen.body, json!({ "id": 1 }));
}

#[tokio::test]
async fn every_kind_of_problem_has_the_documented_shape() {
    for code in Problem::CODES {
        let seen =
            seen(post(), |(), _| async { Err(Problem::new(*code).detail("why").caused_by("secret cause")) })
                .await;
        assert_eq!(seen.status, i64::from(code.status()));
        assert_eq!(seen.header("content-type"), Some("application/problem+json"));
        assert_eq!(seen.header("x-request-id"), Some("UcT5ij3eFiAEJ8A="));
        assert_eq!(seen.header("retry-after").is_some(), code.retryable(), "{code:?}");
        let anchor = format!("docs/problems.md#{}", code.as_str());
        assert!(seen.body["type"].as_str().unwrap().ends_with(&anchor));
        assert_eq!(seen.body["title"], code.title());
        assert_eq!(seen.body["status"], code.status());
        assert_eq!(seen.body["code"], code.as_str());
        assert_eq!(seen.body["retryable"], code.retryable());
        assert_eq!(seen.body["request_id"], "UcT5ij3eFiAEJ8A=");
        assert_eq!(seen.body.get("detail").is_some(), code.status() < 500, "{code:?}");
        assert!(!seen.body.to_string().contains("secret cause"));
    }
}

#[test]
fn codes_are_distinct_and_sound() {
    let mut names: Vec<_> = Problem::CODES.iter().map(|code| code.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Problem::CODES.len());
    assert!(Problem::CODES.iter().all(|code| (400..600).contains(&code.status())));
    assert!(names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')));
}

#[tokio::test]
async fn wrong_fields_and_further_members_are_listed() {
    async fn handle((): (), request: Request) -> Answer {
        request.json::<Named>()?;
        Response::no_content()
    }
    let seen_fields = seen(changed(post(), "/body", r#"{"name":7}"#), handle).await;
    assert_eq!(seen_fields.status, 422);
    assert_eq!(seen_fields.body["errors"][0]["pointer"], "/name");
    assert_eq!(seen_fields.body["errors"][0]["code"], "invalid");

    async fn blocked((): (), _: Request) -> Answer {
        Err(Problem::new(Code::PayoutBlocked).with("blockers", json!([{ "code": "below_minimum" }])))
    }
    let blocked = seen(post(), blocked).await;
    assert_eq!(blocked.body["blockers"], json!([{ "code": "below_minimum" }]));
    assert_eq!(blocked.body.get("errors"), None);
}

#[tokio::test]
async fn a_panic_is_answered_before_and_after_the_first_await() {
    async fn late((): (), _: Request) -> Answer {
        tokio::task::yield_now().await;
        panic!("secret state")
    }
    for seen in [
        seen(post(), late).await,
        seen(post(), |(), _| -> std::future::Ready<Answer> { panic!("early") }).await,
    ] {
        assert_eq!(seen.status, 500);
        assert_eq!(seen.body["code"], "internal");
        assert!(!seen.body.to_string().contains("secret"));
    }
}

#[tokio::test]
async fn a_busy_table_is_worth_trying_again() {
    async fn handle((): (), _: Request) -> Answer {
        Err(store::Error::Conflict)?
    }
    let seen = seen(post(), handle).await;
    assert_eq!((seen.status, seen.header("retry-after")), (503, Some("1")));
}

#[tokio::test]
async fn a_location_that_no_header_can_carry_is_our_fault() {
    let seen = seen(get(), |(), _| async { Response::redirect("https://example.com/\n") }).await;
    assert_eq!(seen.status, 500);
}
