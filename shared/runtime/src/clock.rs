//! The only place that reads a clock.
//!
//! Time is an input everywhere else: HTTP handlers take it from the request, workers get it
//! handed in, so that a test moves the clock by passing another value.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// The time of day.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place that may read the clock")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Measures how long something took, unmoved by corrections of the time of day.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts measuring.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
