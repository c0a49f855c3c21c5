//! Addresses for webhooks, and the events that came in.

use domain::{
    conversion::FactReceived,
    id::{PartnerId, WebhookEndpointId},
    partner::{IdentityWord, Partner},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Store,
    error::{Error, Failure},
    expression::{Condition, Update},
    item::{Row, Shape},
    key::{self, Key},
    outbox,
    page::{List, Page, PageRequest},
    partner::partner_row,
    table::Read,
    transaction::Transaction,
    versioned::Versioned,
};

mod endpoint;
mod traffic;

pub use endpoint::{RotationError, SigningSecret, WebhookEndpoint};
pub use traffic::{LastFailure, WebhookTraffic};

/// For how long an event is kept: senders repeat for days, people ask for weeks. What an event
/// told stays for good in what it changed.
const EVENT_LIFETIME: SignedDuration = SignedDuration::from_hours(90 * 24);
/// How often a word on a partner's identity is tried when somebody else changes the partner.
const IDENTITY_TRIES: usize = 4;

const SENT_AT: &str = "sent_at";

/// An event as it came in.
///
/// Its body is not kept, only what it told: a body has three to ten times the size, all of it the
/// names and addresses of customers, and every write of the event would cost that much more. The
/// sender keeps it: should an event have been misread, it can be sent again from there, and what it
/// then tells beyond what is known goes on its way; see [`Store::record_webhook_event`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookEvent {
    /// The address it came to.
    pub endpoint_id: WebhookEndpointId,
    /// The sender's id of it.
    pub event_id: String,
    /// The sender's name for its kind.
    pub kind: String,
    /// When it came in.
    pub received_at: Timestamp,
    /// What it tells; none for an event that concerns nothing here.
    pub facts: Vec<FactReceived>,
    /// When its facts last went on their way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
}

impl Shape for WebhookEvent {
    const ENTITY: &'static str = "webhook_event";
}

impl WebhookEvent {
    /// What an event is known by where it is parked; also what it is sealed for there.
    #[must_use]
    pub fn message_id(endpoint: &WebhookEndpointId, event_id: &str) -> String {
        format!("{endpoint}/{event_id}")
    }

    /// The address and the event that a parked message is about.
    #[must_use]
    pub fn of_message_id(message_id: &str) -> Option<(WebhookEndpointId, &str)> {
        let (endpoint, event_id) = message_id.split_once('/')?;
        Some((endpoint.parse().ok()?, event_id))
    }

    /// Does it tell something that the other one does not?
    fn tells_more_than(&self, other: &Self) -> bool {
        let is_known = |fact: &FactReceived| {
            other.facts.iter().any(|known| {
                (&known.source, &known.external_id, &known.fact)
                    == (&fact.source, &fact.external_id, &fact.fact)
            })
        };
        !self.facts.iter().all(is_known)
    }
}

/// An event, and whether it still waits to be sent on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedEvent {
    /// The event.
    pub event: WebhookEvent,
    /// Are its facts yet to go on their way?
    pub is_waiting: bool,
}

/// Was an event new?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventRecorded {
    /// Yes: it is kept now, and what it tells will count.
    Now,
    /// No: it came before.
    Before,
    /// It came before and was understood otherwise: what it tells now goes on its way too.
    Otherwise,
}

