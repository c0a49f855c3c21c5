//! Changes of the table, as its stream reports them.

use std::collections::HashMap;

use aws_lambda_events::{
    dynamodb::{Event, EventRecord},
    streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse},
};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use store::{Store, park::Queue};

use crate::worker::{Outcome, Record, settle};

/// One change of one item.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What happened to the item.
    pub kind: ChangeKind,
    /// The item's key.
    pub keys: HashMap<String, AttributeValue>,
    /// The item after the change; empty when it was removed.
    pub image: HashMap<String, AttributeValue>,
    /// When, to the second.
    pub at: Timestamp,
    /// The change's place in the stream.
    pub sequence: String,
}

/// What happened to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Insert,
    /// It was there before.
    Modify,
    /// It is gone.
    Remove,
}

/// Handles a batch and tells which changes have to come again.
///
/// Lambda repeats a stream from the first failure on. The changes behind it are handled all the
/// same: a change that keeps failing must not hold up the others, and what is done twice has to
/// be harmless anyway.
pub async fn process_batch<D, H, F>(
    store: &Store,
    deps: D,
    handle: H,
    event: Event,
    now: Timestamp,
) -> DynamoDbEventResponse
where
    D: Clone,
    H: Fn(D, Change, Timestamp) -> F,
    F: Future<Output = Outcome>,
{
    let mut failures = Vec::new();
    for entry in event.records {
        // Only the key is kept of a rejected change: its item is in the table.
        let body = serde_json::to_string(&entry.change.keys).unwrap_or_default();
        let change = Change::from(entry);
        let sequence = change.sequence.clone();
        let record = Record { queue: Queue::Changes, id: &sequence, body: &body };
        let work = async { handle(deps.clone(), change, now).await };
        if !settle(store, record, now, work).await {
            let mut failure = DynamoDbBatchItemFailure::default();
            failure.item_identifier = Some(sequence);
            failures.push(failure);
        }
    }
    let mut response = DynamoDbEventResponse::default();
    response.batch_item_failures = failures;
    response
}

impl From<EventRecord> for Change {
    fn from(record: EventRecord) -> Self {
        let change = record.change;
        Self {
            kind: match record.event_name.as_str() {
                "INSERT" => ChangeKind::Insert,
                "REMOVE" => ChangeKind::Remove,
                _ => ChangeKind::Modify,
            },
            keys: change.keys.into(),
            image: change.new_image.into(),
            at: Timestamp::from_second(change.approximate_creation_date_time.timestamp()).unwrap_or_default(),
            sequence: change.sequence_number.unwrap_or_default(),
        }
    }
}
