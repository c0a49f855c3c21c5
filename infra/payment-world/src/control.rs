//! `/control/...`: what a test or a demo does to the world. No provider has these routes.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{Request, Response, StatusCode, header};
use axum::routing::{get, post, put};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::clock::rfc3339;
use crate::http::{Shared, respond};
use crate::identity::Decision;
use crate::outcome::{ItemResult, Script};
use crate::reply::Answer;
use crate::webhook::{Delivery, Endpoint};

/// A receiver that takes longer has failed; Stripe waits longer, a test should not.
const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) fn routes() -> Router<Shared> {
    let outcomes = get(list_scripts).post(add_script).delete(clear_scripts);
    Router::new()
        .route("/outcomes", outcomes)
        .route("/payments", get(list_payments))
        .route("/items/{id}", post(move_item))
        .route("/transfers/{id}/reverse", post(reverse_transfer))
        .route("/identity/{session}", post(decide))
        .route("/webhook", put(set_endpoint))
        .route("/advance", post(advance))
}

async fn list_scripts(State(world): State<Shared>) -> Response<Body> {
    ok(json!({"data": world.lock().scripts()}))
}

async fn add_script(State(world): State<Shared>, body: Bytes) -> Response<Body> {
    with_body(&body, |script: Script| {
        let answer = json!(script);
        world.lock().script(script).map_err(|text| (400, text.to_owned()))?;
        Ok(answer)
    })
}

async fn clear_scripts(State(world): State<Shared>) -> Response<Body> {
    world.lock().clear_scripts();
    ok(json!({"data": []}))
}

async fn list_payments(State(world): State<Shared>) -> Response<Body> {
    ok(json!({"data": world.lock().payments()}))
}

async fn move_item(State(world): State<Shared>, Path(id): Path<String>, body: Bytes) -> Response<Body> {
    with_body(&body, |result: ItemResult| {
        let mut world = world.lock();
        let moved = world.move_item(&id, result);
        moved.ok_or_else(|| (404, format!("there is no payout item {id}")))?;
        Ok(world.payout_item(&id).body)
    })
}

async fn reverse_transfer(State(world): State<Shared>, Path(id): Path<String>) -> Response<Body> {
    let mut world = world.lock();
    match world.reverse_transfer(&id) {
        Some(()) => respond(world.transfer(&id)),
        None => refuse(404, &format!("there is no transfer {id}")),
    }
}

async fn decide(State(world): State<Shared>, Path(session): Path<String>, body: Bytes) -> Response<Body> {
    let decided = parse(&body).and_then(|decision: Decision| world.lock().decide(&session, &decision));
    match decided {
        Err((status, text)) => refuse(status, &text),
        Ok(session) => ok(json!({"session": session, "deliveries": deliver(&world).await})),
    }
}

async fn set_endpoint(State(world): State<Shared>, body: Bytes) -> Response<Body> {
    with_body(&body, |endpoint: Endpoint| {
        let url = endpoint.url.clone();
        world.lock().set_endpoint(endpoint).map_err(|text| (400, text.to_owned()))?;
        Ok(json!({"url": url}))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    #[serde(default)]
    seconds: u32,
    #[serde(default)]
    ticks: u32,
}

async fn advance(State(world): State<Shared>, body: Bytes) -> Response<Body> {
    let by: Advance = match parse(&body) {
        Ok(by) => by,
        Err((status, text)) => return refuse(status, &text),
    };
    let (now, ticks) = {
        let mut world = world.lock();
        world.advance(by.seconds.into(), by.ticks.into());
        (rfc3339(world.now()), world.ticks())
    };
    ok(json!({"now": now, "ticks": ticks, "deliveries": deliver(&world).await}))
}

/// Sends what is due, one request after the other, and keeps what was not answered with 2xx.
async fn deliver(world: &Shared) -> Vec<Value> {
    let due = world.lock().deliveries();
    let mut report = Vec::new();
    for delivery in due {
        let status = send(&delivery).await;
        let mut row = json!(delivery);
        if let Value::Object(fields) = &mut row {
            fields.insert("status".to_owned(), json!(status.map(|status| status.as_u16())));
        }
        report.push(row);
        if !status.is_some_and(|status| status.is_success()) {
            world.lock().undelivered(delivery);
        }
    }
    report
}

/// The receiver's status, or nothing when it gave none in time.
async fn send(delivery: &Delivery) -> Option<StatusCode> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
    let request = Request::post(&delivery.url)
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .header("stripe-signature", &delivery.signature)
        .body(Body::from(delivery.body.clone()))
        .ok()?;
    let answer = tokio::time::timeout(WEBHOOK_TIMEOUT, client.request(request)).await.ok()?;
    Some(answer.ok()?.status())
}

type Refusal = (u16, String);

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| (400, error.to_string()))
}

fn with_body<T: DeserializeOwned>(
    body: &[u8],
    act: impl FnOnce(T) -> Result<Value, Refusal>,
) -> Response<Body> {
    parse(body).and_then(act).map_or_else(|(status, text)| refuse(status, &text), ok)
}

fn ok(body: Value) -> Response<Body> {
    respond(Answer::new(200, body))
}

fn refuse(status: u16, text: &str) -> Response<Body> {
    respond(Answer::new(status, json!({"error": text})))
}
