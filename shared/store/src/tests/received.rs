//! What came in: facts by API, events by webhook.

use domain::{
    conversion::{Alias, Charge, ConversionKind, Customer, Fact, FactReceived, Referral, Refund},
    id::{CustomerId, EventId, WebhookEndpointId},
    money::Money,
    partner::{Identity, IdentityStatus, IdentityWord},
};

use super::{
    now,
    sample::{agreement, click, minutes, partner, partner_id, program_id, request},
};
use crate::{
    Error,
    fact::facts_of,
    idempotency::Committed,
    testing::TestTable,
    webhook::{EventRecorded, WebhookEvent},
};

fn received(id: &str, fact: Fact) -> FactReceived {
    FactReceived {
        id: EventId::derive(&[id]),
        program_id: program_id(),
        source: "stripe".to_owned(),
        external_id: "in_1".to_owned(),
        received_at: now(),
        fact,
    }
}

fn money(minor: i64) -> Money {
    Money::new(minor, "USD".parse().unwrap())
}

/// One fact of every kind, with everything in it that can be in it.
fn facts() -> Vec<FactReceived> {
    let customer = Customer { id: CustomerId::derive(&["c"]), email_hash: Some("hash".to_owned()) };
    let charge = Charge {
        kind: ConversionKind::Sale,
        occurred_at: now(),
        amount: money(12_000),
        tax: money(0),
        shipping: money(500),
        discount: money(-0),
        customer: Some(customer.clone()),
        clicks: Some(click(1, now()).id.into()),
        country: Some("DE".to_owned()),
        coupon: None,
        lines: Vec::new(),
        splits: Vec::new(),
        aliases: vec!["pi_1".to_owned()],
        metadata: [("shelf".to_owned(), String::new())].into(),
    };
    let refund = Refund::made("re_1", money(i64::MAX), now());
    let referral = Referral { customer, clicks: click(2, now()).id.into(), occurred_at: now() };
    vec![
        received("charge", Fact::Charge(charge)),
        received("refund", Fact::Refund(refund)),
        received("referral", Fact::Referral(referral)),
        received("alias", Fact::Alias(Alias { alias: "ch_1".to_owned() })),
    ]
}

fn event(id: &str, facts: Vec<FactReceived>) -> WebhookEvent {
    WebhookEvent {
        endpoint_id: WebhookEndpointId::derive(&["endpoint"]),
        event_id: id.to_owned(),
        kind: "invoice.paid".to_owned(),
        received_at: now(),
        facts,
        sent_at: None,
    }
}

#[tokio::test]
async fn a_reported_fact_waits_in_the_outbox_as_it_came() {
    let store = TestTable::create().await.store();
    for (number, fact) in facts().iter().enumerate() {
        let report = request(&number.to_string());
        assert_eq!(store.record_fact(fact, report.once()).await.unwrap(), Committed::Now);
        assert_eq!(store.record_fact(fact, report.once()).await.unwrap(), report.replay());
    }
    let mut waiting = Vec::new();
    for row in store.overdue(minutes(1), 10).await.unwrap() {
        waiting.extend(facts_of(row).unwrap());
    }
    waiting.sort_by_key(|fact| facts().iter().position(|other| other.id == fact.id));
    assert_eq!(waiting, facts());
}

#[tokio::test]
async fn the_same_fact_under_a_new_key_is_accepted_and_another_one_is_not() {
    let store = TestTable::create().await.store();
    let charge = facts()[0].clone();
    store.record_fact(&charge, request("first").once()).await.unwrap();
    let again = FactReceived { received_at: minutes(5), ..charge.clone() };
    assert_eq!(store.record_fact(&again, request("second").once()).await.unwrap(), Committed::Now);
    let other = FactReceived { id: charge.id, ..facts()[1].clone() };
    assert!(matches!(store.record_fact(&other, request("third").once()).await, Err(Error::Condition(_))));
}

#[tokio::test]
async fn an_event_is_kept_once_and_marked_only_when_it_tells_something() {
    let store = TestTable::create().await.store();
    let (telling, idle) = (event("evt_1", facts()), event("evt_2", Vec::new()));
    for (event, expected) in [
        (&telling, EventRecorded::Now),
        (&idle, EventRecorded::Now),
        (&telling, EventRecorded::Before),
        (&idle, EventRecorded::Before),
    ] {
        assert_eq!(store.record_webhook_event(event).await.unwrap(), expected);
    }
    let waiting = store.overdue(minutes(1), 10).await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!(facts_of(waiting[0].clone()).unwrap(), facts());
}

#[tokio::test]
async fn a_word_on_a_partners_identity_counts_with_its_event() {
    let store = TestTable::create().await.store();
    let enrolment = agreement("ann", None, now());
    store.register(&partner("ann"), &enrolment, request("ann").once()).await.unwrap();
    let read = store.partner(&partner_id("ann")).await.unwrap().unwrap();
    let mut started = read.value.clone();
    started.identity = Identity::started("vs_1".to_owned());
    store.update_partner(&read, &started).await.unwrap();
    let word =
        IdentityWord { session_id: "vs_1".to_owned(), status: IdentityStatus::Verified, at: minutes(1) };
    let mut verified = started.clone();
    verified.identity = started.identity.heard(&word).unwrap();
    let event = event("evt_3", Vec::new());
    let stale = store.record_identity_event(&event, &read, &verified).await;
    assert!(matches!(stale, Err(Error::Condition(_))), "the sender has to come again");
    let read = store.partner(&partner_id("ann")).await.unwrap().unwrap();
    let recorded = store.record_identity_event(&event, &read, &verified).await.unwrap();
    assert_eq!(recorded, EventRecorded::Now);
    let recorded = store.record_identity_event(&event, &read, &verified).await.unwrap();
    assert_eq!(recorded, EventRecorded::Before);
    let found = store.partner(&partner_id("ann")).await.unwrap().unwrap();
    assert_eq!(found.value.identity.status, IdentityStatus::Verified);
}
