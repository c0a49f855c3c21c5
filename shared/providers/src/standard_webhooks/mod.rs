//! Standard Webhooks, for the merchant's own systems: what the API takes, as an event.
//!
//! Source: <https://www.standardwebhooks.com>, its specification at
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>. The
//! specification leaves the payload to the sender; here it is the one that it recommends,
//!
//! ```json
//! {"type": "sale.created", "timestamp": "2026-11-02T10:30:00Z", "data": {"external_id": "order-1", ...}}
//! ```
//!
//! with a [report](crate::report) as its `data`. Types of event:
//!
//! | `type` | report |
//! | --- | --- |
//! | `sale.created`, `renewal.created`, `lead.created` | `sale`, `renewal`, `lead` |
//! | `refund.created`, `refund.failed` | `refund`, `refund_failed` |
//! | `dispute.opened`, `dispute.lost`, `dispute.won` | `dispute_opened`, `dispute_lost`, `dispute_won` |
//! | `cancellation.created`, `reinstatement.created` | `cancellation`, `reinstatement` |
//!
//! Others mean nothing here. The report may leave its own `type` out, and its `occurred_at`, which is
//! then the event's `timestamp`.
//!
//! # One charge, two doors
//!
//! What a conversion is known by is the report's `source` and `external_id`, and `source` is what it is
//! by the API: `api` unless the report names another system. The name of this sender is no part of it. So
//! a sale that is reported by the API and again by webhook is one conversion, whichever comes first, and
//! a merchant may move from one to the other between a sale and its refund. A report that names `stripe`
//! as its source is about the same charge as Stripe's own event.

mod event;
mod signature;
#[cfg(test)]
mod tests;

use crate::webhook::{
    Context, Delivery, InvalidSecret, InvalidSignature, Proof, Received, Unreadable, WebhookSender, header,
};

/// The event's id: the same for every attempt to deliver it.
const ID: &str = "webhook-id";
/// When it was sent: the attempt, not the event.
const TIMESTAMP: &str = "webhook-timestamp";

/// Events that are signed in the way of Standard Webhooks.
#[derive(Debug, Clone, Copy)]
pub struct StandardWebhooks;

impl WebhookSender for StandardWebhooks {
    fn name(&self) -> &'static str {
        "standard"
    }

    fn check_secret(&self, secret: &str) -> Result<(), InvalidSecret> {
        signature::check_secret(secret)
    }

    fn verify(&self, proof: &Proof<'_>) -> Result<(), InvalidSignature> {
        signature::verify(proof)
    }

    fn parse(&self, delivery: &Delivery<'_>, context: &Context<'_>) -> Result<Received, Unreadable> {
        event::parse(delivery, context)
    }

    fn event_id(&self, delivery: &Delivery<'_>) -> Option<String> {
        header(delivery.headers, ID).ok().map(str::to_owned)
    }
}
