//! Refunds: every line is moved to what it is worth at what is left of the base.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Commission, CommissionStatus};
use crate::{
    conversion::{Conversion, Refund},
    id::PartnerId,
    ledger::{Account, Entry, LedgerError, Transaction, TransactionKind},
    money::{Money, MoneyError},
};

/// What a refund changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reversal {
    /// Sum of all refunds of the conversion, this one included.
    pub refunded: Money,
    /// The lines that change, as they are afterwards.
    pub commissions: Vec<Commission>,
    /// Changes of available balances in minor units; may drive a balance below zero.
    pub available: BTreeMap<PartnerId, i64>,
    /// Minor units that the caps of the conversion may grant again.
    pub freed: i64,
    /// The journal's account of it; none when no amount changes.
    pub transaction: Option<Transaction>,
}

/// Why a refund is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefundError {
    /// More would go back than was paid.
    #[error("the refund exceeds what is left of the charge, {left}")]
    ExceedsCharge {
        /// What has not been refunded yet.
        left: Money,
    },
    /// A refund is above zero.
    #[error("a refund is above zero")]
    NotPositive,
    /// Amounts of another currency, or too large.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// The reversal does not balance; a defect, never written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Applies a refund to a conversion and its lines.
///
/// The target of each line is a function of the sum of all refunds, so their order and slicing do
/// not matter. A line that was turned down in review stays at zero.
///
/// # Errors
/// When the refund is not above zero, of another currency, or more than is left of the charge.
pub fn refund(
    conversion: &Conversion,
    commissions: &[Commission],
    refund: &Refund,
    at: Timestamp,
) -> Result<Reversal, RefundError> {
    if refund.amount.minor() <= 0 {
        return Err(RefundError::NotPositive);
    }
    let refunded = conversion.refunded.plus(refund.amount)?;
    if conversion.charge.amount.minus(refunded)?.is_negative() {
        let left = conversion.charge.amount.minus(conversion.refunded)?;
        return Err(RefundError::ExceedsCharge { left });
    }
    let before = conversion.priced(commissions, conversion.refunded)?;
    let targets = conversion.priced(commissions, refunded)?;

    let mut entry = Entry::new();
    let (mut total, mut freed) = (0, 0);
    let (mut changed, mut available) = (Vec::new(), BTreeMap::new());
    for ((commission, before), target) in commissions.iter().zip(before).zip(targets) {
        if commission.status != CommissionStatus::Rejected {
            freed += before.minus(target)?.minor();
        }
        let target = commission.at(target)?;
        let taken = commission.amount.minus(target)?.minor();
        if taken == 0 {
            continue;
        }
        let account = commission.account();
        if let Account::Available(partner) = &account {
            *available.entry(partner.clone()).or_insert(0) -= taken;
        }
        entry.push(account, taken, Some(commission.id.level()));
        total += taken;
        // A further refund may give a line of nothing a minor unit again: what partners share is
        // rounded anew, and a cap leaves more to deeper levels.
        changed.push(commission.worth(target));
    }
    entry.push(Account::Expense, -total, None);
    let subject = [conversion.id.as_str(), refund.refund_id.as_str()];
    let currency = conversion.settlement_currency();
    let transaction = entry.close(&conversion.program_id, TransactionKind::Refund, &subject, at, currency)?;
    Ok(Reversal { refunded, commissions: changed, available, freed, transaction })
}
