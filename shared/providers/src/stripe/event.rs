//! Events: the envelope, and which object each type carries.
//!
//! One charge reaches us as several events. Its identity is the invoice where there is one, else
//! the payment intent; each event tells only what its object knows for certain, and names the
//! other id as an alias, so that all of them end in one conversion.
//!
//! What only announces, or tells that nothing was paid, is ignored: a session whose delayed payment
//! failed, an invoice that was voided or given up. No charge was told of them, so nothing is to be
//! taken back; an invoice that is paid after all is told by `invoice.paid`.

mod checkout;
mod credit_note;
mod discount;
mod dispute;
mod identity;
mod intent;
mod invoice;
mod line;
mod object;
mod refund;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::webhook::{
    Content, Context, Received, Unreadable,
    json::{self, Event},
};

/// The envelope of an event. Events of API v2 write the time as text and carry no object.
#[derive(Deserialize)]
struct Envelope {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    created: Created,
    #[serde(default)]
    data: Data,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Created {
    Seconds(i64),
    Text(Timestamp),
}

#[derive(Default, Deserialize)]
struct Data {
    #[serde(default)]
    object: Value,
}

pub(super) fn parse(body: &[u8], context: &Context<'_>) -> Result<Received, Unreadable> {
    let envelope: Envelope = json::envelope(&json::parse(body)?)?;
    let at = match envelope.created {
        Created::Text(at) => Ok(at),
        Created::Seconds(seconds) => Timestamp::from_second(seconds),
    };
    let at = at.map_err(|_| json::not_an_event("created"))?;
    let content = content(&Event { kind: &envelope.kind, at, object: &envelope.data.object, context })?;
    Ok(Received { event_id: envelope.id, occurred_at: at, kind: envelope.kind, content })
}

fn content(event: &Event<'_>) -> Result<Content, Unreadable> {
    let facts = match event.kind {
        "checkout.session.completed" | "checkout.session.async_payment_succeeded" => checkout::facts(event)?,
        "invoice.paid" => invoice::facts(event)?,
        "invoice_payment.paid" => invoice::payment_facts(event)?,
        "payment_intent.succeeded" => intent::facts(event)?,
        // The last one is the older name, still sent for some payment methods, of `refund.updated`.
        "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated" => {
            refund::facts(event)?
        }
        "charge.refunded" => refund::facts_of_charge(event)?,
        "credit_note.created" | "credit_note.updated" | "credit_note.voided" => credit_note::facts(event)?,
        "charge.dispute.created"
        | "charge.dispute.updated"
        | "charge.dispute.funds_withdrawn"
        | "charge.dispute.funds_reinstated"
        | "charge.dispute.closed" => dispute::facts(event)?,
        _ => return identity::content(event),
    };
    Ok(Content::of(facts))
}
