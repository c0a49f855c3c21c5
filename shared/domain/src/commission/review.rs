//! Review: an administrator decides on a conversion's held lines.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Commission, CommissionEvent, CommissionStatus, movement::Movement};
use crate::{
    conversion::Conversion,
    ledger::{LedgerError, Transaction, TransactionKind},
    money::{Money, MoneyError},
};

/// What the administrator decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The lines go on as if they had never been held.
    Release,
    /// The lines earn nothing.
    Reject,
}

/// What a decision changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewed {
    /// The lines that were held, as they are afterwards.
    pub commissions: Vec<Commission>,
    /// Minor units that the caps of the conversion may grant again.
    pub freed: i64,
    /// The journal's account of it; a release books nothing.
    pub transaction: Option<Transaction>,
}

/// Why a decision is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReviewError {
    /// There is nothing to decide on.
    #[error("no commission of this conversion is held for review")]
    NothingHeld,
    /// The terms cannot be applied; a defect, never written.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// The rejection does not balance; a defect, never written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Decides on every line of a conversion that is held for review: what made one of them suspect
/// concerns the sale. While the charge is disputed, a line that may pass stays held for that.
///
/// # Errors
/// When none is held for review.
pub fn review(
    conversion: &Conversion,
    commissions: &[Commission],
    is_disputed: bool,
    decision: Decision,
    at: Timestamp,
) -> Result<Reviewed, ReviewError> {
    // Caps count what the terms give; adjustments stand beside it.
    let priced = conversion.priced(commissions, conversion.refunded)?;
    let is_held = |(commission, _): &(&Commission, Money)| {
        commission.status == CommissionStatus::Held && commission.hold_reason.is_some()
    };
    let held: Vec<_> = commissions.iter().zip(priced).filter(is_held).collect();
    if held.is_empty() {
        return Err(ReviewError::NothingHeld);
    }
    let (mut movement, mut freed) = (Movement::default(), 0);
    let mut decided = Vec::with_capacity(held.len());
    for (commission, priced) in held {
        let after = match decision {
            Decision::Release => {
                Commission { hold_reason: None, ..commission.clone() }.worth(commission.amount, is_disputed)
            }
            Decision::Reject => {
                freed += priced.minor();
                rejected(commission)
            }
        };
        movement.line(commission, &after)?;
        decided.push(after);
    }
    let currency = conversion.settlement_currency();
    let (entry, kind, subject) = (movement.into_entry(), TransactionKind::Reject, [conversion.id.as_str()]);
    let transaction = entry.close(&conversion.program_id, kind, &subject, at, currency)?;
    Ok(Reviewed { commissions: decided, freed, transaction })
}

fn rejected(commission: &Commission) -> Commission {
    let status = commission.status.after(CommissionEvent::Reject).unwrap_or(commission.status);
    Commission { status, amount: Money::zero(commission.amount.currency()), ..commission.clone() }
}
