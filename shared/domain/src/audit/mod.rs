//! The audit: everything that must hold of a ledger, as checks on what was read of it.
//!
//! Values go in and breaches come out; nothing here reads. A breach names the items it concerns by
//! their ids and says what differs in numbers, so it carries no personal data.

mod account;
mod bonus;
mod conversion;
mod sales;

use std::fmt;

pub use account::{Books, Kept, LineSums, Owner, PayoutSums, Projected, Sums};
pub use bonus::AwardCase;
pub use conversion::Case;
pub use sales::Sales;

use crate::{
    agreement::{Agreement, DEPTH_MAX},
    commission::{Commission, CommissionStatus},
    conversion::Conversion,
    ledger::Transaction,
    money::MoneyError,
};

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// Every item reads as what its key says.
    Unreadable,
    /// Every transaction sums to zero and moves something.
    Transaction,
    /// `available`, `transit` and `held` of an account are the negated sums of their postings.
    Balances,
    /// `pending` of an account is what its lines hold that have not matured.
    Pending,
    /// `expense` is the sum of all current commission amounts.
    Expense,
    /// Every commission is what its conversion's frozen terms give at what is left of the charge.
    Commission,
    /// The refunded sum is what the refunds come to, and lines are held while a dispute or a review
    /// is open.
    Refunds,
    /// The levels above the first stay within the cap of the terms.
    UplineCap,
    /// The counter of a cap is what the lines it covers are worth by their terms.
    Caps,
    /// Conversions and refunds have the entries they need, and every entry its reason.
    Booking,
    /// `transit` is the open payout, of which there is at most one; what was settled left as cash.
    Payouts,
    /// A partner's ancestors are the sponsor and the sponsor's ancestors.
    Tree,
    /// Nothing waits for its next step for longer than an hour.
    Liveness,
    /// Totals and counters are what the journal and the sales say.
    Projections,
}

impl Check {
    /// Every check.
    pub const ALL: [Self; 14] = [
        Self::Unreadable,
        Self::Transaction,
        Self::Balances,
        Self::Pending,
        Self::Expense,
        Self::Commission,
        Self::Refunds,
        Self::UplineCap,
        Self::Caps,
        Self::Booking,
        Self::Payouts,
        Self::Tree,
        Self::Liveness,
        Self::Projections,
    ];

    /// The name in metrics and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Transaction => "transaction",
            Self::Balances => "balances",
            Self::Pending => "pending",
            Self::Expense => "expense",
            Self::Commission => "commission",
            Self::Refunds => "refunds",
            Self::UplineCap => "upline_cap",
            Self::Caps => "caps",
            Self::Booking => "booking",
            Self::Payouts => "payouts",
            Self::Tree => "tree",
            Self::Liveness => "liveness",
            Self::Projections => "projections",
        }
    }
}

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// What was checked.
    pub check: Check,
    /// The items it concerns, by id.
    pub items: Vec<String>,
    /// What differs.
    pub detail: String,
    /// By how much, in minor units, where it is an amount.
    pub difference: i128,
}

impl Breach {
    /// A breach that is not a matter of amounts.
    #[must_use]
    pub fn new(check: Check, items: &[&dyn fmt::Display], detail: impl Into<String>) -> Self {
        let items = items.iter().map(ToString::to_string).collect();
        Self { check, items, detail: detail.into(), difference: 0 }
    }

    /// A breach unless two sums, in minor units, are the same.
    #[must_use]
    pub fn unless_equal(
        check: Check,
        items: &[&dyn fmt::Display],
        (left, one): (&str, i128),
        (right, other): (&str, i128),
    ) -> Option<Self> {
        let detail = || format!("{left} is {one}, {right} is {other}");
        (one != other).then(|| Self { difference: one - other, ..Self::new(check, items, detail()) })
    }

    /// Is it the same breach, seen another time? On an account that is in use both sides move, and
    /// what is wrong is the difference that stays.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        (self.check, &self.items, self.difference) == (other.check, &other.items, other.difference)
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} [{}]", self.check.as_str(), self.detail, self.items.join(", "))
    }
}

/// What a conversion has taken of the caps it counts in, in minor units: what its lines are worth by
/// their terms. A line that was turned down takes nothing.
///
/// # Errors
/// When an amount does not fit.
pub fn granted(conversion: &Conversion, lines: &[Commission]) -> Result<i128, MoneyError> {
    let amounts = conversion.priced(lines, conversion.refunded)?;
    let counts = lines.iter().zip(amounts).filter(|(line, _)| line.status != CommissionStatus::Rejected);
    Ok(counts.map(|(_, amount)| i128::from(amount.minor())).sum())
}

/// A transaction sums to zero and moves something.
#[must_use]
pub fn transaction(transaction: &Transaction) -> Option<Breach> {
    let error = transaction.check().err()?;
    Some(Breach::new(Check::Transaction, &[&transaction.id], error.to_string()))
}

/// An agreement's ancestors are its sponsor and the sponsor's own, so there is no cycle.
#[must_use]
pub fn tree(agreement: &Agreement, sponsor: Option<&Agreement>) -> Option<Breach> {
    let Agreement { partner_id, ancestors, .. } = agreement;
    let breach = |detail: &str| Some(Breach::new(Check::Tree, &[&agreement.id, partner_id], detail));
    let (named, above) = ancestors.split_first()?;
    if ancestors.contains(partner_id) {
        return breach("the partner is among its own ancestors");
    }
    if ancestors.len() > DEPTH_MAX {
        return breach("the line is deeper than allowed");
    }
    match sponsor {
        None => breach("the sponsor has no agreement"),
        Some(sponsor) if sponsor.partner_id != *named || sponsor.ancestors != above => {
            breach("the ancestors are not the sponsor and the sponsor's ancestors")
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests;
