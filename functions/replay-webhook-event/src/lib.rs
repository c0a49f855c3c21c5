//! `POST /admin/webhook-events/{endpoint_id}/{event_id}/replay`: what an event tells goes on its way
//! again; an event that could not be read when it came is read now.
//!
//! It can be repeated at will: facts count once. For an event that was parked the order is: recorded
//! first, as if it had just come in, and only then taken off the parked list. Dying in between leaves
//! it on the list, and the next replay ends it.

use domain::id::WebhookEndpointId;
use providers::webhook::{self, Content, Context, Door, KeptDelivery, Received};
use runtime::{Answer, Keyring, Problem, Request, Response, view::webhook::EventView};
use store::{
    Store,
    park::{Parked, Queue, Resolution, ResolutionKind, parked_id},
    webhook::{ListedEvent, WebhookEndpoint, WebhookEvent},
};

/// Replays an event, and answers with it as it is now.
///
/// # Errors
/// Every [`Problem`] that the contract lists for this operation.
pub async fn handle((store, keyring): (Store, Keyring), request: Request) -> Answer {
    let admin = request.admin()?;
    let endpoint_id: WebhookEndpointId = request.path_id("endpoint_id")?;
    let event_id = request.path_text("event_id").ok_or_else(Problem::not_found)?;
    let endpoint = store.webhook_endpoint(&endpoint_id).await?.ok_or_else(Problem::not_found)?.value;
    let now = request.received_at();
    let message_id = WebhookEvent::message_id(&endpoint_id, event_id);
    let event = match store.send_again(&endpoint_id, event_id, now).await? {
        Some(event) => event,
        None => {
            let id = parked_id(Queue::Webhooks, &message_id);
            let parked = store.parked_message(Queue::Webhooks, &id).await?;
            read_now(&store, &keyring, &endpoint, parked.ok_or_else(Problem::not_found)?).await?
        }
    };
    let resolution = Resolution { outcome: ResolutionKind::Retried, by: admin.subject, at: now };
    store.resolve_if_parked(Queue::Webhooks, &message_id, &resolution).await?;
    Response::accepted(&EventView::from(event))
}

/// Reads an event that could not be read when it came, and records it as of then.
async fn read_now(
    store: &Store,
    keyring: &Keyring,
    endpoint: &WebhookEndpoint,
    parked: Parked,
) -> Result<ListedEvent, Problem> {
    let WebhookEndpoint { id: endpoint_id, program_id, provider, .. } = endpoint;
    let program = store.program(program_id).await?.ok_or_else(Problem::not_found)?;
    if parked.body.is_empty() {
        return Err(Problem::conflict("it was too large to be kept: have its sender send it again"));
    }
    let opened = keyring.open(&parked.message_id, &parked.body).map_err(Problem::internal)?;
    let kept = KeptDelivery::from_bytes(&opened)
        .ok_or_else(|| Problem::internal("what was kept of the delivery is not one"))?;
    let unreadable = |detail: String| Problem::conflict(format!("it still cannot be read: {detail}"));
    let sender = webhook::sender(provider)
        .ok_or_else(|| unreadable(format!("{provider} is no longer among the providers known")))?;
    let hash_email = |email: &str| keyring.email_hash(email);
    let context = Context { program_id, currency: program.currency, hash_email: &hash_email };
    let received =
        webhook::read(sender, &kept.delivery(), &context).map_err(|error| unreadable(error.to_string()))?;
    let door = Door { endpoint_id, program_id, sender: provider, now: parked.parked_at };
    record(store, &door, received).await
}

async fn record(store: &Store, door: &Door<'_>, received: Received) -> Result<ListedEvent, Problem> {
    let facts = received.facts(door);
    let is_waiting = !facts.is_empty();
    let event = WebhookEvent {
        endpoint_id: door.endpoint_id.clone(),
        event_id: received.event_id,
        kind: received.kind,
        received_at: door.now,
        facts,
        sent_at: None,
    };
    match received.content {
        Content::Identity { partner_id, word } => {
            store.record_identity_word(&event, &partner_id, &word).await?
        }
        Content::Facts(_) | Content::Ignored => store.record_webhook_event(&event).await?,
    };
    Ok(ListedEvent { event, is_waiting })
}
