//! Addresses for webhooks, and what comes to them.

use domain::{
    conversion::{Fact, FactReceived, Refund},
    id::{EventId, WebhookEndpointId},
    money::Money,
};
use jiff::SignedDuration;

use super::{
    now, page,
    sample::{minutes, program_id, request},
};
use crate::{
    Error, Row, Store,
    item::Shape as _,
    outbox::{Request, request_of},
    testing::TestTable,
    versioned::Versioned,
    webhook::{
        EventRecorded, LastFailure, RotationError, SigningSecret, WebhookEndpoint, WebhookEvent,
        WebhookTraffic,
    },
};

fn endpoint(name: &str, minute: i64) -> WebhookEndpoint {
    WebhookEndpoint {
        id: WebhookEndpointId::derive(&[name]),
        program_id: program_id(),
        provider: "stripe".to_owned(),
        secrets: vec![SigningSecret {
            number: 1,
            sealed: "one".to_owned(),
            added_at: now(),
            expires_at: None,
        }],
        created_at: minutes(minute),
    }
}

fn told(amount: i64) -> FactReceived {
    let amount = Money::new(amount, "USD".parse().unwrap());
    FactReceived {
        id: EventId::derive(&["fact"]),
        program_id: program_id(),
        source: "stripe".to_owned(),
        external_id: "in_1".to_owned(),
        received_at: now(),
        fact: Fact::Refund(Refund::made("re_1", amount, now())),
    }
}

fn event(id: &str, minute: i64, facts: Vec<FactReceived>) -> WebhookEvent {
    WebhookEvent {
        endpoint_id: endpoint("a", 0).id,
        event_id: id.to_owned(),
        kind: "refund.created".to_owned(),
        received_at: minutes(minute),
        facts,
        sent_at: None,
    }
}

fn numbers(endpoint: &WebhookEndpoint, at: jiff::Timestamp) -> Vec<u32> {
    endpoint.live_secrets(at).map(|secret| secret.number).collect()
}

#[tokio::test]
async fn endpoints_are_listed_by_program_and_changed_at_the_revision_read() {
    let store = TestTable::create().await.store();
    let (first, second) = (endpoint("a", 0), endpoint("b", 1));
    for endpoint in [&second, &first] {
        let asked = request(endpoint.id.as_str());
        store.create_webhook_endpoint(endpoint, asked.once()).await.unwrap();
    }
    let listed = store.webhook_endpoints(&program_id(), &page("endpoints")).await.unwrap();
    assert_eq!(listed.data, [first.clone(), second]);
    let read = store.webhook_endpoint(&first.id).await.unwrap().unwrap();
    assert_eq!(read, Versioned { value: first.clone(), revision: 0 });
    let changed = first.with_new_secret("two".to_owned(), None, minutes(60), now()).unwrap();
    store.update_webhook_endpoint(&read, &changed, request("rotate").once()).await.unwrap();
    let late = store.update_webhook_endpoint(&read, &changed, request("late").once()).await;
    assert!(matches!(late, Err(Error::Condition(_))));
    assert_eq!(store.webhook_endpoint(&first.id).await.unwrap().unwrap().value, changed);
    assert_eq!(store.webhook_endpoints(&program_id(), &page("endpoints")).await.unwrap().data[0], changed);
}

#[test]
fn the_secret_before_lives_until_its_time_and_not_a_moment_longer() {
    let one = endpoint("a", 0);
    let two = one.with_new_secret("two".to_owned(), None, minutes(60), now()).unwrap();
    assert_eq!(numbers(&two, minutes(60) - SignedDuration::from_nanos(1)), [1, 2]);
    assert_eq!(numbers(&two, minutes(60)), [2]);
    let later = two.with_new_secret("three".to_owned(), None, minutes(90), minutes(61)).unwrap();
    assert_eq!(numbers(&later, minutes(61)), [2, 3]);
    assert_eq!(later.secrets.len(), 2, "what has ended is dropped");
}

#[test]
fn of_two_live_secrets_the_one_that_is_named_stays() {
    let two = endpoint("a", 0).with_new_secret("two".to_owned(), None, minutes(60), now()).unwrap();
    let third = |keep, until| two.with_new_secret("three".to_owned(), keep, minutes(until), minutes(1));
    assert_eq!(third(None, 60), Err(RotationError::Ambiguous { first: 1, second: 2 }));
    assert_eq!(third(Some(3), 60), Err(RotationError::NotLive));
    assert_eq!(numbers(&third(Some(1), 60).unwrap(), minutes(1)), [1, 3]);
    assert_eq!(numbers(&third(Some(2), 60).unwrap(), minutes(1)), [2, 3]);
    assert_eq!(third(None, 1).unwrap().secrets.len(), 1, "after a leak nothing stays");
}

/// What the stream would show of an event.
async fn image(table: &TestTable, id: &str) -> Row {
    let rows = table.dump().await;
    let found = rows.into_iter().find(|row| row.text("event_id") == Some(id));
    found.unwrap()
}

