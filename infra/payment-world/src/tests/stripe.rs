//! Transfers: shape, idempotency, look-ups.

use super::{START, Server};
use crate::clock::DAY;

#[tokio::test]
async fn a_transfer_has_the_documented_shape() {
    let server = Server::start().await;
    let got = server.transfer("k1", 1250, "pay_1").await.unwrap();
    assert_eq!(got.status, 200);
    assert!(got.body["id"].as_str().unwrap().starts_with("tr_"));
    assert_eq!(got.body["object"], "transfer");
    assert_eq!(got.body["amount"], 1250);
    assert_eq!(got.body["currency"], "usd");
    assert_eq!(got.body["destination"], "acct_ann");
    assert_eq!(got.body["transfer_group"], "pay_1");
    assert_eq!(got.body["metadata"]["payout_id"], "pay_1");
    assert_eq!(got.body["created"], START);
    let id = got.body["id"].as_str().unwrap();
    assert_eq!(server.get(&format!("/v1/transfers/{id}"), "sk_test_1").await, got.body);
}

#[tokio::test]
async fn a_transfer_can_be_taken_back() {
    let server = Server::start().await;
    let made = server.transfer("k1", 1250, "pay_1").await.unwrap();
    let id = made.body["id"].as_str().unwrap();
    assert_eq!((&made.body["reversed"], &made.body["amount_reversed"]), (&false.into(), &0.into()));
    let got = server.control("POST", &format!("/transfers/{id}/reverse"), ().into()).await;
    assert_eq!(
        (got.status, &got.body["reversed"], &got.body["amount_reversed"]),
        (200, &true.into(), &1250.into())
    );
    assert_eq!(server.get(&format!("/v1/transfers/{id}"), "sk_test_1").await, got.body);
    let payments = server.payments().await;
    assert_eq!((&payments[0]["status"], &payments[0]["applied"]), (&"REVERSED".into(), &0.into()));
    assert_eq!(server.control("POST", "/transfers/tr_0/reverse", ().into()).await.status, 404);
}

#[tokio::test]
async fn a_key_gives_one_answer_for_a_day() {
    let server = Server::start().await;
    let first = server.transfer("k1", 1250, "pay_1").await.unwrap();
    assert!(!first.headers.contains_key("idempotent-replayed"));

    server.advance(DAY - 1);
    let again = server.transfer("k1", 1250, "pay_1").await.unwrap();
    assert_eq!(again.body, first.body);
    assert_eq!(again.headers["idempotent-replayed"], "true");

    let other = server.transfer("k1", 1251, "pay_1").await.unwrap();
    assert_eq!((other.status, &other.body["error"]["type"]), (400, &"idempotency_error".into()));

    server.advance(1);
    let late = server.transfer("k1", 1250, "pay_1").await.unwrap();
    assert_ne!(late.body["id"], first.body["id"], "the key was forgotten, so this paid again");
    let payments = server.payments().await;
    assert!(payments.iter().all(|payment| payment["applied"] == 2), "{payments:?}");
}

#[tokio::test]
async fn transfers_are_found_by_group_newest_first() {
    let server = Server::start().await;
    for (key, group) in [("k1", "a"), ("k2", "b"), ("k3", "a")] {
        server.transfer(key, 100, group).await.unwrap();
    }
    assert_eq!((server.group("a").await, server.group("b").await), (2, 1));
    assert_eq!(server.group("c").await, 0);

    let page = server.get("/v1/transfers?transfer_group=a&limit=1", "sk_test_1").await;
    assert_eq!(page["has_more"], true);
    let last = page["data"][0]["id"].as_str().unwrap();
    let rest = format!("/v1/transfers?transfer_group=a&limit=1&starting_after={last}");
    let rest = server.get(&rest, "sk_test_1").await;
    assert_eq!((rest["data"].as_array().unwrap().len(), &rest["has_more"]), (1, &false.into()));
    assert_ne!(rest["data"][0]["id"], page["data"][0]["id"]);
}

#[tokio::test]
async fn a_request_that_is_turned_away_leaves_its_key_free() {
    let server = Server::start().await;
    let path = "/v1/transfers";
    let bad = server.stripe_post(path, "k1", "amount=0&currency=usd&destination=acct_a".into()).await;
    assert_eq!(bad.unwrap().body["error"]["param"], "amount");
    let bad = server.stripe_post(path, "k1", "amount=5&currency=usd".into()).await;
    assert_eq!(bad.unwrap().body["error"]["code"], "parameter_missing");
    assert_eq!(server.transfer("k1", 5, "pay_1").await.unwrap().status, 200);

    let missing = server.get("/v1/transfers/tr_none", "sk_test_1").await;
    assert_eq!(missing["error"]["code"], "resource_missing");
    let no_key = server.get("/v1/transfers", "").await;
    assert_eq!(no_key["error"]["type"], "invalid_request_error");
}
