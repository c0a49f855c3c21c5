//! Whole events, as Shopify documents them, and what becomes of them.

mod money_back;
mod orders;
mod signatures;

use http::HeaderMap;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::ShopifyWebhooks;
use crate::webhook::{
    Content, Delivery, Received, Unreadable, WebhookSender,
    testing::{self, assert_impersonal},
};

const ORDER: &str = include_str!("../../fixtures/shopify/orders_paid.json");
const RENEWAL: &str = include_str!("../../fixtures/shopify/orders_paid.subscription.json");
const CANCELLED: &str = include_str!("../../fixtures/shopify/orders_cancelled.json");
const REFUND: &str = include_str!("../../fixtures/shopify/refunds_create.json");
const FOREIGN_REFUND: &str = include_str!("../../fixtures/shopify/refunds_create.other_currency.json");
const DISPUTE: &str = include_str!("../../fixtures/shopify/disputes_create.json");
const LOST: &str = include_str!("../../fixtures/shopify/disputes_update.json");
const ALL: [&str; 7] = [ORDER, RENEWAL, CANCELLED, REFUND, FOREIGN_REFUND, DISPUTE, LOST];

/// The order of the fixtures, which no double can hold.
const ID: &str = "820982911946154508";
/// 2026-11-22T12:00:00Z
const PAID: i64 = 1_795_348_800;

fn read(body: &[u8]) -> Result<Received, Unreadable> {
    testing::read(&ShopifyWebhooks, &HeaderMap::new(), body)
}

fn read_as(topic: &str, body: &str) -> Result<Received, Unreadable> {
    testing::read(&ShopifyWebhooks, &testing::headers(&[("x-shopify-topic", topic)]), body.as_bytes())
}

fn with(event: &str, changes: Value) -> String {
    testing::with(event, "", &changes)
}

fn is_ignored(event: &str) -> bool {
    read(event.as_bytes()).unwrap().content == Content::Ignored
}

#[test]
fn a_topic_names_an_event_and_decides_nothing() {
    let by_body = read(ORDER.as_bytes()).unwrap();
    assert_eq!((by_body.kind.as_str(), by_body.occurred_at.as_second()), ("order", PAID + 1));
    for topic in ["orders/paid", "orders/create", "orders/updated", "something/new"] {
        let received = read_as(topic, ORDER).unwrap();
        assert_eq!(received.kind, topic);
        assert_eq!(Received { kind: "order".into(), ..received }, by_body);
    }
    // What cannot be a topic is no name either.
    assert_eq!(read_as("Orders/Paid jane@example.com", ORDER).unwrap(), by_body);
}

#[test]
fn a_body_under_a_topic_of_another_object_is_set_aside() {
    for (topic, body) in [
        ("refunds/create", ORDER),
        ("disputes/create", REFUND),
        ("orders/paid", DISPUTE),
        ("orders/paid", r#"{"id": 1}"#),
    ] {
        let refused = read_as(topic, body);
        assert!(matches!(&refused, Err(Unreadable::Object { kind, .. }) if kind == topic), "{refused:?}");
    }
}

#[test]
fn the_id_of_an_event_is_the_hash_of_its_body() {
    let id = read(ORDER.as_bytes()).unwrap().event_id;
    let headers = testing::headers(&[("x-shopify-event-id", "98880550-7158-44d4-b7cd-2c97c8a091b5")]);
    let delivery = Delivery { headers: &headers, body: ORDER.as_bytes() };
    assert_eq!(ShopifyWebhooks.event_id(&delivery), Some(id.clone()));
    assert_eq!(id.len(), 64);
    assert_ne!(read(CANCELLED.as_bytes()).unwrap().event_id, id);
}

#[test]
fn other_objects_are_ignored() {
    for body in [
        r#"{"id": 1, "line_items": [], "total_price": "1.00", "status": "open", "order_id": null}"#,
        r#"{"id": 1, "order_id": 2, "kind": "sale", "status": "success", "amount": "1.00"}"#,
        "{}",
    ] {
        assert!(is_ignored(body));
        assert_eq!(read_as("checkouts/create", body).unwrap().kind, "checkouts/create");
    }
}

#[test]
fn what_cannot_be_read_names_its_place_and_no_value() {
    assert_eq!(read(b"\xff"), Err(Unreadable::NotJson));
    for body in [b"[]".as_slice(), b"7", b"null"] {
        assert_eq!(read(body), Err(Unreadable::NotAnEvent { at: "the body itself".into() }));
    }
    let object = |at: &str| Unreadable::Object { kind: "order".into(), at: at.into() };
    for (changes, place) in [
        (json!({"id": null}), "id"),
        (json!({"currency": 7}), "currency"),
        (json!({"total_price": {}}), "total_price"),
        (json!({"customer": {"id": 1, "email": 7}}), "customer.email"),
        (json!({"processed_at": "yesterday, jane@example.com"}), "processed_at"),
    ] {
        assert_eq!(read(with(ORDER, changes).as_bytes()), Err(object(place)));
    }
    for changes in [
        json!({"currency": "XXX"}),
        json!({"total_price": "-1.00"}),
        json!({"total_price": "1.005"}),
        json!({"total_price": "5.00"}),
    ] {
        let refused = read(with(ORDER, changes).as_bytes());
        assert!(matches!(refused, Err(Unreadable::Amount { .. })), "{refused:?}");
    }
}

#[test]
fn no_personal_data_comes_out_of_any_event() {
    for event in ALL {
        assert_impersonal(&read(event.as_bytes()).unwrap());
    }
}

proptest! {
    #[test]
    fn no_event_makes_it_panic(index in 0_usize..7, cut in 0_usize..9000, number: i64, text: String, bytes: Vec<u8>) {
        let event = ALL[index];
        let _ = read(event.get(..cut.min(event.len())).unwrap_or_default().as_bytes());
        let _ = read(&bytes);
        for value in [json!(number), json!(number.to_string()), json!(text)] {
            for name in ["total_price", "total_tax", "amount", "landing_site", "note_attributes"] {
                let _ = read(with(event, json!({name: value})).as_bytes());
            }
            let line = json!([{"price": value, "quantity": 4_000_000_000_u32}]);
            let _ = read(with(ORDER, json!({"line_items": line, "shipping_lines": line})).as_bytes());
        }
    }
}
