//! Keeping what came in.

use domain::{
    conversion::FactReceived,
    id::{EventId, PartnerId},
    partner::{IdentityWord, Partner},
};
use jiff::Timestamp;
use providers::webhook::{Content, ExternalFact, Received, Unreadable};
use runtime::{Problem, telemetry};
use store::{
    Error, Store,
    webhook::{WebhookEndpoint, WebhookEvent},
};

/// Where events are parked that could not be read.
const PARKED_IN: &str = "webhooks";
/// How often a word on a partner's identity is tried when somebody else changes the partner.
const IDENTITY_TRIES: u8 = 4;

/// Keeps an event once, with what it says.
pub(crate) async fn record(
    store: &Store,
    endpoint: &WebhookEndpoint,
    received: Received,
    now: Timestamp,
) -> Result<(), Problem> {
    let mut event = WebhookEvent {
        endpoint_id: endpoint.id.clone(),
        event_id: received.event_id,
        kind: received.kind,
        received_at: now,
        facts: Vec::new(),
    };
    match received.content {
        Content::Facts(facts) => event.facts = facts_received(endpoint, &event.event_id, facts, now),
        Content::Identity { partner_id, word } => {
            return record_identity(store, &event, &partner_id, &word).await;
        }
        Content::Ignored => {}
    }
    store.record_webhook_event(&event).await?;
    Ok(())
}

fn facts_received(
    endpoint: &WebhookEndpoint,
    event_id: &str,
    facts: Vec<ExternalFact>,
    now: Timestamp,
) -> Vec<FactReceived> {
    let received = |(index, external): (usize, ExternalFact)| FactReceived {
        id: EventId::derive(&[endpoint.id.as_str(), event_id, &index.to_string()]),
        program_id: endpoint.program_id.clone(),
        source: endpoint.provider.clone(),
        external_id: external.external_id,
        received_at: now,
        fact: external.fact,
    };
    facts.into_iter().enumerate().map(received).collect()
}

/// Keeps an event together with the change of the partner, so that the word is heard once and
/// never lost. A word that changes nothing, or is about nobody we know, is only kept.
async fn record_identity(
    store: &Store,
    event: &WebhookEvent,
    partner_id: &PartnerId,
    word: &IdentityWord,
) -> Result<(), Problem> {
    for _ in 0..IDENTITY_TRIES {
        let read = store.partner(partner_id).await?;
        let heard = read.and_then(|read| {
            let identity = read.value.identity.heard(word)?;
            let changed = Partner { identity, ..read.value.clone() };
            Some((read, changed))
        });
        let recorded = match heard {
            Some((read, changed)) => store.record_identity_event(event, &read, &changed).await,
            None => store.record_webhook_event(event).await,
        };
        match recorded {
            Ok(_) => return Ok(()),
            Err(Error::Condition(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::unavailable("the partner was changed again and again"))
}

/// What a parked event is known by; also what its body is sealed for.
pub(crate) fn parked_id(endpoint: &WebhookEndpoint, event_id: &str) -> String {
    format!("{}/{event_id}", endpoint.id)
}

/// Sets an event aside that should mean something and cannot be read. Sending it again would not
/// help, so it is acknowledged. It is not among the events that came in: once it can be read, the
/// sender may deliver it again and it counts. Its body holds what is personal, and is sealed.
pub(crate) async fn park(
    store: &Store,
    endpoint: &WebhookEndpoint,
    event_id: &str,
    sealed_body: &str,
    error: &Unreadable,
    now: Timestamp,
) -> Result<(), Problem> {
    let id = parked_id(endpoint, event_id);
    store.park(PARKED_IN, &id, sealed_body, &format!("unreadable: {error}"), now).await?;
    tracing::error!(
        record.source = PARKED_IN,
        record.id = id,
        error.cause = telemetry::chain(error),
        "event parked"
    );
    telemetry::metric("Parked", 1, &[("source", PARKED_IN)], now);
    Ok(())
}