#[tokio::test]
async fn an_event_is_listed_from_the_moment_it_came_and_sent_on_once() {
    let table = TestTable::create().await;
    let store = table.store();
    let endpoint = endpoint("a", 0).id;
    store.record_webhook_event(&event("evt_1", 1, vec![told(5)])).await.unwrap();
    store.record_webhook_event(&event("evt_2", 2, Vec::new())).await.unwrap();
    let ids = |page: crate::page::Page<crate::webhook::ListedEvent>| -> Vec<_> {
        page.data.into_iter().map(|listed| (listed.event.event_id, listed.is_waiting)).collect()
    };
    let listed = store.webhook_events(&endpoint, &page("events")).await.unwrap();
    assert_eq!(ids(listed), [("evt_2".to_owned(), false), ("evt_1".to_owned(), true)]);
    let marked = image(&table, "evt_1").await;
    let sent = store.facts_sent(marked.clone(), minutes(3)).await.unwrap();
    assert_eq!(sent.map(|event| event.event_id).as_deref(), Some("evt_1"));
    assert_eq!(store.facts_sent(marked, minutes(4)).await.unwrap(), None, "delivered again");
    let found = store.webhook_event(&endpoint, "evt_1").await.unwrap().unwrap();
    assert_eq!((found.event.sent_at, found.is_waiting), (Some(minutes(3)), false));
    let again = store.send_again(&endpoint, "evt_1", minutes(5)).await.unwrap().unwrap();
    assert!(again.is_waiting);
    let marked = image(&table, "evt_1").await;
    assert!(matches!(request_of(&marked).unwrap(), Request::Facts(facts) if facts == [told(5)]));
    assert_eq!(store.facts_sent(marked, minutes(6)).await.unwrap(), None, "it was counted before");
    assert!(!store.send_again(&endpoint, "evt_2", minutes(7)).await.unwrap().unwrap().is_waiting);
    assert_eq!(store.send_again(&endpoint, "evt_3", minutes(7)).await.unwrap(), None);
    let idle = image(&table, "evt_2").await;
    assert!(matches!(request_of(&idle).unwrap(), Request::Event(event) if event.event_id == "evt_2"));
}

#[tokio::test]
async fn an_event_that_tells_more_when_it_comes_again_goes_on_its_way_again() {
    let table = TestTable::create().await;
    let store = table.store();
    store.record_webhook_event(&event("evt_1", 1, Vec::new())).await.unwrap();
    let (known, corrected) = (event("evt_1", 5, vec![told(5)]), event("evt_1", 9, vec![told(5), told(6)]));
    for (event, expected) in [
        (&known, EventRecorded::Otherwise),
        (&known, EventRecorded::Before),
        (&event("evt_1", 6, Vec::new()), EventRecorded::Before),
        (&corrected, EventRecorded::Otherwise),
        (&known, EventRecorded::Before),
    ] {
        assert_eq!(store.record_webhook_event(event).await.unwrap(), expected);
    }
    let found = store.webhook_event(&corrected.endpoint_id, "evt_1").await.unwrap().unwrap();
    assert!(found.is_waiting);
    assert_eq!(found.event, WebhookEvent { received_at: minutes(1), ..corrected });
}

async fn traffic(store: &Store) -> WebhookTraffic {
    store.webhook_traffic(&endpoint("a", 0).id).await.unwrap()
}

#[tokio::test]
async fn what_comes_in_is_counted_and_a_flood_of_refusals_is_one_a_minute() {
    let (store, meter) = TestTable::create().await.metered();
    let endpoint = endpoint("a", 0).id;
    assert_eq!(traffic(&store).await, WebhookTraffic::default());
    for n in 0..20 {
        store.count_webhook_event(&event(&n.to_string(), n, Vec::new())).await.unwrap();
    }
    let at = |seconds| now() + SignedDuration::from_secs(seconds);
    for (second, noted) in [(0, true), (1, false), (59, false), (60, true), (61, false), (119, false)] {
        let reason = if second == 60 { "stale" } else { "mismatch" };
        assert_eq!(
            store.note_webhook_failure(&endpoint, reason, at(second)).await.unwrap(),
            noted,
            "{second}"
        );
    }
    let last_failure = Some(LastFailure { at: at(60), reason: "stale".to_owned() });
    let last_received_at = Some(minutes(19));
    assert_eq!(
        traffic(&store).await,
        WebhookTraffic { received: 20, last_received_at, failed: 2, last_failure }
    );
    drop(meter.take());
    store.note_webhook_failure(&endpoint, "mismatch", at(70)).await.unwrap();
    let consumed = meter.take();
    assert_eq!(
        (consumed.total_reads().to_string(), consumed.total_writes().to_string()),
        ("0.5".to_owned(), "0".to_owned())
    );
}

#[test]
fn an_event_is_found_by_what_it_is_parked_as() {
    let id = endpoint("a", 0).id;
    let name = WebhookEvent::message_id(&id, "evt/1");
    assert_eq!(WebhookEvent::of_message_id(&name), Some((id, "evt/1")));
    assert_eq!(WebhookEvent::of_message_id("evt"), None);
    assert_eq!(WebhookEvent::ENTITY, "webhook_event");
}
