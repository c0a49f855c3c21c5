//! Webhook endpoints and events as administrators see them. Secrets are never shown again.

use domain::{
    conversion::{Fact, FactReceived},
    id::{ConversionId, ProgramId, WebhookEndpointId},
};
use jiff::Timestamp;
use serde::Serialize;
use store::webhook::{ListedEvent, SigningSecret, WebhookEndpoint};

use crate::LinkAddress;

/// A webhook endpoint.
#[derive(Debug, Clone, Serialize)]
pub struct EndpointView {
    /// Its id.
    pub id: WebhookEndpointId,
    /// The program that its events belong to.
    pub program_id: ProgramId,
    /// Who sends.
    pub provider: String,
    /// Where the sender has to send to.
    pub url: String,
    /// What signs its events, the oldest first.
    pub secrets: Vec<SecretView>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A signing secret that counts now.
#[derive(Debug, Clone, Serialize)]
pub struct SecretView {
    /// Its number at its endpoint, from 1.
    pub number: u32,
    /// When it was given to us.
    pub added_at: Timestamp,
    /// From when on it counts no more.
    pub expires_at: Option<Timestamp>,
}

impl EndpointView {
    /// An endpoint as it is now.
    #[must_use]
    pub fn new(endpoint: WebhookEndpoint, address: &LinkAddress, now: Timestamp) -> Self {
        let secrets = endpoint.live_secrets(now).map(SecretView::new).collect();
        let WebhookEndpoint { id, program_id, provider, created_at, .. } = endpoint;
        let url = address.beside(&format!("/webhooks/{provider}/{id}"));
        Self { id, program_id, provider, url, secrets, created_at }
    }
}

impl SecretView {
    fn new(secret: &SigningSecret) -> Self {
        Self { number: secret.number, added_at: secret.added_at, expires_at: secret.expires_at }
    }
}

/// An event that came by webhook.
#[derive(Debug, Clone, Serialize)]
pub struct EventView {
    /// The endpoint it came to.
    pub endpoint_id: WebhookEndpointId,
    /// The sender's id of it.
    pub id: String,
    /// The sender's name for its kind.
    pub kind: String,
    /// When it came in.
    pub received_at: Timestamp,
    /// How far it is.
    pub status: EventStatus,
    /// When what it tells last went on its way.
    pub sent_at: Option<Timestamp>,
    /// What it tells.
    pub facts: Vec<FactView>,
}

/// How far an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventStatus {
    /// It tells nothing that counts here.
    Recorded,
    /// What it tells is about to go on its way.
    Waiting,
    /// What it tells is on its way, or has counted.
    Sent,
}

/// A fact that an event tells: what it is about, and nothing of the customer.
#[derive(Debug, Clone, Serialize)]
pub struct FactView {
    /// What happened.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The system that knows the charge.
    pub source: String,
    /// The charge's id there.
    pub external_id: String,
    /// The conversion it is about; none for what is about a customer.
    pub conversion_id: Option<ConversionId>,
}

impl From<ListedEvent> for EventView {
    fn from(ListedEvent { event, is_waiting }: ListedEvent) -> Self {
        let status = match (is_waiting, event.facts.is_empty()) {
            (true, _) => EventStatus::Waiting,
            (false, true) => EventStatus::Recorded,
            (false, false) => EventStatus::Sent,
        };
        Self {
            endpoint_id: event.endpoint_id,
            id: event.event_id,
            kind: event.kind,
            received_at: event.received_at,
            status,
            sent_at: event.sent_at,
            facts: event.facts.into_iter().map(FactView::from).collect(),
        }
    }
}

impl From<FactReceived> for FactView {
    fn from(received: FactReceived) -> Self {
        let conversion_id = received.conversion_id();
        let (kind, conversion_id) = match received.fact {
            Fact::Charge(_) => ("charge", Some(conversion_id)),
            Fact::Refund(_) => ("refund", Some(conversion_id)),
            Fact::Alias(_) => ("alias", Some(conversion_id)),
            Fact::Referral(_) => ("referral", None),
        };
        Self { kind, source: received.source, external_id: received.external_id, conversion_id }
    }
}
