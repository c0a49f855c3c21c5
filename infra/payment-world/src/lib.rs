//! A stand-in for the outside world of payments: Stripe transfers, PayPal Payouts and Stripe
//! Identity, on loopback, with a clock of its own and outcomes that a test scripts.
//!
//! It exists because the sandboxes of these providers need the internet and cannot lose an answer
//! on demand, and a lost answer is where money is paid twice. What it answers follows the
//! providers' documentation; where a provider only documents half, the comment at the place says
//! what was assumed.
//!
//! - [`World`] is the whole state and does no I/O: a simulator drives it directly.
//! - [`router`] puts HTTP in front of it, [`serve`] puts that on a socket.
//! - `/control/...` scripts it; no provider has such a thing, so it never mixes with their paths.
//!
//! Money is integers in the provider's minor units.

mod clock;
mod control;
mod form;
mod http;
mod idempotency;
mod identity;
mod ids;
mod outcome;
mod paypal;
mod reply;
mod serve;
mod stripe;
#[cfg(test)]
mod tests;
mod webhook;
mod world;

pub use clock::Clock;
pub use form::Form;
pub use http::{Shared, router};
pub use identity::{Decision, Verification};
pub use outcome::{ItemResult, ItemStatus, Outcome, Provider, Script};
pub use paypal::BatchCall;
pub use reply::{Answer, Reply, Silence};
pub use serve::serve;
pub use stripe::StripeCall;
pub use webhook::{Delivery, Endpoint, sign};
pub use world::{Call, Payment, World};
