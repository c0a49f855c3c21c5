//! Faults under the SDK's HTTP client: what a network and a busy table do, on demand.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_runtime_api::{
    client::{
        http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};

/// What becomes of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It never arrives.
    RequestLost,
    /// It is carried out, and its answer never arrives.
    AnswerLost,
    /// It never arrives, and nobody says so.
    Hangs,
    /// It is not carried out and gets this answer.
    Answer {
        /// HTTP status.
        status: u16,
        /// The body.
        body: String,
    },
}

impl Fault {
    /// A transaction of so many items that met another one on its first item.
    #[must_use]
    pub fn conflict(items: usize) -> Self {
        let mut reasons = vec![r#"{"Code":"None"}"#; items];
        if let Some(first) = reasons.first_mut() {
            *first = r#"{"Code":"TransactionConflict","Message":"Transaction is ongoing for the item"}"#;
        }
        let reasons = reasons.join(",");
        let message = "Transaction cancelled, please refer cancellation reasons";
        Self::answer(
            "TransactionCanceledException",
            &format!(r#""Message":"{message}","CancellationReasons":[{reasons}]"#),
        )
    }

    /// A table with more load than it takes.
    #[must_use]
    pub fn throttled() -> Self {
        Self::answer("ThrottlingException", r#""message":"Rate of requests exceeds the limit""#)
    }

    fn answer(kind: &str, rest: &str) -> Self {
        let body = format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{kind}",{rest}}}"#);
        Self::Answer { status: 400, body }
    }
}

/// Decides for each request, by the name of its operation, what becomes of it.
type Decide = dyn Fn(&str) -> Option<Fault> + Send + Sync;

/// A network that fails as it is told to.
#[derive(Clone)]
pub struct Faults(Arc<Decide>);

impl Faults {
    /// Asks `decide` about every request, which gets the operation's name, such as `PutItem`.
    pub fn new(decide: impl Fn(&str) -> Option<Fault> + Send + Sync + 'static) -> Self {
        Self(Arc::new(decide))
    }

    /// These faults for the first requests, one each; all is well after them.
    #[must_use]
    pub fn script(faults: impl IntoIterator<Item = Option<Fault>>) -> Self {
        let script = Mutex::new(faults.into_iter().collect::<VecDeque<_>>());
        Self::new(move |_| script.lock().unwrap_or_else(PoisonError::into_inner).pop_front().flatten())
    }

    /// An HTTP client that fails as told over one that works.
    #[must_use]
    pub fn over(self, http: SharedHttpClient) -> SharedHttpClient {
        SharedHttpClient::new(FaultyClient { http, faults: self })
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faults")
    }
}

#[derive(Debug)]
struct FaultyClient {
    http: SharedHttpClient,
    faults: Faults,
}

impl HttpClient for FaultyClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = self.http.http_connector(settings, components);
        SharedHttpConnector::new(FaultyConnector { connector, faults: self.faults.clone() })
    }
}

#[derive(Debug)]
struct FaultyConnector {
    connector: SharedHttpConnector,
    faults: Faults,
}

impl HttpConnector for FaultyConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default();
        match (self.faults.0)(operation) {
            None => self.connector.call(request),
            Some(Fault::RequestLost) => HttpConnectorFuture::ready(Err(lost("request"))),
            Some(Fault::Hangs) => HttpConnectorFuture::new(std::future::pending()),
            Some(Fault::AnswerLost) => {
                let call = self.connector.call(request);
                HttpConnectorFuture::new(async move {
                    drop(call.await?);
                    Err(lost("answer"))
                })
            }
            Some(Fault::Answer { status, body }) => HttpConnectorFuture::ready(answered(status, body)),
        }
    }
}

fn lost(what: &str) -> ConnectorError {
    ConnectorError::timeout(format!("the {what} was lost on the way").into())
}

fn answered(status: u16, body: String) -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(status).map_err(|error| ConnectorError::user(error.into()))?;
    Ok(HttpResponse::new(status, body.into()))
}
