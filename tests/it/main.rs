//! Journeys through all functions, and what holds contract, template and code together.
//!
//! One binary, so that the SDK and forty packages are linked once. Each journey has a world of its
//! own; see the harness for what is real in it.

// A journey is one future of everything it calls.
#![recursion_limit = "256"]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests say what they expect by failing"
)]

mod adjustments;
mod afterwards;
mod agreement;
mod any_order;
mod attribution;
mod audit;
mod authentication;
mod bad_input;
mod bonuses;
mod clicks;
mod concurrency;
mod conversions;
mod cost;
mod crash;
mod dashboard;
mod deliveries;
mod exchange_rates;
mod idempotency;
mod link_lifecycle;
mod links;
mod maturity;
mod operations;
mod parking;
mod payouts;
mod plans;
mod plans_document;
mod pricing;
mod referrals;
mod registration;
mod replay;
mod reports;
mod returned_payouts;
mod reviews;
mod senders;
mod simulate;
mod simulation;
mod snippet;
mod tidy;
mod tiers;
mod trust;
mod webhook_endpoints;
mod webhooks;
mod webhooks_document;
