//! Checkout sessions.

use super::*;

#[test]
fn a_session_of_one_payment_is_a_sale_under_its_intent() {
    let (external_id, charge) = charge(SESSION);
    assert_eq!(external_id, "pi_3SWdQmB7WZ01zgkW0pAyMent");
    let expected = Charge {
        kind: ConversionKind::Sale,
        occurred_at: at(TIME),
        amount: money("116.00", "EUR"),
        tax: money("18.50", "EUR"),
        shipping: money("5.00", "EUR"),
        discount: money("7.50", "EUR"),
        customer: customer("cus_TqJ8kLm3NpR5Sv", Some("jane.doe@example.com")),
        clicks: click(),
        country: Some("DE".into()),
        coupon: Some("promo_1SWdB7WZ01zgkW".into()),
        lines: vec![],
        splits: vec![],
        aliases: vec![],
        metadata: [("product".to_owned(), "starter-kit".to_owned())].into(),
    };
    assert_eq!(charge, expected);
    assert_eq!(facts(&of_type(SESSION, "checkout.session.async_payment_succeeded")), facts(SESSION));
}

#[test]
fn a_session_tells_nothing_before_it_is_paid_and_a_free_one_is_a_sale_of_nothing() {
    for changes in [json!({"payment_status": "unpaid"}), json!({"mode": "setup"}), json!({"mode": null})] {
        assert_eq!(read(with(SESSION, changes).as_bytes()).unwrap().content, Content::Ignored);
    }
    let free = json!({
        "payment_status": "no_payment_required", "payment_intent": null, "amount_total": 0,
        "total_details": {"amount_discount": 11_600, "amount_shipping": 0, "amount_tax": 0},
    });
    let (external_id, charge) = charge(&with(SESSION, free));
    assert_eq!((external_id.as_str(), charge.amount), ("cs_test_a1Qm7Zr2Vn8Kx4Lw9Tb3", money("0", "EUR")));
}

#[test]
fn the_customer_is_stripes_else_the_merchants_else_the_address() {
    let email = Some("jane.doe@example.com");
    let guest = |metadata| with(SESSION, json!({"customer": null, "metadata": metadata}));
    let expanded = with(SESSION, json!({"customer": {"id": "cus_1", "object": "customer"}}));
    for (event, key) in [
        (expanded, "cus_1"),
        (guest(json!({"trb_customer": "c-9"})), "c-9"),
        (guest(json!({"trb_customer": ""})), "hash of 20"),
        (guest(json!(null)), "hash of 20"),
    ] {
        assert_eq!(charge(&event).1.customer, customer(key, email));
    }
    let nobody = with(SESSION, json!({"customer": null, "customer_details": null, "customer_email": null}));
    assert_eq!(charge(&nobody).1.customer, None);
}

#[test]
fn a_reference_that_is_no_clicks_is_simply_none() {
    for (reference, metadata, expected) in [
        (json!("order-17"), json!({}), None),
        (json!(null), json!({"trb_click": "clk_nonsense"}), None),
        (json!("order-17"), json!({"trb_click": CLICK}), click()),
        (json!(CLICK), json!(null), click()),
    ] {
        let event = with(SESSION, json!({"client_reference_id": reference, "metadata": metadata}));
        assert_eq!(charge(&event).1.clicks, expected);
    }
}

#[test]
fn a_session_with_an_invoice_leaves_the_money_to_it() {
    let referral = |external_id: &str, event: &str| {
        let facts = facts(event);
        assert_eq!(facts[0].external_id, external_id);
        match &facts[0].fact {
            Fact::Referral(referral) => assert_eq!(Some(referral.clicks.clone()), click()),
            other => panic!("{other:?}"),
        }
        facts.len()
    };
    assert_eq!(referral("cs_test_b1Hs5Wd8Yf2Jq6Rc0Mz4", SUBSCRIPTION), 1);
    let invoiced = with(SESSION, json!({"invoice": "in_9"}));
    assert_eq!(referral("cs_test_a1Qm7Zr2Vn8Kx4Lw9Tb3", &invoiced), 2);
    let alias = Fact::Alias(Alias { alias: "pi_3SWdQmB7WZ01zgkW0pAyMent".into() });
    assert_eq!(facts(&invoiced)[1], ExternalFact::new("in_9", alias));
    let unreferred = with(SUBSCRIPTION, json!({"client_reference_id": null}));
    assert_eq!(read(unreferred.as_bytes()).unwrap().content, Content::Ignored);
}
