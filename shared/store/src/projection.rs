//! Projections: a partner's daily counters and account totals, fed from the outbox.
//!
//! An entry's marker is taken away in the transaction that adds its numbers, on the condition that
//! it was still there: however often the stream delivers it, it counts once.

mod clicks;
mod days;
mod sales;

use std::collections::BTreeMap;

pub(crate) use days::DayItem;
use days::Days;
use domain::{
    dashboard::DayCounters,
    id::{Level, PartnerId, ProgramId},
    ledger::{Account, Transaction as Booked},
    money::{Currency, Money},
};
use jiff::{Timestamp, civil::Date};
pub(crate) use sales::{Credit, RejectionItem, rejection_row};
use sales::{add_conversion, add_refund, add_rejection};
use serde::{Deserialize, Serialize};

use crate::{
    Store,
    conversion::HeadItem,
    error::Error,
    expression::Update,
    item::{ENTITY, Row, Shape, VERSION},
    journal::JournalItem,
    key::{self, Partition},
    outbox,
    refund::RefundItem,
    table::{Query, Read},
    transaction::Transaction,
};

/// A partner's totals in one program and currency; they follow the ledger by a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    /// Accrued and not yet payable.
    pub pending: Money,
    /// Earned less what was taken back, by level.
    pub earnings_by_level: BTreeMap<Level, Money>,
    /// The last booking that is included.
    pub as_of: Option<Timestamp>,
}

impl Store {
    /// Counts a marked row of the outbox; false when it counted before, or counts nowhere.
    ///
    /// # Errors
    /// When the table cannot be written, or the row is corrupt.
    pub async fn project(&self, row: Row) -> Result<bool, Error> {
        if row.entity() == CLICK {
            return self.count_click(row).await;
        }
        let mut transaction = Transaction::new();
        transaction.update(outbox::unmark(row.key()));
        match row.entity() {
            JournalItem::ENTITY => add_journal(&mut transaction, row)?,
            HeadItem::ENTITY => add_conversion(&mut transaction, row)?,
            RefundItem::ENTITY => add_refund(&mut transaction, row)?,
            RejectionItem::ENTITY => add_rejection(&mut transaction, row)?,
            _ => return Ok(false),
        }
        self.commit_projection(transaction).await
    }

    async fn commit_projection(&self, transaction: Transaction) -> Result<bool, Error> {
        match self.commit(transaction).await {
            Ok(()) => Ok(true),
            Err(Error::Condition(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A partner's daily counters from the first day to the last, both included.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn day_counters(
        &self,
        program: &ProgramId,
        partner: &PartnerId,
        currency: Currency,
        first: Date,
        last: Date,
    ) -> Result<Vec<DayCounters>, Error> {
        let pk = key::metrics_partition(program, partner);
        let partition = Partition { index: None, pk, prefix: String::new() };
        let (from, to) = key::metrics_range(first, last);
        let rows = self.query_all(Query::of(&partition).between(from, to)).await?;
        rows.into_iter().map(|row| DayItem::counters(row, currency)).collect()
    }

    /// A partner's totals.
    ///
    /// # Errors
    /// When the table cannot be read, or the item is corrupt.
    pub async fn totals(
        &self,
        program: &ProgramId,
        partner: &PartnerId,
        currency: Currency,
    ) -> Result<Totals, Error> {
        let account = key::account_text(program, partner, currency);
        let row = self.get(&key::projection(&account), Read::Eventual).await?;
        let item = row.map(Row::parse::<TotalsItem>).transpose()?.unwrap_or_default();
        let levels = item.levels.iter().filter_map(|(name, minor)| {
            let number = name.strip_prefix(LEVEL_PREFIX)?.parse().ok()?;
            Some((Level::new(number)?, Money::new(*minor, currency)))
        });
        Ok(Totals {
            pending: Money::new(item.pending, currency),
            earnings_by_level: levels.collect(),
            as_of: item.as_of,
        })
    }
}

const CLICK: &str = "click";
const LEVEL_PREFIX: &str = "level_";

#[derive(Debug, Default, Serialize, Deserialize)]
struct TotalsItem {
    #[serde(default)]
    pending: i64,
    #[serde(default)]
    as_of: Option<Timestamp>,
    #[serde(flatten)]
    levels: BTreeMap<String, i64>,
}

impl Shape for TotalsItem {
    const ENTITY: &'static str = "totals";
}

/// Earnings count on the day they are booked; the account's totals follow every booking.
fn add_journal(transaction: &mut Transaction, row: Row) -> Result<(), Error> {
    let campaign = row.text("campaign").map(str::to_owned);
    let booked = JournalItem::transaction(row)?;
    let (day, mut days) = (key::day(booked.at), Days::default());
    for (partner, change) in changes(&booked) {
        let account = key::account_text(&booked.program_id, &partner, booked.currency);
        let item = key::projection(&account);
        let mut totals = Update::new(item)
            .set(ENTITY, TotalsItem::ENTITY)
            .set(VERSION, TotalsItem::VERSION)
            .set("as_of", key::time(booked.at));
        if change.pending != 0 {
            totals = totals.add("pending", change.pending);
        }
        if let Some(level) = change.level.filter(|_| change.earned != 0) {
            totals = totals.add(format!("{LEVEL_PREFIX}{level}"), change.earned);
            let campaign = campaign.as_deref().filter(|_| level == Level::ONE);
            days.add(&partner, day, campaign, "earnings", change.earned);
        }
        transaction.update(totals);
    }
    days.write(&booked.program_id, transaction);
    Ok(())
}

/// What a booking changes for one partner, in minor units.
#[derive(Default)]
struct Change {
    pending: i64,
    earned: i64,
    level: Option<Level>,
}

fn changes(booked: &Booked) -> BTreeMap<PartnerId, Change> {
    let earns = booked.kind.earns();
    let mut changes: BTreeMap<PartnerId, Change> = BTreeMap::new();
    for posting in &booked.postings {
        let Some(partner) = posting.account.partner() else { continue };
        let change = changes.entry(partner.clone()).or_default();
        if matches!(posting.account, Account::Pending(_)) {
            change.pending -= posting.minor;
        }
        if earns {
            change.earned -= posting.minor;
            change.level = posting.level;
        }
    }
    changes
}
