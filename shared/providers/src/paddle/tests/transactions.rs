//! Transactions.

use domain::conversion::{Charge, ConversionKind, LineItem};

use super::*;
use crate::webhook::testing::{at, click, customer, money};

fn charge(body: &str) -> (String, Charge) {
    testing::charge_of(read(body.as_bytes()).unwrap())
}

fn line(product: &str, quantity: u32, amount: &str, tax: &str, discount: &str) -> LineItem {
    let usd = |text| money(text, "USD");
    let (tax, discount) = (Some(usd(tax)), Some(usd(discount)));
    LineItem { product: product.into(), quantity, amount: usd(amount), tax, discount }
}

#[test]
fn a_completed_transaction_is_a_sale_with_its_products() {
    let (external_id, charge) = charge(WEB);
    assert_eq!(external_id, TRANSACTION);
    let expected = Charge {
        kind: ConversionKind::Sale,
        occurred_at: at(PAID),
        amount: money("396.00", "USD"),
        tax: money("36.00", "USD"),
        shipping: money("0", "USD"),
        discount: money("40.00", "USD"),
        customer: customer("ctm_01hv6y1jedq4p1n0yqn5ba3ky4", None),
        clicks: click(),
        country: None,
        coupon: Some("dsc_01gtgztp8fpchantd5g1wrksa3".into()),
        lines: vec![
            line("pro_01gsz4t5hdjse780zja8vvr7jg", 10, "297.00", "27.00", "30.00"),
            line("pro_01h1vjes1y163xfj1rh1tkfb65", 1, "99.00", "9.00", "10.00"),
        ],
        splits: vec![],
        aliases: vec![],
        metadata: [("plan".to_owned(), "pro".to_owned())].into(),
    };
    assert_eq!(charge, expected);
}

#[test]
fn what_credit_paid_is_not_in_the_amount_and_takes_its_share_of_the_tax_along() {
    let (_, charge) = charge(RENEWAL);
    assert_eq!((charge.kind, charge.clicks), (ConversionKind::Renewal, click()));
    // 330.00 with 30.00 of tax, of which 30.00 were paid by credit.
    assert_eq!((charge.amount, charge.tax), (money("300.00", "USD"), money("27.27", "USD")));
    assert!(charge.lines.is_empty());
}

#[test]
fn the_origin_tells_first_payments_from_later_ones() {
    for (origin, kind) in [
        (json!("web"), ConversionKind::Sale),
        (json!("api"), ConversionKind::Sale),
        (json!(null), ConversionKind::Sale),
        (json!("subscription_recurring"), ConversionKind::Renewal),
        (json!("subscription_update"), ConversionKind::Renewal),
        (json!("subscription_charge"), ConversionKind::Renewal),
        (json!("subscription_payment_method_change"), ConversionKind::Renewal),
    ] {
        assert_eq!(charge(&with(WEB, json!({"origin": origin}))).1.kind, kind, "{origin}");
    }
}

#[test]
fn a_transaction_of_nothing_is_a_trial_or_a_change_of_the_payment_method() {
    let totals = json!({"tax": "0", "total": "0", "grand_total": "0", "discount": "0"});
    let nothing = with(WEB, json!({"details": {"totals": totals, "line_items": []}, "payments": null}));
    let (_, charge) = charge(&nothing);
    assert_eq!((charge.amount, charge.occurred_at.as_second()), (money("0", "USD"), PAID + 3));
    let formality = with(&nothing, json!({"origin": "subscription_payment_method_change"}));
    assert_eq!(read(formality.as_bytes()).unwrap().content, Content::Ignored);
}

#[test]
fn custom_data_of_any_shape_keeps_no_sale_from_being_read() {
    for data in [json!(null), json!([1]), json!("text"), json!({"trb_click": 7, "trb_coupon": "VIP"})] {
        let (_, charge) = charge(&with(WEB, json!({"custom_data": data})));
        assert_eq!(charge.clicks, None);
        let coupon = if data.is_object() { "VIP" } else { "dsc_01gtgztp8fpchantd5g1wrksa3" };
        assert_eq!(charge.coupon.as_deref(), Some(coupon));
    }
    let own = json!({"customer_id": null, "custom_data": {"trb_customer": "c-9"}});
    assert_eq!(charge(&with(WEB, own)).1.customer, customer("c-9", None));
}

#[test]
fn currencies_without_cents_are_whole_units() {
    let (_, charge) = charge(&with(WEB, json!({"currency_code": "JPY"})));
    assert_eq!(charge.amount, money("39600", "JPY"));
}
