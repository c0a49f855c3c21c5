//! Exchange rates, published once for a pair and a day, and the conversions that wait for one.
//!
//! Most sales of a day wait when its rate is published in the evening, so waiting touches no item
//! that other sales write: no condition on the rate, no counter. Instead each side writes first and
//! looks then. A conversion writes that it waits and reads the rate; a published rate is written
//! and what waits is read. Whichever comes second sees the other.

use domain::{
    conversion::{Conversion, FactReceived},
    exchange::ExchangeRate,
    id::ConversionId,
    money::Currency,
};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    Store,
    accrual::{Written, before, head_row},
    conversion::Record,
    error::Error,
    expression::{Condition, Update},
    idempotency::{Committed, Once},
    item::{Row, Shape},
    key::{self, Key},
    page::{List, Page, PageRequest},
    table::{Query, Read, key_attributes},
    transaction::Transaction,
};

/// Most rates that are published at once.
pub const RATES_MAX: usize = 50;
/// How often a publication is tried when others publish some of the same rates meanwhile.
const ATTEMPTS: usize = 5;
/// Facts that are sent before it is noted how far they were.
const STEP: usize = 50;
/// Notes of rates that are looked through for those that have been missing for long.
const OVERDUE: usize = 100;

const SENT: &str = "sent";

/// What became of a publication of rates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// All of them are published.
    Committed(Committed),
    /// None was published: these are known already, and are others.
    Taken(Vec<ExchangeRate>),
}

/// A published rate on its way to the conversions that wait for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// The rate.
    pub rate: ExchangeRate,
    /// The last conversion that was told of it.
    sent: Option<ConversionId>,
    revision: u64,
}

/// Facts to be counted again, now that a rate is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The facts.
    pub facts: Vec<FactReceived>,
    /// The conversion after which it goes on, when there may be more.
    pub next: Option<ConversionId>,
}

/// A rate that conversions wait for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingRate {
    /// The currency of the sales.
    pub from: Currency,
    /// The currency of the programs.
    pub to: Currency,
    /// The day of the sales, UTC.
    pub day: Date,
    /// When the first of them came in.
    pub since: Timestamp,
}

impl Shape for MissingRate {
    const ENTITY: &'static str = "missing_exchange_rate";
}

#[derive(Serialize, Deserialize)]
struct RateItem {
    rate: ExchangeRate,
    /// Set while what waits is told, page by page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sent: Option<ConversionId>,
}

impl Shape for RateItem {
    const ENTITY: &'static str = "exchange_rate";
}

pub(crate) const ENTITY: &str = RateItem::ENTITY;

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct WaitingItem(FactReceived);

impl Shape for WaitingItem {
    const ENTITY: &'static str = "waiting_for_rate";
}

impl Store {
    /// Publishes rates, all or none of them. One that is known already with the same value and
    /// source is as good as published.
    ///
    /// # Errors
    /// When the table cannot be written, or others kept publishing some of the same rates.
    pub async fn publish_exchange_rates(
        &self,
        rates: &[ExchangeRate],
        once: Once<'_>,
    ) -> Result<Published, Error> {
        let keys: Vec<_> = rates.iter().map(rate_key).collect();
        for _ in 0..ATTEMPTS {
            let known = self.batch_get(&keys, Read::Strong).await?;
            let known: Vec<_> = known.into_iter().map(parse).collect::<Result<_, _>>()?;
            let taken: Vec<_> = known.iter().filter(|known| !rates.contains(known)).cloned().collect();
            if !taken.is_empty() {
                return Ok(Published::Taken(taken));
            }
            let mut transaction = Transaction::new();
            for rate in rates.iter().filter(|rate| !known.contains(rate)) {
                let item = RateItem { rate: rate.clone(), sent: None };
                transaction.put_new(Row::new(&rate_key(rate), &item)?.outbox(once.now));
            }
            match self.commit_once(transaction, once).await {
                Ok(committed) => return Ok(Published::Committed(committed)),
                Err(Error::Condition(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::Conflict)
    }

    /// The rate of a day, read strongly.
    ///
    /// # Errors
    /// When the table cannot be read, or the item is corrupt.
    pub async fn exchange_rate(
        &self,
        from: Currency,
        to: Currency,
        day: Date,
    ) -> Result<Option<ExchangeRate>, Error> {
        let row = self.get(&key::exchange_rate(from, to, day), Read::Strong).await?;
        row.map(parse).transpose()
    }

    /// The rates between two currencies, the newest first.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn exchange_rates(
        &self,
        from: Currency,
        to: Currency,
        page: &PageRequest,
    ) -> Result<Page<ExchangeRate>, Error> {
        let partitions = [key::exchange_rates(from, to)];
        let list = List { partitions: &partitions, newest_first: true };
        self.list(&list, page, |_| true).await?.try_map(parse)
    }

    /// Records a conversion whose rate is not known, together with the fact that is to be counted
    /// again once it is. `record` is what was read before.
    ///
    /// Stale also when the rate has come meanwhile: then the conversion is to be decided with it.
    ///
    /// # Errors
    /// When the table cannot be read or written.
    pub async fn wait_for_rate(
        &self,
        record: &Record,
        conversion: &Conversion,
        fact: &FactReceived,
        to: Currency,
    ) -> Result<Written, Error> {
        let (from, day) = pair_and_day(conversion);
        let mut transaction = Transaction::new();
        transaction.put_if(head_row(record, conversion)?, before(&record.head));
        let waiting = key::waiting_for_rate(from, to, day, &conversion.id);
        transaction.put(Row::new(&waiting, &WaitingItem(fact.clone()))?);
        // Only the first one writes the note: it goes away when the rate is there, not before.
        let note = key::missing_rate(from, to, day);
        if self.get(&note, Read::Strong).await?.is_none() {
            let missing = MissingRate { from, to, day, since: fact.received_at };
            transaction.put_new(Row::new(&note, &missing)?);
        }
        let written = Written::of(self.commit(transaction).await)?;
        if self.exchange_rate(from, to, day).await?.is_none() {
            return Ok(written);
        }
        // The rate came in between, and its note may have been taken away before it was written.
        self.forget(note).await?;
        Ok(Written::Stale)
    }

    /// The conversion was decided with its rate.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn stop_waiting_for_rate(&self, conversion: &Conversion, to: Currency) -> Result<(), Error> {
        let (from, day) = pair_and_day(conversion);
        self.forget(key::waiting_for_rate(from, to, day, &conversion.id)).await
    }

    /// The next facts that wait for a published rate.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn waiting_for_rate(&self, announcement: &Announcement) -> Result<Waiting, Error> {
        let ExchangeRate { from, to, day, .. } = announcement.rate;
        let partition = key::all_waiting_for_rate(from, to, day);
        let start = announcement.sent.as_ref().map(|sent| key::waiting_for_rate(from, to, day, sent));
        let query = Query::of(&partition).after(start.as_ref().map(key_attributes)).limit(STEP);
        let (rows, next) = self.query(query).await?;
        let facts = rows.into_iter().map(|row| row.parse().map(|WaitingItem(fact)| fact));
        let next = next.map(|next| waiting_conversion(&Row::from_attributes(next).key())).transpose()?;
        Ok(Waiting { facts: facts.collect::<Result<_, _>>()?, next })
    }

