//! Events: the envelope, and which object each type carries.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{adjustment, transaction};
use crate::webhook::{
    Content, Context, Received, Unreadable,
    json::{self, Event},
};

/// The envelope: <https://developer.paddle.com/webhooks/respond-to-webhooks>.
#[derive(Deserialize)]
struct Envelope {
    event_id: String,
    event_type: String,
    occurred_at: Timestamp,
    #[serde(default)]
    data: Value,
}

pub(super) fn parse(body: &[u8], context: &Context<'_>) -> Result<Received, Unreadable> {
    let Envelope { event_id, event_type, occurred_at, data } = json::envelope(&json::parse(body)?)?;
    let event = Event { kind: &event_type, at: occurred_at, object: &data, context };
    let facts = match event.kind {
        "transaction.completed" => transaction::facts(&event)?,
        "adjustment.created" | "adjustment.updated" => adjustment::facts(&event)?,
        _ => Vec::new(),
    };
    Ok(Received { event_id, occurred_at, content: Content::of(facts), kind: event_type })
}
