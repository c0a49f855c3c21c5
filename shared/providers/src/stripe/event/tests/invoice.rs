//! Invoices, in both shapes, and their payments.

use super::*;

#[test]
fn a_paid_invoice_is_a_sale_of_the_same_customer_that_its_session_named() {
    let (external_id, charge) = charge(INVOICE);
    assert_eq!(external_id, "in_1SWdRsB7WZ01zgkWfIrst000");
    let expected = Charge {
        kind: ConversionKind::Sale,
        occurred_at: at(TIME - 2),
        amount: money("34.51", "USD"),
        tax: money("5.51", "USD"),
        shipping: money("0", "USD"),
        discount: money("0", "USD"),
        customer: customer("cus_TrSub5cr1b3rAA", Some("sam@example.org")),
        clicks: click(),
        country: Some("US".into()),
        coupon: None,
        lines: charge.lines.clone(),
        splits: vec![],
        aliases: vec![],
        metadata: [("plan".to_owned(), "pro".to_owned())].into(),
    };
    assert_eq!(charge, expected);
    let Fact::Referral(referral) = &facts(SUBSCRIPTION)[0].fact else { panic!() };
    assert_eq!(Some(&referral.customer), expected.customer.as_ref());
}

#[test]
fn an_invoice_in_the_older_shape_says_the_same_things() {
    let (external_id, charge) = charge(OLD_INVOICE);
    assert_eq!(external_id, "in_1OldR7B7WZ01zgkWcycle000");
    assert_eq!((charge.kind, charge.amount), (ConversionKind::Renewal, money("29.75", "USD")));
    assert_eq!((charge.tax, charge.discount), (money("4.75", "USD"), money("4.00", "USD")));
    assert_eq!(charge.aliases, ["ch_3OldR7B7WZ01zgkW0charge0", "pi_3OldR7B7WZ01zgkW0intent0"]);
    assert_eq!(charge.clicks, click());
}

#[test]
fn the_billing_reason_tells_first_payments_from_later_ones() {
    for (reason, kind) in [
        (json!("subscription_create"), ConversionKind::Sale),
        (json!("manual"), ConversionKind::Sale),
        (json!(null), ConversionKind::Sale),
        (json!("subscription_cycle"), ConversionKind::Renewal),
        (json!("subscription_update"), ConversionKind::Renewal),
    ] {
        assert_eq!(charge(&with(INVOICE, json!({"billing_reason": reason}))).1.kind, kind);
    }
}

#[test]
fn only_what_was_paid_of_an_invoice_counts_with_its_share_of_tax() {
    for (paid, total, amount, tax) in [
        (3451, 3451, "34.51", "5.51"),
        // Half of it came off the customer's credit.
        (1726, 3451, "17.26", "2.76"),
        // An old debt was paid with it.
        (9999, 3451, "34.51", "5.51"),
        (0, 3451, "0", "0"),
        (0, 0, "0", "0"),
        // The invoice became credit.
        (0, -500, "0", "0"),
    ] {
        let (_, charge) = charge(&with(INVOICE, json!({"amount_paid": paid, "total": total})));
        assert_eq!(
            (charge.amount, charge.tax),
            (money(amount, "USD"), money(tax, "USD")),
            "{paid} of {total}"
        );
    }
}

#[test]
fn shipping_on_an_invoice_is_told_apart_and_never_exceeds_what_is_left() {
    for (shipping, expected) in [(900, "9.00"), (3000, "29.00")] {
        let cost = json!({"amount_subtotal": shipping, "amount_tax": 0, "amount_total": shipping});
        let (_, charge) = charge(&with(INVOICE, json!({"shipping_cost": cost})));
        assert_eq!(charge.shipping, money(expected, "USD"));
    }
}

#[test]
fn payments_of_an_invoice_are_its_aliases() {
    let alias = Fact::Alias(Alias { alias: "pi_3SWdRsB7WZ01zgkW0intent0".into() });
    assert_eq!(facts(INVOICE_PAYMENT), [ExternalFact::new("in_1SWdRsB7WZ01zgkWfIrst000", alias)]);
    let payments = json!({"object": "list", "data": [{"payment": {"type": "payment_intent", "payment_intent": "pi_1"}}]});
    assert_eq!(charge(&with(INVOICE, json!({"payments": payments}))).1.aliases, ["pi_1"]);
    let other =
        with(INVOICE_PAYMENT, json!({"payment": {"type": "payment_record", "payment_record": "pr_1"}}));
    assert_eq!(read(other.as_bytes()).unwrap().content, Content::Ignored);
}