    /// Notes how far the facts that wait for a rate were sent; nothing when all of them were. The
    /// note changes the rate's row, marked as it is: that is what makes the next ones be sent.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn rate_sent(
        &self,
        announcement: &Announcement,
        next: Option<&ConversionId>,
    ) -> Result<(), Error> {
        let item = rate_key(&announcement.rate);
        let Some(next) = next else {
            let ExchangeRate { from, to, day, .. } = announcement.rate;
            self.forget(key::missing_rate(from, to, day)).await?;
            return self.unmark(&item).await.map(drop);
        };
        let update = Update::new(item).set(SENT, next.as_str());
        match self.update(update.when(Condition::revision(announcement.revision))).await {
            // Somebody else is further.
            Ok(_) | Err(Error::Condition(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The rates that conversions wait for, those of the earliest day first.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn missing_exchange_rates(&self, page: &PageRequest) -> Result<Page<MissingRate>, Error> {
        let partitions = [key::missing_rates()];
        let list = List { partitions: &partitions, newest_first: false };
        let Page { data, next } = self.list(&list, page, |_| true).await?.try_map(Row::parse)?;
        Ok(Page { data: self.still_missing(data).await?, next })
    }

    /// The rates that sales wait for since this time or longer, at most a hundred.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn exchange_rates_missing_since(&self, before: Timestamp) -> Result<Vec<MissingRate>, Error> {
        let partition = key::missing_rates();
        let (rows, _) = self.query(Query::of(&partition).limit(OVERDUE)).await?;
        let missing: Vec<MissingRate> = rows.into_iter().map(Row::parse).collect::<Result<_, _>>()?;
        let missing = self.still_missing(missing).await?;
        Ok(missing.into_iter().filter(|missing| missing.since <= before).collect())
    }

    /// Those whose rate is not there: a note may stand a moment longer.
    async fn still_missing(&self, mut noted: Vec<MissingRate>) -> Result<Vec<MissingRate>, Error> {
        let key = |missing: &MissingRate| key::exchange_rate(missing.from, missing.to, missing.day);
        let keys: Vec<_> = noted.iter().map(key).collect();
        let known: Vec<_> = self.batch_get(&keys, Read::Strong).await?.iter().map(Row::key).collect();
        noted.retain(|missing| !known.contains(&key(missing)));
        Ok(noted)
    }

    async fn forget(&self, item: Key) -> Result<(), Error> {
        let mut transaction = Transaction::new();
        transaction.delete(item);
        self.commit(transaction).await
    }
}

fn rate_key(rate: &ExchangeRate) -> Key {
    key::exchange_rate(rate.from, rate.to, rate.day)
}

fn parse(row: Row) -> Result<ExchangeRate, Error> {
    row.parse().map(|item: RateItem| item.rate)
}

/// The announcement that a marked rate asks for.
pub(crate) fn announcement(row: Row) -> Result<Announcement, Error> {
    let revision = row.revision();
    row.parse().map(|RateItem { rate, sent }| Announcement { rate, sent, revision })
}

/// The currency and the day, UTC, of a sale.
fn pair_and_day(conversion: &Conversion) -> (Currency, Date) {
    (conversion.charge.amount.currency(), key::day(conversion.charge.occurred_at))
}

fn waiting_conversion(item: &Key) -> Result<ConversionId, Error> {
    let id = item.sk.strip_prefix("WAIT#").and_then(|id| id.parse().ok());
    id.ok_or_else(|| Error::Corrupt { key: item.clone(), reason: "it names no conversion".to_owned() })
}
