//! Products and codes.

use domain::conversion::LineItem;

use super::*;

fn lines(event: &str) -> Vec<LineItem> {
    charge(event).1.lines
}

fn line(product: &str, amount: &str, tax: Option<&str>, discount: Option<&str>) -> LineItem {
    let usd = |text| money(text, "USD");
    LineItem {
        product: product.into(),
        quantity: 1,
        amount: usd(amount),
        tax: tax.map(usd),
        discount: discount.map(usd),
    }
}

fn coupon(event: &str) -> Option<String> {
    charge(event).1.coupon
}

/// The invoice with one field of its first line changed.
fn with_line(event: &str, changes: &Value) -> String {
    testing::with(event, "/data/object/lines/data/0", changes)
}

#[test]
fn the_lines_of_an_invoice_are_its_products_in_either_shape() {
    assert_eq!(lines(INVOICE), [line("prod_TrPro", "34.51", Some("5.51"), None)]);
    assert_eq!(lines(OLD_INVOICE), [line("prod_OldPro", "29.75", Some("4.75"), Some("4.00"))]);
    let by_plan = with_line(OLD_INVOICE, &json!({"price": null}));
    assert_eq!(lines(&by_plan), lines(OLD_INVOICE));
}

#[test]
fn tax_within_the_price_is_not_added_to_it() {
    let inclusive = |name: &str, value: Value| {
        let tax = json!([{"amount": 551, name: value}]);
        let event = with(INVOICE, json!({"total_taxes": tax, "amount_paid": 2900, "total": 2900}));
        with_line(&event, &json!({"taxes": tax}))
    };
    for event in [inclusive("tax_behavior", json!("inclusive")), inclusive("inclusive", json!(true))] {
        assert_eq!(lines(&event), [line("prod_TrPro", "29.00", Some("5.51"), None)]);
    }
}

#[test]
fn a_line_of_no_usage_is_none() {
    let mut event: Value = serde_json::from_str(INVOICE).unwrap();
    let lines_of = event.pointer_mut("/data/object/lines/data").unwrap().as_array_mut().unwrap();
    let mut unused = lines_of[0].clone();
    unused["amount"] = 0.into();
    unused["quantity"] = 0.into();
    unused["taxes"] = json!([]);
    lines_of.push(unused);
    assert_eq!(lines(&event.to_string()), lines(INVOICE));
}

#[test]
fn lines_that_are_not_all_of_the_charge_are_left_out_and_the_sale_stays() {
    for event in [
        with_line(INVOICE, &json!({"amount": 2800})),
        with_line(INVOICE, &json!({"amount": -2900})),
        with_line(INVOICE, &json!({"quantity": 20_000})),
        with_line(INVOICE, &json!({"quantity": -1})),
        with_line(INVOICE, &json!({"amount": i64::MAX})),
        with_line(INVOICE, &json!({"amount": "2900"})),
        with_line(INVOICE, &json!({"pricing": null})),
        with(INVOICE, json!({"amount_paid": 3000})),
        with(INVOICE, json!({"lines": null})),
        with(INVOICE, json!({"lines": []})),
        testing::with(INVOICE, "/data/object/lines", &json!({"has_more": true})),
    ] {
        assert_eq!(lines(&event), []);
        assert_eq!(charge(&event).0, "in_1SWdRsB7WZ01zgkWfIrst000");
    }
}

#[test]
fn the_code_is_what_the_merchant_says_else_the_promotion_code_else_the_coupon() {
    assert_eq!(coupon(SESSION).as_deref(), Some("promo_1SWdB7WZ01zgkW"));
    let expanded = json!({"promotion_code": {"id": "promo_1", "code": "ANNA10"}, "coupon": "co_1"});
    for (discounts, expected) in [
        (json!([expanded]), Some("ANNA10")),
        (json!([{"promotion_code": null, "coupon": "SPRING"}]), Some("SPRING")),
        (json!([{"coupon": {"id": "SPRING", "object": "coupon"}}]), Some("SPRING")),
        (json!([{"source": {"coupon": "SPRING", "type": "coupon"}}]), Some("SPRING")),
        (json!(["di_1", {"coupon": "SECOND"}]), Some("SECOND")),
        (json!(["di_1"]), None),
        (json!([{"coupon": ""}]), None),
        (json!([]), None),
        (json!(null), None),
        (json!("odd"), None),
    ] {
        assert_eq!(coupon(&with(SESSION, json!({"discounts": discounts}))).as_deref(), expected);
        assert_eq!(coupon(&with(INVOICE, json!({"discounts": discounts}))).as_deref(), expected);
    }
    let old = with(OLD_INVOICE, json!({"discount": {"id": "di_1", "coupon": {"id": "SPRING"}}}));
    assert_eq!(coupon(&old).as_deref(), Some("SPRING"));
    for event in [SESSION, INVOICE] {
        let said = charge(&with(event, json!({"metadata": {"trb_coupon": "VIP"}}))).1;
        assert_eq!(said.coupon.as_deref(), Some("VIP"));
        assert!(!said.metadata.contains_key("coupon"));
    }
    let intent = json!({"trb_customer": "c-1", "trb_coupon": "VIP"});
    assert_eq!(coupon(&with(INTENT, json!({"metadata": intent}))).as_deref(), Some("VIP"));
}
