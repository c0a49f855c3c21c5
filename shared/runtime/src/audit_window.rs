//! How far back the audit recomputes conversions.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use store::audit::Scope;

use crate::{Environment, Error, FromEnvironment, Variable};

/// Between two looks at what seems wrong: longer than an index lags behind.
const PAUSE: Duration = Duration::from_secs(2);

/// The days whose conversions are recomputed; balances are always those of the whole journal.
#[derive(Debug, Clone, Copy)]
pub struct AuditWindow {
    days: u16,
}

impl AuditWindow {
    /// The scope of an audit at a time.
    #[must_use]
    pub fn scope(&self, now: Timestamp) -> Scope {
        let since = now.checked_sub(SignedDuration::from_hours(24 * i64::from(self.days))).unwrap_or(now);
        Scope { since: Some(since.to_zoned(TimeZone::UTC).date()), now, pause: PAUSE }
    }
}

impl FromEnvironment for AuditWindow {
    async fn from_environment(environment: &Environment) -> Result<Self, Error> {
        let days = environment.variable(Variable::AuditDays)?.parse();
        let days = days.map_err(|error: std::num::ParseIntError| Error::InvalidVariable {
            name: Variable::AuditDays.name(),
            reason: error.to_string(),
        })?;
        Ok(Self { days })
    }
}
