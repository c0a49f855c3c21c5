//! Facts as they came through a door, on their way to the worker that makes them count.

use std::collections::HashSet;

use domain::conversion::FactReceived;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Store,
    error::Error,
    idempotency::{Committed, Once},
    item::{Row, Shape},
    key,
    transaction::Transaction,
    webhook::WebhookEvent,
};

/// For how long a fact is kept here: it has counted long before, and what keeps it from counting
/// twice is the conversion's own key.
const LIFETIME: SignedDuration = SignedDuration::from_hours(90 * 24);
/// Facts that are written at once: each needs a connection of its own.
const AT_ONCE: usize = 16;

/// What became of a fact among others.
#[derive(Debug)]
pub enum Recorded {
    /// It is kept, now or since it was reported before.
    Kept,
    /// It was reported before and told of other money.
    Differs,
    /// It alone cannot be kept, however often it is tried: it is too large, or what is in its place
    /// cannot be read.
    Failed(Error),
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct FactItem(FactReceived);

impl Shape for FactItem {
    const ENTITY: &'static str = "fact";
}

impl Store {
    /// Keeps a fact that a merchant's server reported, marked so that it goes on its way. The same
    /// fact reported again is as good as kept.
    ///
    /// # Errors
    /// [`Error::Condition`] when the fact was reported before and told of other money.
    pub async fn record_fact(&self, fact: &FactReceived, once: Once<'_>) -> Result<Committed, Error> {
        let mut transaction = Transaction::new();
        let position = transaction.put_new(row(fact)?);
        let error = match self.commit_once(transaction, once).await {
            Ok(committed) => return Ok(committed),
            Err(error) => error,
        };
        // Reported under another key, or so long ago that the answer has expired and the fact not.
        if is_kept(&error, position, fact)? { Ok(Committed::Now) } else { Err(error) }
    }

    /// Keeps facts, each for itself: one that cannot be kept takes no other one along. Of two that are
    /// the same fact, the first one is kept.
    ///
    /// It is no transaction, and needs none: facts are independent, and each is written together with
    /// the mark that sends it on its way. A transaction would cost twice as much, and the one fact
    /// in it that is known already would undo it. When the table fails half way, some are kept; the same
    /// call repeated finds them and keeps the others.
    ///
    /// # Errors
    /// When the table cannot be written now.
    pub async fn record_facts(&self, facts: &[FactReceived]) -> Result<Vec<Recorded>, Error> {
        let mut seen = HashSet::new();
        let (first, again): (Vec<_>, Vec<_>) =
            facts.iter().enumerate().partition(|(_, fact)| seen.insert(&fact.id));
        let first: Vec<_> = first.into_iter().map(|(place, fact)| self.keep_fact(place, fact)).collect();
        let mut recorded: Vec<_> = stream::iter(first).buffered(AT_ONCE).try_collect().await?;
        for (place, fact) in again {
            recorded.push(self.keep_fact(place, fact).await?);
        }
        recorded.sort_by_key(|(place, _)| *place);
        Ok(recorded.into_iter().map(|(_, recorded)| recorded).collect())
    }

    async fn keep_fact(&self, place: usize, fact: &FactReceived) -> Result<(usize, Recorded), Error> {
        let put = async {
            let mut transaction = Transaction::new();
            let position = transaction.put_new(row(fact)?);
            match self.commit(transaction).await {
                Ok(()) => Ok(Recorded::Kept),
                Err(error) if is_kept(&error, position, fact)? => Ok(Recorded::Kept),
                Err(Error::Condition(_)) => Ok(Recorded::Differs),
                Err(error) => Err(error),
            }
        };
        match put.await {
            Ok(recorded) => Ok((place, recorded)),
            Err(error @ (Error::Corrupt { .. } | Error::Limit(_))) => Ok((place, Recorded::Failed(error))),
            Err(error) => Err(error),
        }
    }
}

/// The fact as it waits to be sent on its way.
fn row(fact: &FactReceived) -> Result<Row, Error> {
    let expires_at = fact.received_at.saturating_add(LIFETIME).unwrap_or(Timestamp::MAX);
    let row = Row::new(&key::fact(&fact.id), &FactItem(fact.clone()))?;
    Ok(row.expiring(expires_at).outbox(fact.received_at))
}

/// Did the write fail because the fact is there already, telling of the same money?
fn is_kept(error: &Error, position: usize, fact: &FactReceived) -> Result<bool, Error> {
    let kept = error.failures().and_then(|failures| failures.at(position)?.old.clone());
    let kept = kept.map(Row::parse::<FactItem>).transpose()?;
    Ok(kept.is_some_and(|FactItem(kept)| kept.fact.agrees_with(&fact.fact)))
}

/// The facts that a row carries: one that was reported, or those of a webhook event; none for any
/// other row.
///
/// # Errors
/// When the row is corrupt.
pub fn facts_of(row: Row) -> Result<Vec<FactReceived>, Error> {
    match row.entity() {
        FactItem::ENTITY => row.parse().map(|FactItem(fact)| vec![fact]),
        WebhookEvent::ENTITY => row.parse().map(|event: WebhookEvent| event.facts),
        _ => Ok(Vec::new()),
    }
}
