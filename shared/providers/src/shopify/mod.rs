//! Shopify: webhooks in.
//!
//! Sources: <https://shopify.dev/docs/apps/build/webhooks>, the topics and their payloads at
//! <https://shopify.dev/docs/api/webhooks>, and for signatures
//! <https://shopify.dev/docs/apps/build/webhooks/verify-deliveries>.
//!
//! Topics to subscribe to: `orders/paid`, `orders/cancelled`, `refunds/create`, `disputes/create` and
//! `disputes/update`.
//!
//! # What is signed, and what is not
//!
//! The signature covers the body and nothing else: neither topic nor shop nor the event's id, which all
//! stand in headers, nor a time. Whoever has seen one delivery could send it again under another topic.
//! So what is not signed decides nothing:
//!
//! - What an event is about is seen by its body: an order, a refund and a dispute have different fields.
//!   A topic that says something else is a reason to set the event aside, and no topic turns one
//!   into another. What an order means is its state: paid, cancelled.
//! - An event is known by a hash of its body. What a body says is always the same, so whatever has the
//!   same body may be one event, be it sent again or for another topic.
//! - The shop is that of the secret: the endpoint's secret has to be that of an app, or of the webhooks,
//!   of the merchant's own. Ids of orders are unique across all shops.
//!
//! Orders of a test gateway come from the same shop under the same secret, and count like any other: who
//! tries things out does it in a shop of its own, with an endpoint of its own.
//!
//! # Amounts
//!
//! All amounts are of the shop's currency, whatever the customer saw. A tax on shipping counts as
//! shipping, and duties as tax: neither earns anybody a commission, and the products' amounts and taxes
//! add up to the rest.
//!
//! # Referrals
//!
//! The merchant's theme puts the cookie's value into the cart attribute `trb_click`; without one, a
//! `trb_click` in the address that the visit began with counts.

mod dispute;
mod event;
mod line;
mod money_set;
mod order;
mod refund;
mod shipping;
mod signature;
#[cfg(test)]
mod tests;

use crate::webhook::{
    Context, Delivery, InvalidSecret, InvalidSignature, Proof, Received, Unreadable, WebhookSender, digest,
    secret,
};

/// Shopify's events and their signature.
#[derive(Debug, Clone, Copy)]
pub struct ShopifyWebhooks;

impl WebhookSender for ShopifyWebhooks {
    fn name(&self) -> &'static str {
        "shopify"
    }

    fn check_secret(&self, secret: &str) -> Result<(), InvalidSecret> {
        let remedy = "use the client secret of the Shopify app that subscribes to the webhooks, or for \
                      webhooks made in the admin the key shown below them";
        if secret.starts_with("shpat_") {
            Err(InvalidSecret(remedy))
        } else {
            secret::check(secret, 8, remedy)
        }
    }

    fn verify(&self, proof: &Proof<'_>) -> Result<(), InvalidSignature> {
        signature::verify(proof)
    }

    fn parse(&self, delivery: &Delivery<'_>, context: &Context<'_>) -> Result<Received, Unreadable> {
        event::parse(delivery, context)
    }

    fn event_id(&self, delivery: &Delivery<'_>) -> Option<String> {
        Some(digest::name(delivery.body))
    }
}
