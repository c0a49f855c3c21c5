//! Caps: the most that a plan pays within a period for somebody or something.

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{attribution::Touch, conversion::Charge, id::ProgramId, money::Money};

/// The most that sales within one scope and period may cost, all levels together.
///
/// What is over comes off the deepest level first. Amounts that refunds take back are free again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct Cap {
    /// Whose or which sales.
    pub scope: CapScope,
    /// Within which time.
    pub period: CapPeriod,
    /// The most, in the program's currency.
    pub amount: Money,
}

crate::object!(Cap);

/// Whose or which sales a cap counts together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CapScope {
    /// Those of the partner who sold.
    Partner,
    /// Those of one customer.
    Customer,
    /// All of the program.
    Program,
    /// Those of one campaign.
    Campaign,
}

/// The time within which a cap counts; days and months are UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CapPeriod {
    /// The day of the sale.
    Day,
    /// The month of the sale.
    Month,
    /// From the first sale on.
    AllTime,
}

/// The counter of a cap: what the sales of one subject have been granted within one period.
///
/// It does not belong to a plan version: a new version goes on counting where the last one stopped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CapCounter {
    /// What is counted together.
    pub scope: CapScope,
    /// Whose: a partner, a customer, a program, or the name of a campaign.
    pub subject: String,
    /// When: `2026-11-22`, `2026-11` or `all`.
    pub period: String,
}

impl CapScope {
    /// The name on the wire and in keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Partner => "partner",
            Self::Customer => "customer",
            Self::Program => "program",
            Self::Campaign => "campaign",
        }
    }
}

impl Cap {
    /// The counter that a sale adds to; none when the sale has no such subject, and is not capped.
    #[must_use]
    pub fn counter(&self, program: &ProgramId, touch: &Touch, charge: &Charge) -> Option<CapCounter> {
        let subject = match self.scope {
            CapScope::Partner => touch.partner_id.to_string(),
            CapScope::Customer => charge.customer.as_ref()?.id.to_string(),
            CapScope::Program => program.to_string(),
            CapScope::Campaign => touch.campaign.clone()?,
        };
        Some(CapCounter { scope: self.scope, subject, period: self.period.of(charge.occurred_at) })
    }
}

impl CapPeriod {
    fn of(self, at: Timestamp) -> String {
        let day = at.to_zoned(TimeZone::UTC).date();
        match self {
            Self::Day => day.to_string(),
            Self::Month => format!("{:04}-{:02}", day.year(), day.month()),
            Self::AllTime => "all".to_owned(),
        }
    }
}
