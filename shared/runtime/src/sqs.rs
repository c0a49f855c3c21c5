//! Queue messages, one by one.

use std::collections::HashSet;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use store::Store;

use crate::worker::{Failure, Outcome, Record, settle};

/// Handles a batch and tells which messages have to come again.
///
/// Each message stands alone: a bad or panicking one is retried or parked without the others.
/// On a FIFO queue order within a group is kept: behind a message that has to come again, the
/// rest of its group is not touched and comes again too.
pub async fn process_batch<D, M, H, F>(
    store: &Store,
    deps: D,
    handle: H,
    event: SqsEvent,
    now: Timestamp,
) -> SqsBatchResponse
where
    D: Clone,
    M: DeserializeOwned,
    H: Fn(D, M, Timestamp) -> F,
    F: Future<Output = Outcome>,
{
    let mut failures = Vec::new();
    let mut blocked = HashSet::new();
    for message in &event.records {
        let group = group(message);
        if group.is_some_and(|group| blocked.contains(group)) {
            failures.push(id(message));
            continue;
        }
        let work = async { handle(deps.clone(), parse(message)?, now).await };
        if !settle(store, record(message), now, work).await {
            failures.push(id(message));
            blocked.extend(group);
        }
    }
    let mut response = SqsBatchResponse::default();
    response.set_failures(failures);
    response
}

fn parse<M: DeserializeOwned>(message: &SqsMessage) -> Result<M, Failure> {
    let body = message.body.as_deref().unwrap_or_default();
    serde_json::from_str(body).map_err(|error| Failure::reject("unreadable_message", error))
}

fn record(message: &SqsMessage) -> Record<'_> {
    Record { source: queue_name(message), id: id(message), body: message.body.as_deref().unwrap_or_default() }
}

/// An absent id becomes empty, which Lambda takes to mean the whole batch: too much comes again,
/// and nothing is lost.
fn id(message: &SqsMessage) -> &str {
    message.message_id.as_deref().unwrap_or_default()
}

fn queue_name(message: &SqsMessage) -> &str {
    message.event_source_arn.as_deref().and_then(|arn| arn.rsplit(':').next()).unwrap_or_default()
}

/// The FIFO group. A standard queue may carry a group id too (fair queues), without any order.
fn group(message: &SqsMessage) -> Option<&str> {
    if queue_name(message).ends_with(".fifo") {
        message.attributes.get("MessageGroupId").map(String::as_str)
    } else {
        None
    }
}
