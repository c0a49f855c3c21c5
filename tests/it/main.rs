//! Journeys through all functions, and what holds contract, template and code together.
//!
//! One binary, so that the SDK and forty packages are linked once. Each journey has a world of its
//! own; see the harness for what is real in it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests say what they expect by failing"
)]

mod agreement;
mod audit;
mod authentication;
mod bad_input;
mod concurrency;
mod conversions;
mod cost;
mod crash;
mod dashboard;
mod deliveries;
mod idempotency;
mod links;
mod maturity;
mod operations;
mod payouts;
mod plans;
mod referrals;
mod registration;
mod reviews;
mod simulation;
mod tidy;
mod trust;
mod webhooks;
