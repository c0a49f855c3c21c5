//! Parked messages: what no retry can help, kept with its reason until a person has looked.

use std::{fmt, str::FromStr};

use domain::id::ParkedMessageId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Store,
    error::Error,
    idempotency::{Committed, Once},
    item::{Row, Shape},
    key,
    page::{List, Page, PageRequest},
    table::Read,
    transaction::Transaction,
};

/// For how long it is kept what became of a parked message, and with it the message.
const RESOLUTION_LIFETIME: SignedDuration = SignedDuration::from_hours(365 * 24);

/// Where a parked message was on its way to. A closed list: each has an alarm of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Queue {
    /// Facts on their way to be counted.
    Conversions,
    /// Accounts with commissions to mature.
    Maturities,
    /// Payouts to bring a step further.
    Payouts,
    /// Changes of the table to carry out.
    Changes,
    /// Refunds that cannot count, or not in full.
    Refunds,
    /// Events of payment providers that could not be read.
    Webhooks,
}

impl Queue {
    /// Every queue.
    pub const ALL: [Self; 6] =
        [Self::Conversions, Self::Maturities, Self::Payouts, Self::Changes, Self::Refunds, Self::Webhooks];

    /// Its name: in addresses, in the table, and in the metric `Parked`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Conversions => "conversions",
            Self::Maturities => "maturities",
            Self::Payouts => "payouts",
            Self::Changes => "changes",
            Self::Refunds => "refunds",
            Self::Webhooks => "webhooks",
        }
    }
}

impl fmt::Display for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// There is no queue of this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such queue")]
pub struct UnknownQueue;

impl FromStr for Queue {
    type Err = UnknownQueue;

    fn from_str(text: &str) -> Result<Self, UnknownQueue> {
        Self::ALL.into_iter().find(|queue| queue.as_str() == text).ok_or(UnknownQueue)
    }
}

/// A message that was set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    /// Where it was on its way to.
    pub queue: Queue,
    /// What it is known by there: the id of the message, or of what it is about.
    pub message_id: String,
    /// Its body; sealed when it holds what is personal.
    pub body: String,
    /// Why no retry can help: a stable name.
    pub code: String,
    /// The same in words, for the person who looks.
    pub detail: String,
    /// When it was parked.
    pub parked_at: Timestamp,
}

impl Parked {
    /// Its id, which fits an address whatever the message is known by.
    #[must_use]
    pub fn id(&self) -> ParkedMessageId {
        parked_id(self.queue, &self.message_id)
    }
}

impl Shape for Parked {
    const ENTITY: &'static str = "parked_message";
}

/// The id of a parked message.
#[must_use]
pub fn parked_id(queue: Queue, message_id: &str) -> ParkedMessageId {
    ParkedMessageId::derive(&[queue.as_str(), message_id])
}

/// What a person did about a parked message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// What was done.
    #[serde(flatten)]
    pub outcome: ResolutionKind,
    /// Who did it: the caller's name at the issuer.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Ways to deal with a parked message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum ResolutionKind {
    /// It was put back on its way.
    Retried,
    /// It was given up, for this reason.
    Discarded {
        /// Why.
        reason: String,
    },
}

/// What became of a parked message, with the message.
#[derive(Serialize, Deserialize)]
struct ResolvedItem {
    message: Parked,
    #[serde(flatten)]
    resolution: Resolution,
}

impl Shape for ResolvedItem {
    const ENTITY: &'static str = "resolved_message";
}

impl Store {
    /// Keeps a message that no retry can help. Parking it again changes nothing.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn park(&self, parked: &Parked) -> Result<(), Error> {
        let place = key::parked_in_queue(parked.queue.as_str(), &parked.id(), parked.parked_at);
        let mut transaction = Transaction::new();
        transaction.put_new(Row::new(&parked_key(parked.queue, &parked.id()), parked)?.listed(place));
        match self.commit(transaction).await {
            Ok(()) | Err(Error::Condition(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The parked messages of a queue, or of all, the latest first.
    ///
    /// # Errors
    /// When the table cannot be read, or a row is corrupt.
    pub async fn parked(&self, queue: Option<Queue>, page: &PageRequest) -> Result<Page<Parked>, Error> {
        let queues = Queue::ALL.into_iter().filter(|known| queue.is_none_or(|queue| queue == *known));
        let partitions: Vec<_> = queues.map(|queue| key::parked_of(queue.as_str())).collect();
        let list = List { partitions: &partitions, newest_first: true };
        self.list(&list, page, |_| true).await?.try_map(Row::parse)
    }

    /// A parked message.
    ///
    /// # Errors
    /// When the table cannot be read, or the row is corrupt.
    pub async fn parked_message(&self, queue: Queue, id: &ParkedMessageId) -> Result<Option<Parked>, Error> {
        self.get(&parked_key(queue, id), Read::Strong).await?.map(Row::parse).transpose()
    }

    /// Takes a message off the list once it was dealt with, and keeps what was done and by whom.
    ///
    /// A message that is to go on its way again was handed over before: the other way round it would
    /// be lost when the function dies in between, and so it is only handed over twice, which does no
    /// harm. What is parked again meanwhile has a message id of its own and stays.
    ///
    /// # Errors
    /// [`Error::Condition`] when it is no longer parked.
    pub async fn resolve_parked(
        &self,
        message: &Parked,
        resolution: &Resolution,
        once: Once<'_>,
    ) -> Result<Committed, Error> {
        self.commit_once(resolved(message, resolution)?, once).await
    }

    /// The same for a message that was dealt with by the way: false when it is not parked.
    ///
    /// # Errors
    /// When the table cannot be read or written.
    pub async fn resolve_if_parked(
        &self,
        queue: Queue,
        message_id: &str,
        resolution: &Resolution,
    ) -> Result<bool, Error> {
        let Some(message) = self.parked_message(queue, &parked_id(queue, message_id)).await? else {
            return Ok(false);
        };
        match self.commit(resolved(&message, resolution)?).await {
            Ok(()) => Ok(true),
            Err(Error::Condition(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn resolved(message: &Parked, resolution: &Resolution) -> Result<Transaction, Error> {
    let key = parked_key(message.queue, &message.id());
    let record = key::resolved_message(message.queue.as_str(), &message.id(), resolution.at);
    let item = ResolvedItem { message: message.clone(), resolution: resolution.clone() };
    let expires_at = resolution.at.saturating_add(RESOLUTION_LIFETIME).unwrap_or(Timestamp::MAX);
    let mut transaction = Transaction::new();
    transaction.put(Row::new(&record, &item)?.expiring(expires_at));
    transaction.delete_existing(key);
    Ok(transaction)
}

fn parked_key(queue: Queue, id: &ParkedMessageId) -> key::Key {
    key::parked(queue.as_str(), id)
}
