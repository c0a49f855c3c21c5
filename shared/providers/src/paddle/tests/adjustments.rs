//! Adjustments.

use domain::conversion::{Refund, RefundCause, RefundStage};

use super::*;
use crate::webhook::testing::{at, money};

/// 2026-11-23T09:00:00Z
const ADJUSTED: i64 = PAID + 21 * 3600;

fn refunds(event: &str) -> Vec<(String, Refund)> {
    testing::refunds_of(read(event.as_bytes()).unwrap())
}

fn told(id: &str, cause: RefundCause, stage: RefundStage, amount: Option<&str>) -> (String, Refund) {
    let amount = amount.map(|text| money(text, "USD"));
    let refund = Refund { refund_id: id.into(), cause, stage, amount, occurred_at: at(ADJUSTED) };
    (TRANSACTION.into(), refund)
}

fn is_ignored(event: &str) -> bool {
    read(event.as_bytes()).unwrap().content == Content::Ignored
}

#[test]
fn a_refund_counts_once_it_is_approved_and_is_void_when_it_is_not() {
    let id = "adj_01kaj600000000000000000001";
    assert!(is_ignored(PENDING));
    let expected = told(id, RefundCause::Refund, RefundStage::Done, Some("99.00"));
    assert_eq!(refunds(REFUND), std::slice::from_ref(&expected));
    // Small ones are approved when they are made.
    let at_once = testing::with(REFUND, "", &json!({"event_type": "adjustment.created"}));
    assert_eq!(refunds(&at_once), [expected]);
    for status in ["rejected", "reversed"] {
        let event = with(REFUND, json!({"status": status}));
        assert_eq!(refunds(&event), [told(id, RefundCause::Refund, RefundStage::Void, None)]);
    }
}

#[test]
fn a_chargeback_takes_the_money_and_ends_its_warning() {
    let id = "adj_01kaj600000000000000000003";
    let warned = |stage| told("chargeback_warning", RefundCause::Dispute, stage, None);
    assert_eq!(refunds(WARNING), [warned(RefundStage::Open)]);
    let taken = told(id, RefundCause::Dispute, RefundStage::Done, Some("396.00"));
    assert_eq!(refunds(CHARGEBACK), [taken, warned(RefundStage::Void)]);
    let part = json!({"totals": {"subtotal": "900", "tax": "90", "total": "990"}});
    let part = refunds(&with(CHARGEBACK, part));
    assert_eq!(part[0], told(id, RefundCause::Dispute, RefundStage::Done, Some("9.90")));
}

#[test]
fn what_is_reversed_gives_the_money_back() {
    let back = refunds(&with(CHARGEBACK, json!({"status": "reversed"})));
    let id = "adj_01kaj600000000000000000003";
    assert_eq!(back[0], told(id, RefundCause::Dispute, RefundStage::Void, None));
    let over = told("chargeback_warning", RefundCause::Dispute, RefundStage::Void, None);
    assert_eq!(refunds(&with(WARNING, json!({"status": "reversed"}))), std::slice::from_ref(&over));
    assert_eq!(refunds(&with(REVERSE, json!({"action": "chargeback_warning_reverse"}))), [over]);
    // What it reverses says so itself.
    assert!(is_ignored(REVERSE));
}

#[test]
fn credit_and_nothing_take_nothing() {
    for changes in [
        json!({"action": "credit"}),
        json!({"action": "credit_reverse"}),
        json!({"action": "something_new"}),
        json!({"totals": {"total": "0"}}),
    ] {
        assert!(is_ignored(&with(REFUND, changes)));
    }
}

#[test]
fn a_status_nobody_knows_is_set_aside() {
    let expected = Unreadable::Object { kind: "adjustment.updated".into(), at: "status".into() };
    assert_eq!(read(with(REFUND, json!({"status": "new"})).as_bytes()), Err(expected));
}
