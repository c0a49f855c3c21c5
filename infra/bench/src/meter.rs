//! A table behind a meter: asks DynamoDB with every request what it charges, and adds that up.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::post,
};
use runtime::HttpClient;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What was charged.
#[derive(Debug, Clone, Default)]
pub(crate) struct Charged {
    /// Requests by operation.
    pub(crate) requests: BTreeMap<String, Decimal>,
    /// Read units.
    pub(crate) reads: Decimal,
    /// Write units.
    pub(crate) writes: Decimal,
}

impl Charged {
    /// Adds what was charged for something else.
    pub(crate) fn add(&mut self, other: Self) {
        for (operation, count) in other.requests {
            *self.requests.entry(operation).or_default() += count;
        }
        self.reads += other.reads;
        self.writes += other.writes;
    }

    /// Of one invocation, when so many were charged.
    pub(crate) fn each(mut self, invocations: Decimal) -> Self {
        let amounts = self.requests.values_mut().chain([&mut self.reads, &mut self.writes]);
        amounts.for_each(|amount| *amount /= invocations);
        self
    }
}

/// The meter.
#[derive(Debug, Clone)]
pub(crate) struct Meter {
    /// Where it answers.
    pub(crate) url: String,
    table: String,
    http: HttpClient,
    charged: Arc<Mutex<Charged>>,
}

impl Meter {
    /// Starts in front of the table at `table`; ends with the runtime.
    #[expect(clippy::disallowed_methods, reason = "the meter runs beside the measurement")]
    pub(crate) async fn start(table: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let http = runtime::http_client().unwrap();
        let meter = Self { url, table: table.to_owned(), http, charged: Arc::default() };
        let router = Router::new().route("/", post(forward)).with_state(meter.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        meter
    }

    /// What was charged since the last call.
    pub(crate) fn take(&self) -> Charged {
        std::mem::take(&mut *self.charged.lock().unwrap())
    }

    fn add(&self, operation: &str, answer: &Value) {
        let mut charged = self.charged.lock().unwrap();
        // DynamoDB charges a write that its condition refuses, and does not report it: by the size of the
        // item that is there, which is taken to be a kilobyte at most.
        if answer["__type"].as_str().is_some_and(|kind| kind.ends_with("ConditionalCheckFailedException")) {
            charged.writes += Decimal::ONE;
        }
        *charged.requests.entry(operation.to_owned()).or_default() += Decimal::ONE;
        let is_read =
            ["Get", "Query", "BatchGet", "TransactGet"].iter().any(|kind| operation.starts_with(kind));
        let parts = &answer["ConsumedCapacity"];
        let parts = parts.as_array().cloned().unwrap_or_else(|| vec![parts.clone()]);
        for part in &parts {
            let indexes = part["GlobalSecondaryIndexes"].as_object().into_iter().flatten();
            let places = indexes.map(|(_, index)| index).chain([&part["Table"]]);
            for place in places {
                let Value::Number(units) = &place["CapacityUnits"] else { continue };
                // By way of its text: a float has no place in a sum of money.
                let units: Decimal = units.to_string().parse().unwrap();
                if is_read { charged.reads += units } else { charged.writes += units }
            }
        }
    }
}

async fn forward(State(meter): State<Meter>, headers: HeaderMap, body: String) -> Response {
    let mut request: Value = serde_json::from_str(&body).unwrap();
    request["ReturnConsumedCapacity"] = json!("INDEXES");
    let mut call = meter.http.post(&meter.table).body(request.to_string());
    for name in ["x-amz-target", "content-type", "authorization", "x-amz-date"] {
        if let Some(value) = headers.get(name) {
            call = call.header(name, value.clone());
        }
    }
    let answer = call.send().await.unwrap();
    let status = StatusCode::from_u16(answer.status().as_u16()).unwrap();
    let text = answer.text().await.unwrap();
    let target = headers["x-amz-target"].to_str().unwrap();
    let operation = target.rsplit('.').next().unwrap();
    meter.add(operation, &serde_json::from_str(&text).unwrap_or_default());
    (status, [(CONTENT_TYPE, "application/x-amz-json-1.0")], text).into_response()
}
