//! The choice between payers, by where the money goes.

use domain::partner::PayoutProvider;

use super::{Lookup, Order, Payer, Sent};
use crate::{paypal::PaypalPayouts, stripe::StripeTransfers};

/// The payers that are set up.
#[derive(Debug, Clone, Default)]
pub struct Payers {
    /// Stripe, if there are credentials for it.
    pub stripe: Option<StripeTransfers>,
    /// PayPal, if there are credentials for it.
    pub paypal: Option<PaypalPayouts>,
}

/// An order for a payer without credentials stays unknown, and is found or sent once they are
/// there: a slip in configuration is no reason to fail a partner's payout.
const NOT_SET_UP: &str = "there are no credentials for this provider";

impl Payers {
    /// Sends the order, once. See [`Payer::send`].
    pub async fn send(&self, order: &Order) -> Sent {
        match (order.destination.provider(), &self.stripe, &self.paypal) {
            (PayoutProvider::Stripe, Some(stripe), _) => stripe.send(order).await,
            (PayoutProvider::Paypal, _, Some(paypal)) => paypal.send(order).await,
            _ => Sent::Unknown { cause: NOT_SET_UP.to_owned() },
        }
    }

    /// Looks the order's payment up. See [`Payer::find`].
    pub async fn find(&self, order: &Order) -> Lookup {
        match (order.destination.provider(), &self.stripe, &self.paypal) {
            (PayoutProvider::Stripe, Some(stripe), _) => stripe.find(order).await,
            (PayoutProvider::Paypal, _, Some(paypal)) => paypal.find(order).await,
            _ => Lookup::Unknown { cause: NOT_SET_UP.to_owned() },
        }
    }

    /// How far an accepted payment is. See [`Payer::status`].
    pub async fn status(&self, provider: PayoutProvider, provider_id: &str) -> Lookup {
        match (provider, &self.stripe, &self.paypal) {
            (PayoutProvider::Stripe, Some(stripe), _) => stripe.status(provider_id).await,
            (PayoutProvider::Paypal, _, Some(paypal)) => paypal.status(provider_id).await,
            _ => Lookup::Unknown { cause: NOT_SET_UP.to_owned() },
        }
    }
}
