//! Whole events, as Stripe documents them, and what becomes of them.

mod checkout;
mod invoice;
mod lines;
mod money_back;
mod payments;

use domain::{
    conversion::{Alias, Charge, ConversionKind, Fact, Refund, RefundCause, RefundStage},
    id::PartnerId,
    partner::{IdentityStatus, IdentityWord},
};
use http::HeaderMap;
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

use crate::{
    stripe::StripeWebhooks,
    webhook::{
        Content, ExternalFact, Received, Unreadable,
        testing::{self, CLICK, assert_impersonal, at, click, customer, money},
    },
};

const SESSION: &str = include_str!("../../../fixtures/stripe/checkout.session.completed.payment.json");
const SUBSCRIPTION: &str =
    include_str!("../../../fixtures/stripe/checkout.session.completed.subscription.json");
const INVOICE: &str = include_str!("../../../fixtures/stripe/invoice.paid.json");
const OLD_INVOICE: &str = include_str!("../../../fixtures/stripe/invoice.paid.before-2025-03-31.json");
const INVOICE_PAYMENT: &str = include_str!("../../../fixtures/stripe/invoice_payment.paid.json");
const INTENT: &str = include_str!("../../../fixtures/stripe/payment_intent.succeeded.json");
const REFUND: &str = include_str!("../../../fixtures/stripe/refund.created.json");
const CHARGE: &str = include_str!("../../../fixtures/stripe/charge.refunded.before-2022-11-15.json");
const IDENTITY: &str = include_str!("../../../fixtures/stripe/identity.verification_session.verified.json");
const DISPUTE: &str = include_str!("../../../fixtures/stripe/charge.dispute.created.json");
const NOTE: &str = include_str!("../../../fixtures/stripe/credit_note.created.json");
const OLD_NOTE: &str = include_str!("../../../fixtures/stripe/credit_note.created.before-2025-03-31.json");
const ALL: [&str; 12] = [
    SESSION,
    SUBSCRIPTION,
    INVOICE,
    OLD_INVOICE,
    INVOICE_PAYMENT,
    INTENT,
    REFUND,
    CHARGE,
    IDENTITY,
    DISPUTE,
    NOTE,
    OLD_NOTE,
];

/// 2026-11-22T12:00:00Z
const TIME: i64 = 1_795_348_800;

fn read(body: &[u8]) -> Result<Received, Unreadable> {
    testing::read(&StripeWebhooks, &HeaderMap::new(), body)
}

fn facts(body: &str) -> Vec<ExternalFact> {
    testing::facts_of(read(body.as_bytes()).unwrap())
}

fn charge(body: &str) -> (String, Charge) {
    testing::charge_of(read(body.as_bytes()).unwrap())
}

/// The event with its object changed.
fn with(event: &str, changes: Value) -> String {
    testing::with(event, "/data/object", &changes)
}

fn of_type(event: &str, kind: &str) -> String {
    testing::with(event, "", &json!({"type": kind}))
}

#[test]
fn an_identity_check_speaks_of_the_partner_in_its_metadata() {
    let partner: PartnerId = "ptr_0J4K8M2N6P1Q5R9S3T7V0W4X8Y".parse().unwrap();
    for (name, status) in [
        ("processing", IdentityStatus::Pending),
        ("verified", IdentityStatus::Verified),
        ("requires_input", IdentityStatus::Retry),
        ("canceled", IdentityStatus::Rejected),
    ] {
        let event = of_type(IDENTITY, &format!("identity.verification_session.{name}"));
        let word = IdentityWord { session_id: "vs_1SWdVfB7WZ01zgkWverify00".into(), status, at: at(TIME) };
        let expected = Content::Identity { partner_id: partner.clone(), word };
        assert_eq!(read(event.as_bytes()).unwrap().content, expected);
    }
    for metadata in [json!({}), json!(null), json!({"partner_id": "somebody"})] {
        let event = with(IDENTITY, json!({"metadata": metadata}));
        assert_eq!(read(event.as_bytes()).unwrap().content, Content::Ignored);
    }
    let redacted = of_type(IDENTITY, "identity.verification_session.redacted");
    assert_eq!(read(redacted.as_bytes()).unwrap().content, Content::Ignored);
}

#[test]
fn an_event_of_another_type_is_ignored_with_its_id_and_time_kept() {
    let received = read(of_type(SESSION, "customer.created").as_bytes()).unwrap();
    let expected = Received {
        event_id: "evt_1SWd0001B7WZ01zgkWxEvent00".into(),
        occurred_at: at(TIME),
        kind: "customer.created".into(),
        content: Content::Ignored,
    };
    assert_eq!(received, expected);
    let thin = br#"{"id":"evt_1","object":"v2.core.event","type":"v1.billing.meter.no_meter_found","created":"2026-11-22T12:00:00.000Z"}"#;
    let received = read(thin).unwrap();
    assert_eq!((received.occurred_at, received.content), (at(TIME), Content::Ignored));
}

#[test]
fn what_cannot_be_read_names_its_place_and_no_value() {
    let object = |at: &str| Unreadable::Object { kind: "checkout.session.completed".into(), at: at.into() };
    assert_eq!(read(b"\xff"), Err(Unreadable::NotJson));
    assert_eq!(read(b"{}"), Err(Unreadable::NotAnEvent { at: "the body itself".into() }));
    assert_eq!(
        read(br#"{"id":"e","type":"t","created":"jane@example.com"}"#),
        Err(Unreadable::NotAnEvent { at: "created".into() })
    );
    for (changes, place) in [
        (json!({"amount_total": "jane@example.com"}), "amount_total"),
        (json!({"amount_total": 10.5}), "amount_total"),
        (json!({"amount_total": null}), "amount_total"),
        (json!({"currency": null}), "currency"),
        (json!({"customer_details": {"email": 7}}), "customer_details.email"),
    ] {
        assert_eq!(read(with(SESSION, changes).as_bytes()), Err(object(place)));
    }
    for changes in [
        json!({"currency": "usdc"}),
        json!({"currency": "isk"}),
        json!({"amount_total": -1}),
        json!({"total_details": {"amount_tax": 20_000}}),
    ] {
        let refused = read(with(SESSION, changes).as_bytes());
        assert!(matches!(refused, Err(Unreadable::Amount { .. })), "{refused:?}");
    }
}

#[test]
fn no_personal_data_comes_out_of_any_event() {
    for event in ALL {
        assert_impersonal(&read(event.as_bytes()).unwrap());
    }
}

proptest! {
    #[test]
    fn no_event_makes_it_panic(
        event in select(ALL.to_vec()),
        cut in 0_usize..9000,
        name in select(vec![
            "amount", "amount_total", "amount_paid", "total", "tax", "amount_received", "post_payment_amount",
            "lines", "discounts", "discount", "refunds", "refund", "currency", "status", "created",
        ]),
        value in prop_oneof![
            any::<i64>().prop_map(Value::from),
            ".{0,20}".prop_map(Value::from),
            any::<i64>().prop_map(|number| json!([{"amount": number}])),
            any::<i64>().prop_map(|number| json!({"data": [{"amount": number}], "amount": number})),
        ],
        body: Vec<u8>,
    ) {
        let _ = read(&body);
        let _ = read(event.get(..cut.min(event.len())).unwrap_or_default().as_bytes());
        let _ = read(with(event, json!({name: value})).as_bytes());
    }
}
