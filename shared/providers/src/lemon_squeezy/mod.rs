//! Lemon Squeezy: webhooks in.
//!
//! Sources: <https://docs.lemonsqueezy.com/help/webhooks/event-types>, the objects at
//! <https://docs.lemonsqueezy.com/api/orders/the-order-object> and
//! <https://docs.lemonsqueezy.com/api/subscription-invoices/the-subscription-invoice-object>, and for
//! signatures <https://docs.lemonsqueezy.com/help/webhooks/signing-requests>.
//!
//! Events to subscribe to: `order_created`, `order_refunded`, `subscription_created`,
//! `subscription_payment_success`, `subscription_payment_recovered` and `subscription_payment_refunded`.
//!
//! An event has no id: it is known by a hash of its body, which every delivery of it shares. Its name
//! stands in the body too, and only there is it signed.
//!
//! # Charges
//!
//! An order is a charge, and so is each later invoice of a subscription. The first invoice is about the
//! money of the order that began the subscription and is no charge of its own; `subscription_created`
//! ties the two together, so that a refund of that invoice finds the order. Orders and invoices count
//! from 1 each, so their ids get a word in front: `order_1`, `subscription_invoice_1`.
//!
//! # Refunds
//!
//! Lemon Squeezy tells no single refunds, only how much of a charge has been refunded in all. So each event
//! is told as a [running total](domain::conversion::RefundCause::Total) whose id is the total. What counts
//! is the largest total told, and the invariant is: whatever events arrive, in whatever order and however
//! often, the charge is refunded by the largest `refunded_amount` among them. The last refund says it all,
//! also when the events before it were lost, and when order and first invoice both tell of it.
//!
//! # Referrals
//!
//! The merchant passes `checkout[custom][trb_click]` to the checkout; Lemon Squeezy repeats custom data in
//! `meta.custom_data` of every event of the order and its subscription. Discount codes are not told.

mod event;
mod order;
mod payment;
mod signature;
mod subscription;
#[cfg(test)]
mod tests;

use crate::webhook::{
    Context, Delivery, InvalidSecret, InvalidSignature, Proof, Received, Unreadable, WebhookSender, digest,
    secret,
};

/// Lemon Squeezy's events and their signature.
#[derive(Debug, Clone, Copy)]
pub struct LemonSqueezyWebhooks;

impl WebhookSender for LemonSqueezyWebhooks {
    fn name(&self) -> &'static str {
        "lemon_squeezy"
    }

    fn check_secret(&self, secret: &str) -> Result<(), InvalidSecret> {
        let remedy = "use the signing secret that was chosen for the webhook in Lemon Squeezy, which has 6 to \
                      40 visible ASCII characters";
        if secret.len() > 40 { Err(InvalidSecret(remedy)) } else { secret::check(secret, 6, remedy) }
    }

    fn verify(&self, proof: &Proof<'_>) -> Result<(), InvalidSignature> {
        signature::verify(proof)
    }

    fn parse(&self, delivery: &Delivery<'_>, context: &Context<'_>) -> Result<Received, Unreadable> {
        event::parse(delivery.body, context)
    }

    fn event_id(&self, delivery: &Delivery<'_>) -> Option<String> {
        Some(digest::name(delivery.body))
    }
}
