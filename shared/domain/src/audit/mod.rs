//! The audit: everything that must hold of a ledger, as checks on what was read of it.
//!
//! Values go in and breaches come out; nothing here reads. A breach names the items it concerns by
//! their ids and says what differs in numbers, so it carries no personal data.

mod account;
mod bonus;
mod conversion;
mod figure;
mod kept;
mod reserves;
mod sales;
mod shown;

use std::fmt;

pub use account::{Books, Owner, Sums};
pub use bonus::AwardCase;
pub use conversion::Case;
pub use figure::Figure;
pub use kept::{Kept, LineSums, PayoutSums, Projected};
pub use reserves::Reserves;
pub use sales::Sales;
pub use shown::{Shown, ShownByPartner, clicks, show};

use crate::{
    agreement::{Agreement, DEPTH_MAX},
    commission::{Commission, CommissionStatus},
    conversion::Conversion,
    id::{ConversionId, PayoutId, TransactionId},
    ledger::{Transaction, TransactionKind},
    money::MoneyError,
    payout::{Payout, PayoutStatus},
};

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// Every item reads as what its key says.
    Unreadable,
    /// Every transaction sums to zero and moves something.
    Transaction,
    /// A transaction stands under the id of what it books, as it was written.
    Journal,
    /// `available`, `transit` and `held` of an account are the negated sums of their postings.
    Balances,
    /// What a payout reserved was available: only what takes earnings back leads below zero.
    Reserves,
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
    /// `transit` is the open payout, of which there is at most one; what was settled left as cash, by
    /// one payment of its provider each, and came back as cash where it did.
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
    pub const ALL: [Self; 16] = [
        Self::Unreadable,
        Self::Transaction,
        Self::Journal,
        Self::Balances,
        Self::Reserves,
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
            Self::Journal => "journal",
            Self::Balances => "balances",
            Self::Reserves => "reserves",
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

/// A transaction's id is that of what it books: so what is booked twice is refused by the table. What
/// matures together is named by its first line only.
#[must_use]
pub fn named(transaction: &Transaction) -> Option<Breach> {
    let Transaction { id, kind, subject, .. } = transaction;
    if *kind == TransactionKind::Mature {
        return None;
    }
    // A refund's own id may hold what parts are joined by.
    let mut names = (1..=3).map(|parts| subject.splitn(parts, '/').collect::<Vec<_>>());
    let is_named = names.any(|parts| kind.transaction_id(&parts) == *id);
    let breach = || Breach::new(Check::Journal, &[id, subject], "the id is not that of what is booked");
    (!is_named).then(breach)
}

/// The entries of a conversion or an award that nothing known of it explains. `booked` are those that the
/// journal has, `known` the ids of those that there can be.
#[must_use]
pub fn unexplained<'a>(
    id: &ConversionId,
    booked: impl IntoIterator<Item = &'a TransactionId>,
    known: &[TransactionId],
) -> Vec<Breach> {
    let booked = booked.into_iter().filter(|entry| !known.contains(entry));
    let detail = "no accrual, refund, review, adjustment or bonus is known that the entry books";
    booked.map(|entry| Breach::new(Check::Booking, &[entry, id], detail)).collect()
}

/// What left for a payout did so by one payment of its provider, which no other payout had. `named` is
/// the payout that the provider's id of the payment is kept for.
#[must_use]
pub fn payment(payout: &Payout, named: Option<&PayoutId>) -> Option<Breach> {
    let must_have = matches!(payout.status, PayoutStatus::Sent | PayoutStatus::Paid | PayoutStatus::Returned);
    let detail = match (&payout.provider_id, named) {
        (None, _) if must_have => "the provider has taken it on under no id",
        (Some(_), None) => "the provider's payment is not kept for it",
        (Some(_), Some(named)) if *named != payout.id => "the provider's payment is that of another payout",
        _ => return None,
    };
    let mut items: Vec<&dyn fmt::Display> = vec![&payout.id];
    items.extend(payout.provider_id.as_ref().map(|id| id as &dyn fmt::Display));
    items.extend(named.filter(|named| **named != payout.id).map(|id| id as &dyn fmt::Display));
    Some(Breach::new(Check::Payouts, &items, detail))
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
