//! Every scripted outcome, at Stripe: what the caller sees, what was paid, what a retry gives.

use serde_json::{Value, json};

use super::Server;

/// Sends one transfer under the script, then the same again: status (0 for no answer) and the
/// number of transfers that exist after each.
async fn twice(script: Value) -> ((u16, usize), (u16, usize)) {
    let server = Server::start().await;
    server.script(script).await;
    let mut seen = Vec::new();
    for _ in 0..2 {
        let status = server.transfer("k1", 1250, "pay_1").await.map_or(0, |got| got.status);
        seen.push((status, server.group("pay_1").await));
    }
    (seen[0], seen[1])
}

#[tokio::test]
async fn each_outcome_and_the_retry_after_it() {
    for (script, first, retry) in [
        (json!({"outcome": "succeed"}), (200, 1), (200, 1)),
        (json!({"outcome": "refuse", "code": "balance_insufficient"}), (400, 0), (400, 0)),
        (json!({"outcome": "answer_lost"}), (0, 1), (200, 1)),
        (json!({"outcome": "answer_lost", "connection": "hold"}), (0, 1), (200, 1)),
        (json!({"outcome": "request_lost"}), (0, 0), (200, 1)),
        (json!({"outcome": "request_lost", "connection": "hold"}), (0, 0), (200, 1)),
        // Stripe keeps a 500 under its key, whether or not the transfer exists.
        (json!({"outcome": "error_after_applying"}), (500, 1), (500, 1)),
        (json!({"outcome": "error_without_applying"}), (500, 0), (500, 0)),
        (json!({"outcome": "rate_limited"}), (429, 0), (200, 1)),
        (json!({"outcome": "unavailable"}), (503, 0), (200, 1)),
        (json!({"outcome": "rate_limited", "times": 2}), (429, 0), (429, 0)),
    ] {
        assert_eq!(twice(script.clone()).await, (first, retry), "{script}");
    }
}

#[tokio::test]
async fn a_late_call_arrives_by_clock_or_by_tick() {
    for (delay, seconds, ticks) in [("seconds", 60, 0), ("ticks", 0, 60)] {
        let server = Server::start().await;
        server.script(json!({"outcome": "late", delay: 60})).await;
        assert!(server.transfer("k1", 1250, "pay_1").await.is_none());
        let almost = json!({"seconds": seconds - seconds / 60, "ticks": ticks - ticks / 60});
        server.control("POST", "/advance", almost).await;
        assert_eq!(server.group("pay_1").await, 0, "{delay}");
        let last = json!({"seconds": seconds / 60, "ticks": ticks / 60});
        server.control("POST", "/advance", last).await;
        assert_eq!(server.group("pay_1").await, 1, "{delay}");
    }
}

#[tokio::test]
async fn a_late_call_and_its_retry_pay_once_under_one_key_and_twice_under_two() {
    for (retry, applied) in [("k1", 1), ("k2", 2)] {
        let server = Server::start().await;
        server.script(json!({"outcome": "late", "seconds": 60})).await;
        assert!(server.transfer("k1", 1250, "pay_1").await.is_none());
        assert_eq!(server.transfer(retry, 1250, "pay_1").await.unwrap().status, 200);
        server.advance(60);
        assert_eq!(server.payments().await[0]["applied"], applied, "retry with {retry}");
    }
}

#[tokio::test]
async fn a_script_waits_for_the_call_it_matches() {
    let server = Server::start().await;
    server.script(json!({"outcome": "rate_limited", "reference": "pay_2"})).await;
    server.script(json!({"outcome": "unavailable", "destination": "acct_bob"})).await;
    server.script(json!({"outcome": "unavailable", "provider": "paypal"})).await;
    assert_eq!(server.transfer("k1", 1, "pay_1").await.unwrap().status, 200);
    assert_eq!(server.transfer("k2", 1, "pay_2").await.unwrap().status, 429);
    assert_eq!(server.transfer("k2", 1, "pay_2").await.unwrap().status, 200);
    assert_eq!(server.world.lock().scripts().len(), 2);
    server.control("DELETE", "/outcomes", json!(null)).await;
    assert!(server.world.lock().scripts().is_empty());
}
