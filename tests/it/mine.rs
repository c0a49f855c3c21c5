//! Temporary.
#![recursion_limit = "256"]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests say what they expect by failing"
)]
mod afterwards;
mod agreement;
mod clicks;
mod cost;
mod dashboard;
mod link_lifecycle;
mod links;
