//! One partner: what its sales come to, and the tier that they reach.

use domain::{
    agreement::Agreement,
    performance::{Performance, Period, TierChange},
    plan::TierRequirements,
    program::Program,
};
use jiff::{Timestamp, tz::TimeZone};
use store::{Error, Store, Versioned};

/// What all partners of a program are measured by.
pub(crate) struct Evaluation<'a> {
    pub(crate) store: &'a Store,
    pub(crate) program: &'a Program,
    pub(crate) requirements: &'a TierRequirements,
    pub(crate) plan_version: u32,
    pub(crate) now: Timestamp,
}

impl Evaluation<'_> {
    /// Moves a partner where it belongs; true when that is not where it stood.
    pub(crate) async fn of(&self, read: &Versioned<Agreement>) -> Result<bool, Error> {
        let agreement = &read.value;
        let standing = agreement.commission_tier.as_deref();
        if self.requirements.is_final(standing) {
            return Ok(false);
        }
        let today = self.now.to_zoned(TimeZone::UTC).date();
        let (window, window_before) = self.requirements.periods(today);
        let current = self.performance(agreement, window).await?;
        let previous = match window_before {
            Some(window) => Some((self.performance(agreement, window).await?, window)),
            None => None,
        };
        let before = previous.as_ref().map(|(performance, _)| performance);
        let decision = self.requirements.decide(&current, before, standing);
        if decision.tier.as_deref() == standing {
            return Ok(false);
        }
        let decisive = previous.filter(|_| decision.is_by_previous);
        let (performance, window) = decisive.unwrap_or((current, window));
        let metric = self.requirements.metric;
        let change = TierChange {
            from: agreement.commission_tier.clone(),
            to: decision.tier,
            metric,
            value: performance.value(metric),
            window,
            plan_version: self.plan_version,
            at: self.now,
        };
        match self.store.change_tier(read, &change).await {
            Ok(()) => Ok(true),
            // Somebody else changed the enrolment: the next run sees what has become of it.
            Err(Error::Condition(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn performance(&self, agreement: &Agreement, window: Period) -> Result<Performance, Error> {
        let Program { id, currency, .. } = self.program;
        let (metric, partner) = (self.requirements.metric, &agreement.partner_id);
        self.store.performance_by(metric, id, partner, *currency, window).await
    }
}
