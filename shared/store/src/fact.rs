//! Facts as they came through a door, on their way to the worker that makes them count.

use domain::conversion::FactReceived;
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
        let expires_at = fact.received_at.saturating_add(LIFETIME).unwrap_or(Timestamp::MAX);
        let row = Row::new(&key::fact(&fact.id), &FactItem(fact.clone()))?;
        let mut transaction = Transaction::new();
        let position = transaction.put_new(row.expiring(expires_at).outbox(fact.received_at));
        let error = match self.commit_once(transaction, once).await {
            Ok(committed) => return Ok(committed),
            Err(error) => error,
        };
        // Reported under another key, or so long ago that the answer has expired and the fact not.
        let kept = error.failures().and_then(|failures| failures.at(position)?.old.clone());
        match kept.map(Row::parse::<FactItem>).transpose()? {
            Some(FactItem(kept)) if kept.fact.agrees_with(&fact.fact) => Ok(Committed::Now),
            _ => Err(error),
        }
    }
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
