//! Every wrong field of a report is named, all of them at once.

use domain::{
    conversion::Fact,
    id::ProgramId,
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
fn amounts_are_of_the_programs_currency_and_fit_together() {
    wrong(&SALE.replacen("USD", "EUR", 1), &[("/amount/currency", "wrong_currency")]);
    wrong(&SALE.replace(r#""20""#, r#""-1""#), &[("/tax", "out_of_range")]);
    wrong(&SALE.replace(r#""20""#, r#""120.01""#), &[("/amount", "parts_exceed_amount")]);
    wrong(
        r#"{"type": "refund", "external_id": "1", "refund_id": "r", "amount": {"amount": "0", "currency": "USD"}}"#,
        &[("/amount", "out_of_range")],
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
