//! Orders and later payments of subscriptions.

use domain::conversion::{Alias, Charge, ConversionKind, Fact, LineItem};

use super::*;
use crate::webhook::{
    ExternalFact,
    testing::{at, click, customer, money},
};

fn charge(body: &str) -> (String, Charge) {
    testing::charge_of(read(body.as_bytes()).unwrap())
}

#[test]
fn a_paid_order_is_a_sale() {
    let (external_id, charge) = charge(ORDER);
    assert_eq!(external_id, "order_4711");
    let usd = |text| money(text, "USD");
    let expected = Charge {
        kind: ConversionKind::Sale,
        occurred_at: at(PAID),
        amount: usd("54.00"),
        tax: usd("9.00"),
        shipping: usd("0"),
        discount: usd("5.00"),
        customer: customer("987654", Some("jane.doe@example.com")),
        clicks: click(),
        country: None,
        coupon: None,
        lines: vec![LineItem {
            product: "31".into(),
            quantity: 2,
            amount: usd("54.00"),
            tax: Some(usd("9.00")),
            discount: Some(usd("5.00")),
        }],
        splits: vec![],
        aliases: vec![],
        metadata: [("plan".to_owned(), "pro".to_owned())].into(),
    };
    assert_eq!(charge, expected);
}

#[test]
fn an_order_that_is_not_paid_says_nothing() {
    for status in [json!("pending"), json!("failed"), json!("fraudulent"), json!(null)] {
        assert!(is_ignored(&with(ORDER, json!({"status": status}))), "{status}");
    }
}

#[test]
fn an_item_that_is_not_all_of_the_order_is_left_out() {
    for (item, is_all) in [
        (json!({"product_id": 31, "price": 5000, "quantity": 2}), true),
        (json!({"product_id": 31, "price": 5400}), true),
        (json!({"product_id": 31, "price": 1000, "quantity": 2}), false),
        (json!({"product_id": null, "price": 5000}), false),
        (json!({"product_id": 31}), false),
        (json!(null), false),
    ] {
        let (_, charge) = charge(&with(ORDER, json!({"first_order_item": item})));
        assert_eq!(!charge.lines.is_empty(), is_all, "{item}");
    }
}

#[test]
fn a_later_payment_is_a_renewal_of_its_own() {
    let (external_id, charge) = charge(RENEWAL);
    assert_eq!(external_id, "subscription_invoice_4711");
    assert_eq!((charge.kind, charge.amount), (ConversionKind::Renewal, money("60.00", "USD")));
    assert_eq!((charge.tax, charge.clicks.clone()), (money("10.00", "USD"), click()));
    assert_eq!(charge.customer, super::payments::charge(ORDER).1.customer);
    let recovered = testing::with(RENEWAL, "/meta", &json!({"event_name": "subscription_payment_recovered"}));
    assert_eq!(super::payments::charge(&recovered), (external_id.clone(), charge.clone()));
    let updated = with(RENEWAL, json!({"billing_reason": "updated"}));
    assert_eq!(super::payments::charge(&updated), (external_id, charge));
}

#[test]
fn the_first_invoice_is_the_order() {
    assert!(is_ignored(INITIAL));
    let alias = Fact::Alias(Alias { alias: "first_invoice_of_subscription_815".into() });
    let facts = testing::facts_of(read(SUBSCRIPTION.as_bytes()).unwrap());
    assert_eq!(facts, [ExternalFact::new("order_4711", alias)]);
}

#[test]
fn custom_data_of_any_shape_keeps_no_sale_from_being_read() {
    for data in [json!(null), json!([]), json!("text"), json!({"trb_customer": 7, "trb_coupon": "VIP"})] {
        let (_, charge) = charge(&testing::with(ORDER, "/meta", &json!({"custom_data": data})));
        assert_eq!((charge.clicks, charge.coupon.is_some()), (None, data.is_object()));
    }
    let own = testing::with(ORDER, "/meta", &json!({"custom_data": {"trb_customer": 7}}));
    let (_, charge) = charge(&with(&own, json!({"customer_id": null, "user_email": null})));
    assert_eq!(charge.customer, customer("7", None));
}

#[test]
fn currencies_without_cents_are_whole_units() {
    let (_, charge) = charge(&with(ORDER, json!({"currency": "JPY"})));
    assert_eq!(charge.amount, money("5400", "JPY"));
}
