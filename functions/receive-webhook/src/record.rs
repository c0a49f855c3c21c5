//! Keeping what came in.

use domain::id::EventId;
use jiff::Timestamp;
use providers::webhook::{Content, Delivery, Door, Received, Unreadable, WebhookSender};
use runtime::{Keyring, Problem};
use store::{
    Store,
    park::{Parked, Queue},
    webhook::{WebhookEndpoint, WebhookEvent},
};

/// Keeps an event once, with what it says.
pub(crate) async fn record(
    store: &Store,
    endpoint: &WebhookEndpoint,
    received: Received,
    now: Timestamp,
) -> Result<(), Problem> {
    let WebhookEndpoint { id: endpoint_id, program_id, provider, .. } = endpoint;
    let facts = received.facts(&Door { endpoint_id, program_id, sender: provider, now });
    let Received { event_id, kind, content, .. } = received;
    let event = WebhookEvent {
        endpoint_id: endpoint_id.clone(),
        event_id,
        kind,
        received_at: now,
        facts,
        sent_at: None,
    };
    match content {
        Content::Identity { partner_id, word } => {
            store.record_identity_word(&event, &partner_id, &word).await?
        }
        Content::Facts(_) | Content::Ignored => store.record_webhook_event(&event).await?,
    };
    Ok(())
}

/// What is larger does not fit an item of the table once it is sealed, which takes a third more.
const KEPT_MAX: usize = 256 * 1024;

/// Sets an event aside that should mean something and cannot be read. Sending it again would not
/// help, so it is acknowledged. It is not among the events that came in: once it can be read, the
/// sender may deliver it again, or an administrator replay it, and it counts. What came holds what is
/// personal, and is sealed.
pub(crate) async fn park(
    (store, keyring): (&Store, &Keyring),
    sender: &dyn WebhookSender,
    endpoint: &WebhookEndpoint,
    delivery: &Delivery<'_>,
    error: &Unreadable,
    now: Timestamp,
) -> Result<(), Problem> {
    // Without an id of its own an event is known by its bytes, so that none takes another's place.
    let event_id = sender.event_id(delivery).filter(|id| !id.is_empty()).unwrap_or_else(|| {
        EventId::derive(&[endpoint.id.as_str(), &String::from_utf8_lossy(delivery.body)]).to_string()
    });
    let message_id = WebhookEvent::message_id(&endpoint.id, &event_id);
    let (kept, mut detail) = (delivery.to_bytes(), error.to_string());
    let body = if kept.len() <= KEPT_MAX {
        keyring.seal(&message_id, &kept).map_err(Problem::internal)?
    } else {
        detail.push_str("; it was too large to be kept, so that its sender has to send it again");
        String::new()
    };
    let code = "unreadable_event".to_owned();
    let parked = Parked { queue: Queue::Webhooks, message_id, body, code, detail, parked_at: now };
    Ok(runtime::park(store, &parked).await?)
}
