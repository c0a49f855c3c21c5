//! What comes to an address for webhooks: how much, when last, and what was refused.
//!
//! Figures for support, not for money. They are kept off the way of a sale: who receives a webhook
//! writes the event and nothing that other events write too. What came in is counted from the table's
//! stream, once the facts are on their way, in eight items for each address, so that a busy one holds
//! nothing up. It is counted after the event's marker was taken away, which happens once, and not in
//! the same write, which would cost twice as much: a function that dies in between leaves one event
//! uncounted, and one without facts, which has no marker, may be counted again when the stream
//! repeats itself.
//!
//! Refusals anybody on the internet can cause, so that they must not cost a write each: what is
//! younger than a minute stands for all others of that minute. How many there really were, the metric
//! `InvalidSignatures` says.

use domain::id::WebhookEndpointId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::WebhookEvent;
use crate::{
    Store,
    error::Error,
    expression::{Condition, Update},
    item::{ENTITY, Row, Shape, VERSION},
    key,
    table::{Query, Read},
};

/// One refusal of an address is noted in this time.
const FAILURE_REST: SignedDuration = SignedDuration::from_mins(1);

const RECEIVED: &str = "received";
const FAILED: &str = "failed";
const AT: &str = "at";
const REASON: &str = "reason";

/// How an address is used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookTraffic {
    /// Events that came in, one that was delivered again not counted.
    pub received: u64,
    /// When the last of them did.
    pub last_received_at: Option<Timestamp>,
    /// Minutes in which at least one delivery was refused.
    pub failed: u64,
    /// The last refusal that was noted.
    pub last_failure: Option<LastFailure>,
}

/// Why a delivery was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastFailure {
    /// When.
    pub at: Timestamp,
    /// One word.
    pub reason: String,
}

#[derive(Serialize, Deserialize)]
struct ReceivedItem {
    received: u64,
    at: Timestamp,
}

impl Shape for ReceivedItem {
    const ENTITY: &'static str = "webhooks_received";
}

#[derive(Serialize, Deserialize)]
struct FailedItem {
    failed: u64,
    #[serde(flatten)]
    last: LastFailure,
}

impl Shape for FailedItem {
    const ENTITY: &'static str = "webhooks_failed";
}

impl Store {
    /// Counts an event that came in.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn count_webhook_event(&self, event: &WebhookEvent) -> Result<(), Error> {
        let update = Update::new(key::webhook_received(&event.endpoint_id, &event.event_id))
            .set(ENTITY, ReceivedItem::ENTITY)
            .set(VERSION, ReceivedItem::VERSION)
            // The stream hands over nearly in order; a moment too early does no harm.
            .set(AT, event.received_at.to_string())
            .add(RECEIVED, 1);
        self.update(update).await.map(drop)
    }

    /// Notes that a delivery was refused, unless one was noted within the last minute; false then.
    /// What need not be noted costs half a read unit.
    ///
    /// # Errors
    /// When the table cannot be read or written.
    pub async fn note_webhook_failure(
        &self,
        endpoint: &WebhookEndpointId,
        reason: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let key = key::webhook_failures(endpoint);
        let before = now.saturating_sub(FAILURE_REST).unwrap_or(Timestamp::MIN);
        // A condition that does not hold costs a write all the same, hence the look beforehand.
        let known = self.get(&key, Read::Eventual).await?.map(Row::parse::<FailedItem>).transpose()?;
        if known.is_some_and(|known| known.last.at > before) {
            return Ok(false);
        }
        let update = Update::new(key)
            .set(ENTITY, FailedItem::ENTITY)
            .set(VERSION, FailedItem::VERSION)
            .set(AT, key::time(now))
            .set(REASON, reason)
            .add(FAILED, 1)
            .when(Condition::Lacks(AT).or(Condition::at_most(AT, key::time(before))));
        match self.update(update).await {
            Ok(_) => Ok(true),
            Err(Error::Condition(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// How an address is used.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn webhook_traffic(&self, endpoint: &WebhookEndpointId) -> Result<WebhookTraffic, Error> {
        let partition = key::webhook_traffic(endpoint);
        let rows = self.query_all(Query::of(&partition)).await?;
        let mut traffic = WebhookTraffic::default();
        for row in rows {
            if row.entity() == FailedItem::ENTITY {
                let item: FailedItem = row.parse()?;
                (traffic.failed, traffic.last_failure) = (item.failed, Some(item.last));
            } else {
                let item: ReceivedItem = row.parse()?;
                traffic.received = traffic.received.saturating_add(item.received);
                traffic.last_received_at = traffic.last_received_at.max(Some(item.at));
            }
        }
        Ok(traffic)
    }
}
