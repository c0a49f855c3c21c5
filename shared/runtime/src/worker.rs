//! How a worker answers, the same for queues, streams and schedules.

use std::{error::Error as StdError, fmt};

use jiff::Timestamp;
use store::{
    Store,
    park::{Parked, Queue},
};

use crate::{
    panic::{Panicked, caught},
    telemetry,
};

/// What became of one piece of work.
pub type Outcome = Result<(), Failure>;

/// Why a piece of work is not done.
#[derive(Debug)]
pub enum Failure {
    /// It may succeed when tried again: it stays in its queue.
    Retry(Box<dyn StdError + Send + Sync>),
    /// It can never succeed: it is parked with the reason, acknowledged and alarmed.
    Reject {
        /// A stable name of the reason.
        code: String,
        /// What is wrong, for the person who looks at what is parked.
        detail: String,
    },
}

impl Failure {
    /// A failure that may pass.
    pub fn retry(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Retry(cause.into())
    }

    /// A failure that cannot pass.
    pub fn reject(code: impl Into<String>, detail: impl fmt::Display) -> Self {
        Self::Reject { code: code.into(), detail: detail.to_string() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retry(cause) => f.write_str(&telemetry::chain(cause.as_ref())),
            Self::Reject { code, detail } => write!(f, "{code}: {detail}"),
        }
    }
}

impl From<Panicked> for Failure {
    fn from(panicked: Panicked) -> Self {
        // A panic says nothing about the input: it is tried again, and the dead-letter queue
        // takes it when it keeps happening.
        Self::retry(panicked)
    }
}

impl From<store::Error> for Failure {
    /// Everything from the table is tried again. An item that cannot be read is no fault of the
    /// message, which would be lost if it were rejected: it ends in the dead-letter queue and can
    /// be replayed once the item is mended.
    fn from(error: store::Error) -> Self {
        Self::retry(error)
    }
}

/// Where a record came from, for parking and for the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<'a> {
    pub(crate) queue: Queue,
    pub(crate) id: &'a str,
    pub(crate) body: &'a str,
}

/// Runs the work of one record to its end: panics caught, rejects parked.
///
/// `true` means that the record is dealt with, `false` that it has to come again.
pub(crate) async fn settle(
    store: &Store,
    record: Record<'_>,
    now: Timestamp,
    work: impl Future<Output = Outcome>,
) -> bool {
    match caught(work).await.unwrap_or_else(|panicked| Err(panicked.into())) {
        Ok(()) => true,
        Err(Failure::Retry(cause)) => {
            tracing::warn!(
                record.queue = %record.queue,
                record.id = record.id,
                error.cause = telemetry::chain(cause.as_ref()),
                "record will be tried again"
            );
            false
        }
        Err(Failure::Reject { code, detail }) => set_aside(store, record, code, detail, now).await,
    }
}

/// Keeps a rejected record where a person finds it, then lets go of it.
async fn set_aside(store: &Store, record: Record<'_>, code: String, detail: String, now: Timestamp) -> bool {
    let (message_id, body) = (record.id.to_owned(), record.body.to_owned());
    let parked = Parked { queue: record.queue, message_id, body, code, detail, parked_at: now };
    if let Err(error) = park(store, &parked).await {
        // Acknowledging what was not kept would lose it without a trace.
        tracing::error!(
            record.queue = %record.queue,
            record.id = record.id,
            error.cause = telemetry::chain(&error),
            "record could not be parked and will be tried again"
        );
        return false;
    }
    true
}

/// Sets something aside that no retry can help, and raises the alarm of its queue.
///
/// # Errors
/// When the table cannot be written: it is not kept then, and must not be acknowledged.
pub async fn park(store: &Store, parked: &Parked) -> Result<(), store::Error> {
    store.park(parked).await?;
    tracing::error!(
        record.queue = %parked.queue,
        record.id = parked.message_id,
        record.reason = parked.code,
        "message parked"
    );
    telemetry::metric("Parked", 1, &[("source", parked.queue.as_str())], parked.parked_at);
    Ok(())
}
