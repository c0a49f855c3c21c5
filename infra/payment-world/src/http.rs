//! HTTP in front of the world: the providers' routes, authentication and answers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Response, header};
use axum::routing::{get, post};
use data_encoding::BASE64;

use crate::form::Form;
use crate::paypal::{self, BatchCall};
use crate::reply::{Answer, Reply};
use crate::stripe::{self, StripeCall};
use crate::world::{Call, World};

/// A world that several connections, or a test and its server, share.
#[derive(Clone, Debug)]
pub struct Shared(Arc<Mutex<World>>);

impl From<World> for Shared {
    fn from(world: World) -> Self {
        Self(Arc::new(Mutex::new(world)))
    }
}

impl Shared {
    /// The world, for as long as the guard lives. Never hold it across an await.
    pub fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The stand-in as a router. An unanswered call comes out as an empty 504 that carries a
/// [`crate::Silence`] in its extensions; [`crate::serve`] turns that into a dead connection.
pub fn router(world: impl Into<Shared>) -> Router {
    let stripe = Router::new()
        .route("/transfers", post(create_transfer).get(list_transfers))
        .route("/transfers/{id}", get(get_transfer))
        .route("/identity/verification_sessions", post(create_session))
        .route("/identity/verification_sessions/{id}", get(get_session));
    let paypal = Router::new()
        .route("/oauth2/token", post(create_token))
        .route("/payments/payouts", post(create_batch))
        .route("/payments/payouts/{id}", get(get_batch))
        .route("/payments/payouts-item/{id}", get(get_item));
    Router::new()
        .nest("/v1", stripe.merge(paypal))
        .nest("/control", crate::control::routes())
        .with_state(world.into())
}

type Access = State<Shared>;

async fn create_transfer(State(world): Access, headers: HeaderMap, body: Bytes) -> Response<Body> {
    respond(match stripe_call(&headers, &body) {
        Ok(call) => world.lock().pay(Call::Transfer(call)),
        Err(answer) => answer.into(),
    })
}

async fn list_transfers(
    State(world): Access,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response<Body> {
    let query = Form::parse(query.unwrap_or_default().as_bytes());
    stripe_read(&world, &headers, |world| world.transfers(&query))
}

async fn get_transfer(State(world): Access, headers: HeaderMap, Path(id): Path<String>) -> Response<Body> {
    stripe_read(&world, &headers, |world| world.transfer(&id))
}

async fn create_session(State(world): Access, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let call = stripe_call(&headers, &body);
    respond(call.map_or_else(|answer| answer, |call| world.lock().start_identity_check(&call)))
}

async fn get_session(State(world): Access, headers: HeaderMap, Path(id): Path<String>) -> Response<Body> {
    stripe_read(&world, &headers, |world| world.identity_session(&id))
}

async fn create_token(State(world): Access, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let basic = credentials(&headers, "Basic ").and_then(|c| BASE64.decode(c.as_bytes()).ok());
    let named = basic.is_some_and(|pair| pair.iter().skip(1).any(|byte| *byte == b':'));
    if !named {
        let text = "Client Authentication failed";
        return respond(paypal::unauthenticated("invalid_client", text));
    }
    if Form::parse(&body).get("grant_type") != Some("client_credentials") {
        let text = "Grant Type is NULL";
        return respond(paypal::unauthenticated("unsupported_grant_type", text));
    }
    respond(world.lock().paypal_token())
}

async fn create_batch(State(world): Access, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let mut world = world.lock();
    let call = paypal_token(&world, &headers).and_then(|()| BatchCall::parse(&body));
    respond(call.map_or_else(Reply::from, |call| world.pay(Call::Batch(call))))
}

async fn get_batch(State(world): Access, headers: HeaderMap, Path(id): Path<String>) -> Response<Body> {
    paypal_read(&world, &headers, |world| world.payout_batch(&id))
}

async fn get_item(State(world): Access, headers: HeaderMap, Path(id): Path<String>) -> Response<Body> {
    paypal_read(&world, &headers, |world| world.payout_item(&id))
}

fn stripe_call(headers: &HeaderMap, body: &[u8]) -> Result<StripeCall, Answer> {
    stripe_key(headers)?;
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    Ok(StripeCall { key: key.map(str::to_owned), form: Form::parse(body) })
}

fn stripe_read(
    world: &Shared,
    headers: &HeaderMap,
    read: impl FnOnce(&mut World) -> Answer,
) -> Response<Body> {
    let mut world = world.lock();
    respond(stripe_key(headers).map_or_else(|answer| answer, |()| read(&mut world)))
}

fn paypal_read(
    world: &Shared,
    headers: &HeaderMap,
    read: impl FnOnce(&mut World) -> Answer,
) -> Response<Body> {
    let mut world = world.lock();
    respond(paypal_token(&world, headers).map_or_else(|answer| answer, |()| read(&mut world)))
}

fn stripe_key(headers: &HeaderMap) -> Result<(), Answer> {
    let key = credentials(headers, "Bearer ").filter(|key| !key.is_empty());
    key.map(|_| ()).ok_or_else(stripe::unauthenticated)
}

fn paypal_token(world: &World, headers: &HeaderMap) -> Result<(), Answer> {
    let token = credentials(headers, "Bearer ");
    let known = token.is_some_and(|token| world.knows_token(token));
    let text = "The token passed in was not found in the system or has expired";
    known.then_some(()).ok_or_else(|| paypal::unauthenticated("invalid_token", text))
}

fn credentials<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix(scheme)
}

pub(crate) fn respond(reply: impl Into<Reply>) -> Response<Body> {
    let answer = match reply.into() {
        Reply::Answer(answer) => answer,
        Reply::Silence(silence) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = axum::http::StatusCode::GATEWAY_TIMEOUT;
            response.extensions_mut().insert(silence);
            return response;
        }
    };
    let mut response =
        Response::builder().status(answer.status).header(header::CONTENT_TYPE, "application/json");
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.body(answer.body.to_string().into()).unwrap_or_default()
}
