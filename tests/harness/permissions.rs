//! IAM: every call of a function to AWS is held against the policies that the template gives it.

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

use crate::template::Function;

/// What functions did without being allowed to.
#[derive(Debug, Clone, Default)]
pub struct Breaches(Arc<Mutex<Vec<String>>>);

impl Breaches {
    /// Fails when there was one.
    pub fn assert_none(&self) {
        let breaches = self.0.lock().unwrap();
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
        let body = request.body().bytes().and_then(|bytes| serde_json::from_slice(bytes).ok());
        let needed = needs(&target, &body.unwrap_or_default());
        let function = self.guard.function;
        match needed.into_iter().find(|(action, resource)| !function.may(action, resource)) {
            None => self.connector.call(request),
            Some((action, resource)) => {
                let breach = format!("{}: {action} on {resource}", function.binary);
                self.guard.breaches.0.lock().unwrap().push(breach);
                HttpConnectorFuture::ready(denied())
            }
        }
    }
}

fn denied() -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(400).unwrap();
    Ok(HttpResponse::new(status, r#"{"__type":"AccessDeniedException"}"#.into()))
}

/// The permissions that a call takes.
fn needs(target: &str, body: &Value) -> Vec<(String, String)> {
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
