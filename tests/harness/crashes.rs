//! Crashes on demand: an invocation ends, or loses its network, at one of its outgoing requests.
//!
//! What counts is what has an effect outside: writes to the table, messages, orders to payment
//! providers. A crash at a read is the crash after the write before it.

use std::{
    collections::BTreeSet,
    fmt, io,
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
use axum::{
    body::Body,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use futures_util::stream;
use http::Method;
use serde_json::Value;
use tokio::{net::TcpListener, sync::Notify};

use crate::permissions::needs;

/// The effect of an order to a payment provider.
pub const PROVIDER: &str = "an order to a payment provider";

/// On which side of the request the crash lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The request never arrives.
    Before,
    /// It takes effect, and its answer never arrives.
    After,
}

/// What becomes of the invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Its process dies there and then.
    Dies,
    /// It goes on, and none of its further requests succeeds.
    CutOff,
}

/// Where one invocation crashes.
#[derive(Debug, Clone)]
pub struct Point {
    /// The function.
    pub binary: String,
    /// At which of its requests, counted from 1; never with 0.
    pub nth: usize,
    /// On which side of it.
    pub side: Side,
    /// How.
    pub end: End,
}

/// What a function did while a crash of it was planned.
#[derive(Debug, Default)]
pub struct Count {
    /// How many requests with an effect outside.
    pub requests: usize,
    /// What they were, such as `dynamodb:PutItem on Table`.
    pub effects: BTreeSet<String>,
    /// Has it crashed?
    pub has_struck: bool,
}

/// What an invocation came to.
#[derive(Debug)]
pub enum Lived<T> {
    /// Nothing happened to it.
    Whole(T),
    /// It lost its network and answered all the same.
    CutOff(T),
    /// It gave no answer.
    Died,
}

#[derive(Debug, Default)]
struct Plan {
    point: Option<Point>,
    count: Count,
    is_alive: bool,
    is_cut_off: bool,
}

#[derive(Debug)]
enum Verdict {
    Passes,
    Refused,
    Strikes(Side, End),
}

/// The crash to come, if any.
#[derive(Debug, Clone, Default)]
pub struct Crashes {
    plan: Arc<Mutex<Plan>>,
    death: Arc<Notify>,
}

impl Crashes {
    /// Plans a crash; counts the function's requests from here on.
    pub fn plan(&self, point: Point) {
        *self.plan.lock().unwrap() = Plan { point: Some(point), ..Plan::default() };
    }

    /// Calls the crash off.
    pub fn call_off(&self) -> Count {
        std::mem::take(&mut *self.plan.lock().unwrap()).count
    }

    /// Lives through an invocation, as far as it goes.
    pub async fn live<T>(&self, binary: &str, invocation: impl Future<Output = T>) -> Lived<T> {
        if !self.begins(binary) {
            return Lived::Whole(invocation.await);
        }
        let lived = tokio::select! {
            biased;
            () = self.death.notified() => Lived::Died,
            answer = invocation => Lived::Whole(answer),
        };
        let mut plan = self.plan.lock().unwrap();
        plan.is_alive = false;
        let was_cut_off = std::mem::take(&mut plan.is_cut_off);
        match lived {
            Lived::Whole(answer) if was_cut_off => Lived::CutOff(answer),
            lived => lived,
        }
    }

    /// Notes that an invocation begins; is it of the function that is to crash?
    fn begins(&self, binary: &str) -> bool {
        let mut plan = self.plan.lock().unwrap();
        let is_it = plan.point.as_ref().is_some_and(|point| point.binary == binary);
        plan.is_alive |= is_it;
        is_it
    }

    /// What becomes of a request; it counts if it has an effect.
    fn reach(&self, binary: Option<&str>, effects: Vec<String>) -> Verdict {
        let mut plan = self.plan.lock().unwrap();
        let Some(point) = plan.point.clone() else { return Verdict::Passes };
        if !plan.is_alive || binary.is_some_and(|binary| binary != point.binary) {
            return Verdict::Passes;
        }
        if plan.is_cut_off {
            return Verdict::Refused;
        }
        if effects.is_empty() {
            return Verdict::Passes;
        }
        plan.count.effects.extend(effects);
        plan.count.requests += 1;
        if plan.count.requests != point.nth {
            return Verdict::Passes;
        }
        plan.count.has_struck = true;
        plan.is_cut_off = point.end == End::CutOff;
        Verdict::Strikes(point.side, point.end)
    }

    /// An HTTP client of a function that crashes as planned.
    #[must_use]
    pub fn over(&self, binary: &str, http: SharedHttpClient) -> SharedHttpClient {
        SharedHttpClient::new(Client { http, binary: binary.to_owned(), crashes: self.clone() })
    }

    /// Serves the payment providers so that calls of them count too; gives their address.
    #[expect(clippy::disallowed_methods, reason = "it runs beside the test and ends with it")]
    pub async fn in_front_of(&self, payments: payment_world::Shared) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = payment_world::router(payments).layer(from_fn_with_state(self.clone(), provider));
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }
}

async fn provider(State(crashes): State<Crashes>, request: Request, next: Next) -> Response {
    let order = (request.method() != Method::GET).then(|| PROVIDER.to_owned());
    match crashes.reach(None, order.into_iter().collect()) {
        Verdict::Passes => next.run(request).await,
        Verdict::Refused => broken(),
        Verdict::Strikes(side, end) => {
            if side == Side::After {
                drop(next.run(request).await);
            }
            if end == End::Dies {
                crashes.death.notify_one();
                std::future::pending::<()>().await;
            }
            broken()
        }
    }
}

/// The connection breaks within the answer.
fn broken() -> Response {
    let end: Result<Vec<u8>, _> = Err(io::Error::from(io::ErrorKind::ConnectionReset));
    Response::new(Body::from_stream(stream::iter([end])))
}

#[derive(Clone)]
struct Client {
    http: SharedHttpClient,
    binary: String,
    crashes: Crashes,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

impl HttpClient for Client {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = self.http.http_connector(settings, components);
        SharedHttpConnector::new(Connector { connector, client: self.clone() })
    }
}

#[derive(Debug)]
struct Connector {
    connector: SharedHttpConnector,
    client: Client,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let crashes = self.client.crashes.clone();
        match crashes.reach(Some(&self.client.binary), effects(&request)) {
            Verdict::Passes => self.connector.call(request),
            Verdict::Refused => HttpConnectorFuture::ready(refused()),
            Verdict::Strikes(side, end) => {
                let call = (side == Side::After).then(|| self.connector.call(request));
                HttpConnectorFuture::new(async move {
                    if let Some(call) = call {
                        drop(call.await?);
                    }
                    if end == End::Dies {
                        crashes.death.notify_one();
                        std::future::pending::<()>().await;
                    }
                    Err(ConnectorError::timeout("lost on the way".into()))
                })
            }
        }
    }
}

/// What a call to AWS changes there.
fn effects(request: &HttpRequest) -> Vec<String> {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    let body: Value = serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap_or_default();
    let needed = needs(target, &body).into_iter();
    needed.filter(|(action, _)| is_effect(action)).map(|(action, on)| format!("{action} on {on}")).collect()
}

/// Does this action change anything?
#[must_use]
pub fn is_effect(action: &str) -> bool {
    let changes = ["PutItem", "UpdateItem", "DeleteItem", "SendMessage"];
    action.split_once(':').is_some_and(|(_, operation)| changes.contains(&operation))
}

/// An answer that nobody tries again, so that the invocation ends soon.
fn refused() -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(400).unwrap();
    Ok(HttpResponse::new(status, r#"{"__type":"AccessDeniedException"}"#.into()))
}
