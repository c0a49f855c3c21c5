//! What the journeys run on: the real functions behind the real routes, table, queues and payment
//! providers, all in this process.
//!
//! [`World`] is one deployment. Its functions are wired as `template.yaml` says: each sees only the
//! environment variables that the template gives it, may do only what its policies allow, and gets
//! its events from a [`gateway`], a [`pump`] over the table's stream and the queues, or a schedule.
//! Every answer is held against `openapi.yaml`. Time is a clock that the test moves.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a harness that cannot go on says so by panicking, as every test does"
)]

pub mod audit;
pub mod between;
pub mod clock;
pub mod cloud;
pub mod contract;
pub mod crashes;
pub mod functions;
pub mod gateway;
pub mod issuer;
pub mod permissions;
pub mod pump;
pub mod random;
pub mod repository;
pub mod request;
pub mod runtime_api;
pub mod schema;
pub mod senders;
#[path = "../simulator/mod.rs"]
pub mod simulator;
pub mod snapshot;
pub mod standard;
pub mod story;
pub mod stream;
pub mod stripe;
pub mod template;
pub mod world;
pub mod yaml;

pub use clock::TestClock;
pub use pump::Delivery;
pub use request::{Call, Reply};
pub use world::World;
