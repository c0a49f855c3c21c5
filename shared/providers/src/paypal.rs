//! PayPal: payouts to PayPal addresses.
//!
//! Sources: <https://developer.paypal.com/docs/api/payments.payouts-batch/v1/> and
//! <https://developer.paypal.com/api/rest/authentication/>.

mod api;
mod payouts;
mod wire;

pub use payouts::PaypalPayouts;
