//! Stripe as a sender of webhooks.

use http::HeaderMap;
use jiff::Timestamp;

use super::{event, signature};
use crate::webhook::{Context, InvalidSignature, Received, Unreadable, WebhookSender};

/// Stripe's events and their signature.
#[derive(Debug, Clone, Copy)]
pub struct StripeWebhooks;

impl WebhookSender for StripeWebhooks {
    fn name(&self) -> &'static str {
        "stripe"
    }

    fn verify(
        &self,
        secrets: &[&[u8]],
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), InvalidSignature> {
        signature::verify(secrets, headers, body, now)
    }

    fn parse(&self, body: &[u8], context: &Context<'_>) -> Result<Received, Unreadable> {
        event::parse(body, context)
    }

    fn event_id(&self, body: &[u8]) -> Option<String> {
        event::id(body)
    }
}
