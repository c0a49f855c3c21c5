//! Stripe as a sender of webhooks.

use super::{event, signature};
use crate::webhook::{
    Context, Delivery, InvalidSecret, InvalidSignature, Proof, Received, Unreadable, WebhookSender, json,
    secret,
};

/// Stripe's events and their signature.
#[derive(Debug, Clone, Copy)]
pub struct StripeWebhooks;

impl WebhookSender for StripeWebhooks {
    fn name(&self) -> &'static str {
        "stripe"
    }

    fn check_secret(&self, secret: &str) -> Result<(), InvalidSecret> {
        let remedy = "use the endpoint's signing secret of Stripe's dashboard, which begins with whsec_";
        secret::check_prefixed(secret, "whsec_", remedy)
    }

    fn verify(&self, proof: &Proof<'_>) -> Result<(), InvalidSignature> {
        signature::SIGNATURE.verify(proof)
    }

    fn parse(&self, delivery: &Delivery<'_>, context: &Context<'_>) -> Result<Received, Unreadable> {
        event::parse(delivery.body, context)
    }

    fn event_id(&self, delivery: &Delivery<'_>) -> Option<String> {
        json::text_at(delivery.body, &["id"])
    }
}
