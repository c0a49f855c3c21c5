//! Maturity: commissions whose holding period is over become part of the available balance.

use jiff::Timestamp;

use super::{Commission, CommissionEvent, CommissionStatus};
use crate::{
    id::{PartnerId, ProgramId},
    ledger::{Account, Entry, LedgerError, Transaction, TransactionKind},
    money::Currency,
};

/// The most commissions that mature in one write: with account and journal they stay well below
/// the table's hundred items a transaction.
pub const BATCH_MAX: usize = 50;

/// What maturing a batch changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matured {
    /// The lines as they are afterwards.
    pub commissions: Vec<Commission>,
    /// Minor units that become available.
    pub minor: i64,
    /// The journal's account of it; none when every amount is zero.
    pub transaction: Option<Transaction>,
}

/// Matures those of one partner's commissions, in one program and currency, that are due.
///
/// # Errors
/// When the batch does not balance, which would be a defect.
pub fn mature(
    program_id: &ProgramId,
    partner_id: &PartnerId,
    currency: Currency,
    commissions: &[Commission],
    at: Timestamp,
) -> Result<Matured, LedgerError> {
    let is_due = |commission: &&Commission| {
        commission.status == CommissionStatus::Pending
            && commission.eligible_at <= at
            && commission.partner_id == *partner_id
            && commission.amount.currency() == currency
    };
    let mut due: Vec<Commission> = commissions.iter().filter(is_due).take(BATCH_MAX).cloned().collect();
    due.sort_by(|one, other| one.id.cmp(&other.id));
    for commission in &mut due {
        commission.status = commission.status.after(CommissionEvent::Mature).unwrap_or(commission.status);
        commission.matured_at = Some(at);
    }
    let minor = due.iter().map(|commission| commission.amount.minor()).sum();
    let ids: Vec<String> = due.iter().map(|commission| commission.id.to_string()).collect();
    let names: Vec<&str> = ids.iter().map(String::as_str).collect();
    let transaction = Entry::new()
        .debit(Account::Pending(partner_id.clone()), minor)
        .credit(Account::Available(partner_id.clone()), minor)
        .close(program_id, TransactionKind::Mature, &names, at, currency)?
        // Fifty ids as the subject would outgrow the item; the first one names the batch.
        .map(|transaction| Transaction { subject: ids.first().cloned().unwrap_or_default(), ..transaction });
    Ok(Matured { commissions: due, minor, transaction })
}
