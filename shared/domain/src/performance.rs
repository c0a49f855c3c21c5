//! Performance: what a partner's own sales of some time come to, and which tier they reach.
//!
//! A sale counts on its own day, whatever happens to it later: a refund lessens the revenue of
//! that day, and a sale that was refunded whole never was one.

use jiff::{Timestamp, ToSpan, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    conversion::{Conversion, ConversionKind},
    id::PartnerId,
    money::{Money, MoneyError},
    plan::{Metric, Threshold, TierDirection, TierRequirements, Window},
    rate::Rate,
};

/// What a partner's own sales of some time come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Performance {
    /// What customers paid, less refunds, in the program's currency.
    pub revenue: Money,
    /// Sales and renewals that have not been refunded whole.
    pub conversions: u64,
    /// Customers with at least one such sale or renewal.
    pub active_customers: u64,
}

impl Performance {
    /// The value of a metric: an amount of money for revenue, a number for everything else.
    #[must_use]
    pub fn value(&self, metric: Metric) -> Threshold {
        match metric {
            Metric::Revenue => Threshold::Amount(self.revenue),
            Metric::Conversions => Threshold::Count(self.conversions),
            Metric::ActiveCustomers => Threshold::Count(self.active_customers),
        }
    }

    /// Is the threshold reached by this metric?
    #[must_use]
    pub fn reaches(&self, metric: Metric, threshold: Threshold) -> bool {
        self.value(metric).height() >= threshold.height()
    }
}

/// What a partner sold by one conversion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sold {
    /// Who.
    pub partner_id: PartnerId,
    /// What of the amount is this partner's, in the program's currency.
    pub revenue: Money,
}

/// Is it something that a customer bought?
#[must_use]
pub fn is_sale(kind: ConversionKind) -> bool {
    matches!(kind, ConversionKind::Sale | ConversionKind::Renewal)
}

/// Who sold, and what of an amount of the charge is whose: all of it is the partner's who is
/// credited, or is shared as the merchant said. The part of a partner whose enrolment was not
/// active is nobody's.
///
/// # Errors
/// When an amount does not fit.
pub fn sold(conversion: &Conversion, amount: Money) -> Result<Vec<Sold>, MoneyError> {
    let Some(touch) = conversion.attribution.touch() else { return Ok(Vec::new()) };
    let amount = conversion.settled(amount)?;
    let splits = &conversion.charge.splits;
    if splits.is_empty() {
        return Ok(vec![Sold { partner_id: touch.partner_id.clone(), revenue: amount }]);
    }
    let rejected = &conversion.attribution.rejected;
    let is_active = |partner: &PartnerId| rejected.iter().all(|touch| touch.reference != partner.as_str());
    let active: Vec<_> = splits.iter().filter(|split| is_active(&split.partner_id)).collect();
    let mut weights: Vec<i64> = active.iter().map(|split| split.weight.millionths()).collect();
    weights.push(Rate::ONE.millionths().saturating_sub(weights.iter().sum()));
    let shares = active.into_iter().zip(amount.allocate(&weights)?);
    Ok(shares.map(|(split, revenue)| Sold { partner_id: split.partner_id.clone(), revenue }).collect())
}

/// Days of sale, UTC, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// The first day; none for the beginning.
    pub first: Option<Date>,
    /// The last day.
    pub last: Date,
}

impl Period {
    /// The window that a day is in.
    #[must_use]
    pub fn of(window: Window, day: Date) -> Self {
        let months = |first: Date, count: i64| {
            let last = first.saturating_add(count.months()).saturating_sub(1.day());
            Self { first: Some(first), last }
        };
        let month = day.first_of_month();
        match window {
            Window::Month => months(month, 1),
            Window::Quarter => {
                let into_quarter = i64::from(day.month().saturating_sub(1).rem_euclid(3));
                months(month.saturating_sub(into_quarter.months()), 3)
            }
            Window::RollingDays(days) => {
                let before = i64::from(days.saturating_sub(1));
                Self { first: Some(day.saturating_sub(before.days())), last: day }
            }
            Window::Lifetime => Self { first: None, last: day },
        }
    }

