//! Every wrong field of a report is named, all of them at once.

use domain::{
    conversion::Fact,
    id::{PartnerId, ProgramId},
    program::{AttributionPolicy, PayoutPolicy, Program, Reapplication, Terms},
};

use super::*;
use crate::body::Surroundings;

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn program() -> Program {
    let currency = "USD".parse().unwrap();
    Program {
        id: ProgramId::derive(&["p"]),
        name: "Acme".into(),
        currency,
        is_active: true,
        auto_approve: true,
        reapplication: Reapplication::Allowed,
        terms: Terms {
            version: "1".into(),
            sha256: "ab".into(),
            url: "https://example.com/terms".parse().unwrap(),
        },
        attribution: AttributionPolicy::default(),
        payout: PayoutPolicy {
            minimum: Money::zero(currency),
            requires_identity: false,
            method_rest_days: 0,
        },
        link_hosts: vec![],
        created_at: Timestamp::UNIX_EPOCH,
    }
}

fn read(body: &str) -> Result<domain::conversion::FactReceived, Problem> {
    let request: ConversionRequest = serde_json::from_str(body).unwrap();
    let hash_email = |email: &str| format!("hash of {email}");
    request.into_fact(&Surroundings { program: &program(), hash_email: &hash_email, now: now() })
}

#[track_caller]
fn wrong(body: &str, expected: &[(&str, &str)]) {
    let problem = read(body).unwrap_err();
    let found: Vec<_> =
        problem.fields().iter().map(|field| (field.pointer.as_str(), field.code.as_str())).collect();
    assert_eq!(found, expected, "{body}");
}

const SALE: &str = r#"{"type": "sale", "external_id": "order-1", "customer": {"id": "c"},
    "amount": {"amount": "120.00", "currency": "USD"}, "tax": {"amount": "20", "currency": "USD"}}"#;

#[test]
fn a_sale_gets_the_requests_time_and_nothing_for_what_it_leaves_out() {
    let fact = read(SALE).unwrap();
    let Fact::Charge(charge) = &fact.fact else { panic!("a charge") };
    assert_eq!((charge.occurred_at, charge.shipping.minor(), charge.tax.minor()), (now(), 0, 2000));
    assert_eq!((fact.source.as_str(), fact.received_at), ("api", now()));
}

#[test]
fn a_report_is_known_by_its_charge_or_refund_and_nothing_else() {
    let sale = read(SALE).unwrap();
    assert_eq!(read(&SALE.replace("120.00", "60.00")).unwrap().id, sale.id);
    assert_ne!(read(&SALE.replace("order-1", "order-2")).unwrap().id, sale.id);
    let refund = |id: &str| {
        let body = format!(
            r#"{{"type": "refund", "external_id": "order-1", "refund_id": "{id}", "amount": {{"amount": "5", "currency": "USD"}}}}"#
        );
        read(&body).unwrap()
    };
    assert_eq!(refund("a").conversion_id(), sale.conversion_id());
    assert!(refund("a").id != sale.id && refund("a").id != refund("b").id);
}

