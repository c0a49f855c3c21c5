//! Whole events, as Paddle documents them, and what becomes of them.

mod adjustments;
mod signatures;
mod transactions;

use http::HeaderMap;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::PaddleWebhooks;
use crate::webhook::{
    Content, Delivery, Received, Unreadable, WebhookSender,
    testing::{self, assert_impersonal},
};

const WEB: &str = include_str!("../../fixtures/paddle/transaction.completed.web.json");
const RENEWAL: &str = include_str!("../../fixtures/paddle/transaction.completed.subscription_recurring.json");
const PENDING: &str = include_str!("../../fixtures/paddle/adjustment.created.refund.pending.json");
const REFUND: &str = include_str!("../../fixtures/paddle/adjustment.updated.refund.approved.json");
const WARNING: &str = include_str!("../../fixtures/paddle/adjustment.created.chargeback_warning.json");
const CHARGEBACK: &str = include_str!("../../fixtures/paddle/adjustment.created.chargeback.json");
const REVERSE: &str = include_str!("../../fixtures/paddle/adjustment.created.chargeback_reverse.json");
const ALL: [&str; 7] = [WEB, RENEWAL, PENDING, REFUND, WARNING, CHARGEBACK, REVERSE];

/// The transaction of the fixtures.
const TRANSACTION: &str = "txn_01kaj4web0000000000000000a";
/// 2026-11-22T12:00:00Z
const PAID: i64 = 1_795_348_800;

fn read(body: &[u8]) -> Result<Received, Unreadable> {
    testing::read(&PaddleWebhooks, &HeaderMap::new(), body)
}

fn with(event: &str, changes: Value) -> String {
    testing::with(event, "/data", &changes)
}

#[test]
fn an_event_of_another_type_is_ignored_with_its_id_and_time_kept() {
    let other = testing::with(WEB, "", &json!({"event_type": "transaction.paid"}));
    let received = read(other.as_bytes()).unwrap();
    assert_eq!((received.kind.as_str(), received.content), ("transaction.paid", Content::Ignored));
    assert_eq!(received.event_id, "evt_01kaj000000000000000000001");
    assert_eq!(received.occurred_at.as_second(), PAID + 3);
    let delivery = Delivery { headers: &HeaderMap::new(), body: WEB.as_bytes() };
    assert_eq!(PaddleWebhooks.event_id(&delivery).as_deref(), Some("evt_01kaj000000000000000000001"));
}

#[test]
fn what_cannot_be_read_names_its_place_and_no_value() {
    let object = |at: &str| Unreadable::Object { kind: "transaction.completed".into(), at: at.into() };
    assert_eq!(read(b"\xff"), Err(Unreadable::NotJson));
    assert_eq!(read(b"[]"), Err(Unreadable::NotAnEvent { at: "the body itself".into() }));
    let late = testing::with(WEB, "", &json!({"occurred_at": "jane@example.com"}));
    assert_eq!(read(late.as_bytes()), Err(Unreadable::NotAnEvent { at: "occurred_at".into() }));
    for (changes, place) in [
        (json!({"id": null}), "id"),
        (json!({"currency_code": null}), "currency_code"),
        (json!({"details": {}}), "details"),
        (
            json!({"details": {"totals": {"tax": "0", "total": 7, "grand_total": "7"}}}),
            "details.totals.total",
        ),
    ] {
        assert_eq!(read(with(WEB, changes).as_bytes()), Err(object(place)));
    }
    for totals in [
        json!({"tax": "0", "total": "1.00", "grand_total": "1.00"}),
        json!({"tax": "-1", "total": "100", "grand_total": "100"}),
        json!({"tax": "101", "total": "100", "grand_total": "100"}),
    ] {
        let refused = read(with(WEB, json!({"details": {"totals": totals}})).as_bytes());
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
        let totals = json!({"tax": number.to_string(), "total": "100", "grand_total": number.to_string()});
        let _ = read(with(event, json!({"totals": totals, "details": {"totals": totals}})).as_bytes());
    }
}
