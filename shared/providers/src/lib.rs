//! The outside world's formats: payment webhooks in, payouts and identity checks out.
//!
//! Nothing here knows where data is kept or what runs the code. A webhook becomes facts of the
//! domain, without personal data; a payout becomes one call to a provider, whose outcome is told
//! as accepted, refused or unknown, never guessed.
//!
//! - [`webhook`]: what every sender of webhooks has in common, and the list of senders.
//! - [`payout`]: what every payer has in common, and the choice between them.
//! - [`identity`]: identity checks.
//! - [`report`]: what a merchant's own systems report.
//! - [`chargebee`], [`lemon_squeezy`], [`paddle`], [`paypal`], [`recurly`], [`shopify`],
//!   [`standard_webhooks`], [`stripe`]: the formats themselves.

pub mod chargebee;
mod credential;
mod exchange;
pub mod identity;
pub mod lemon_squeezy;
pub mod paddle;
pub mod payout;
pub mod paypal;
pub mod recurly;
pub mod report;
pub mod shopify;
pub mod standard_webhooks;
pub mod stripe;
#[cfg(test)]
mod tests;
pub mod webhook;

pub use credential::InvalidCredential;
