//! Identity checks and the signed events they send.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

use super::{START, Server};
use crate::serve::serve_router;

const SECRET: &str = "whsec_test_secret";

type Received = Arc<Mutex<Vec<(String, String)>>>;

/// A receiver that keeps what it got, and its URL. It answers 500 to its first `failures` calls.
#[expect(clippy::disallowed_methods, reason = "a test server, with one task of its own")]
async fn receiver(failures: usize) -> (Received, String) {
    let received = Received::default();
    let keep = received.clone();
    let handle = move |headers: HeaderMap, body: String| async move {
        let mut kept = keep.lock().unwrap();
        kept.push((headers["stripe-signature"].to_str().unwrap().to_owned(), body));
        if kept.len() > failures { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(serve_router(listener, Router::new().route("/hook", post(handle))));
    (received, url)
}

/// HMAC-SHA256 by its definition, so that the signature is not checked with its own code.
fn hmac_hex(secret: &str, message: &str) -> String {
    let pad = |byte: u8| {
        let mut key = [byte; 64];
        secret.bytes().zip(&mut key).for_each(|(secret, key)| *key ^= secret);
        key
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    let outer = Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize();
    outer.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Starts a check, points the webhook at `endpoint`, decides; gives the control answer.
async fn decided(server: &Server, endpoint: Value, decision: Value) -> (String, Value) {
    let form = "type=document&metadata[partner_id]=ptr_1".to_owned();
    let session = server.stripe_post("/v1/identity/verification_sessions", "i1", form).await;
    let session = session.unwrap().body;
    assert_eq!(
        (&session["status"], &session["object"]),
        (&json!("requires_input"), &json!("identity.verification_session"))
    );
    assert!(session["url"].as_str().unwrap().starts_with("https://verify.stripe.com/"));
    assert_eq!(server.control("PUT", "/webhook", endpoint).await.status, 200);
    let id = session["id"].as_str().unwrap().to_owned();
    let got = server.control("POST", &format!("/identity/{id}"), decision).await;
    assert_eq!(got.status, 200, "{}", got.body);
    (id, got.body)
}

#[tokio::test]
async fn a_decision_sends_signed_events() {
    let server = Server::start().await;
    let (received, url) = receiver(0).await;
    let endpoint = json!({"url": url, "secret": SECRET});
    let (id, answer) = decided(&server, endpoint, json!({"outcome": "verified"})).await;
    assert_eq!(answer["session"]["status"], "verified");
    assert_eq!(answer["deliveries"][1]["status"], 200);

    let received = received.lock().unwrap().clone();
    assert_eq!(received.len(), 2);
    for (signature, body) in &received {
        let expected = hmac_hex(SECRET, &format!("{START}.{body}"));
        assert_eq!(*signature, format!("t={START},v1={expected}"));
    }
    let event: Value = serde_json::from_str(&received[1].1).unwrap();
    assert_eq!(
        (&event["object"], &event["type"]),
        (&json!("event"), &json!("identity.verification_session.verified"))
    );
    assert_eq!(event["data"]["object"]["id"], id);
    assert_eq!(event["data"]["object"]["metadata"]["partner_id"], "ptr_1");
    let session = server.get(&format!("/v1/identity/verification_sessions/{id}"), "sk").await;
    assert_eq!(session, event["data"]["object"]);
    let path = format!("/identity/{id}");
    let again = server.control("POST", &path, json!({"outcome": "canceled"})).await;
    assert_eq!(again.status, 409);
}

#[tokio::test]
async fn the_known_signature_vector_holds() {
    let body = r#"{"id":"evt_1","amount":1999}"#;
    let expected = "fa2855d9478a1cd5c9edff5796ff8681b07391550436fd2ecb7d5fbc95ca37f2";
    assert_eq!(crate::sign(SECRET, 1_700_000_000, body), format!("t=1700000000,v1={expected}"));
    assert_eq!(hmac_hex(SECRET, &format!("1700000000.{body}")), expected);
}

#[tokio::test]
async fn a_failed_check_asks_for_input_again() {
    let server = Server::start().await;
    let (_, url) = receiver(0).await;
    let decision = json!({"outcome": "requires_input", "code": "document_expired"});
    let (id, answer) = decided(&server, json!({"url": url, "secret": SECRET}), decision).await;
    assert_eq!(answer["session"]["last_error"]["code"], "document_expired");
    let kind = &answer["deliveries"][1]["type"];
    assert_eq!(kind, "identity.verification_session.requires_input");
    let path = format!("/identity/{id}");
    let better = server.control("POST", &path, json!({"outcome": "verified"})).await;
    assert_eq!(better.body["session"]["last_error"], Value::Null);
}

#[tokio::test]
async fn events_can_be_doubled_reordered_and_wrongly_signed() {
    let server = Server::start().await;
    let (received, url) = receiver(0).await;
    let endpoint = json!({"url": url, "secret": SECRET, "duplicate": true, "reorder": true,
        "wrong_signature": true});
    decided(&server, endpoint, json!({"outcome": "verified"})).await;
    let received = received.lock().unwrap().clone();
    let kinds: Vec<String> = received
        .iter()
        .map(|(_, body)| serde_json::from_str::<Value>(body).unwrap()["type"].to_string())
        .collect();
    assert!(kinds[0].contains("verified") && kinds[0] == kinds[1], "{kinds:?}");
    assert!(kinds[2].contains("processing") && kinds[2] == kinds[3], "{kinds:?}");
    assert_eq!(received[0].1, received[1].1, "a duplicate has the same event id");
    let right = hmac_hex(SECRET, &format!("{START}.{}", received[0].1));
    assert!(!received[0].0.contains(&right));
}

#[tokio::test]
async fn what_is_not_taken_is_sent_again_with_the_next_advance() {
    let server = Server::start().await;
    let (received, url) = receiver(2).await;
    let endpoint = json!({"url": url, "secret": SECRET});
    let (_, answer) = decided(&server, endpoint, json!({"outcome": "canceled"})).await;
    assert_eq!(answer["deliveries"][0]["status"], 500);
    for (status, left) in [(500, 1), (200, 1), (0, 0)] {
        let body = server.control("POST", "/advance", json!({"seconds": 60})).await.body;
        assert_eq!(body["deliveries"].as_array().unwrap().len(), left);
        assert!(left == 0 || body["deliveries"][0]["status"] == status);
    }
    let received = received.lock().unwrap();
    assert_eq!(received[0].1, received[2].1);
    assert_ne!(received[0].0, received[2].0, "each attempt is signed with its own time");
}
