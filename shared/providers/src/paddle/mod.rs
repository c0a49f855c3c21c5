//! Paddle Billing: webhooks in.
//!
//! Sources: <https://developer.paddle.com/webhooks/overview>, the schemas below
//! <https://developer.paddle.com/webhooks>, and for signatures
//! <https://developer.paddle.com/webhooks/signature-verification>.
//!
//! A transaction is a charge once it is completed. What goes back of it is an adjustment, one for each
//! refund and each dispute, so an adjustment's id is the refund's. Paddle Classic is another product
//! with other webhooks, and not read.
//!
//! The merchant passes `customData: {trb_click: ...}` to the checkout; Paddle copies it to the
//! subscription and from there to the transactions that renew it.

mod adjustment;
mod event;
mod signature;
#[cfg(test)]
mod tests;
mod transaction;

use crate::webhook::{
    Context, Delivery, InvalidSecret, InvalidSignature, Proof, Received, Unreadable, WebhookSender, json,
    secret,
};

/// Paddle's events and their signature.
#[derive(Debug, Clone, Copy)]
pub struct PaddleWebhooks;

impl WebhookSender for PaddleWebhooks {
    fn name(&self) -> &'static str {
        "paddle"
    }

    fn check_secret(&self, secret: &str) -> Result<(), InvalidSecret> {
        let remedy = "use the secret key of the notification destination in Paddle's dashboard, \
                      which begins with pdl_ntfset_";
        secret::check_prefixed(secret, "pdl_ntfset_", remedy)
    }

    fn verify(&self, proof: &Proof<'_>) -> Result<(), InvalidSignature> {
        signature::SIGNATURE.verify(proof)
    }

    fn parse(&self, delivery: &Delivery<'_>, context: &Context<'_>) -> Result<Received, Unreadable> {
        event::parse(delivery.body, context)
    }

    fn event_id(&self, delivery: &Delivery<'_>) -> Option<String> {
        json::text_at(delivery.body, &["event_id"])
    }
}
