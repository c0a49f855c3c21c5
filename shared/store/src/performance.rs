//! Performance: what a partner's own sales of some time come to, from counters by the day of sale.

use std::collections::BTreeSet;

use domain::{
    id::{CustomerId, PartnerId, ProgramId},
    money::{Currency, Money},
    performance::{Performance, Period},
    plan::Metric,
};
use futures_util::future::try_join;
use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

use crate::{
    Store,
    error::Error,
    item::{Row, Shape},
    key::{self, Partition},
    projection::DayItem,
    table::Query,
};

/// Before any sale.
pub(crate) const BEGINNING: Date = date(1, 1, 1);

/// A customer's sales of one day with the partner who made them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ActiveItem {
    pub(crate) day: Date,
    pub(crate) customer: CustomerId,
    /// Those that were not refunded whole. A refund may be counted before its sale.
    #[serde(default)]
    pub(crate) sales: i64,
    /// Those of them that earned nobody anything.
    #[serde(default)]
    pub(crate) idle: i64,
}

impl Shape for ActiveItem {
    const ENTITY: &'static str = "active_customer";
}

impl Store {
    /// A partner's performance from the first day to the last, both included, by the day of sale;
    /// without a first day from the beginning. It follows the sales by a moment.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn performance(
        &self,
        program: &ProgramId,
        partner: &PartnerId,
        currency: Currency,
        first: Option<Date>,
        last: Date,
    ) -> Result<Performance, Error> {
        let period = Period { first, last };
        let sold = self.performance_by(Metric::Revenue, program, partner, currency, period);
        let bought = self.performance_by(Metric::ActiveCustomers, program, partner, currency, period);
        let (sold, bought) = try_join(sold, bought).await?;
        Ok(Performance { active_customers: bought.active_customers, ..sold })
    }

    /// The same as far as one metric needs it, for who asks it of many partners: customers are read
    /// only where customers are counted, and nothing else then.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn performance_by(
        &self,
        metric: Metric,
        program: &ProgramId,
        partner: &PartnerId,
        currency: Currency,
        period: Period,
    ) -> Result<Performance, Error> {
        let (first, last) = (period.first.unwrap_or(BEGINNING), period.last);
        let nothing = Performance { revenue: Money::zero(currency), conversions: 0, active_customers: 0 };
        if metric == Metric::ActiveCustomers {
            let customers = self.active_customers(program, partner, first, last).await?;
            let active: BTreeSet<_> =
                customers.iter().filter(|row| row.sales > 0).map(|row| &row.customer).collect();
            let active_customers = u64::try_from(active.len()).unwrap_or(u64::MAX);
            return Ok(Performance { active_customers, ..nothing });
        }
        let days = self.performance_days(program, partner, first, last).await?;
        let sales: i64 = days.iter().map(|day| day.net_sales).sum();
        Ok(Performance {
            revenue: Money::new(days.iter().map(|day| day.net_revenue).sum(), currency),
            conversions: u64::try_from(sales).unwrap_or(0),
            ..nothing
        })
    }

    pub(crate) async fn performance_days(
        &self,
        program: &ProgramId,
        partner: &PartnerId,
        first: Date,
        last: Date,
    ) -> Result<Vec<DayItem>, Error> {
        let pk = key::metrics_partition(program, partner);
        let partition = Partition { index: None, pk, prefix: String::new() };
        let (from, to) = key::metrics_range(first, last);
        let rows = self.query_all(Query::of(&partition).between(from, to)).await?;
        rows.into_iter().map(Row::parse).collect()
    }

    pub(crate) async fn active_customers(
        &self,
        program: &ProgramId,
        partner: &PartnerId,
        first: Date,
        last: Date,
    ) -> Result<Vec<ActiveItem>, Error> {
        let pk = key::active_customers(program, partner);
        let partition = Partition { index: None, pk, prefix: String::new() };
        let (from, to) = key::active_range(first, last);
        let rows = self.query_all(Query::of(&partition).between(from, to)).await?;
        rows.into_iter().map(Row::parse).collect()
    }
}