#[test]
fn an_email_address_is_hashed() {
    let body = SALE.replace(r#""id": "c""#, r#""id": "c", "email": "jane@example.org""#);
    let Fact::Charge(charge) = read(&body).unwrap().fact else { panic!("a charge") };
    let customer = charge.customer.unwrap();
    assert_eq!(customer.email_hash.as_deref(), Some("hash of jane@example.org"));
}

#[test]
fn each_type_has_its_own_fields() {
    wrong(r#"{"type": "sale", "external_id": "1"}"#, &[("/amount", "missing"), ("/customer", "missing")]);
    wrong(
        r#"{"type": "lead", "external_id": "1", "customer": {"id": "c"}, "amount": {"amount": "1", "currency": "USD"}}"#,
        &[("/amount", "unknown")],
    );
    wrong(
        r#"{"type": "refund", "external_id": "1", "country": "DE"}"#,
        &[("/amount", "missing"), ("/refund_id", "missing"), ("/country", "unknown")],
    );
}

#[test]
fn amounts_are_of_one_currency_and_fit_together() {
    wrong(&SALE.replacen("USD", "EUR", 1), &[("/tax/currency", "wrong_currency")]);
    wrong(&SALE.replace(r#""20""#, r#""-1""#), &[("/tax", "out_of_range")]);
    wrong(&SALE.replace(r#""20""#, r#""120.01""#), &[("/amount", "parts_exceed_amount")]);
    wrong(
        r#"{"type": "refund", "external_id": "1", "refund_id": "r", "amount": {"amount": "0", "currency": "USD"}}"#,
        &[("/amount", "out_of_range")],
    );
}

#[test]
fn a_sale_may_be_in_any_currency() {
    let Fact::Charge(charge) = read(&SALE.replace("USD", "JPY").replace("120.00", "120")).unwrap().fact
    else {
        panic!("a charge")
    };
    assert!(charge.shipping == Money::zero("JPY".parse().unwrap()), "what is left out follows the amount");
    let lead =
        read(r#"{"type": "lead", "external_id": "1", "customer": {"id": "c"}, "coupon": "VIP"}"#).unwrap();
    let Fact::Charge(charge) = lead.fact else { panic!("a charge") };
    assert_eq!((charge.amount, charge.coupon.as_deref()), (Money::zero(program().currency), Some("VIP")));
}

/// A sale of 120 USD with 20 USD tax and further fields.
fn sale_with(more: &str) -> String {
    let sale = SALE.strip_suffix('}').unwrap();
    format!("{sale}, {more}}}")
}

#[test]
fn the_lines_of_a_sale_are_all_of_it() {
    let body = sale_with(
        r#""lines": [{"product": "boots", "quantity": 2, "amount": {"amount": "96", "currency": "USD"}, "tax": {"amount": "16", "currency": "USD"}},
            {"product": "socks", "amount": {"amount": "24", "currency": "USD"}, "tax": {"amount": "4", "currency": "USD"}}]"#,
    );
    let Fact::Charge(charge) = read(&body).unwrap().fact else { panic!("a charge") };
    let lines: Vec<_> = charge.lines.iter().map(|line| (line.product.as_str(), line.quantity)).collect();
    assert_eq!(lines, [("boots", 2), ("socks", 1)]);
    wrong(&body.replace(r#""96""#, r#""95""#), &[("/lines", "lines_differ")]);
    wrong(&body.replace(r#""4""#, r#""5""#), &[("/lines", "lines_differ")]);
    wrong(&sale_with(r#""lines": []"#), &[("/lines", "out_of_range")]);
}

#[test]
fn every_wrong_part_of_a_line_is_named() {
    wrong(
        &sale_with(
            r#""lines": [{"product": "a", "amount": {"amount": "120", "currency": "USD"}, "tax": {"amount": "120.01", "currency": "USD"}},
                {"product": "", "quantity": 0, "amount": {"amount": "-1", "currency": "USD"}},
                {"product": "c", "amount": {"amount": "1", "currency": "EUR"}, "discount": {"amount": "-1", "currency": "USD"}}]"#,
        ),
        &[
            ("/lines/0/tax", "parts_exceed_amount"),
            ("/lines/1/product", "invalid_length"),
            ("/lines/1/quantity", "out_of_range"),
            ("/lines/1/amount", "out_of_range"),
            ("/lines/2/amount/currency", "wrong_currency"),
            ("/lines/2/discount", "out_of_range"),
        ],
    );
}

#[test]
fn partners_who_share_a_sale_share_all_of_it() {
    let (ann, bob) = (PartnerId::derive(&["ann"]), PartnerId::derive(&["bob"]));
    let splits = |one: &str, other: &PartnerId, weight: &str| {
        sale_with(&format!(
            r#""splits": [{{"partner_id": "{ann}", "weight": "{one}"}}, {{"partner_id": "{other}", "weight": "{weight}"}}]"#
        ))
    };
    let Fact::Charge(charge) = read(&splits("0.6", &bob, "0.4")).unwrap().fact else { panic!("a charge") };
    assert_eq!(charge.splits.len(), 2);
    wrong(&splits("0.6", &bob, "0.3"), &[("/splits", "weights_differ")]);
    wrong(&splits("1", &bob, "0"), &[("/splits/1/weight", "out_of_range")]);
    wrong(&splits("0.5", &ann, "0.5"), &[("/splits/1/partner_id", "duplicate")]);
    wrong(&sale_with(r#""splits": []"#), &[("/splits", "out_of_range")]);
}

#[test]
fn a_refund_knows_nothing_of_what_was_bought() {
    wrong(
        r#"{"type": "refund", "external_id": "1", "refund_id": "r", "amount": {"amount": "1", "currency": "EUR"},
            "coupon": "VIP", "lines": [], "splits": []}"#,
        &[
            ("/coupon", "unknown"),
            ("/lines", "unknown"),
            ("/splits", "unknown"),
            ("/lines", "out_of_range"),
            ("/splits", "out_of_range"),
        ],
    );
    wrong(
        r#"{"type": "lead", "external_id": "1", "customer": {"id": "c"},
            "coupon": "", "lines": [{"product": "a", "amount": {"amount": "0", "currency": "USD"}}]}"#,
        &[("/lines", "unknown"), ("/coupon", "invalid_length")],
    );
}

#[test]
fn every_wrong_field_is_named_at_once() {
    wrong(
        r#"{"type": "lead", "source": "My Shop", "external_id": "", "occurred_at": "2026-11-22T12:05:01Z",
            "customer": {"id": "", "email": "jane"}, "country": "de", "aliases": ["a", "a"], "metadata": {"": "x"}}"#,
        &[
            ("/source", "invalid_name"),
            ("/external_id", "invalid_length"),
            ("/occurred_at", "in_the_future"),
            ("/customer/id", "invalid_length"),
            ("/customer/email", "invalid"),
            ("/country", "invalid"),
            ("/aliases", "duplicate"),
            ("/metadata", "invalid_length"),
        ],
    );
}
