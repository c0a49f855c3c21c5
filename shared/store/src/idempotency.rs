//! Idempotency keys: the finished answer is written in the transaction that has the effect.
//!
//! So there is no "in progress": either the effect and its answer are there, or neither is. The
//! record is a convenience for callers and expires; what keeps a fact single for ever is its own
//! primary key.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Store,
    error::Error,
    expression::Condition,
    item::{Row, Shape},
    key::{self, Key},
    schema::TTL,
    table::Read,
    transaction::Transaction,
};

const HOURS_PER_DAY: i64 = 24;

/// A request that must have its effect once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// Who asks; keys of different callers never meet.
    pub caller: String,
    /// The operation, by its name in the contract.
    pub operation: &'static str,
    /// What the caller sent as `Idempotency-Key`.
    pub key: String,
    /// Hash of the request's body and path: the same key with another request is refused.
    pub request_hash: String,
}

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Where the created resource is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub location: Option<String>,
    /// The body, as JSON text.
    pub body: String,
}

/// How long an answer can be replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Seven days.
    Week,
    /// Ninety days, for what moves money.
    Quarter,
}

impl Keep {
    fn until(self, now: Timestamp) -> Timestamp {
        let days = match self {
            Self::Week => 7,
            Self::Quarter => 90,
        };
        now.saturating_add(SignedDuration::from_hours(days * HOURS_PER_DAY)).unwrap_or(now)
    }
}

/// What is known of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Earlier {
    /// It was not answered yet, or so long ago that the key is new again.
    New,
    /// It was answered with this.
    Replay(Answer),
    /// The key was used for another request.
    Reused,
}

/// What became of a write that carries an idempotency record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Committed {
    /// It happened now.
    Now,
    /// The same request was faster, or came before: this is its answer.
    Replay(Answer),
    /// The key was used for another request meanwhile.
    Reused,
}

/// The answer that is to be kept with the effect.
#[derive(Debug, Clone, Copy)]
pub struct Once<'a> {
    /// The request.
    pub request: &'a Idempotency,
    /// What it is answered.
    pub answer: &'a Answer,
    /// How long the answer is kept.
    pub keep: Keep,
    /// The time of the request.
    pub now: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Record {
    hash: String,
    answer: Answer,
}

impl Shape for Record {
    const ENTITY: &'static str = "idempotency";
}

impl Idempotency {
    fn record_key(&self) -> Key {
        key::idempotency(&self.caller, self.operation, &self.key)
    }

    fn judge(&self, row: Option<Row>, now: Timestamp) -> Result<Earlier, Error> {
        let Some(row) = row.filter(|row| !row.is_expired(now)) else { return Ok(Earlier::New) };
        let record: Record = row.parse()?;
        let same = record.hash == self.request_hash;
        Ok(if same { Earlier::Replay(record.answer) } else { Earlier::Reused })
    }
}

impl Once<'_> {
    fn add_to(&self, transaction: &mut Transaction) -> Result<(), Error> {
        let hash = self.request.request_hash.clone();
        let record = Record { hash, answer: self.answer.clone() };
        let row = Row::new(&self.request.record_key(), &record)?;
        // The table removes expired items days late, so a late one may be in the way.
        let free = Condition::New.or(Condition::at_most(TTL, self.now.as_second()));
        transaction.put_if(row.expiring(self.keep.until(self.now)), free);
        Ok(())
    }
}

impl Store {
    /// Was this request answered before?
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn earlier_answer(&self, request: &Idempotency, now: Timestamp) -> Result<Earlier, Error> {
        let row = self.get(&request.record_key(), Read::Strong).await?;
        request.judge(row, now)
    }

    /// Keeps an answer whose effect is in the table already, for a request whose repetition has the
    /// same effect: the record spares it the work, and gives it the same answer.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn keep_answer(&self, once: Once<'_>) -> Result<Committed, Error> {
        self.commit_once(Transaction::new(), once).await
    }

    /// Commits a transaction together with the answer it will get.
    ///
    /// When the record turns out to be there already, that is the outcome, whatever else failed.
    pub(crate) async fn commit_once(
        &self,
        mut transaction: Transaction,
        once: Once<'_>,
    ) -> Result<Committed, Error> {
        once.add_to(&mut transaction)?;
        let error = match self.commit(transaction).await {
            Ok(()) => return Ok(Committed::Now),
            Err(error) => error,
        };
        let record_key = once.request.record_key();
        let lost = error.failures().and_then(|failures| failures.on(&record_key));
        let Some(lost) = lost else { return Err(error) };
        let earlier = match &lost.old {
            Some(row) => once.request.judge(Some(row.clone()), once.now)?,
            None => self.earlier_answer(once.request, once.now).await?,
        };
        match earlier {
            Earlier::Replay(answer) => Ok(Committed::Replay(answer)),
            Earlier::Reused => Ok(Committed::Reused),
            Earlier::New => Err(error),
        }
    }
}
