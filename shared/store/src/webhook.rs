//! Addresses for webhooks, and the events that came in.

use domain::{
    conversion::FactReceived,
    id::{ProgramId, WebhookEndpointId},
    partner::Partner,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Store,
    error::Error,
    idempotency::{Committed, Once},
    item::{Row, Shape},
    key,
    partner::partner_row,
    table::Read,
    transaction::Transaction,
    versioned::Versioned,
};

/// For how long an event is kept: senders repeat for days, people ask for weeks. What an event
/// told stays for good in what it changed.
const EVENT_LIFETIME: SignedDuration = SignedDuration::from_hours(90 * 24);

/// An address to which a payment provider sends its webhooks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookEndpoint {
    /// Which address.
    pub id: WebhookEndpointId,
    /// The program that its events belong to.
    pub program_id: ProgramId,
    /// Who sends.
    pub provider: String,
    /// The secrets that sign its events, sealed; several while one replaces another.
    pub sealed_secrets: Vec<String>,
    /// Creation time.
    pub created_at: Timestamp,
}

impl WebhookEndpoint {
    /// Where an address's secrets belong: sealed for it, they do not open at another.
    #[must_use]
    pub fn secret_context(id: &WebhookEndpointId) -> String {
        format!("{id}/signing-secret")
    }
}

impl Shape for WebhookEndpoint {
    const ENTITY: &'static str = "webhook_endpoint";
}

/// An event as it came in.
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
}

impl Shape for WebhookEvent {
    const ENTITY: &'static str = "webhook_event";
}

/// Was an event new?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventRecorded {
    /// Yes: it is kept now, and what it tells will count.
    Now,
    /// No: it came before.
    Before,
}

impl Store {
    /// Keeps a new address for webhooks.
    ///
    /// # Errors
    /// [`Error::Condition`] when there is one of this id.
    pub async fn create_webhook_endpoint(
        &self,
        endpoint: &WebhookEndpoint,
        once: Once<'_>,
    ) -> Result<Committed, Error> {
        let mut transaction = Transaction::new();
        transaction.put_new(Row::new(&key::webhook_endpoint(&endpoint.id), endpoint)?);
        self.commit_once(transaction, once).await
    }

    /// An address for webhooks, as the last write left it.
    ///
    /// # Errors
    /// When the table cannot be read, or the item is corrupt.
    pub async fn webhook_endpoint(&self, id: &WebhookEndpointId) -> Result<Option<WebhookEndpoint>, Error> {
        self.get(&key::webhook_endpoint(id), Read::Strong).await?.map(Row::parse).transpose()
    }

    /// Keeps an event; one that tells facts is marked, so that they go on their way.
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

    async fn record_event(
        &self,
        event: &WebhookEvent,
        mut transaction: Transaction,
    ) -> Result<EventRecorded, Error> {
        let expires_at = event.received_at.saturating_add(EVENT_LIFETIME).unwrap_or(Timestamp::MAX);
        let row = Row::new(&key::webhook_event(&event.endpoint_id, &event.event_id), event)?;
        let row = row.expiring(expires_at);
        let row = if event.facts.is_empty() { row } else { row.outbox(event.received_at) };
        let position = transaction.put_new(row);
        match self.commit(transaction).await {
            Ok(()) => Ok(EventRecorded::Now),
            Err(Error::Condition(failures)) if failures.at(position).is_some() => Ok(EventRecorded::Before),
            Err(error) => Err(error),
        }
    }
}
