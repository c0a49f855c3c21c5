//! Events: the envelope, and which object each type carries.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{invoice, transaction};
use crate::webhook::{
    Content, Context, Received, Unreadable,
    json::{self, Event},
};

/// The envelope of an event.
#[derive(Deserialize)]
struct Envelope {
    id: String,
    event_type: String,
    occurred_at: i64,
    #[serde(default)]
    content: Value,
}

pub(super) fn parse(body: &[u8], context: &Context<'_>) -> Result<Received, Unreadable> {
    let envelope: Envelope = json::envelope(&json::parse(body)?)?;
    let at = Timestamp::from_second(envelope.occurred_at).map_err(|_| json::not_an_event("occurred_at"))?;
    let content = content(&Event { kind: &envelope.event_type, at, object: &envelope.content, context })?;
    Ok(Received { event_id: envelope.id, occurred_at: at, kind: envelope.event_type, content })
}

fn content(event: &Event<'_>) -> Result<Content, Unreadable> {
    let facts = match event.kind {
        "payment_succeeded" | "invoice_generated" | "invoice_updated" | "subscription_renewed" => {
            invoice::facts(event)?
        }
        "payment_refunded" | "transaction_created" | "transaction_updated" | "transaction_deleted" => {
            transaction::facts(event)?
        }
        _ => return Ok(Content::Ignored),
    };
    Ok(Content::of(facts))
}
