//! The stand-in over real sockets, so that a lost answer is really lost.

mod control;
mod outcomes;
mod paypal;
mod stripe;
mod webhook;

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{Clock, Shared, World, serve};

/// 2027-01-15T08:00:00Z
const START: i64 = 1_800_000_000;
/// Long against loopback, short against a test run.
const PATIENCE: Duration = Duration::from_millis(300);

struct Server {
    url: String,
    world: Shared,
}

struct Got {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Server {
    #[expect(clippy::disallowed_methods, reason = "a test server, with one task of its own")]
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let world = Shared::from(World::new(Clock::Manual(START)));
        tokio::spawn(serve(listener, world.clone()));
        Self { url, world }
    }

    /// `None` when the connection ended, or stayed open, without an answer.
    async fn send(&self, request: Request<Body>) -> Option<Got> {
        let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
        let answer = tokio::time::timeout(PATIENCE, client.request(request)).await.ok()?.ok()?;
        let (parts, body) = answer.into_parts();
        let body = to_bytes(Body::new(body), usize::MAX).await.unwrap();
        let body = serde_json::from_slice(&body).unwrap_or_default();
        Some(Got { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    async fn get(&self, path: &str, token: &str) -> Value {
        let request =
            Request::get(format!("{}{path}", self.url)).header("authorization", format!("Bearer {token}"));
        self.send(request.body(Body::empty()).unwrap()).await.unwrap().body
    }

    async fn control(&self, method: &str, path: &str, body: Value) -> Got {
        let request = Request::builder().method(method).uri(format!("{}/control{path}", self.url));
        self.send(request.body(body.to_string().into()).unwrap()).await.unwrap()
    }

    async fn script(&self, script: Value) {
        assert_eq!(self.control("POST", "/outcomes", script).await.status, 200);
    }

    async fn payments(&self) -> Vec<Value> {
        let body = self.control("GET", "/payments", json!(null)).await.body;
        body["data"].as_array().unwrap().clone()
    }

    async fn transfer(&self, key: &str, amount: u32, group: &str) -> Option<Got> {
        let form = format!(
            "amount={amount}&currency=usd&destination=acct_ann&transfer_group={group}\
             &metadata[payout_id]={group}"
        );
        self.stripe_post("/v1/transfers", key, form).await
    }

    async fn stripe_post(&self, path: &str, key: &str, form: String) -> Option<Got> {
        let request = Request::post(format!("{}{path}", self.url))
            .header("authorization", "Bearer sk_test_1")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("idempotency-key", key);
        self.send(request.body(form.into()).unwrap()).await
    }

    async fn group(&self, group: &str) -> usize {
        let list = self.get(&format!("/v1/transfers?transfer_group={group}"), "sk_test_1").await;
        list["data"].as_array().unwrap().len()
    }

    async fn paypal_token(&self) -> String {
        // client:secret
        let request = Request::post(format!("{}/v1/oauth2/token", self.url))
            .header("authorization", "Basic Y2xpZW50OnNlY3JldA==");
        let body = Body::from("grant_type=client_credentials");
        let got = self.send(request.body(body).unwrap()).await.unwrap();
        got.body["access_token"].as_str().unwrap().to_owned()
    }

    async fn batch(&self, token: &str, batch: &str, value: &str) -> Option<Got> {
        let body = json!({
            "sender_batch_header": {"sender_batch_id": batch, "recipient_type": "EMAIL"},
            "items": [{
                "receiver": "ann@example.com",
                "amount": {"currency": "USD", "value": value},
                "sender_item_id": "pay_1",
            }],
        });
        let request = Request::post(format!("{}/v1/payments/payouts", self.url))
            .header("authorization", format!("Bearer {token}"));
        self.send(request.body(body.to_string().into()).unwrap()).await
    }

    fn advance(&self, seconds: i64) {
        self.world.lock().advance(seconds, 0);
    }
}
