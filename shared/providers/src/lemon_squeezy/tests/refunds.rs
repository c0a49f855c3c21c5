//! Running totals of what was refunded.

use domain::conversion::{Fact, Refund, RefundCause, RefundStage, refunded};

use super::*;
use crate::webhook::{
    ExternalFact,
    testing::{at, money},
};

fn told(external_id: &str, minor: i64, second: i64) -> ExternalFact {
    let amount = domain::money::Money::new(minor, "USD".parse().unwrap());
    let refund = Refund {
        refund_id: minor.to_string(),
        cause: RefundCause::Total,
        stage: RefundStage::Done,
        amount: Some(amount),
        occurred_at: at(second),
    };
    ExternalFact::new(external_id, Fact::Refund(refund))
}

fn refunds(body: &str) -> Vec<ExternalFact> {
    let facts = testing::facts_of(read(body.as_bytes()).unwrap());
    facts.into_iter().filter(|external| matches!(external.fact, Fact::Refund(_))).collect()
}

#[test]
fn a_refunded_order_tells_the_sale_and_how_much_of_it_went_back() {
    assert_eq!(refunds(PARTIAL), [told("order_4711", 1000, PAID + DAY)]);
    assert_eq!(refunds(FULL), [told("order_4711", 5400, PAID + 2 * DAY)]);
    let sale = |body: &str| testing::facts_of(read(body.as_bytes()).unwrap()).remove(0);
    assert_eq!((sale(PARTIAL), sale(FULL)), (sale(ORDER), sale(ORDER)));
    // It was paid, and refunded before anybody told.
    let late = testing::with(FULL, "/meta", &json!({"event_name": "order_created"}));
    assert_eq!(refunds(&late), refunds(FULL));
}

#[test]
fn without_an_amount_all_of_it_was_refunded() {
    let without = |refunded: bool| with(FULL, json!({"refunded_amount": null, "refunded": refunded}));
    assert_eq!(refunds(&without(true)), refunds(FULL));
    assert!(refunds(&without(false)).is_empty());
    assert!(refunds(&with(FULL, json!({"refunded_amount": 0}))).is_empty());
}

#[test]
fn an_invoice_is_refunded_as_what_it_is_a_charge_of() {
    assert_eq!(refunds(REFUNDED), [told("subscription_invoice_4711", 6000, PAID + 31 * DAY)]);
    let first = with(REFUNDED, json!({"billing_reason": "initial", "refunded_amount": 5400}));
    assert_eq!(refunds(&first), [told("first_invoice_of_subscription_815", 5400, PAID + 31 * DAY)]);
}

proptest! {
    #[test]
    fn whatever_arrives_in_whatever_order_the_largest_total_counts(totals in prop::collection::vec(1_i64..=5400, 1..8)) {
        let refunds: Vec<Refund> = totals
            .iter()
            .flat_map(|total| refunds(&with(PARTIAL, json!({"refunded_amount": total}))))
            .filter_map(|external| match external.fact {
                Fact::Refund(refund) => Some(refund),
                _ => None,
            })
            .collect();
        let all = refunded(money("54.00", "USD"), &refunds).unwrap();
        prop_assert_eq!((Some(all.sum.minor()), all.excess), (totals.iter().copied().max(), 0));
    }
}
