//! Adjustments of commissions by administrators: line, reason, account and journal in one write.

use domain::{
    commission::{Adjusted, Adjustment},
    id::{AdjustmentId, CommissionId},
    money::{Currency, Money},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Store, account, commission,
    conversion::Record,
    error::Error,
    expression::{Condition, Update},
    history::StepItem,
    idempotency::{Committed, Once},
    item::{Row, Shape},
    journal, key,
    transaction::Transaction,
};

/// What became of an adjustment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AdjustmentRecorded {
    /// It was written, or its request was answered before.
    Committed(Committed),
    /// The line, or what it is priced by, has changed meanwhile: read again and decide again.
    Stale,
}

impl Store {
    /// Records an adjustment with the line as it is afterwards.
    ///
    /// The conversion must stand as it was read, and its revision is raised: a refund that was
    /// computed from the line before must not be written after, nor this after the refund.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn adjust(
        &self,
        record: &Record,
        adjustment: &Adjustment,
        adjusted: &Adjusted,
        once: Once<'_>,
    ) -> Result<AdjustmentRecorded, Error> {
        let line = &adjusted.commission;
        let before = record.commissions.iter().find(|before| before.value.id == line.id);
        let (Some(revision), Some(before)) = (record.revision(), before) else {
            return Ok(AdjustmentRecorded::Stale);
        };
        let mut transaction = Transaction::new();
        let head = Update::new(key::conversion(line.id.conversion()));
        transaction.update(head.when(Condition::revision(revision)));
        transaction.update(commission::change_of_worth(before, line)?);
        let item = AdjustmentItem::new(adjustment, StepItem::after(record, adjustment.at));
        transaction.put_new(Row::new(&key::line_adjustment(&line.id, &adjustment.id), &item)?);
        account::move_by(&mut transaction, &commission::account_of(line), &adjusted.account);
        if let Some(booked) = &adjusted.transaction {
            transaction.put_new(journal::new_row(booked, line.campaign.as_deref())?);
        }
        match self.commit_once(transaction, once).await {
            Ok(committed) => Ok(AdjustmentRecorded::Committed(committed)),
            Err(Error::Condition(_)) => Ok(AdjustmentRecorded::Stale),
            Err(error) => Err(error),
        }
    }
}

/// An adjustment as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AdjustmentItem {
    id: AdjustmentId,
    line: CommissionId,
    currency: Currency,
    amount: i64,
    reason: String,
    by: String,
    at: Timestamp,
    step: StepItem,
}

impl Shape for AdjustmentItem {
    const ENTITY: &'static str = "adjustment";
}

impl AdjustmentItem {
    fn new(adjustment: &Adjustment, step: StepItem) -> Self {
        Self {
            id: adjustment.id.clone(),
            line: adjustment.commission_id.clone(),
            currency: adjustment.amount.currency(),
            amount: adjustment.amount.minor(),
            reason: adjustment.reason.clone(),
            by: adjustment.by.clone(),
            at: adjustment.at,
            step,
        }
    }

    /// The adjustment in a row, and its place among the changes of its conversion.
    pub(crate) fn adjustment(row: Row) -> Result<(Adjustment, StepItem), Error> {
        let item: Self = row.parse()?;
        let adjustment = Adjustment {
            id: item.id,
            commission_id: item.line,
            amount: Money::new(item.amount, item.currency),
            reason: item.reason,
            by: item.by,
            at: item.at,
        };
        Ok((adjustment, item.step))
    }
}
