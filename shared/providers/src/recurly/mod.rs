//! Recurly: webhooks in, in their JSON form.
//!
//! Source: <https://docs.recurly.com/recurly-subscriptions/docs/overview-webhooks> and the pages of
//! notifications below it.
//!
//! **They tell no money.** A JSON webhook carries the type of the event, the ids of the object and the
//! time, and nothing else: no amount, no currency, no customer, no custom field. Recurly means it so:
//! "webhooks are not actionable on their own", the receiver is to ask the API. Its XML webhooks tell
//! amounts, but are not signed. Asking Recurly's API would take a key that may read all of the
//! merchant's billing, so it is not done: an event by which money moved is set aside with this reason
//! where a person sees it, and the merchant reports the invoice by API, which takes the same ids.
//!
//! So an endpoint for Recurly is an alarm that sales happen that nobody reports, not a way to report
//! them: a merchant who reports them by API subscribes no such endpoint.
//!
//! **Signature.** `recurly-signature: <milliseconds>,<hex>[,<hex>...]`, HMAC-SHA256 of
//! `<milliseconds>.<body>` with the endpoint's secret as it is shown. For a day after a new secret is
//! made, the old one signs as well. The documents say milliseconds, and Recurly's own libraries read
//! them so, allowing five minutes either way; the example beside it shows seconds.
//!
//! **Id.** The notification's id is in a header, which is not signed; the type, the object's id and
//! the time of the event are, and are the same for every delivery.

mod event;
mod signature;
#[cfg(test)]
mod tests;

use crate::webhook::{
    Context, Delivery, InvalidSecret, InvalidSignature, Proof, Received, Unreadable, WebhookSender, secret,
};

/// What Recurly generates is longer; what is shorter was cut off when it was copied.
const SECRET_MIN: usize = 16;

/// Recurly's events and their signature.
#[derive(Debug, Clone, Copy)]
pub struct RecurlyWebhooks;

impl WebhookSender for RecurlyWebhooks {
    fn name(&self) -> &'static str {
        "recurly"
    }

    fn check_secret(&self, secret: &str) -> Result<(), InvalidSecret> {
        let remedy = "use the endpoint's secret key, which Recurly shows on the page of webhook endpoints";
        secret::check(secret, SECRET_MIN, remedy)
    }

    fn verify(&self, proof: &Proof<'_>) -> Result<(), InvalidSignature> {
        signature::verify(proof)
    }

    fn parse(&self, delivery: &Delivery<'_>, _context: &Context<'_>) -> Result<Received, Unreadable> {
        event::parse(delivery.body)
    }

    fn event_id(&self, delivery: &Delivery<'_>) -> Option<String> {
        event::id(delivery.body)
    }
}
