//! T1: a conversion is recorded with its lines and its journal transaction, all or nothing.
//!
//! N levels are N + 2 items under keys of their own. Nothing that other sales share is written or
//! even checked, so a program of any size and a sponsor of any fame never become a hot item.

use domain::{accrual::Accrual, commission::CapUse, conversion::Conversion, id::CustomerId};
use jiff::Timestamp;

use crate::{
    Store, cap, commission,
    conversion::{Head, HeadItem, Record},
    error::Error,
    expression::{Condition, Update},
    item::Row,
    journal, key,
    refund::{REFUND_STATE, RefundState},
    transaction::Transaction,
};

/// What became of a write that depends on what was read before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It happened.
    Now,
    /// Something it depends on has changed meanwhile: read again and decide again.
    Stale,
}

impl Written {
    /// A failed condition means that the world has moved on; every other error stays one.
    pub(crate) fn of(result: Result<(), Error>) -> Result<Self, Error> {
        match result {
            Ok(()) => Ok(Self::Now),
            Err(Error::Condition(_)) => Ok(Self::Stale),
            Err(error) => Err(error),
        }
    }
}

impl Store {
    /// Records an attributed conversion with its lines.
    ///
    /// `record` is what was read before: nothing, a stub, or a conversion that nobody was credited
    /// for so far. Refunds that count on the latter wait again, to be applied to the lines; the
    /// conversion handed in has none of them counted. `caps` is what the calculation saw of the caps
    /// that the conversion counts in.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn accrue(
        &self,
        record: &Record,
        conversion: &Conversion,
        accrual: &Accrual,
        caps: &[CapUse],
    ) -> Result<Written, Error> {
        let mut transaction = Transaction::new();
        let booked_at = accrual.transaction.as_ref().map(|booked| booked.at);
        transaction.put_if(booked_row(record, conversion, booked_at)?, before(&record.head));
        for line in &accrual.commissions {
            transaction.put_new(commission::new_row(line)?);
        }
        if let Some(booked) = &accrual.transaction {
            let campaign = conversion.attribution.touch().and_then(|touch| touch.campaign.as_deref());
            transaction.put_new(journal::new_row(booked, campaign)?);
        }
        if !accrual.commissions.is_empty() {
            let granted = accrual.commissions.iter().map(|line| line.amount.minor()).sum();
            cap::grant(&mut transaction, &conversion.program_id, caps, granted);
        }
        for refund in &record.applied {
            let update = Update::new(key::refund(&conversion.id, refund));
            transaction
                .update(update.set(REFUND_STATE, RefundState::Waiting.as_str()).when(Condition::Exists));
        }
        Written::of(self.commit(transaction).await)
    }

    /// Records a conversion that earns nobody anything.
    ///
    /// `waits_for` are identities of a customer whom nobody is known to have brought: the conversion
    /// waits for the binding of any of them to a partner, on the condition that there is none yet, so
    /// that whichever of the two comes second sees the other.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn record_unattributed(
        &self,
        record: &Record,
        conversion: &Conversion,
        waits_for: &[CustomerId],
    ) -> Result<Written, Error> {
        let mut transaction = Transaction::new();
        transaction.put_if(head_row(record, conversion)?, before(&record.head));
        for customer in waits_for {
            let program = &conversion.program_id;
            transaction.check(key::customer(program, customer), Condition::New);
            transaction.put(crate::customer::waiting_row(program, customer, &conversion.id)?);
        }
        Written::of(self.commit(transaction).await)
    }
}

/// The head of a conversion that takes the place of what was read.
pub(crate) fn head_row(record: &Record, conversion: &Conversion) -> Result<Row, Error> {
    booked_row(record, conversion, None)
}

/// The same of a conversion whose commissions were granted at a time.
fn booked_row(record: &Record, conversion: &Conversion, booked_at: Option<Timestamp>) -> Result<Row, Error> {
    let mut head = HeadItem::known(conversion, record.head.next_revision());
    head.booked = booked_at;
    let row = Row::new(&key::conversion(&conversion.id), &head)?;
    if conversion.attribution.touch().is_none() {
        return Ok(row);
    }
    // Only what is credited to somebody counts on a dashboard, and is looked at again.
    let at = conversion.charge.occurred_at;
    let place = key::conversion_in_program(&conversion.program_id, &conversion.id, at);
    Ok(row.outbox(conversion.received_at).listed(place))
}

/// What must still hold of the head for a write that replaces it. An alias is never replaced.
pub(crate) fn before(head: &Head) -> Condition {
    match head {
        Head::Unknown | Head::Alias { .. } => Condition::New,
        Head::Stub { revision } => Condition::revision(*revision),
        Head::Known(known) => Condition::revision(known.revision),
    }
}
