//! Plans: what a program pays, as data, in numbered versions that never change.

mod cap;
mod condition;
mod faults;
mod performance;
mod reward;

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use serde::{Deserialize, Serialize};

pub use cap::{Cap, CapCounter, CapPeriod, CapScope};
pub use condition::{Condition, ConditionError, Matcher, Range, Subject, Test, TextField};
pub use faults::PlanFault;
pub use performance::{Bonus, Metric, Threshold, Tier, TierDirection, TierRequirements, Window};
pub use reward::{Bracket, FlatPer, FlatRefund, Reward, TieredMode};

use crate::{id::ProgramId, money::Rounding, program::AttributionPolicy, rate::Rate};

/// One version of a program's plan; immutable once published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanVersion {
    /// The program.
    pub program_id: ProgramId,
    /// 1, 2, 3 and so on.
    pub version: u32,
    /// Conversions from this moment on are priced by it; inclusive.
    pub effective_from: Timestamp,
    /// What it pays.
    pub plan: Plan,
}

/// What a program pays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct Plan {
    /// What the partner who sold earns: of the rules that match, the one that pays most money.
    pub rules: Vec<Rule>,
    /// What the sponsors above earn: the first entry is level 2.
    #[serde(default)]
    pub levels: Vec<LevelShare>,
    /// The most that levels 2 and deeper may earn together, as a share of the base.
    #[serde(default)]
    pub upline_cap: Option<Rate>,
    /// What happens to the share of a sponsor whose enrolment is not active.
    #[serde(default)]
    pub inactive_upline: InactiveUpline,
    /// For how long a customer's renewals earn.
    #[serde(default)]
    pub recurring: Recurring,
    /// What belongs to the commission base.
    #[serde(default)]
    pub base: BasePolicy,
    /// How products become whole minor units.
    #[serde(default)]
    pub rounding: Rounding,
    /// Days between the conversion and the moment its commission can be paid out, 0 to 365.
    #[serde(default = "default_hold_days")]
    pub hold_days: u16,
    /// The most that sales may cost within a scope and period; each pair at most once.
    #[serde(default)]
    pub caps: Vec<Cap>,
    /// How a conversion finds its partner; none leaves it to the program.
    #[serde(default)]
    pub attribution: Option<AttributionPolicy>,
    /// What customers won under this version keep when the next one comes.
    #[serde(default)]
    pub existing_customers: ExistingCustomers,
    /// What partners have to achieve for their tier; none leaves tiers to administrators.
    #[serde(default)]
    pub tier_requirements: Option<TierRequirements>,
    /// What partners earn for reaching a goal.
    #[serde(default)]
    pub bonuses: Vec<Bonus>,
}

crate::object!(Plan);

fn default_hold_days() -> u16 {
    30
}

/// One way to earn at level 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct Rule {
    /// The rule's name within the plan: 1 to 40 characters of a-z, 0-9, hyphen and underscore.
    pub id: String,
    /// Between rules that pay the same, the higher priority wins; then the smaller id.
    #[serde(default)]
    pub priority: i32,
    /// All of these must hold; none means always.
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// What it pays.
    pub reward: Reward,
}

crate::object!(Rule);

/// What a sponsor earns on a recruit's conversions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case", deny_unknown_fields, remote = "Self")]
pub enum LevelShare {
    /// A share of the commission base.
    Base {
        /// The share.
        rate: Rate,
    },
    /// A share of what level 1 earns.
    LevelOne {
        /// The share.
        rate: Rate,
    },
}

crate::object!(LevelShare);

/// What happens to the share of a sponsor whose enrolment is not active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InactiveUpline {
    /// It is credited all the same and stays locked: an inactive enrolment cannot be paid out.
    /// The conversion then reads nothing but the seller's own agreement.
    #[default]
    Accrue,
    /// It lapses.
    Drop,
    /// The next active sponsor above moves up.
    Compress,
}

/// For how long a customer's renewals earn, counted from the customer's first sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recurring {
    /// As long as they come.
    #[default]
    Forever,
    /// Renewals earn nothing.
    FirstSaleOnly,
    /// For this many months, half open; a month's end clamps.
    Months(u16),
}

/// What customers won under a version keep when the next one comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExistingCustomers {
    /// Nothing: whatever is in force prices their sales.
    #[default]
    FollowCurrent,
    /// This version, for ever.
    Keep,
    /// This version, for so many months from their first sale on.
    KeepMonths(u16),
}

/// What belongs to the commission base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, remote = "Self")]
pub struct BasePolicy {
    /// Does tax belong to it? Not by default.
    pub include_tax: bool,
    /// Does shipping belong to it? Not by default.
    pub include_shipping: bool,
    /// Is the discount added back? Not by default: the base is what was paid.
    pub include_discount: bool,
}

crate::object!(BasePolicy);

/// The version in force at a moment: the highest of those effective by then.
#[must_use]
pub fn in_force(versions: &[PlanVersion], at: Timestamp) -> Option<&PlanVersion> {
    versions.iter().filter(|version| version.effective_from <= at).max_by_key(|version| version.version)
}

/// The version that prices a sale: the one in force, unless the customer's first sale was made
/// under an earlier one that is kept for existing customers.
#[must_use]
pub fn pricing(
    versions: &[PlanVersion],
    at: Timestamp,
    customer_since: Option<Timestamp>,
) -> Option<&PlanVersion> {
    let kept = customer_since.filter(|since| *since <= at).and_then(|since| {
        let first = in_force(versions, since)?;
        match first.plan.existing_customers {
            ExistingCustomers::FollowCurrent => None,
            ExistingCustomers::Keep => Some(first),
            ExistingCustomers::KeepMonths(months) => {
                let end = since.to_zoned(TimeZone::UTC).checked_add(i64::from(months).months()).ok()?;
                (at < end.timestamp()).then_some(first)
            }
        }
    });
    kept.or_else(|| in_force(versions, at))
}

#[cfg(test)]
mod tests;
