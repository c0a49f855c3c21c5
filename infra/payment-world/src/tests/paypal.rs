//! Payouts: batches, their items, and the way back to a batch whose answer was lost.

use serde_json::json;

use super::Server;
use crate::clock::DAY;

#[tokio::test]
async fn a_batch_is_taken_and_its_item_tells_the_outcome() {
    let server = Server::start().await;
    let token = server.paypal_token().await;
    let got = server.batch(&token, "b1", "12.50").await.unwrap();
    assert_eq!((got.status, &got.body["batch_header"]["batch_status"]), (201, &"PENDING".into()));
    let id = got.body["batch_header"]["payout_batch_id"].as_str().unwrap();

    let batch = server.get(&format!("/v1/payments/payouts/{id}"), &token).await;
    assert_eq!(batch["batch_header"]["batch_status"], "SUCCESS");
    assert_eq!(batch["batch_header"]["amount"], json!({"currency": "USD", "value": "12.50"}));
    let item = batch["items"][0]["payout_item_id"].as_str().unwrap();
    let item = server.get(&format!("/v1/payments/payouts-item/{item}"), &token).await;
    assert_eq!(item["transaction_status"], "SUCCESS");
    assert_eq!(item["payout_item"]["sender_item_id"], "pay_1");

    let payment = &server.payments().await[0];
    assert_eq!((&payment["amount"], &payment["key"]), (&json!(1250), &json!("b1")));
    assert_eq!((&payment["reference"], &payment["applied"]), (&json!("pay_1"), &json!(1)));
}

#[tokio::test]
async fn a_lost_answer_is_found_again_through_the_duplicates_link() {
    let server = Server::start().await;
    let token = server.paypal_token().await;
    server.script(json!({"outcome": "answer_lost", "reference": "pay_1"})).await;
    assert!(server.batch(&token, "b1", "12.50").await.is_none());

    let again = server.batch(&token, "b1", "12.50").await.unwrap();
    assert_eq!((again.status, &again.body["name"]), (400, &"USER_BUSINESS_ERROR".into()));
    let link = again.body["details"][0]["link"][0]["href"].as_str().unwrap();
    let batch = server.get(link.strip_prefix(&server.url).unwrap(), &token).await;
    assert_eq!(batch["batch_header"]["sender_batch_header"]["sender_batch_id"], "b1");
    assert_eq!(server.payments().await.len(), 1);

    server.advance(30 * DAY);
    let token = server.paypal_token().await;
    assert_eq!(server.batch(&token, "b1", "12.50").await.unwrap().status, 201);
    assert_eq!(server.payments().await[0]["applied"], 2, "the id was forgotten");
}

#[tokio::test]
async fn a_server_error_is_safe_to_retry() {
    for (outcome, retry) in [("error_after_applying", 400), ("error_without_applying", 201)] {
        let server = Server::start().await;
        let token = server.paypal_token().await;
        server.script(json!({"outcome": outcome})).await;
        assert_eq!(server.batch(&token, "b1", "5.00").await.unwrap().status, 500);
        assert_eq!(server.batch(&token, "b1", "5.00").await.unwrap().status, retry, "{outcome}");
        assert_eq!(server.payments().await[0]["applied"], 1, "{outcome}");
    }
}

#[tokio::test]
async fn items_end_as_scripted_and_unclaimed_ones_return() {
    let server = Server::start().await;
    let token = server.paypal_token().await;
    let item = json!({"status": "FAILED", "error": "RECEIVER_ACCOUNT_INVALID"});
    server.script(json!({"outcome": "succeed", "item": item})).await;
    assert_eq!(server.batch(&token, "b1", "5.00").await.unwrap().status, 201);
    assert_eq!(server.payments().await[0]["applied"], 0, "a failed item has moved no money");

    let item = json!({"status": "UNCLAIMED", "error": "RECEIVER_UNREGISTERED"});
    server.script(json!({"outcome": "succeed", "item": item})).await;
    let second = server.batch(&token, "b1", "5.00").await.unwrap();
    assert_eq!(second.status, 201, "a denied batch does not hold its id");
    let second = second.body["batch_header"]["payout_batch_id"].as_str().unwrap().to_owned();
    let path = format!("/v1/payments/payouts/{second}");
    let unclaimed = server.get(&path, &token).await["items"][0].clone();
    assert_eq!(unclaimed["transaction_status"], "UNCLAIMED");
    assert_eq!(unclaimed["errors"]["name"], "RECEIVER_UNREGISTERED");

    server.advance(30 * DAY);
    let token = server.paypal_token().await;
    let returned = server.get(&path, &token).await["items"][0].clone();
    assert_eq!(returned["transaction_status"], "RETURNED");
    let id = returned["payout_item_id"].as_str().unwrap();
    let moved = server.control("POST", &format!("/items/{id}"), json!({"status": "SUCCESS"})).await;
    assert_eq!(moved.body["transaction_status"], "SUCCESS");
}

#[tokio::test]
async fn refusals_name_what_is_wrong() {
    let server = Server::start().await;
    let token = server.paypal_token().await;
    let wrong = server.batch(&token, "b1", "5.001").await.unwrap();
    assert_eq!((wrong.status, &wrong.body["name"]), (400, &"VALIDATION_ERROR".into()));
    assert_eq!(wrong.body["details"][0]["field"], "items[0].amount.value");
    server.script(json!({"outcome": "refuse", "code": "INSUFFICIENT_FUNDS"})).await;
    assert_eq!(server.batch(&token, "b1", "5.00").await.unwrap().status, 422);
    assert_eq!(server.batch("A21AAnone", "b1", "5.00").await.unwrap().status, 401);
    server.advance(32_400);
    assert_eq!(server.batch(&token, "b1", "5.00").await.unwrap().status, 401, "token expired");
}
