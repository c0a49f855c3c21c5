//! Events: the envelope, and which object each type carries.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{dispute, payment, referral, refund};
use crate::webhook::{
    Content, Context, Received, Unreadable,
    json::{self, Event},
};

/// The envelope of an event.
#[derive(Deserialize)]
struct Envelope {
    id: String,
    event_type: String,
    create_time: Timestamp,
    #[serde(default)]
    resource: Value,
}

pub(super) fn parse(body: &[u8], context: &Context<'_>) -> Result<Received, Unreadable> {
    let envelope: Envelope = json::envelope(&json::parse(body)?)?;
    let (kind, at) = (envelope.event_type, envelope.create_time);
    let content = content(&Event { kind: &kind, at, object: &envelope.resource, context })?;
    Ok(Received { event_id: envelope.id, occurred_at: at, kind, content })
}

fn content(event: &Event<'_>) -> Result<Content, Unreadable> {
    let facts = match event.kind {
        "PAYMENT.CAPTURE.COMPLETED" => payment::capture_facts(event)?,
        "PAYMENT.SALE.COMPLETED" => payment::sale_facts(event)?,
        "PAYMENT.CAPTURE.REFUNDED"
        | "PAYMENT.CAPTURE.REVERSED"
        | "PAYMENT.REFUND.FAILED"
        | "PAYMENT.SALE.REFUNDED"
        | "PAYMENT.SALE.REVERSED" => refund::facts(event)?,
        "CUSTOMER.DISPUTE.CREATED" | "CUSTOMER.DISPUTE.UPDATED" | "CUSTOMER.DISPUTE.RESOLVED" => {
            dispute::facts(event)?
        }
        "CHECKOUT.ORDER.COMPLETED" => referral::of_order(event)?,
        "BILLING.SUBSCRIPTION.ACTIVATED" => referral::of_subscription(event)?,
        _ => return Ok(Content::Ignored),
    };
    Ok(Content::of(facts))
}
