//! Orders.

use domain::{
    click::ClickTrail,
    conversion::{Charge, ConversionKind, Fact, LineItem, Refund, RefundCause, RefundStage},
};

use super::*;
use crate::webhook::testing::{CLICK, at, click, customer, money};

fn charge(body: &str) -> (String, Charge) {
    testing::charge_of(read(body.as_bytes()).unwrap())
}

fn line(product: &str, quantity: u32, amount: &str, tax: &str, discount: &str) -> LineItem {
    let eur = |text| money(text, "EUR");
    let (tax, discount) = (Some(eur(tax)), Some(eur(discount)));
    LineItem { product: product.into(), quantity, amount: eur(amount), tax, discount }
}

#[test]
fn a_paid_order_is_a_sale_with_its_products() {
    let (external_id, charge) = charge(ORDER);
    assert_eq!(external_id, ID);
    let expected = Charge {
        kind: ConversionKind::Sale,
        occurred_at: at(PAID - 2),
        amount: money("115.95", "EUR"),
        // 18.51 less 0.95 on the shipping.
        tax: money("17.56", "EUR"),
        shipping: money("5.95", "EUR"),
        discount: money("10.00", "EUR"),
        customer: customer("115310627314723954", Some("jane.doe@example.com")),
        clicks: click(),
        country: Some("DE".into()),
        coupon: Some("TEA10".into()),
        lines: vec![
            line("632910392", 2, "90.00", "14.37", "10.00"),
            line("632910393", 1, "20.00", "3.19", "0"),
        ],
        splits: vec![],
        aliases: vec![],
        metadata: [("theme".to_owned(), "dawn".to_owned())].into(),
    };
    assert_eq!(charge, expected);
}

#[test]
fn a_bill_of_a_subscription_is_a_renewal_with_taxes_on_top_and_shipping_for_free() {
    let (external_id, charge) = charge(RENEWAL);
    assert_eq!(external_id, "820982911946154999");
    assert_eq!((charge.kind, charge.amount), (ConversionKind::Renewal, money("43.20", "USD")));
    assert_eq!((charge.tax, charge.shipping), (money("3.20", "USD"), money("0", "USD")));
    // What was taken off the shipping is no discount on what was bought.
    assert_eq!((charge.discount, charge.lines.len()), (money("0", "USD"), 1));
    assert_eq!(charge.lines[0].amount, money("43.20", "USD"));
    assert_eq!((charge.clicks, charge.coupon), (click(), None));
    for (source, kind) in [
        (json!("subscription_contract"), ConversionKind::Renewal),
        (json!("web"), ConversionKind::Sale),
        (json!(null), ConversionKind::Sale),
    ] {
        let (_, charge) = super::orders::charge(&with(RENEWAL, json!({"source_name": source})));
        assert_eq!(charge.kind, kind);
    }
}

#[test]
fn an_order_is_a_sale_once_all_of_it_is_paid() {
    for status in ["pending", "authorized", "partially_paid", "voided", "expired"] {
        assert!(is_ignored(&with(ORDER, json!({"financial_status": status}))), "{status}");
        assert!(is_ignored(&with(CANCELLED, json!({"financial_status": status}))), "{status}");
    }
    for status in ["partially_refunded", "refunded"] {
        assert_eq!(charge(&with(ORDER, json!({"financial_status": status}))), charge(ORDER));
    }
}

#[test]
fn a_cancelled_order_takes_back_all_of_the_sale() {
    let facts = testing::facts_of(read(CANCELLED.as_bytes()).unwrap());
    let refund = Refund {
        refund_id: "cancelled".into(),
        cause: RefundCause::Cancellation,
        stage: RefundStage::Done,
        amount: None,
        occurred_at: at(PAID + 24 * 3600),
    };
    assert_eq!(facts.len(), 2);
    assert_eq!(facts[0].fact, Fact::Charge(charge(ORDER).1));
    assert_eq!((facts[1].external_id.as_str(), &facts[1].fact), (ID, &Fact::Refund(refund)));
}

#[test]
fn clicks_are_in_the_carts_attributes_else_in_the_address_of_the_visit() {
    let other = CLICK.replace("clk_01KA3M", "clk_01KA3N");
    let attribute = |value: Value| json!([{"name": "trb_click", "value": value}]);
    let landing = |click: &str| json!(format!("https://shop.example.com/a?x=1&trb_click={click}#b"));
    let trail = |text: &str| ClickTrail::try_from(text.to_owned()).ok();
    for (attributes, landing_site, expected) in [
        (attribute(json!(CLICK)), landing(&other), trail(CLICK)),
        (attribute(json!("nonsense")), landing(&other), trail(&other)),
        (json!([]), json!(format!("/?trb_click={CLICK}-{other}")), trail(&format!("{CLICK}-{other}"))),
        (json!(null), json!(format!("/?trb_click={CLICK}%20")), None),
        (json!({"trb_click": CLICK}), json!("http://["), None),
        (json!([{"name": 7}, "text", null]), json!(null), None),
    ] {
        let changed = with(ORDER, json!({"note_attributes": attributes, "landing_site": landing_site}));
        assert_eq!(charge(&changed).1.clicks, expected, "{attributes} {landing_site}");
    }
}

#[test]
fn the_customer_is_shopifys_else_the_merchants_else_the_address() {
    let email = Some("jane.doe@example.com");
    let own = json!([{"name": "trb_customer", "value": "c-9"}]);
    for (changes, expected) in [
        (json!({"customer": null, "note_attributes": own}), customer("c-9", email)),
        (json!({"customer": null}), customer("hash of 20", email)),
        (json!({"customer": {"id": 7}, "email": null, "contact_email": null}), customer("7", None)),
        (json!({"customer": null, "email": null, "contact_email": null}), None),
    ] {
        assert_eq!(charge(&with(ORDER, changes)).1.customer, expected);
    }
}

#[test]
fn lines_that_do_not_add_up_are_left_out_and_the_sale_counts() {
    for changes in [
        json!({"total_price": "116.95", "total_tip_received": "1.00"}),
        json!({"line_items": [{"price": "50.00"}]}),
        json!({"line_items": []}),
    ] {
        let (_, charge) = charge(&with(ORDER, changes));
        assert!(charge.lines.is_empty());
    }
    let tip = json!([{"product_id": null, "sku": null, "quantity": 1, "price": "110.00",
        "tax_lines": [{"price": "17.56"}], "discount_allocations": [{"amount": "0.00"}]}]);
    let (_, charge) = charge(&with(ORDER, json!({"line_items": tip, "total_discounts": "0.00"})));
    assert_eq!(charge.lines[0].product, "custom");
}

#[test]
fn duties_are_tax_and_shipping_never_exceeds_what_is_left() {
    let duties = json!({"shop_money": {"amount": "20.00", "currency_code": "EUR"}});
    let (_, dutiable) = charge(&with(ORDER, json!({"original_total_duties_set": duties})));
    assert_eq!(dutiable.tax, money("37.56", "EUR"));
    let shipping = json!([{"price": "200.00", "discounted_price": null}]);
    let (_, shipped) = charge(&with(ORDER, json!({"shipping_lines": shipping})));
    assert_eq!((shipped.tax, shipped.shipping), (money("18.51", "EUR"), money("97.44", "EUR")));
    let removed = json!([{"price": "5.95", "is_removed": true}]);
    assert_eq!(charge(&with(ORDER, json!({"shipping_lines": removed}))).1.shipping, money("0", "EUR"));
}
