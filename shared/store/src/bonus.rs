//! Awards of bonuses: granted and taken back with their line, account and journal in one write.
//!
//! An award stands where the head of a conversion would, so that its line is found, matures and is
//! paid like any other.

use domain::{
    bonus::{Award, BonusTerms, Booking, Reading},
    id::{ConversionId, PartnerId, ProgramId},
    performance::Period,
    plan::Window,
};
use serde::{Deserialize, Serialize};

use crate::{
    Store,
    account::move_by,
    accrual::Written,
    commission::{self, DUE},
    conversion::Record,
    error::Error,
    expression::Value,
    item::{Row, Shape},
    journal, key,
    table::Read,
    transaction::Transaction,
};

impl Store {
    /// Awards by their ids, read strongly; those that were never granted are left out.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn awards(&self, ids: &[ConversionId]) -> Result<Vec<Award>, Error> {
        let keys: Vec<_> = ids.iter().map(key::conversion).collect();
        let rows = self.batch_get(&keys, Read::Strong).await?;
        rows.into_iter()
            .map(|row| {
                let id = ids.iter().find(|id| key::conversion(id) == row.key());
                let key = row.key();
                let id = id.ok_or_else(|| Error::Corrupt { key, reason: "not asked for".to_owned() })?;
                AwardItem::award(row, id)
            })
            .collect()
    }

    /// Records that an award is granted, taken back or granted again.
    ///
    /// The award and its line must stand as they were read. What is booked has an id of its own that
    /// counts the bookings of the award, so that none is ever written twice.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn book_award(&self, record: &Record, booking: &Booking) -> Result<Written, Error> {
        let Booking { award, commission: line, account, transaction: booked } = booking;
        let mut transaction = Transaction::new();
        let row = Row::new(&key::conversion(&award.id), &AwardItem::new(award))?;
        match (&record.award, record.commissions.as_slice()) {
            (None, []) => {
                transaction.put_new(row);
                transaction.put_new(commission::new_row(line)?);
            }
            (Some(before), [line_before]) => {
                transaction.replace(row, before.revision);
                let due = Value::of(&key::commission(&line.id), &line.eligible_at)?;
                transaction.update(commission::change_of_worth(line_before, line)?.set(DUE, due));
            }
            _ => return Ok(Written::Stale),
        }
        move_by(&mut transaction, &commission::account_of(line), account);
        if let Some(booked) = booked {
            transaction.put_new(journal::new_row(booked, None)?);
        }
        Written::of(self.commit(transaction).await)
    }
}

/// An award as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AwardItem {
    program: ProgramId,
    partner: PartnerId,
    bonus: String,
    window: Window,
    period: Period,
    terms: BonusTerms,
    reached: Reading,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    missed: Option<Reading>,
    bookings: u32,
}

impl Shape for AwardItem {
    const ENTITY: &'static str = "bonus";
}

impl AwardItem {
    fn new(award: &Award) -> Self {
        Self {
            program: award.program_id.clone(),
            partner: award.partner_id.clone(),
            bonus: award.bonus_id.clone(),
            window: award.window,
            period: award.period,
            terms: award.terms.clone(),
            reached: award.reached,
            missed: award.missed,
            bookings: award.bookings,
        }
    }

    /// The award in a row.
    pub(crate) fn award(row: Row, id: &ConversionId) -> Result<Award, Error> {
        let item: Self = row.parse()?;
        Ok(Award {
            id: id.clone(),
            program_id: item.program,
            partner_id: item.partner,
            bonus_id: item.bonus,
            window: item.window,
            period: item.period,
            terms: item.terms,
            reached: item.reached,
            missed: item.missed,
            bookings: item.bookings,
        })
    }
}
