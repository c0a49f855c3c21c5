//! PayPal: webhooks in, payouts to PayPal addresses out.
//!
//! Sources of the payouts: <https://developer.paypal.com/docs/api/payments.payouts-batch/v1/> and
//! <https://developer.paypal.com/api/rest/authentication/>.

mod api;
mod payouts;
mod webhook;
mod wire;

pub use payouts::PaypalPayouts;
pub use webhook::PaypalWebhooks;
