//! A decision on the held lines of a conversion: all of them move, or none does.

use domain::commission::Reviewed;
use jiff::Timestamp;

use crate::{
    Store,
    accrual::Written,
    commission,
    conversion::Record,
    error::Error,
    expression::{Condition, Update, Value},
    journal, key,
    transaction::Transaction,
};

/// When held lines were last decided on.
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
        let at = Value::of(&head, &now)?;
        transaction.update(Update::new(head).set(REVIEWED, at).when(Condition::revision(known.revision)));
        for line in &reviewed.commissions {
            let read = record.commissions.iter().find(|read| read.value.id == line.id);
            transaction.update(commission::change(line, read.map_or(0, |read| read.revision))?);
        }
        if let Some(booked) = &reviewed.transaction {
            let campaign = conversion.attribution.touch().and_then(|touch| touch.campaign.as_deref());
            transaction.put_new(journal::new_row(booked, campaign)?);
        }
        Written::of(self.commit(transaction).await)
    }
}
