//! PayPal as a sender of webhooks.
//!
//! Sources: <https://developer.paypal.com/api/rest/webhooks/rest/> for the signature,
//! <https://developer.paypal.com/api/rest/webhooks/event-names/> for the events, and the API
//! descriptions in github.com/paypal/paypal-rest-api-specifications for the objects.
//!
//! **Secret.** PayPal signs with its own key, so an endpoint has no secret of its own; what binds a
//! signature to the endpoint is the webhook's id, which is signed along. That id is what is kept in
//! the place of the signing secret. The webhooks that PayPal's simulator sends are signed for the id
//! `WEBHOOK_ID`, which no endpoint has: they are refused.
//!
//! **Clicks.** `custom_id` of the purchase unit or of the subscription carries the cookie's value. It
//! holds 127 characters: one click id of 72 fits, the two of a first and a last click, 145 together,
//! do not. A merchant who sells through PayPal therefore hands over the last click alone, the part
//! behind the hyphen, or reports the sale by API.
//!
//! **Whose money.** A payment is told once, by its capture, or by its sale in the older API and for
//! subscriptions. An order that is completed tells of the same money by the captures within it, so it
//! tells us no charge: only which click brought the payer. Neither a capture nor an order's capture
//! says which part was tax or shipping; a sale does.
//!
//! **What goes back.** Money is taken back by refunds and reversals alone, each under its own id. A
//! dispute only holds while it is open and then lets go, whatever its outcome: its `amount_refunded`
//! is what "either the merchant or PayPal" paid, so an outcome in the buyer's favour does not say that
//! the merchant lost anything, and where it did, a refund or reversal tells it. The invariant is that
//! no event of a dispute ever moves money, so no money can be taken twice. PayPal documents no event
//! for a reversal that is undone later; the merchant reports that by API.
//!
//! **Subscriptions.** A sale names its subscription (`billing_agreement_id`), and nothing says whether
//! it is the first one: each counts as a renewal. Which click brought the subscriber is told when the
//! subscription becomes active.

mod certificate;
mod dispute;
mod event;
mod money;
mod payment;
mod referral;
mod refund;
mod signature;
#[cfg(test)]
mod tests;

use http::HeaderMap;
use url::Url;

use crate::webhook::{
    Context, Delivery, InvalidSecret, InvalidSignature, Proof, Received, Unreadable, WebhookSender, json,
};

/// The most characters of a webhook's id:
/// <https://developer.paypal.com/docs/api/webhooks/v1/#verify-webhook-signature_post>.
const WEBHOOK_ID_MAX: usize = 50;

/// PayPal's events and their signature.
#[derive(Debug, Clone, Copy)]
pub struct PaypalWebhooks;

impl WebhookSender for PaypalWebhooks {
    fn name(&self) -> &'static str {
        "paypal"
    }

    fn check_secret(&self, secret: &str) -> Result<(), InvalidSecret> {
        let is_id = secret.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if is_id && (1..=WEBHOOK_ID_MAX).contains(&secret.len()) {
            return Ok(());
        }
        Err(InvalidSecret(
            "use the webhook's id, letters and digits alone, which PayPal's developer dashboard shows beside its \
             address",
        ))
    }

    fn certificate_url(&self, headers: &HeaderMap) -> Result<Option<Url>, InvalidSignature> {
        certificate::url(headers).map(Some)
    }

    fn verify(&self, proof: &Proof<'_>) -> Result<(), InvalidSignature> {
        signature::verify(proof, certificate::roots())
    }

    fn parse(&self, delivery: &Delivery<'_>, context: &Context<'_>) -> Result<Received, Unreadable> {
        event::parse(delivery.body, context)
    }

    fn event_id(&self, delivery: &Delivery<'_>) -> Option<String> {
        json::text_at(delivery.body, &["id"])
    }
}
