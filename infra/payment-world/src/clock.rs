//! The world's time. A test moves it; the server follows the system's and may run ahead of it.

use jiff::Timestamp;

/// One day in seconds.
pub(crate) const DAY: i64 = 24 * 60 * 60;

/// Where the world's time comes from.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// Stands still until it is advanced. Seconds since the epoch.
    Manual(i64),
    /// The system's clock, `ahead` seconds in the future.
    System {
        /// How far the world has been advanced.
        ahead: i64,
    },
}

impl Clock {
    /// A clock that stands at `start`.
    #[must_use]
    pub fn manual(start: Timestamp) -> Self {
        Self::Manual(start.as_second())
    }

    /// A clock that follows the system's.
    #[must_use]
    pub fn system() -> Self {
        Self::System { ahead: 0 }
    }

    #[expect(clippy::disallowed_methods, reason = "a stand-in for the outside world has a clock of its own")]
    pub(crate) fn now(self) -> i64 {
        match self {
            Self::Manual(now) => now,
            Self::System { ahead } => Timestamp::now().as_second().saturating_add(ahead),
        }
    }

    pub(crate) fn advance(&mut self, seconds: i64) {
        let (Self::Manual(value) | Self::System { ahead: value }) = self;
        *value = value.saturating_add(seconds);
    }
}

/// `2026-11-22T08:00:00Z`; a time outside the calendar is printed as its bare seconds.
pub(crate) fn rfc3339(second: i64) -> String {
    Timestamp::from_second(second).map_or_else(|_| second.to_string(), |time| time.to_string())
}
