//! Adjustments: an administrator adds to a commission or takes from it, and says why.
//!
//! The sum of a line's adjustments stands beside what its terms give, and the line is worth both
//! together, but never less than nothing ([`Commission::at`]). Adjustments and refunds therefore
//! end at the same amount in whatever order they come.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AccountChange, Commission, CommissionStatus, movement::Movement};
use crate::{
    id::{AdjustmentId, CommissionId, TransactionId},
    ledger::{LedgerError, Transaction, TransactionKind},
    money::{Money, MoneyError},
};

/// Most characters of a reason.
pub const REASON_MAX: usize = 500;

/// A signed change of one commission, with who made it and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    /// Derived from the request.
    pub id: AdjustmentId,
    /// The line.
    pub commission_id: CommissionId,
    /// Above zero adds, below zero takes.
    pub amount: Money,
    /// Why, in the administrator's words; the partner reads them.
    pub reason: String,
    /// The administrator, by the subject that the token names.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Adjustment {
    /// The id of its journal transaction.
    #[must_use]
    pub fn entry_id(&self) -> TransactionId {
        TransactionKind::Adjust.transaction_id(&[&self.commission_id.to_string(), self.id.as_str()])
    }
}

/// What an adjustment changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjusted {
    /// The line as it is afterwards.
    pub commission: Commission,
    /// Changes of the partner's balances; may drive the available one below zero.
    pub account: AccountChange,
    /// The journal's account of it; none where refunds had already taken what it takes back.
    pub transaction: Option<Transaction>,
}

/// Why an adjustment is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdjustError {
    /// It changes nothing.
    #[error("an adjustment is above or below zero")]
    Zero,
    /// The line was turned down in review, which is final.
    #[error("the commission was rejected")]
    Rejected,
    /// The line would be worth less than nothing.
    #[error("the adjustment takes more than what is left of the commission, {left}")]
    ExceedsLeft {
        /// What the line is worth.
        left: Money,
    },
    /// Another currency, or too large.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// The entry does not balance; a defect, never written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Adjusts a line. `priced` is what its terms give at this moment, without any adjustment;
/// `is_disputed` whether the charge is.
///
/// A line that was taken back whole can be adjusted upwards: it goes on as pending, or as payable
/// when it had matured before, so that an adjustment made by mistake can be taken back.
///
/// # Errors
/// When it is zero, of another currency, or takes more than there is, and for a rejected line.
pub fn adjust(
    commission: &Commission,
    priced: Money,
    is_disputed: bool,
    adjustment: &Adjustment,
) -> Result<Adjusted, AdjustError> {
    if commission.status == CommissionStatus::Rejected {
        return Err(AdjustError::Rejected);
    }
    if adjustment.amount.is_zero() {
        return Err(AdjustError::Zero);
    }
    let adjusted = commission.adjusted.plus(adjustment.amount)?;
    if priced.plus(adjusted)?.is_negative() {
        return Err(AdjustError::ExceedsLeft { left: commission.amount });
    }
    let after = Commission { adjusted, ..commission.clone() };
    let after = after.worth(after.at(priced)?, is_disputed);
    let mut movement = Movement::default();
    movement.line(commission, &after)?;
    let account = std::mem::take(&mut movement.accounts).into_values().next().unwrap_or_default();
    let line = commission.id.to_string();
    let subject = [line.as_str(), adjustment.id.as_str()];
    let currency = commission.amount.currency();
    let (entry, kind) = (movement.into_entry(), TransactionKind::Adjust);
    let transaction = entry.close(&commission.program_id, kind, &subject, adjustment.at, currency)?;
    Ok(Adjusted { commission: after, account, transaction })
}
