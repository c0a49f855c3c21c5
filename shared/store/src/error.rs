//! What can go wrong with the table. Each variant calls for another answer by the caller.

use std::error::Error as StdError;

use aws_sdk_dynamodb::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};

use crate::{item::Row, key::Key};

/// A cause from below, for the log only.
pub type Cause = Box<dyn StdError + Send + Sync>;

/// Why the table did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A condition did not hold: read what is there, then decide.
    #[error("a condition did not hold on {}", .0.describe())]
    Condition(Failures),
    /// Another transaction held one of the items; nothing was written. Retried already.
    #[error("another transaction was faster")]
    Conflict,
    /// The table refused the load or could not be reached; nothing was written. Retried already.
    #[error("the table is throttled or not available")]
    Unavailable(#[source] Cause),
    /// The answer was lost: the write may or may not have happened. Repeat the same write, whose
    /// guards tell which.
    #[error("the outcome of a write is unknown")]
    Unknown(#[source] Cause),
    /// A row that is not what its key says.
    #[error("the item {key} is corrupt: {reason}")]
    Corrupt {
        /// The item.
        key: Key,
        /// What is wrong with it.
        reason: String,
    },
    /// More than one request may carry; nothing was sent.
    #[error("beyond a limit of the table: {0}")]
    Limit(Limit),
    /// The table refused the request itself: a bug, a missing permission, a missing table.
    #[error("the table refused the request")]
    Refused(#[source] Cause),
}

/// A limit of the table, asserted before sending.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Limit {
    /// A transaction has 1 to 100 items.
    #[error("{0} items in one transaction")]
    Items(usize),
    /// A transaction names no item twice.
    #[error("{0} appears twice in one transaction")]
    Repeated(Key),
    /// An item has at most 400 KB.
    #[error("{0} has {1} bytes")]
    ItemSize(Key, usize),
    /// A transaction has at most 4 MB.
    #[error("{0} bytes in one transaction")]
    TotalSize(usize),
}

/// The conditions of one write that did not hold.
#[derive(Debug)]
pub struct Failures(Vec<Failure>);

/// A condition that did not hold.
#[derive(Debug)]
pub struct Failure {
    /// Place of the write in its transaction, from 0.
    pub position: usize,
    /// The item.
    pub key: Key,
    /// The item as it stands, or nothing when there is none.
    pub old: Option<Row>,
}

impl Failures {
    pub(crate) fn new(failures: Vec<Failure>) -> Self {
        Self(failures)
    }

    /// The failed condition at a place of the transaction, if that one failed.
    #[must_use]
    pub fn at(&self, position: usize) -> Option<&Failure> {
        self.0.iter().find(|failure| failure.position == position)
    }

    /// The failed condition on an item, if that one failed.
    #[must_use]
    pub fn on(&self, key: &Key) -> Option<&Failure> {
        self.0.iter().find(|failure| failure.key == *key)
    }

    /// Every failed condition.
    pub fn iter(&self) -> impl Iterator<Item = &Failure> {
        self.0.iter()
    }

    fn describe(&self) -> String {
        let keys: Vec<_> = self.0.iter().map(|failure| failure.key.to_string()).collect();
        keys.join(", ")
    }
}

impl Error {
    /// The failed conditions, when that is what went wrong.
    #[must_use]
    pub fn failures(&self) -> Option<&Failures> {
        match self {
            Self::Condition(failures) => Some(failures),
            _ => None,
        }
    }

    /// Can the same request succeed later without anything else changing?
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Conflict | Self::Unavailable(_) | Self::Unknown(_))
    }

    /// The error of a read, where a lost answer has changed nothing.
    pub(crate) fn of_read<E>(error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        match Self::of_write(error) {
            Self::Unknown(cause) => Self::Unavailable(cause),
            other => other,
        }
    }

    /// The error of a write, conditions and cancellations aside.
    pub(crate) fn of_write<E>(error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let status = error.raw_response().map(|answer| answer.status().as_u16());
        match (&error, error.code(), status) {
            (SdkError::ConstructionFailure(_), ..) => Self::Refused(Box::new(error)),
            (_, Some("TransactionConflictException" | "TransactionInProgressException"), _) => Self::Conflict,
            (_, Some(code), _) if is_throttle(code) => Self::Unavailable(Box::new(error)),
            (SdkError::ServiceError(_), _, Some(status)) if status < 500 => Self::Refused(Box::new(error)),
            // Time-outs, broken connections, unreadable answers and 5xx: it may have happened.
            _ => Self::Unknown(Box::new(error)),
        }
    }
}

fn is_throttle(code: &str) -> bool {
    matches!(
        code,
        "ProvisionedThroughputExceededException"
            | "RequestLimitExceeded"
            | "ThrottlingException"
            | "ThrottlingError"
            | "Throttling"
            | "ProvisionedThroughputExceeded"
    )
}

/// The error of a cancelled transaction that names no failed condition.
pub(crate) fn of_reason(code: &str, cause: Cause) -> Error {
    match code {
        "TransactionConflict" => Error::Conflict,
        code if is_throttle(code) => Error::Unavailable(cause),
        _ => Error::Refused(cause),
    }
}
