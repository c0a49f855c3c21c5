//! SQS, Secrets Manager and the issuer's key server on loopback, for the real SDK and HTTP client.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{clock::TestClock, issuer::Issuer};

/// SQS forgets a deduplication id after this long.
const DEDUPLICATION: SignedDuration = SignedDuration::from_mins(5);

/// A message in a queue.
#[derive(Debug, Clone)]
pub struct Message {
    /// The queue's id of it.
    pub id: String,
    /// What was sent.
    pub body: String,
    /// Its group, on a FIFO queue.
    pub group: Option<String>,
    /// How often it was handed out.
    pub receives: u32,
}

/// What the services keep.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// Messages by queue, as the template names it.
    pub queues: BTreeMap<String, VecDeque<Message>>,
    /// Secrets by name.
    pub secrets: BTreeMap<String, String>,
    /// Queues that take nothing now.
    pub broken_queues: bool,
    deduplication: BTreeMap<(String, String, String), Timestamp>,
    sent: u64,
}

/// The services.
#[derive(Debug, Clone)]
pub struct Cloud {
    /// Where they answer.
    pub url: String,
    state: Arc<Mutex<Kept>>,
    clock: TestClock,
}

impl Cloud {
    /// Starts the services; they end with the test's runtime.
    #[expect(clippy::disallowed_methods, reason = "the services run beside the test and end with it")]
    pub async fn start(clock: TestClock, secrets: BTreeMap<String, String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(Kept { secrets, ..Kept::default() }));
        let cloud = Self { url, state, clock };
        let router = Router::new()
            .route("/", post(call))
            .route("/jwks.json", get(|| async { Json(Issuer::key_set()) }))
            .with_state(cloud.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        cloud
    }

    /// What is kept. Never to be held across an await.
    pub fn lock(&self) -> MutexGuard<'_, Kept> {
        self.state.lock().unwrap()
    }

    /// Where the issuer's keys are.
    #[must_use]
    pub fn jwks_url(&self) -> String {
        format!("{}/jwks.json", self.url)
    }

    fn send(&self, request: &Value) -> (StatusCode, Value) {
        let text = |name: &str| request[name].as_str().map(str::to_owned);
        let queue = text("QueueUrl").unwrap().rsplit('/').next().unwrap().to_owned();
        let mut state = self.lock();
        if state.broken_queues {
            return (StatusCode::INTERNAL_SERVER_ERROR, json!({ "__type": "InternalFailure" }));
        }
        state.sent += 1;
        let id = format!("message-{}", state.sent);
        let answer = json!({ "MessageId": id, "MD5OfMessageBody": "" });
        let group = text("MessageGroupId");
        if let (Some(group), Some(deduplication)) = (&group, text("MessageDeduplicationId")) {
            let now = self.clock.now();
            let earlier = state.deduplication.insert((queue.clone(), group.clone(), deduplication), now);
            if earlier.is_some_and(|earlier| now.duration_since(earlier) < DEDUPLICATION) {
                return (StatusCode::OK, answer);
            }
        }
        let message = Message { id, body: text("MessageBody").unwrap(), group, receives: 0 };
        state.queues.entry(queue).or_default().push_back(message);
        (StatusCode::OK, answer)
    }

    fn secret(&self, request: &Value) -> (StatusCode, Value) {
        match self.lock().secrets.get(request["SecretId"].as_str().unwrap()) {
            Some(secret) => (StatusCode::OK, json!({ "SecretString": secret })),
            None => (StatusCode::BAD_REQUEST, json!({ "__type": "ResourceNotFoundException" })),
        }
    }
}

async fn call(State(cloud): State<Cloud>, headers: HeaderMap, body: String) -> (StatusCode, Json<Value>) {
    let request: Value = serde_json::from_str(&body).unwrap();
    let target = headers["x-amz-target"].to_str().unwrap();
    let (status, answer) = match target {
        "AmazonSQS.SendMessage" => cloud.send(&request),
        "secretsmanager.GetSecretValue" => cloud.secret(&request),
        other => {
            (StatusCode::BAD_REQUEST, json!({ "__type": "UnknownOperationException", "message": other }))
        }
    };
    (status, Json(answer))
}
