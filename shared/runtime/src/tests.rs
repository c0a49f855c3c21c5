//! The loops that are not HTTP, fed with recorded events, over a real table.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use aws_lambda_events::{dynamodb, sqs::SqsEvent};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{
    park::Queue,
    testing::{Fault, Faults, TestTable},
};

use crate::{Change, ChangeKind, Failure, Message as _, Outcome, sqs, stream};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    group: String,
    wish: String,
}

impl crate::Message for Message {
    const QUEUE: Queue = Queue::Maturities;
}

/// How often the handler ran.
type Runs = Arc<AtomicUsize>;

async fn obey(runs: Runs, message: Message, _: Timestamp) -> Outcome {
    runs.fetch_add(1, Ordering::Relaxed);
    tokio::task::yield_now().await;
    match message.wish.as_str() {
        "done" => Ok(()),
        "retry" => Err(Failure::retry("not yet")),
        "reject" => Err(Failure::reject("no_such_program", message.group)),
        wish => panic!("{wish}"),
    }
}

/// A batch as recorded, with one message for each of `(group, wish)`.
fn batch(queue: &str, messages: &[(&str, &str)]) -> SqsEvent {
    let event: Value = serde_json::from_str(include_str!("../testdata/sqs_batch.json")).unwrap();
    let template = &event["Records"][0];
    let records = messages.iter().enumerate().map(|(place, (group, wish))| {
        let mut record = template.clone();
        record["messageId"] = json!(format!("m-{place}"));
        record["body"] = json!(json!({ "group": group, "wish": wish }).to_string());
        record["attributes"]["MessageGroupId"] = json!(group);
        record["eventSourceARN"] = json!(format!("arn:aws:sqs:eu-central-1:123456789012:{queue}"));
        record
    });
    serde_json::from_value(json!({ "Records": records.collect::<Vec<_>>() })).unwrap()
}

struct Handled {
    again: Vec<String>,
    runs: usize,
    parked: Vec<(String, String)>,
}

async fn handled(event: SqsEvent) -> Handled {
    let table = TestTable::create().await;
    let runs = Runs::default();
    let response = sqs::process_batch(&table.store(), Arc::clone(&runs), obey, event, NOW).await;
    let rows = table.dump().await;
    let parked = rows.iter().map(|row| {
        assert_eq!(row.text("queue"), Some(Message::QUEUE.as_str()));
        let text = |name| row.text(name).unwrap_or_default().to_owned();
        (text("message_id"), format!("{}: {}", text("code"), text("detail")))
    });
    let parked = parked.collect();
    let again = response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect();
    Handled { again, runs: runs.load(Ordering::Relaxed), parked }
}

#[tokio::test]
async fn one_bad_message_does_not_take_its_batch_along() {
    let wishes = [("a", "done"), ("a", "panic"), ("a", "reject"), ("a", "retry"), ("a", "done")];
    let handled = handled(batch("conversions", &wishes)).await;
    assert_eq!(handled.again, ["m-1", "m-3"]);
    assert_eq!(handled.runs, 5);
    assert_eq!(handled.parked, [("m-2".to_owned(), "no_such_program: a".to_owned())]);
}

#[tokio::test]
async fn an_unreadable_message_is_parked_and_not_handled() {
    let mut event = batch("conversions", &[("a", "done"), ("a", "done"), ("a", "done")]);
    event.records[0].body = Some("{".to_owned());
    event.records[2].body = None;
    let handled = handled(event).await;
    assert_eq!((handled.again.len(), handled.runs), (0, 1));
    let mut ids: Vec<_> = handled.parked.iter().map(|(id, _)| id.as_str()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["m-0", "m-2"]);
    assert!(handled.parked.iter().all(|(_, reason)| reason.starts_with("unreadable_message: ")));
}

#[tokio::test]
async fn a_fifo_group_stops_at_its_first_failure_and_other_groups_go_on() {
    let wishes = [
        ("a", "done"),
        ("a", "retry"),
        ("b", "done"),
        ("a", "done"),
        ("b", "panic"),
        ("b", "done"),
        ("c", "done"),
    ];
    let handled = handled(batch("payouts.fifo", &wishes)).await;
    assert_eq!(handled.again, ["m-1", "m-3", "m-4", "m-5"]);
    assert_eq!(handled.runs, 5);
}

#[tokio::test]
async fn a_parked_message_does_not_hold_up_its_group() {
    let handled = handled(batch("payouts.fifo", &[("a", "reject"), ("a", "done")])).await;
    assert_eq!((handled.again.len(), handled.runs, handled.parked.len()), (0, 2, 1));
}

#[tokio::test]
async fn a_message_that_cannot_be_parked_comes_again() {
    let table = TestTable::create().await;
    let store = table.faulty(Faults::new(|_| Some(Fault::throttled())));
    let event = batch("conversions", &[("a", "reject")]);
    let response = sqs::process_batch(&store, Runs::default(), obey, event, NOW).await;
    assert_eq!(response.batch_item_failures.len(), 1);
}

#[tokio::test]
async fn a_stream_is_read_and_the_changes_behind_a_failure_are_handled_too() {
    async fn handle(runs: Runs, change: Change, _: Timestamp) -> Outcome {
        runs.fetch_add(1, Ordering::Relaxed);
        if change.kind == ChangeKind::Insert {
            assert_eq!(change.image["GSI2PK"].as_s().unwrap(), "OUT#3");
            assert_eq!(change.image["amount"].as_n().unwrap(), "1234");
            return Err(Failure::retry("not yet"));
        }
        assert_eq!(change.kind, ChangeKind::Remove);
        assert!(change.image.is_empty());
        assert_eq!(change.keys["PK"].as_s().unwrap(), "IDEM#1");
        assert_eq!(change.at.to_string(), "2026-11-22T09:30:01Z");
        Ok(())
    }
    let table = TestTable::create().await;
    let event: dynamodb::Event = serde_json::from_str(include_str!("../testdata/stream.json")).unwrap();
    let runs = Runs::default();
    let response = stream::process_batch(&table.store(), Arc::clone(&runs), handle, event, NOW).await;
    let response = serde_json::to_value(response).unwrap();
    assert_eq!(
        response,
        json!({ "batchItemFailures": [{ "itemIdentifier": "4421584500000000017450439091" }] })
    );
    assert_eq!(runs.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_rejected_change_is_parked_with_its_key() {
    async fn handle((): (), _: Change, _: Timestamp) -> Outcome {
        Err(Failure::reject("no_such_kind", "odd"))
    }
    let table = TestTable::create().await;
    let event: dynamodb::Event = serde_json::from_str(include_str!("../testdata/stream.json")).unwrap();
    let response = stream::process_batch(&table.store(), (), handle, event, NOW).await;
    assert!(response.batch_item_failures.is_empty());
    let rows = table.dump().await;
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.text("queue") == Some("changes")));
    assert!(rows.iter().any(|row| row.text("body").unwrap().contains("CNV#1")));
}
