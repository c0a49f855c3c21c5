//! Review: an administrator decides on a conversion's held lines.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Commission, CommissionEvent, CommissionStatus};
use crate::{
    conversion::Conversion,
    ledger::{Account, Entry, LedgerError, Transaction, TransactionKind},
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
    #[error("no commission of this conversion is held")]
    NothingHeld,
    /// The terms cannot be applied; a defect, never written.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// The rejection does not balance; a defect, never written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Decides on every held line of a conversion: what made one of them suspect concerns the sale.
///
/// # Errors
/// When none is held.
pub fn review(
    conversion: &Conversion,
    commissions: &[Commission],
    decision: Decision,
    at: Timestamp,
) -> Result<Reviewed, ReviewError> {
    // Caps count what the terms give; adjustments stand beside it.
    let priced = conversion.priced(commissions, conversion.refunded)?;
    let is_held = |(commission, _): &(&Commission, Money)| commission.status == CommissionStatus::Held;
    let held: Vec<_> = commissions.iter().zip(priced).filter(is_held).collect();
    if held.is_empty() {
        return Err(ReviewError::NothingHeld);
    }
    let mut entry = Entry::new();
    let (mut total, mut freed) = (0, 0);
    let mut decided = Vec::with_capacity(held.len());
    for (commission, priced) in held {
        decided.push(match decision {
            Decision::Release => moved(commission, CommissionEvent::Release, commission.amount),
            Decision::Reject => {
                entry.push(commission.account(), commission.amount.minor(), Some(commission.id.level()));
                total += commission.amount.minor();
                freed += priced.minor();
                moved(commission, CommissionEvent::Reject, Money::zero(commission.amount.currency()))
            }
        });
    }
    entry.push(Account::Expense, -total, None);
    let currency = conversion.settlement_currency();
    let subject = [conversion.id.as_str()];
    let transaction = entry.close(&conversion.program_id, TransactionKind::Reject, &subject, at, currency)?;
    Ok(Reviewed { commissions: decided, freed, transaction })
}

fn moved(commission: &Commission, event: CommissionEvent, amount: Money) -> Commission {
    let status = commission.status.after(event).unwrap_or(commission.status);
    Commission { status, amount, ..commission.clone() }
}
