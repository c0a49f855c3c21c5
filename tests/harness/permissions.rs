//! What stands between a function and AWS: policies, and now and then a fault of network or table.
//!
//! Every call is held against the policies that the template gives the function.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
            SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use serde_json::Value;
use store::testing::Fault;

use crate::{random::Random, template::Function};

/// One in so many calls to the table goes wrong while faults are on.
const FAULT_RATE: usize = 12;

/// What functions did without being allowed to.
#[derive(Debug, Clone, Default)]
pub struct Breaches {
    seen: Arc<Mutex<Vec<String>>>,
    faults: Arc<Mutex<Option<Random>>>,
}

impl Breaches {
    /// Lets calls to the table go wrong from here on, drawn from a seed; none again with `None`.
    pub fn set_faults(&self, seed: Option<u64>) {
        *self.faults.lock().unwrap() = seed.map(Random::new);
    }

    /// Do calls to the table go wrong now?
    #[must_use]
    pub fn has_faults(&self) -> bool {
        self.faults.lock().unwrap().is_some()
    }

    /// What becomes of a call to the table.
    fn fault(&self, target: &str, body: &Value) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let chance = faults.as_mut().filter(|_| target.starts_with("DynamoDB_"))?;
        if !chance.one_in(FAULT_RATE) {
            return None;
        }
        let items = body["TransactItems"].as_array().map_or(0, Vec::len);
        Some(match chance.below(4) {
            0 => Fault::RequestLost,
            1 if items > 0 => Fault::conflict(items),
            2 => Fault::throttled(),
            _ => Fault::AnswerLost,
        })
    }

    /// Fails when there was one.
    pub fn assert_none(&self) {
        let breaches = self.seen.lock().unwrap();
        assert!(breaches.is_empty(), "not allowed by the policies in template.yaml: {breaches:#?}");
    }

    /// An HTTP client that lets pass what a function may do.
    #[must_use]
    pub fn guard(&self, function: &'static Function) -> SharedHttpClient {
        let http = aws_smithy_http_client::Builder::new().build_http();
        SharedHttpClient::new(Guard { http, function, breaches: self.clone() })
    }
}

#[derive(Clone)]
struct Guard {
    http: SharedHttpClient,
    function: &'static Function,
    breaches: Breaches,
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guard")
    }
}

impl HttpClient for Guard {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = self.http.http_connector(settings, components);
        SharedHttpConnector::new(GuardedConnector { connector, guard: self.clone() })
    }
}

#[derive(Debug)]
struct GuardedConnector {
    connector: SharedHttpConnector,
    guard: Guard,
}

impl HttpConnector for GuardedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
        let bytes = request.body().bytes().expect("a call to AWS is in memory");
        let body: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let needed = needs(&target, &body);
        let function = self.guard.function;
        match needed.into_iter().find(|(action, resource)| !function.may(action, resource)) {
            None => match self.guard.breaches.fault(&target, &body) {
                None => self.connector.call(request),
                Some(fault) => self.fail(fault, request),
            },
            Some((action, resource)) => {
                let breach = format!("{}: {action} on {resource}", function.binary);
                self.guard.breaches.seen.lock().unwrap().push(breach);
                HttpConnectorFuture::ready(denied())
            }
        }
    }
}

impl GuardedConnector {
    fn fail(&self, fault: Fault, request: HttpRequest) -> HttpConnectorFuture {
        let lost = || ConnectorError::timeout("lost on the way".into());
        match fault {
            Fault::RequestLost => HttpConnectorFuture::ready(Err(lost())),
            Fault::Hangs => HttpConnectorFuture::new(std::future::pending()),
            Fault::AnswerLost => {
                let call = self.connector.call(request);
                HttpConnectorFuture::new(async move {
                    drop(call.await?);
                    Err(lost())
                })
            }
            Fault::Answer { status, body } => {
                let status = StatusCode::try_from(status).unwrap();
                HttpConnectorFuture::ready(Ok(HttpResponse::new(status, body.into())))
            }
        }
    }
}

fn denied() -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(400).unwrap();
    Ok(HttpResponse::new(status, r#"{"__type":"AccessDeniedException"}"#.into()))
}

/// The permissions that a call takes.
pub(crate) fn needs(target: &str, body: &Value) -> Vec<(String, String)> {
    let (service, operation) = target.rsplit_once('.').unwrap_or_default();
    let last = |name: &str| {
        body[name].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned()
    };
    match service {
        "AmazonSQS" => vec![(format!("sqs:{operation}"), last("QueueUrl"))],
        "secretsmanager" => vec![(format!("secretsmanager:{operation}"), last("SecretId"))],
        _ => match operation {
            "TransactWriteItems" => {
                body["TransactItems"].as_array().into_iter().flatten().map(write).collect()
            }
            "Query" if body["IndexName"].is_string() => {
                let index = body["IndexName"].as_str().unwrap_or_default();
                vec![("dynamodb:Query".to_owned(), format!("Table/index/{index}"))]
            }
            _ => vec![(format!("dynamodb:{operation}"), "Table".to_owned())],
        },
    }
}

/// The permission for one action of a transaction.
fn write(item: &Value) -> (String, String) {
    let kind = item.as_object().and_then(|fields| fields.keys().next()).map_or("", String::as_str);
    let action = match kind {
        "Put" => "PutItem",
        "Update" => "UpdateItem",
        "Delete" => "DeleteItem",
        _ => "ConditionCheckItem",
    };
    (format!("dynamodb:{action}"), "Table".to_owned())
}
