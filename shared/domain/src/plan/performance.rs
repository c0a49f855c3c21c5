//! What a plan promises for a partner's performance: tiers and bonuses.

use serde::{Deserialize, Serialize};

use crate::money::Money;

/// The most tiers of one plan.
pub(super) const TIERS_MAX: usize = 10;
/// The most bonuses of one plan.
pub(super) const BONUSES_MAX: usize = 10;
/// The longest rolling window, in days.
pub(super) const WINDOW_DAYS_MAX: u16 = 366;

/// What partners have to achieve for their tier.
///
/// A tier prices only sales from the moment on at which it was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct TierRequirements {
    /// What is measured.
    pub metric: Metric,
    /// Over which time.
    pub window: Window,
    /// May a tier be lost again?
    #[serde(default)]
    pub direction: TierDirection,
    /// The tiers, the lowest first. A partner below all of them has no tier.
    pub tiers: Vec<Tier>,
}

crate::object!(TierRequirements);

/// One tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct Tier {
    /// Its name, which conditions on `commission_tier` ask for.
    pub name: String,
    /// What it takes.
    pub at_least: Threshold,
}

crate::object!(Tier);

/// What is measured of a partner's own sales.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// What customers paid, less refunds, in the program's currency.
    Revenue,
    /// Sales and renewals that have not been refunded whole.
    Conversions,
    /// Customers with at least one such sale or renewal.
    ActiveCustomers,
}

/// A time over which performance is measured; days and months are UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// A calendar month.
    Month,
    /// A calendar quarter.
    Quarter,
    /// So many days up to and including today, 1 to 366.
    RollingDays(u16),
    /// From the beginning.
    Lifetime,
}

/// May a tier be lost again?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TierDirection {
    /// No: what was reached is kept.
    #[default]
    UpOnly,
    /// Yes. A tier reached within a month or quarter lasts to the end of the next one.
    BothWays,
}

/// How much of a metric: an amount of money for revenue, a number for everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Threshold {
    /// An amount.
    Amount(Money),
    /// A number.
    Count(u64),
}

/// An amount that a partner earns once for reaching a threshold within a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct Bonus {
    /// The bonus' name within the plan: 1 to 40 characters of a-z, 0-9, hyphen and underscore.
    pub id: String,
    /// What is measured.
    pub metric: Metric,
    /// Over which time: a calendar month or quarter, each of which can earn it, or the lifetime,
    /// which earns it once.
    pub window: Window,
    /// What it takes.
    pub at_least: Threshold,
    /// What it pays, in the program's currency.
    pub amount: Money,
}

crate::object!(Bonus);

impl Threshold {
    /// Minor units, or the number itself: thresholds of one metric compare by it.
    #[must_use]
    pub fn height(self) -> i128 {
        match self {
            Self::Amount(amount) => i128::from(amount.minor()),
            Self::Count(count) => i128::from(count),
        }
    }
}
