//! Bare payment intents, and refunds.

use super::*;

#[test]
fn an_intent_counts_when_it_is_marked_for_us_and_nothing_else_tells_of_it() {
    let (external_id, charge) = charge(INTENT);
    assert_eq!(external_id, "pi_3SWdTuB7WZ01zgkW0bareInt");
    assert_eq!((charge.amount, charge.tax), (money("59.50", "EUR"), money("9.50", "EUR")));
    assert_eq!((charge.shipping, charge.country.as_deref()), (money("2.50", "EUR"), Some("FR")));
    assert_eq!(charge.customer, customer("shopper-4711", Some("lee@example.net")));
    assert_eq!((charge.clicks, charge.aliases), (click(), vec!["ch_3SWdTuB7WZ01zgkW0charge00".to_owned()]));
    for changes in [
        json!({"metadata": {}}),
        json!({"metadata": {"order": "771"}}),
        json!({"invoice": "in_1"}),
        json!({"payment_details": {"order_reference": "cs_test_1"}}),
    ] {
        assert_eq!(read(with(INTENT, changes).as_bytes()).unwrap().content, Content::Ignored);
    }
}

fn refund(charge: &str, id: &str, amount: &str, second: i64) -> ExternalFact {
    let refund = Refund {
        refund_id: id.into(),
        cause: RefundCause::Refund,
        stage: RefundStage::Done,
        amount: Some(money(amount, "EUR")),
        occurred_at: at(second),
    };
    ExternalFact::new(charge, Fact::Refund(refund))
}

#[test]
fn a_refund_is_told_once_it_has_succeeded_by_its_own_id() {
    let expected = refund("pi_3SWdQmB7WZ01zgkW0pAyMent", "re_3SWdQmB7WZ01zgkW0refund0", "25.00", TIME + 3600);
    assert_eq!(facts(REFUND), std::slice::from_ref(&expected));
    assert_eq!(facts(&of_type(REFUND, "refund.updated")), [expected]);
    let by_charge = with(REFUND, json!({"payment_intent": null}));
    assert_eq!(facts(&by_charge)[0].external_id, "ch_3SWdQmB7WZ01zgkW0charge0");
    for status in ["pending", "requires_action"] {
        let event = with(REFUND, json!({"status": status}));
        assert_eq!(read(event.as_bytes()).unwrap().content, Content::Ignored, "{status}");
    }
}

#[test]
fn a_refunded_charge_of_the_older_shape_tells_each_refund_that_has_happened() {
    let charge = "pi_3SWdQmB7WZ01zgkW0pAyMent";
    let expected = [
        refund(charge, "re_3SWdQmB7WZ01zgkW0second0", "15.00", TIME + 7100),
        refund(charge, "re_3SWdQmB7WZ01zgkW0refund0", "25.00", TIME + 3600),
    ];
    assert_eq!(facts(CHARGE), expected);
    let newer = with(CHARGE, json!({"refunds": null}));
    assert_eq!(read(newer.as_bytes()).unwrap().content, Content::Ignored);
}
