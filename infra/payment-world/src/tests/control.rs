//! The control surface refuses what it does not understand, by name.

use serde_json::json;

use super::Server;

#[tokio::test]
async fn wrong_words_are_refused_clearly() {
    let server = Server::start().await;
    for (method, path, body, expected) in [
        ("POST", "/outcomes", json!({"outcome": "explode"}), "unknown variant `explode`"),
        ("POST", "/outcomes", json!({"outcome": "explode"}), "`answer_lost`"),
        ("POST", "/outcomes", json!({"outcome": "succeed", "dest": "a"}), "unknown field `dest`"),
        ("POST", "/outcomes", json!({"outcome": "refuse"}), "needs the provider's `code`"),
        ("POST", "/outcomes", json!({"outcome": "late"}), "either `seconds`"),
        ("POST", "/outcomes", json!({"outcome": "late", "seconds": 1, "ticks": 1}), "either"),
        ("POST", "/outcomes", json!({"outcome": "succeed", "code": "x"}), "outcome `refuse`"),
        ("POST", "/outcomes", json!({"outcome": "succeed", "ticks": 1}), "outcome `late`"),
        ("POST", "/outcomes", json!({"outcome": "succeed", "times": 0}), "at least 1"),
        ("POST", "/outcomes", json!({"outcome": "succeed", "provider": "wise"}), "`wise`"),
        ("POST", "/identity/vs_1", json!({"outcome": "maybe"}), "unknown variant `maybe`"),
        ("POST", "/identity/vs_1", json!({"outcome": "verified"}), "no identity session vs_1"),
        ("POST", "/items/X", json!({"status": "LOST"}), "unknown variant `LOST`"),
        ("POST", "/items/X", json!({"status": "FAILED"}), "no payout item X"),
        ("PUT", "/webhook", json!({"url": "https://a", "secret": "s"}), "http://"),
        ("POST", "/advance", json!({"seconds": -1}), "invalid value"),
    ] {
        let got = server.control(method, path, body.clone()).await;
        let text = got.body["error"].as_str().unwrap_or_default();
        assert!(got.status >= 400 && text.contains(expected), "{body}: {} {text}", got.status);
    }
}