    /// The window before the one that a day is in; only a month and a quarter have one.
    #[must_use]
    pub fn before(window: Window, day: Date) -> Option<Self> {
        match window {
            Window::Month | Window::Quarter => {
                let first = Self::of(window, day).first?;
                Some(Self::of(window, first.saturating_sub(1.day())))
            }
            Window::RollingDays(_) | Window::Lifetime => None,
        }
    }
}

/// Which tier a partner has, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierDecision {
    /// The tier; none below all of them.
    pub tier: Option<String>,
    /// Is it the window before this one that it was reached in?
    pub is_by_previous: bool,
}

/// What a partner still has to achieve for the next tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextTier {
    /// Its name.
    pub name: String,
    /// What is measured.
    pub metric: Metric,
    /// What it takes.
    pub at_least: Threshold,
    /// What there is within the window of today.
    pub has: Threshold,
    /// What is missing, never below zero.
    pub missing: Threshold,
}

impl TierRequirements {
    /// The window of a day, and the one before it. A tier lasts to the end of the window after the one
    /// in which it was reached; and one that was reached in a window's last hour is granted in the
    /// next.
    #[must_use]
    pub fn periods(&self, day: Date) -> (Period, Option<Period>) {
        (Period::of(self.window, day), Period::before(self.window, day))
    }

    /// Is this the highest tier, and one that is never lost?
    #[must_use]
    pub fn is_final(&self, standing: Option<&str>) -> bool {
        let highest = self.tiers.last().map(|tier| tier.name.as_str());
        self.direction == TierDirection::UpOnly && highest.is_some() && highest == standing
    }

    /// The tier by the performance of the window and of the one before; `standing` is the tier so far. One that the plan does not know was granted by hand: it gives way to any
    /// tier that is reached, and to nothing else.
    #[must_use]
    pub fn decide(
        &self,
        current: &Performance,
        previous: Option<&Performance>,
        standing: Option<&str>,
    ) -> TierDecision {
        let rank = |performance: &Performance| {
            self.tiers.iter().rposition(|tier| performance.reaches(self.metric, tier.at_least))
        };
        let (now, before) = (rank(current), previous.and_then(rank));
        let reached = now.max(before);
        let stands = standing.and_then(|name| self.tiers.iter().position(|tier| tier.name == name));
        let is_unknown = standing.is_some() && stands.is_none();
        let is_kept = match self.direction {
            TierDirection::UpOnly => reached <= stands,
            TierDirection::BothWays => reached == stands,
        };
        if is_kept || (is_unknown && reached.is_none()) {
            return TierDecision { tier: standing.map(str::to_owned), is_by_previous: now < before };
        }
        let tier = reached.and_then(|place| self.tiers.get(place)).map(|tier| tier.name.clone());
        TierDecision { tier, is_by_previous: now < before }
    }

    /// What is missing for the next tier above the one that a partner has; nothing above the
    /// highest.
    #[must_use]
    pub fn next(&self, current: &Performance, standing: Option<&str>) -> Option<NextTier> {
        let stands = standing.and_then(|name| self.tiers.iter().position(|tier| tier.name == name));
        let next = self.tiers.get(stands.map_or(0, |place| place.saturating_add(1)))?;
        let has = current.value(self.metric);
        Some(NextTier {
            name: next.name.clone(),
            metric: self.metric,
            at_least: next.at_least,
            has,
            missing: next.at_least.less(has),
        })
    }
}

/// A partner's move from one tier to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierChange {
    /// The tier before, if any.
    pub from: Option<String>,
    /// The tier from then on, if any.
    pub to: Option<String>,
    /// What was measured.
    pub metric: Metric,
    /// What it came to.
    pub value: Threshold,
    /// Over which days of sale.
    pub window: Period,
    /// The plan version that asked for it.
    pub plan_version: u32,
    /// When: sales from this moment on are priced by the new tier.
    pub at: Timestamp,
}

impl Threshold {
    /// What is missing of it, never below zero.
    fn less(self, has: Self) -> Self {
        match (self, has) {
            (Self::Amount(wanted), Self::Amount(has)) => {
                let minor = wanted.minor().saturating_sub(has.minor()).max(0);
                Self::Amount(Money::new(minor, wanted.currency()))
            }
            (Self::Count(wanted), Self::Count(has)) => Self::Count(wanted.saturating_sub(has)),
            // A plan with a threshold that is not of its metric's kind is refused.
            (wanted, _) => wanted,
        }
    }
}

#[cfg(test)]
mod tests;
