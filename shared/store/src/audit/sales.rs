//! The counters by which partners qualify, against the sales themselves.

use std::collections::BTreeSet;

use domain::{
    audit::{Breach, Figure, Owner, Sales},
    id::{ConversionId, Level, ProgramId},
    performance::is_sale,
    program::Program,
};
use jiff::{ToSpan, civil::Date};

use super::{Scope, unreadable};
use crate::{Store, commission::CommissionItem, error::Error, key, table::Query};

/// Conversions that are read at a time.
const AT_A_TIME: usize = 16;

impl Store {
    /// What the counters of a partner's sales say wrongly, of the days in scope.
    pub(super) async fn audit_sales(
        &self,
        program: &Program,
        scope: &Scope,
        owner: &Owner,
    ) -> Result<Vec<Breach>, Error> {
        Ok(match unreadable(self.sales_figures(program, scope, owner).await)? {
            Ok(figures) => figures.iter().filter_map(Figure::breach).collect(),
            Err(breach) => vec![breach],
        })
    }

    /// The counters of a partner's sales in scope, each with what the sales come to.
    pub(super) async fn sales_figures(
        &self,
        program: &Program,
        scope: &Scope,
        owner: &Owner,
    ) -> Result<Vec<Figure>, Error> {
        if owner.1 != program.currency {
            return Ok(Vec::new());
        }
        // A sale may have happened before the program was made known here.
        let first = scope.since.unwrap_or(crate::performance::BEGINNING);
        let last = key::day(scope.now).saturating_add(1.day());
        let counted = self.counted_sales(&program.id, owner, first, last).await?;
        Ok(counted.figures(owner, &self.sales(&program.id, owner, first, last).await?))
    }

    /// What is counted of a partner's sales that earned something.
    async fn counted_sales(
        &self,
        program: &ProgramId,
        owner: &Owner,
        first: Date,
        last: Date,
    ) -> Result<Sales, Error> {
        let mut counted = Sales::default();
        for row in self.performance_days(program, &owner.0, first, last).await? {
            *counted.revenue.entry(row.day).or_default() += i128::from(row.net_revenue - row.idle_revenue);
            *counted.count.entry(row.day).or_default() += i128::from(row.net_sales - row.idle_sales);
        }
        for row in self.active_customers(program, &owner.0, first, last).await? {
            counted.by_customer.insert((row.day, row.customer), i128::from(row.sales - row.idle));
        }
        Ok(counted)
    }

    /// The same from the conversions: a partner who sold has a line at level 1.
    async fn sales(
        &self,
        program: &ProgramId,
        owner: &Owner,
        first: Date,
        last: Date,
    ) -> Result<Sales, Error> {
        let name = key::account_text(program, &owner.0, owner.1);
        let listed = key::commissions_of_account(&name);
        let (from, to) = key::commissions_since(first);
        let mut conversions: BTreeSet<ConversionId> = BTreeSet::new();
        let mut start = None;
        loop {
            let query = Query::of(&listed).between(from.clone(), to.clone()).after(start);
            let (rows, next) = self.query(query).await?;
            for row in rows {
                let line = CommissionItem::commission(row)?;
                let sold = line.id.level() == Level::ONE && is_sale(line.kind);
                if sold && key::day(line.occurred_at) <= last {
                    conversions.insert(line.id.conversion().clone());
                }
            }
            start = next;
            if start.is_none() {
                break;
            }
        }
        let conversions: Vec<_> = conversions.into_iter().collect();
        let mut sales = Sales::default();
        for some in conversions.chunks(AT_A_TIME) {
            for record in self.conversions(some).await? {
                let Some(known) = record.conversion() else { continue };
                sales.add(&known.value, &record.lines(), &owner.0).map_err(|error| Error::Corrupt {
                    key: key::conversion(&known.value.id),
                    reason: error.to_string(),
                })?;
            }
        }
        Ok(sales)
    }
}
