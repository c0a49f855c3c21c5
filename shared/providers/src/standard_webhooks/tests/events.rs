//! Every type of event, and what becomes of it.

use domain::{
    conversion::{Charge, ConversionKind, Fact, Refund, RefundCause, RefundStage},
    id::EventId,
    money::Money,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::headers;
use crate::{
    report::{Report, Surroundings},
    standard_webhooks::StandardWebhooks,
    webhook::{
        Content, Delivery, ExternalFact, Received, Unreadable, WebhookSender,
        testing::{self, assert_impersonal, at, customer, money},
    },
};

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../../fixtures/standard/", $name, ".json"))
    };
}

const SALE: &str = fixture!("sale.created");
const LEAD: &str = fixture!("lead.created");
const ALL: [&str; 10] = [
    SALE,
    fixture!("renewal.created"),
    LEAD,
    fixture!("refund.created"),
    fixture!("refund.failed"),
    fixture!("dispute.opened"),
    fixture!("dispute.lost"),
    fixture!("dispute.won"),
    fixture!("cancellation.created"),
    fixture!("reinstatement.created"),
];

/// 2026-11-22T12:00:00Z
const TIME: i64 = 1_795_348_800;

fn read(body: &str) -> Result<Received, Unreadable> {
    testing::read(&StandardWebhooks, &headers("msg_1", &TIME.to_string(), "v1,"), body.as_bytes())
}

fn fact(body: &str) -> ExternalFact {
    let mut facts = testing::facts_of(read(body).unwrap());
    assert_eq!(facts.len(), 1);
    facts.remove(0)
}

fn charge(body: &str) -> Charge {
    let Fact::Charge(charge) = fact(body).fact else { panic!("no charge: {body}") };
    charge
}

fn with(event: &str, changes: &Value) -> String {
    testing::with(event, "/data", changes)
}

fn envelope(changes: &Value) -> String {
    testing::with(LEAD, "", changes)
}