impl Store {
    /// Keeps an event; one that tells facts is marked, so that they go on their way.
    ///
    /// An event that came before is left alone, unless it tells now what it did not tell then, as
    /// after a correction of how its sender is read: then it is marked again. Facts that have counted
    /// before are harmless.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn record_webhook_event(&self, event: &WebhookEvent) -> Result<EventRecorded, Error> {
        self.record_event(event, Transaction::new()).await
    }

    /// Keeps an event together with what it says of a partner's identity.
    ///
    /// # Errors
    /// [`Error::Condition`] when somebody else changed the partner meanwhile.
    pub async fn record_identity_event(
        &self,
        event: &WebhookEvent,
        read: &Versioned<Partner>,
        changed: &Partner,
    ) -> Result<EventRecorded, Error> {
        let mut transaction = Transaction::new();
        transaction.replace(partner_row(changed)?, read.revision);
        self.record_event(event, transaction).await
    }

    /// Keeps an event together with the change of the partner whose identity it speaks of, so that the
    /// word is heard once and never lost. A word that changes nothing, or is about nobody we know, is
    /// only kept.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the partner was changed again and again.
    pub async fn record_identity_word(
        &self,
        event: &WebhookEvent,
        partner: &PartnerId,
        word: &IdentityWord,
    ) -> Result<EventRecorded, Error> {
        for _ in 0..IDENTITY_TRIES {
            let heard = self.partner(partner).await?.and_then(|read| {
                let identity = read.value.identity.heard(word)?;
                let changed = Partner { identity, ..read.value.clone() };
                Some((read, changed))
            });
            let recorded = match heard {
                Some((read, changed)) => self.record_identity_event(event, &read, &changed).await,
                None => self.record_webhook_event(event).await,
            };
            match recorded {
                Err(Error::Condition(_)) => {}
                recorded => return recorded,
            }
        }
        Err(Error::Conflict)
    }

    async fn record_event(
        &self,
        event: &WebhookEvent,
        mut transaction: Transaction,
    ) -> Result<EventRecorded, Error> {
        let position = transaction.put_new(event_row(event, event.received_at)?);
        match self.commit(transaction).await {
            Ok(()) => Ok(EventRecorded::Now),
            Err(Error::Condition(failures)) => match failures.at(position) {
                Some(Failure { old: Some(kept), .. }) => self.record_otherwise(event, kept.clone()).await,
                Some(_) => Ok(EventRecorded::Before),
                None => Err(Error::Condition(failures)),
            },
            Err(error) => Err(error),
        }
    }

    /// An event that came before: kept anew when it tells more than it did.
    async fn record_otherwise(&self, event: &WebhookEvent, row: Row) -> Result<EventRecorded, Error> {
        let (revision, kept) = (row.revision(), row.parse::<WebhookEvent>()?);
        if !event.tells_more_than(&kept) {
            return Ok(EventRecorded::Before);
        }
        let WebhookEvent { received_at, sent_at, .. } = kept;
        let anew = WebhookEvent { received_at, sent_at, ..event.clone() };
        let mut transaction = Transaction::new();
        transaction.replace(event_row(&anew, event.received_at)?, revision);
        match self.commit(transaction).await {
            Ok(()) => Ok(EventRecorded::Otherwise),
            // It was sent on, or recorded anew, this very moment. The sender comes again.
            Err(Error::Condition(_)) => Err(Error::Conflict),
            Err(error) => Err(error),
        }
    }

    /// The events that came to an address, the latest first.
    ///
    /// # Errors
    /// When the table cannot be read, or a row is corrupt.
    pub async fn webhook_events(
        &self,
        endpoint: &WebhookEndpointId,
        page: &PageRequest,
    ) -> Result<Page<ListedEvent>, Error> {
        let partitions = key::webhook_events_of(endpoint);
        self.list(&List { partitions: &partitions, newest_first: true }, page, |_| true)
            .await?
            .try_map(listed)
    }

    /// An event that came to an address, as the last write left it.
    ///
    /// # Errors
    /// When the table cannot be read, or the item is corrupt.
    pub async fn webhook_event(
        &self,
        endpoint: &WebhookEndpointId,
        event_id: &str,
    ) -> Result<Option<ListedEvent>, Error> {
        let row = self.get(&key::webhook_event(endpoint, event_id), Read::Strong).await?;
        row.map(listed).transpose()
    }

    /// Marks an event again, so that what it tells goes on its way once more; none when there is no
    /// such event. Nothing happens to an event that tells nothing.
    ///
    /// # Errors
    /// When the table cannot be read or written, or the item is corrupt.
    pub async fn send_again(
        &self,
        endpoint: &WebhookEndpointId,
        event_id: &str,
        now: Timestamp,
    ) -> Result<Option<ListedEvent>, Error> {
        let found = self.webhook_event(endpoint, event_id).await?;
        if found.as_ref().is_none_or(|found| found.event.facts.is_empty()) {
            return Ok(found);
        }
        let key = key::webhook_event(endpoint, event_id);
        let place = key::outbox(&key, now);
        // By now it may have been removed: then there is nothing to send.
        match self.update(Update::new(key).list(place).when(Condition::Exists)).await {
            Ok(row) => listed(row).map(Some),
            Err(Error::Condition(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn event_row(event: &WebhookEvent, marked_at: Timestamp) -> Result<Row, Error> {
    let expires_at = event.received_at.saturating_add(EVENT_LIFETIME).unwrap_or(Timestamp::MAX);
    let (endpoint, id) = (&event.endpoint_id, &event.event_id);
    let row = Row::new(&key::webhook_event(endpoint, id), event)?
        .listed(key::webhook_event_of_endpoint(endpoint, id, event.received_at))
        .expiring(expires_at);
    Ok(if event.facts.is_empty() { row } else { row.outbox(marked_at) })
}

fn listed(row: Row) -> Result<ListedEvent, Error> {
    let is_waiting = outbox::is_marked(&row);
    Ok(ListedEvent { event: row.parse()?, is_waiting })
}

/// The change that notes that an event's facts have gone on their way.
pub(crate) fn sent(key: Key, now: Timestamp) -> Update {
    outbox::unmark(key).set(SENT_AT, now.to_string())
}

/// Were an event's facts sent on before the row was written?
pub(crate) fn was_sent(row: &Row) -> bool {
    row.text(SENT_AT).is_some()
}
