//! Stripe: webhooks in, transfers to connected accounts and identity checks out.
//!
//! Shapes follow docs.stripe.com and the OpenAPI description in github.com/stripe/openapi (August
//! 2026), and for accounts on versions before 2025-03-31 the invoice as it was before. The version
//! of an event is the one its endpoint was created with, so both shapes are read by their fields
//! and not by a version number.

pub mod amount;
mod api;
mod event;
mod signature;
mod transfers;
mod webhook;

pub(crate) use api::{Api, Verdict};
pub use transfers::StripeTransfers;
pub use webhook::StripeWebhooks;
