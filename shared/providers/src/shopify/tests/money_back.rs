//! Refunds and disputes.

use domain::conversion::{Refund, RefundCause, RefundStage};

use super::*;
use crate::webhook::testing::{at, money};

const DAY: i64 = 24 * 3600;

fn refunds(event: &str) -> Vec<(String, Refund)> {
    testing::refunds_of(read(event.as_bytes()).unwrap())
}

fn transactions(list: &[(&str, &str, &str, Option<&str>)]) -> Value {
    let transaction = |(kind, status, amount, currency): &(&str, &str, &str, Option<&str>)| json!({"kind": kind, "status": status, "amount": amount, "currency": currency});
    json!({"transactions": list.iter().map(transaction).collect::<Vec<_>>()})
}

#[test]
fn a_refund_is_what_its_transactions_paid_back() {
    let expected = Refund::made("890088186047892319", money("45.00", "EUR"), at(PAID + 2 * DAY));
    assert_eq!(refunds(REFUND), [(ID.to_owned(), expected)]);
    for (list, amount) in [
        (&[("refund", "success", "75.00", None), ("refund", "success", "10.00", None)][..], "85.00"),
        (&[("refund", "pending", "75.00", Some("EUR"))], "75.00"),
        (&[("refund", "success", "5.00", None), ("refund", "failure", "10.00", None)], "5.00"),
        (&[("refund", "success", "5.00", None), ("sale", "success", "10.00", None)], "5.00"),
    ] {
        let refunds = refunds(&with(REFUND, transactions(list)));
        assert_eq!(refunds[0].1.amount, Some(money(amount, "EUR")));
    }
}

#[test]
fn where_no_money_moved_there_is_no_refund() {
    for list in [&[][..], &[("refund", "error", "5.00", None)], &[("refund", "success", "0.00", None)]] {
        assert!(is_ignored(&with(REFUND, transactions(list))));
    }
}

#[test]
fn a_refund_in_the_customers_currency_goes_by_the_orders_own_rate() {
    // 21.60 USD less 5.00 are 30.24 CAD less 7.00, which is what went back.
    let expected = Refund::made("890088186047892999", money("16.60", "USD"), at(PAID + 2 * DAY));
    assert_eq!(refunds(FOREIGN_REFUND), [("820982911946154999".to_owned(), expected)]);
    // Half of what the lines come to.
    let half = with(FOREIGN_REFUND, transactions(&[("refund", "success", "11.62", Some("CAD"))]));
    assert_eq!(refunds(&half)[0].1.amount, Some(money("8.30", "USD")));
    let kind = |event: &str| read(event.as_bytes());
    let untold = with(FOREIGN_REFUND, json!({"refund_line_items": [], "order_adjustments": []}));
    assert!(matches!(kind(&untold), Err(Unreadable::Amount { .. })));
    let third = with(FOREIGN_REFUND, transactions(&[("refund", "success", "11.62", Some("GBP"))]));
    assert!(matches!(kind(&third), Err(Unreadable::Amount { .. })));
    let mixed = [("refund", "success", "1.00", Some("CAD")), ("refund", "success", "1.00", Some("USD"))];
    assert!(matches!(kind(&with(FOREIGN_REFUND, transactions(&mixed))), Err(Unreadable::Object { .. })));
}

#[test]
fn a_dispute_holds_then_takes_or_gives_back() {
    let told = |stage, amount: Option<&str>, second| Refund {
        refund_id: "285332461850802050".into(),
        cause: RefundCause::Dispute,
        stage,
        amount: amount.map(|text| money(text, "EUR")),
        occurred_at: at(second),
    };
    let (opened, ended) = (PAID + 3 * DAY, PAID + 44 * DAY);
    assert_eq!(refunds(DISPUTE), [(ID.to_owned(), told(RefundStage::Open, None, opened))]);
    assert_eq!(refunds(LOST), [(ID.to_owned(), told(RefundStage::Done, Some("115.95"), ended))]);
    for (status, stage) in [
        ("under_review", RefundStage::Open),
        ("accepted", RefundStage::Done),
        ("won", RefundStage::Void),
        ("prevented", RefundStage::Void),
        ("charge_refunded", RefundStage::Void),
    ] {
        assert_eq!(refunds(&with(LOST, json!({"status": status})))[0].1.stage, stage, "{status}");
    }
    let expected = Unreadable::Object { kind: "dispute".into(), at: "status".into() };
    assert_eq!(read(with(LOST, json!({"status": "new"})).as_bytes()), Err(expected));
    assert!(is_ignored(&with(LOST, json!({"order_id": null}))));
    assert!(is_ignored(&with(LOST, json!({"amount": "0.00"}))));
    let day_only = refunds(&with(LOST, json!({"finalized_on": "2027-01-05"})));
    assert_eq!(day_only[0].1.occurred_at, at(opened));
}
