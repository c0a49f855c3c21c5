//! Refunds: every line is moved to what it is worth at what is left of the base, and is held while a
//! dispute is open.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{AccountChange, Commission, CommissionStatus, movement::Movement};
use crate::{
    conversion::{Conversion, Refund, refunded},
    id::PartnerId,
    ledger::{LedgerError, Transaction},
    money::{Money, MoneyError},
};

/// What a refund changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reversal {
    /// How much of the charge has gone back by all refunds, this one included.
    pub refunded: Money,
    /// Minor units of refunds beyond the charge, which take nothing from anybody.
    pub excess: i128,
    /// The lines that change, as they are afterwards.
    pub commissions: Vec<Commission>,
    /// Changes of balances; may drive an available balance below zero.
    pub accounts: BTreeMap<PartnerId, AccountChange>,
    /// Minor units that the caps of the conversion may grant again. Below zero when a refund is void
    /// after all: what comes back was granted before, even if others have used the cap meanwhile.
    pub freed: i64,
    /// The journal's account of it; none when no amount moves.
    pub transaction: Option<Transaction>,
}

/// Why a refund is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefundError {
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

/// Applies what is told of a refund to a conversion and its lines. `earlier` is all that was applied
/// before.
///
/// Where a line ends is a function of what all refunds come to ([`refunded`]), so neither their
/// order nor their slicing matters, and a refund that is void leaves nothing behind. A line that was
/// turned down in review stays at zero; one that is paid is not held, its money has left.
///
/// # Errors
/// When the amount is not above zero, or of another currency than the charge.
pub fn refund(
    conversion: &Conversion,
    commissions: &[Commission],
    earlier: &[Refund],
    fact: &Refund,
    at: Timestamp,
) -> Result<Reversal, RefundError> {
    if fact.amount.is_some_and(|amount| amount.minor() <= 0) {
        return Err(RefundError::NotPositive);
    }
    let all: Vec<Refund> = earlier.iter().chain([fact]).cloned().collect();
    let after = refunded(conversion.charge.amount, &all)?;
    let before = conversion.priced(commissions, conversion.refunded)?;
    let targets = conversion.priced(commissions, after.sum)?;

    let (mut movement, mut freed, mut changed) = (Movement::default(), 0, Vec::new());
    for ((commission, before), target) in commissions.iter().zip(before).zip(targets) {
        if commission.status != CommissionStatus::Rejected {
            freed += before.minus(target)?.minor();
        }
        // A further refund may give a line of nothing a minor unit again: what partners share is
        // rounded anew, and a cap leaves more to deeper levels.
        let moved = commission.worth(commission.at(target)?, after.is_disputed);
        if moved != *commission {
            movement.line(commission, &moved)?;
            changed.push(moved);
        }
    }
    let accounts = std::mem::take(&mut movement.accounts);
    let (kind, subject) = (fact.stage.entry_kind(), fact.subject(&conversion.id));
    let currency = conversion.settlement_currency();
    let transaction = movement.into_entry().close(&conversion.program_id, kind, &subject, at, currency)?;
    let (refunded, excess) = (after.sum, after.excess);
    Ok(Reversal { refunded, excess, commissions: changed, accounts, freed, transaction })
}
