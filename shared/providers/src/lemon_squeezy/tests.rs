//! Whole events, as Lemon Squeezy documents them, and what becomes of them.

mod payments;
mod refunds;
mod signatures;

use http::HeaderMap;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::LemonSqueezyWebhooks;
use crate::webhook::{
    Content, Delivery, Received, Unreadable, WebhookSender,
    testing::{self, assert_impersonal},
};

const ORDER: &str = include_str!("../../fixtures/lemon_squeezy/order_created.json");
const PARTIAL: &str = include_str!("../../fixtures/lemon_squeezy/order_refunded.partial.json");
const FULL: &str = include_str!("../../fixtures/lemon_squeezy/order_refunded.full.json");
const SUBSCRIPTION: &str = include_str!("../../fixtures/lemon_squeezy/subscription_created.json");
const INITIAL: &str = include_str!("../../fixtures/lemon_squeezy/subscription_payment_success.initial.json");
const RENEWAL: &str = include_str!("../../fixtures/lemon_squeezy/subscription_payment_success.renewal.json");
const REFUNDED: &str = include_str!("../../fixtures/lemon_squeezy/subscription_payment_refunded.json");
const ALL: [&str; 7] = [ORDER, PARTIAL, FULL, SUBSCRIPTION, INITIAL, RENEWAL, REFUNDED];

/// 2026-11-22T12:00:00Z
const PAID: i64 = 1_795_348_800;
const DAY: i64 = 24 * 3600;

fn read(body: &[u8]) -> Result<Received, Unreadable> {
    testing::read(&LemonSqueezyWebhooks, &HeaderMap::new(), body)
}

fn with(event: &str, changes: Value) -> String {
    testing::with(event, "/data/attributes", &changes)
}

fn is_ignored(event: &str) -> bool {
    read(event.as_bytes()).unwrap().content == Content::Ignored
}

#[test]
fn an_event_is_known_by_the_hash_of_its_body_and_its_signed_name() {
    let headers = testing::headers(&[("x-event-name", "order_refunded")]);
    let received = testing::read(&LemonSqueezyWebhooks, &headers, ORDER.as_bytes()).unwrap();
    assert_eq!((received.kind.as_str(), received.occurred_at.as_second()), ("order_created", PAID + 5));
    assert_eq!(received.event_id.len(), 64);
    let delivery = Delivery { headers: &headers, body: ORDER.as_bytes() };
    assert_eq!(LemonSqueezyWebhooks.event_id(&delivery), Some(received.event_id.clone()));
    assert_ne!(read(FULL.as_bytes()).unwrap().event_id, received.event_id);
}

#[test]
fn other_events_are_ignored() {
    for name in ["subscription_updated", "license_key_created", "subscription_payment_failed", "new"] {
        assert!(is_ignored(&testing::with(ORDER, "/meta", &json!({"event_name": name}))));
    }
    assert!(is_ignored(r#"{"meta": {"event_name": "affiliate_activated"}, "data": null}"#));
}

#[test]
fn what_cannot_be_read_names_its_place_and_no_value() {
    let object = |at: &str| Unreadable::Object { kind: "order_created".into(), at: at.into() };
    assert_eq!(read(b"\xff"), Err(Unreadable::NotJson));
    assert_eq!(read(b"{}"), Err(Unreadable::NotAnEvent { at: "the body itself".into() }));
    let unnamed = br#"{"meta": {"event_name": 7}, "data": {}}"#;
    assert_eq!(read(unnamed), Err(Unreadable::NotAnEvent { at: "meta.event_name".into() }));
    for (changes, place) in [
        (json!({"total": "jane@example.com"}), "attributes.total"),
        (json!({"total": 10.5}), "attributes.total"),
        (json!({"tax": null}), "attributes.tax"),
        (json!({"currency": null}), "attributes.currency"),
        (json!({"user_email": 7}), "attributes.user_email"),
    ] {
        assert_eq!(read(with(ORDER, changes).as_bytes()), Err(object(place)));
    }
    for changes in [json!({"currency": "XXX"}), json!({"total": -1}), json!({"tax": 5401})] {
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
    fn no_event_makes_it_panic(index in 0_usize..7, cut in 0_usize..9000, number: i64, bytes: Vec<u8>) {
        let event = ALL[index];
        let _ = read(event.get(..cut.min(event.len())).unwrap_or_default().as_bytes());
        let _ = read(&bytes);
        for name in ["total", "tax", "subtotal", "discount_total", "refunded_amount"] {
            let _ = read(with(event, json!({name: number})).as_bytes());
        }
        let item = json!({"product_id": number, "price": number, "quantity": 7});
        let _ = read(with(event, json!({"first_order_item": item})).as_bytes());
    }
}
