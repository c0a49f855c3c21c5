//! Queue messages, one by one.

use std::collections::HashSet;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use jiff::Timestamp;
use store::{Store, park::Queue};

use crate::{
    Message,
    worker::{Failure, Outcome, Record, settle},
};

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
    M: Message,
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
        if !settle(store, record(M::QUEUE, message), now, work).await {
            failures.push(id(message));
            blocked.extend(group);
        }
    }
    let mut response = SqsBatchResponse::default();
    response.set_failures(failures);
    response
}

/// The reason names the place and not what stands there, which could be personal.
fn parse<M: Message>(message: &SqsMessage) -> Result<M, Failure> {
    let body = message.body.as_deref().unwrap_or_default();
    let mut json = serde_json::Deserializer::from_str(body);
    let unreadable = |detail: String| Failure::reject("unreadable_message", detail);
    let parsed = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let (line, column) = (error.inner().line(), error.inner().column());
        unreadable(format!("not as expected at {}, line {line}, column {column}", error.path()))
    })?;
    json.end().map_err(|_| unreadable("there is more than one value".to_owned()))?;
    Ok(parsed)
}

fn record(queue: Queue, message: &SqsMessage) -> Record<'_> {
    Record { queue, id: id(message), body: message.body.as_deref().unwrap_or_default() }
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