/// Where an event that is refused is not as documented.
fn refused(body: &str) -> String {
    match read(body).unwrap_err() {
        Unreadable::Object { at, .. } => at,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_event_is_known_by_its_header_and_happened_at_its_own_time() {
    let received = read(SALE).unwrap();
    assert_eq!((received.event_id.as_str(), received.kind.as_str()), ("msg_1", "sale.created"));
    assert_eq!(received.occurred_at, "2026-11-22T11:59:58.120Z".parse().unwrap());
    let headers = headers("msg_2", "", "");
    let event_id = |body| StandardWebhooks.event_id(&Delivery { headers: &headers, body });
    assert_eq!(event_id(b"\xff").as_deref(), Some("msg_2"));
}

#[test]
fn a_sale_has_everything_that_the_report_has() {
    let fact = fact(SALE);
    assert_eq!((fact.external_id.as_str(), fact.source.as_deref()), ("order-1001", Some("shop")));
    let Fact::Charge(charge) = fact.fact else { panic!("no charge") };
    let amounts = [charge.amount, charge.tax, charge.shipping, charge.discount].map(Money::minor);
    assert_eq!((charge.kind, amounts), (ConversionKind::Sale, [12_500, 2_000, 500, 1_000]));
    assert_eq!(charge.occurred_at, "2026-11-22T11:58:30Z".parse().unwrap());
    assert_eq!(charge.customer, customer("customer-7", Some("jane.doe@example.org")));
    assert_eq!(charge.clicks.map(|clicks| clicks.ids().len()), Some(2));
    assert_eq!((charge.country.as_deref(), charge.coupon.as_deref()), (Some("DE"), Some("LAUNCH10")));
    assert_eq!((charge.lines.len(), charge.aliases), (2, vec!["payment-1001".to_owned()]));
    assert_eq!(charge.metadata, [("channel".to_owned(), "web".to_owned())].into());
}

#[test]
fn a_lead_is_in_the_currency_of_the_program_and_at_the_time_of_its_event() {
    let lead = charge(LEAD);
    assert_eq!((lead.kind, lead.amount), (ConversionKind::Lead, money("0", "USD")));
    assert_eq!(lead.occurred_at, "2026-11-22T11:59:58.120Z".parse().unwrap());
    assert_eq!((lead.clicks, fact(LEAD).source.as_deref()), (testing::click(), Some("api")));
    let renewal = charge(ALL[1]);
    assert_eq!((renewal.kind, renewal.amount), (ConversionKind::Renewal, money("29", "EUR")));
}

#[test]
fn every_way_of_money_back_is_a_stage_of_its_cause() {
    use RefundCause::{Cancellation, Dispute, Refund as Granted};
    use RefundStage::{Done, Open, Void};
    let expected = [
        ("order-1001", "refund-1", Granted, Done, Some("60.00")),
        ("order-1001", "refund-1", Granted, Void, None),
        ("payment-1001", "case-5", Dispute, Open, Some("125.00")),
        ("payment-1001", "case-5", Dispute, Done, Some("125.00")),
        ("payment-1001", "case-5", Dispute, Void, None),
        ("order-1001", "cancel-1", Cancellation, Done, None),
        ("order-1001", "cancel-1", Cancellation, Void, None),
    ];
    for (body, (charge, id, cause, stage, amount)) in ALL[3..].iter().zip(expected) {
        let told = fact(body);
        let refund = Refund {
            refund_id: id.to_owned(),
            cause,
            stage,
            amount: amount.map(|amount| money(amount, "EUR")),
            occurred_at: "2026-11-22T11:59:58.120Z".parse().unwrap(),
        };
        assert_eq!((told.external_id.as_str(), told.fact), (charge, Fact::Refund(refund)));
    }
}

/// The API derives the fact's id from the same report, so the two doors agree on what they tell of.
#[test]
fn an_event_tells_what_its_report_tells_by_the_api() {
    for body in ALL {
        let by_webhook = fact(body);
        let event: Value = serde_json::from_str(body).unwrap();
        let mut data = event["data"].clone();
        let kind = event["type"].as_str().unwrap();
        data["type"] = json!(kind.strip_suffix(".created").unwrap_or(kind).replace('.', "_"));
        let report: Report = serde_json::from_value(data).unwrap();
        let program_id = testing::program();
        let around = Surroundings {
            program_id: &program_id,
            currency: "USD".parse().unwrap(),
            hash_email: &|email| format!("hash of {}", email.len()),
            occurred_at: "2026-11-22T11:59:58.120Z".parse().unwrap(),
            now: at(TIME),
        };
        let by_api = report.into_fact(&around).unwrap();
        assert_eq!(by_webhook.source.as_deref(), Some(by_api.source.as_str()));
        assert_eq!(
            (by_webhook.external_id, by_webhook.fact),
            (by_api.external_id.clone(), by_api.fact.clone())
        );
        assert_ne!(by_api.event_id(&program_id), EventId::derive(&["msg_1"]));
    }
}

#[test]
fn what_is_none_of_its_types_means_nothing() {
    for kind in ["customer.created", "sale", "sale.updated", "refund_failed", "dispute.created", ""] {
        let received = read(&envelope(&json!({ "type": kind, "data": [1] }))).unwrap();
        assert_eq!(received.content, Content::Ignored, "{kind}");
    }
}

#[test]
fn what_is_no_event_is_refused() {
    assert_eq!(read("nonsense"), Err(Unreadable::NotJson));
    for (changes, at) in [
        (json!({ "type": 7 }), "type"),
        (json!({ "timestamp": "yesterday" }), "timestamp"),
        (json!({ "timestamp": 1_795_348_800 }), "timestamp"),
    ] {
        assert_eq!(read(&envelope(&changes)), Err(Unreadable::NotAnEvent { at: at.to_owned() }));
    }
}

#[test]
fn a_wrong_report_is_set_aside_with_the_place_and_the_remedy() {
    assert_eq!(refused(&envelope(&json!({ "data": "jane" }))), "data");
    assert_eq!(refused(&envelope(&json!({ "data": {} }))), "data.external_id");
    assert_eq!(refused(&with(SALE, &json!({ "amount": { "amount": "1" } }))), "data.amount.currency");
    assert_eq!(refused(&with(SALE, &json!({ "click_id": "jane@example.org" }))), "data.click_id");
    assert!(refused(&with(LEAD, &json!({ "type": "sale" }))).starts_with("data.type: "));
    assert_eq!(
        refused(&with(SALE, &json!({ "country": "jane", "tax": { "amount": "1", "currency": "USD" } }))),
        "data.tax.currency: use the currency of the amount, EUR; \
         data.country: use an ISO 3166-1 alpha-2 code such as DE"
    );
    let ahead = json!({ "occurred_at": "2026-11-22T12:05:01Z" });
    assert!(refused(&with(LEAD, &ahead)).starts_with("data.occurred_at: "));
    assert!(refused(&envelope(&json!({ "timestamp": "2026-11-22T12:05:01Z" }))).contains("occurred_at"));
}

#[test]
fn nothing_personal_comes_out() {
    for body in ALL {
        assert_impersonal(&read(body).unwrap());
    }
    for wrong in [json!({ "customer": "jane" }), json!({ "country": "jane" }), json!({ "amount": "jane" })] {
        let place = refused(&with(SALE, &wrong));
        assert!(!place.contains("jane"), "{place}");
    }
}

proptest! {
    #[test]
    fn no_body_makes_it_panic(body in "[ -~]{0,200}", data in "[a-z]{0,20}") {
        let _ = read(&body);
        let _ = read(&with(SALE, &json!({ data: 1 })));
    }
}
