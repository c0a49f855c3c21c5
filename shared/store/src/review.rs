//! A decision on the held lines of a conversion: all of them move, or none does.

use domain::commission::{CommissionStatus, Decision, Reviewed};
use jiff::Timestamp;

use crate::{
    Store,
    accrual::Written,
    cap, commission,
    conversion::Record,
    error::Error,
    expression::{Condition, Update, Value},
    history::{ReviewItem, StepItem},
    journal, key, projection,
    transaction::Transaction,
};

/// How and when held lines were decided on.
const REVIEWED: &str = "reviewed";

impl Store {
    /// Records a decision on the held lines of a conversion.
    ///
    /// The conversion must stand as it was read, and its revision is raised: a refund that was
    /// computed from the lines before the decision must not be written after it.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn record_review(
        &self,
        record: &Record,
        reviewed: &Reviewed,
        now: Timestamp,
    ) -> Result<Written, Error> {
        let Some(known) = record.conversion() else { return Ok(Written::Stale) };
        let (conversion, mut transaction) = (&known.value, Transaction::new());
        let head = key::conversion(&conversion.id);
        let rejects = reviewed.commissions.iter().any(|line| line.status == CommissionStatus::Rejected);
        let decision = if rejects { Decision::Reject } else { Decision::Release };
        let review = Value::of(&head, &ReviewItem { decision, step: StepItem::after(record, now) })?;
        transaction.update(Update::new(head).set(REVIEWED, review).when(Condition::revision(known.revision)));
        for line in &reviewed.commissions {
            let Some(read) = record.commissions.iter().find(|read| read.value.id == line.id) else {
                return Ok(Written::Stale);
            };
            transaction.update(commission::change_of_worth(read, line)?);
        }
        let counters = conversion.terms.iter().flat_map(|terms| terms.caps.clone()).collect::<Vec<_>>();
        cap::release(&mut transaction, &conversion.program_id, &counters, reviewed.freed);
        if let Some(booked) = &reviewed.transaction {
            let campaign = conversion.attribution.touch().and_then(|touch| touch.campaign.as_deref());
            transaction.put_new(journal::new_row(booked, campaign)?);
        }
        let is_rejected = |status| status == CommissionStatus::Rejected;
        let turns_down = reviewed.commissions.iter().any(|line| is_rejected(line.status));
        let was_before = record.commissions.iter().any(|line| is_rejected(line.value.status));
        if turns_down && !was_before {
            projection::rejection_row(conversion, now)?.into_iter().for_each(|row| {
                transaction.put_new(row);
            });
        }
        Written::of(self.commit(transaction).await)
    }
}
