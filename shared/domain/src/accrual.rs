//! Accrual: a calculated conversion becomes commissions and a journal transaction.

use jiff::{SignedDuration, Timestamp};

use crate::{
    commission::{Calculation, Commission, CommissionStatus},
    conversion::Conversion,
    id::{CommissionId, Level},
    ledger::{Account, Entry, LedgerError, Transaction, TransactionKind},
    money::Money,
    risk::HoldReason,
};

/// The lines of a conversion and the transaction that grants them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accrual {
    /// One commission a line.
    pub commissions: Vec<Commission>,
    /// None when nothing is earned.
    pub transaction: Option<Transaction>,
}

/// Grants what a calculation found, held back as a whole when there is a reason to.
///
/// # Errors
/// When the entry does not balance, which would be a defect.
pub fn accrue(
    conversion: &Conversion,
    calculation: &Calculation,
    hold: Option<HoldReason>,
    at: Timestamp,
) -> Result<Accrual, LedgerError> {
    let campaign = conversion.attribution.touch().and_then(|touch| touch.campaign.clone());
    let occurred_at = conversion.charge.occurred_at;
    let hold_time = SignedDuration::from_hours(24 * i64::from(calculation.terms.hold_days));
    let mut entry = Entry::new();
    let mut total = 0;
    let mut commissions = Vec::with_capacity(calculation.lines.len());
    for line in &calculation.lines {
        total += line.amount.minor();
        commissions.push(Commission {
            id: CommissionId::new(conversion.id.clone(), line.level).at_place(line.place),
            program_id: conversion.program_id.clone(),
            partner_id: line.partner_id.clone(),
            price: line.price.clone(),
            status: if hold.is_some() { CommissionStatus::Held } else { CommissionStatus::Pending },
            hold_reason: hold,
            earned: line.amount,
            amount: line.amount,
            adjusted: Money::zero(line.amount.currency()),
            kind: conversion.charge.kind,
            campaign: campaign.clone().filter(|_| line.level == Level::ONE),
            occurred_at,
            eligible_at: occurred_at.checked_add(hold_time).unwrap_or(Timestamp::MAX),
            matured_at: None,
            payout_id: None,
            payout_date: None,
        });
    }
    entry.push(Account::Expense, total, None);
    for commission in &commissions {
        entry.push(commission.account(), -commission.amount.minor(), Some(commission.id.level()));
    }
    let subject = [conversion.id.as_str()];
    let currency = calculation.terms.base.currency();
    let transaction = entry.close(&conversion.program_id, TransactionKind::Accrue, &subject, at, currency)?;
    Ok(Accrual { commissions, transaction })
}
