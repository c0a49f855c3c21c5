//! A partner's counters, one row a day and campaign.

use std::collections::BTreeMap;

use domain::{
    audit::Shown,
    dashboard::{Counters, DayCounters},
    id::{PartnerId, ProgramId},
    money::{Currency, Money},
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    error::Error,
    expression::Update,
    item::{ENTITY, Row, Shape, VERSION},
    key,
    transaction::Transaction,
};

/// The counters of one day and campaign.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DayItem {
    pub(crate) day: Date,
    #[serde(default)]
    campaign: Option<String>,
    #[serde(default)]
    pub(crate) clicks: u64,
    #[serde(default)]
    pub(crate) unique_clicks: u64,
    #[serde(default)]
    leads: u64,
    #[serde(default)]
    sales: u64,
    #[serde(default)]
    revenue: i64,
    #[serde(default)]
    earnings: i64,
    /// What the sales of this day have come to, whatever day their refunds came.
    #[serde(default)]
    pub(crate) net_revenue: i64,
    /// Those of them that were not refunded whole. A refund may be counted before its sale.
    #[serde(default)]
    pub(crate) net_sales: i64,
    /// Of these two, what earned nobody anything: it has no place in the journal.
    #[serde(default)]
    pub(crate) idle_revenue: i64,
    #[serde(default)]
    pub(crate) idle_sales: i64,
}

impl Shape for DayItem {
    const ENTITY: &'static str = "day_counters";
}

impl DayItem {
    /// Adds what it counts of conversions to what is shown of its partner.
    pub(crate) fn show(&self, shown: &mut Shown) {
        for (days, number) in [
            (&mut shown.leads, i128::from(self.leads)),
            (&mut shown.sales, i128::from(self.sales)),
            (&mut shown.revenue, i128::from(self.revenue)),
            (&mut shown.idle_revenue, i128::from(self.idle_revenue)),
            (&mut shown.idle_sales, i128::from(self.idle_sales)),
        ] {
            *days.entry(self.day).or_default() += number;
        }
    }

    pub(super) fn counters(row: Row, currency: Currency) -> Result<DayCounters, Error> {
        let item: Self = row.parse()?;
        let money = |minor| Money::new(minor, currency);
        Ok(DayCounters {
            day: item.day,
            campaign: item.campaign,
            counters: Counters {
                clicks: item.clicks,
                unique_clicks: item.unique_clicks,
                leads: item.leads,
                sales: item.sales,
                revenue: money(item.revenue),
                earnings: money(item.earnings),
            },
        })
    }
}

/// What one transaction adds to counters. A transaction may touch an item only once, so all that
/// concerns a row goes into one change of it.
#[derive(Default)]
pub(super) struct Days(BTreeMap<(PartnerId, Date, Option<String>), BTreeMap<&'static str, i64>>);

impl Days {
    pub(super) fn add(
        &mut self,
        partner: &PartnerId,
        day: Date,
        campaign: Option<&str>,
        counter: &'static str,
        amount: i64,
    ) {
        let campaign = campaign.filter(|name| !name.is_empty()).map(str::to_owned);
        let row = self.0.entry((partner.clone(), day, campaign)).or_default();
        *row.entry(counter).or_default() += amount;
    }

    pub(super) fn write(self, program: &ProgramId, transaction: &mut Transaction) {
        for ((partner, day, campaign), counters) in self.0 {
            let row = key::metrics(program, &partner, day, campaign.as_deref().unwrap_or_default());
            let mut update = Update::new(row)
                .set(ENTITY, DayItem::ENTITY)
                .set(VERSION, DayItem::VERSION)
                .set("day", day.to_string());
            if let Some(campaign) = campaign {
                update = update.set("campaign", campaign);
            }
            for (counter, amount) in counters {
                update = update.add(counter, amount);
            }
            transaction.update(update);
        }
    }
}
