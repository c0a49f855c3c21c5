//! The Lambda Runtime API as one function sees it: it asks for the next event, and answers it.

use std::{sync::Arc, time::Instant};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{Mutex, mpsc, watch},
};

/// An invocation may take this long, by what the function is told.
const DEADLINE: SignedDuration = SignedDuration::from_secs(30);

/// What a function did.
#[derive(Debug)]
pub enum Act {
    /// It is ready for an event.
    Asked,
    /// It answered.
    Answered(Value),
    /// It could not start, or not answer.
    Failed(String),
}

/// The far end of one function's process.
#[derive(Debug)]
pub struct RuntimeApi {
    /// Host and port, as `AWS_LAMBDA_RUNTIME_API` wants them.
    pub address: String,
    events: mpsc::UnboundedSender<Value>,
    acts: mpsc::UnboundedReceiver<(Instant, Act)>,
    held: watch::Sender<bool>,
}

#[derive(Debug, Clone)]
struct Shared {
    events: Arc<Mutex<mpsc::UnboundedReceiver<Value>>>,
    acts: mpsc::UnboundedSender<(Instant, Act)>,
    held: watch::Receiver<bool>,
}

impl RuntimeApi {
    /// Starts serving; ends with the runtime.
    #[expect(clippy::disallowed_methods, reason = "the server runs beside whoever started it")]
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (events, waiting) = mpsc::unbounded_channel();
        let (sender, acts) = mpsc::unbounded_channel();
        let (held, holds) = watch::channel(false);
        let shared = Shared { events: Arc::new(Mutex::new(waiting)), acts: sender, held: holds };
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(failed))
            .with_state(shared);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, events, acts, held }
    }

    /// Hands the function its event, which it has asked for.
    pub fn send(&self, event: Value) {
        self.events.send(event).unwrap();
    }

    /// Holds answers back on their way, or lets them go on: the function has sent its answer, and nobody
    /// has told it yet that it arrived.
    pub fn hold(&self, held: bool) {
        self.held.send_replace(held);
    }

    /// What the function does next, and when it did it.
    pub async fn act(&mut self) -> (Instant, Act) {
        self.acts.recv().await.unwrap()
    }
}

async fn next(State(shared): State<Shared>) -> Response {
    let _ = shared.acts.send((Instant::now(), Act::Asked));
    let event = shared.events.lock().await.recv().await;
    // No event will ever come: whoever started it is done, and the function is about to be ended.
    let Some(event) = event else { return StatusCode::GONE.into_response() };
    let mut headers = HeaderMap::new();
    let text = |text: &str| HeaderValue::from_str(text).unwrap();
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:bench";
    let trace = "Root=1-6b02b718-3f5a9c1e2b7d4a6f8e0c1d2b;Parent=9a1c2e3f4b5d6a7c;Sampled=0";
    headers.insert("lambda-runtime-aws-request-id", text("8476a536-e9f4-11e8-9739-2dfe598c3fcd"));
    headers.insert("lambda-runtime-deadline-ms", text(&deadline().as_millisecond().to_string()));
    headers.insert("lambda-runtime-invoked-function-arn", text(arn));
    headers.insert("lambda-runtime-trace-id", text(trace));
    headers.insert("content-type", text("application/json"));
    (headers, event.to_string()).into_response()
}

#[expect(clippy::disallowed_methods, reason = "a process that runs now has its deadline by the real clock")]
fn deadline() -> Timestamp {
    Timestamp::now().checked_add(DEADLINE).unwrap()
}

async fn response(State(shared): State<Shared>, Path(_): Path<String>, body: Bytes) -> StatusCode {
    let at = Instant::now();
    let answer = serde_json::from_slice(&body).unwrap_or_default();
    let _ = shared.acts.send((at, Act::Answered(answer)));
    let _ = shared.held.clone().wait_for(|held| !held).await;
    StatusCode::ACCEPTED
}

async fn error(State(shared): State<Shared>, Path(_): Path<String>, body: String) -> StatusCode {
    failed(State(shared), body).await
}

async fn failed(State(shared): State<Shared>, body: String) -> StatusCode {
    let _ = shared.acts.send((Instant::now(), Act::Failed(body)));
    StatusCode::ACCEPTED
}
