//! Chargebee: webhooks in.
//!
//! Sources: <https://www.chargebee.com/docs/billing/2.0/site-configuration/webhook_settings> for how
//! they are sent, <https://apidocs.chargebee.com/docs/api/events> for the events, and the types in
//! github.com/chargebee/chargebee-node for the objects (API version 2, either product catalog).
//!
//! **Proof.** Chargebee signs nothing. All that proves a webhook is the user name and password that the
//! merchant sets for it, sent with HTTP Basic authentication; `user:password` is what is kept as the
//! signing secret. Nothing says when it was sent: a replay is recognised by the event's id.
//!
//! **Charges.** The charge is the invoice, and counts once its status is `paid`, whichever event shows
//! it so: the payment, the invoice or the renewed subscription. All of them carry the whole invoice,
//! so all tell the same. It counts with what was paid by payments (`amount_paid`); what credits paid
//! for was paid before, on the invoice that the credits came from.
//!
//! **What goes back.** Money goes back by a transaction of type `refund`, and that transaction tells it,
//! once for each credit note that it refunds. The credit note itself tells nothing: it is made before
//! anybody knows whether it will be refunded, or be used up by a later invoice, which then counts with
//! less, so counting it as well would take the same money twice. A chargeback comes as such a refund
//! too, by the payment method or the credit note's reason: Chargebee has no event of its own for it,
//! and tells none when it is won. A payment that its bank takes back is a transaction of type
//! `payment_reversal`.
//!
//! **Clicks.** The merchant sets `trb_click` in the `meta_data` of the subscription or the customer, or
//! a custom field `cf_trb_click` of either or of the invoice.

mod event;
mod invoice;
mod labels;
mod signature;
#[cfg(test)]
mod tests;
mod transaction;

use crate::webhook::{
    Context, Delivery, InvalidSecret, InvalidSignature, Proof, Received, Unreadable, WebhookSender, json,
    secret,
};

/// With no signature, the password is all there is: it should not be found by trying.
const PASSWORD_MIN: usize = 16;

/// Chargebee's events and their password.
#[derive(Debug, Clone, Copy)]
pub struct ChargebeeWebhooks;

impl WebhookSender for ChargebeeWebhooks {
    fn name(&self) -> &'static str {
        "chargebee"
    }

    fn check_secret(&self, secret: &str) -> Result<(), InvalidSecret> {
        let remedy = "use user:password as they are set for basic authentication in Chargebee's webhook \
                      settings, with a password of at least 16 characters";
        match secret.split_once(':') {
            Some((user, password)) if !user.is_empty() && password.len() >= PASSWORD_MIN => {
                secret::check(secret, PASSWORD_MIN, remedy)
            }
            _ => Err(InvalidSecret(remedy)),
        }
    }

    fn verify(&self, proof: &Proof<'_>) -> Result<(), InvalidSignature> {
        signature::verify(proof)
    }

    fn parse(&self, delivery: &Delivery<'_>, context: &Context<'_>) -> Result<Received, Unreadable> {
        event::parse(delivery.body, context)
    }

    fn event_id(&self, delivery: &Delivery<'_>) -> Option<String> {
        json::text_at(delivery.body, &["id"])
    }
}
