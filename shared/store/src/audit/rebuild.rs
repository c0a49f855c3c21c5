//! Balances and projections, rebuilt from what they are made of and held against what is kept.
//!
//! Balances, totals and earnings are rebuilt from the journal alone; the counters of sales from the
//! conversions and their refunds; the clicks of a partner's days from those of the links, since clicks
//! themselves are forgotten after a while. Nothing is written. A table in use differs for a moment
//! wherever something was just booked: this is for one at rest, such as a restored one.

use std::time::Duration;

use domain::{
    audit::{Books, Breach, Figure, Owner, Shown, ShownByPartner, clicks, show},
    program::Program,
    replay::Event,
};
use jiff::{Timestamp, ToSpan, civil::Date};

use super::{Report, Scope, unreadable};
use crate::{Store, error::Error, history::Walk, key, link, performance::BEGINNING, table::Query};

/// Conversions that are in memory at a time.
const PAGE: usize = 500;

/// What a rebuild of a program found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Journal transactions read.
    pub transactions: u64,
    /// Accounts rebuilt.
    pub accounts: u64,
    /// Numbers compared.
    pub figures: u64,
    /// Everything that differs, and what of the journal cannot be relied on.
    pub differences: Vec<Breach>,
}

impl Rebuilt {
    fn add(&mut self, figures: Result<Vec<Figure>, Breach>) {
        match figures {
            Ok(figures) => {
                self.figures += u64::try_from(figures.len()).unwrap_or(u64::MAX);
                self.differences.extend(figures.iter().filter_map(Figure::breach));
            }
            Err(breach) => self.differences.push(breach),
        }
    }
}

impl Store {
    /// Rebuilds every balance and projection of a program, and compares it with what is kept.
    ///
    /// # Errors
    /// When the table cannot be read. What differs is in the answer.
    pub async fn rebuild_program(&self, program: &Program, now: Timestamp) -> Result<Rebuilt, Error> {
        let scope = Scope { since: None, now, pause: Duration::ZERO };
        let mut rebuilt = Rebuilt::default();
        let mut report = Report::new(program.id.clone());
        let mut books = Books::default();
        Box::pin(self.audit_tree(program, &mut books, &mut report)).await?;
        let last = key::day(now).saturating_add(1.day());
        let mut day = key::day(program.created_at).saturating_sub(1.day());
        while day <= last {
            Box::pin(self.audit_day(program, day, true, &mut books, &mut report)).await?;
            day = day.saturating_add(1.day());
            books.close(key::start_of(day));
        }
        rebuilt.transactions = report.transactions;
        rebuilt.differences = report.breaches;
        let shown = match unreadable(Box::pin(self.shown_by_conversions(program, &scope)).await)? {
            Ok(shown) => shown,
            Err(breach) => {
                rebuilt.differences.push(breach);
                return Ok(rebuilt);
            }
        };
        for (owner, sums) in &books.accounts {
            rebuilt.accounts += 1;
            let kept = unreadable(Box::pin(self.kept(program, &scope, owner)).await)?;
            rebuilt.add(kept.map(|(kept, _)| kept.figures(owner, sums)));
            rebuilt.add(unreadable(Box::pin(self.sales_figures(program, &scope, owner)).await)?);
            if owner.1 == program.currency {
                rebuilt.add(unreadable(Box::pin(self.shown_figures(program, owner, &shown)).await)?);
            }
        }
        Ok(rebuilt)
    }

    /// What dashboards must show, by the conversions of a program.
    async fn shown_by_conversions(&self, program: &Program, scope: &Scope) -> Result<ShownByPartner, Error> {
        let plans = self.plans(&program.id).await?;
        let mut shown = ShownByPartner::new();
        let mut next = Some(Walk::from_the_first(program, &plans));
        while let Some(walk) = next {
            let page =
                self.walk(&program.id, walk, key::day(scope.now).saturating_add(1.day()), PAGE).await?;
            for record in self.conversions(&page.conversions).await? {
                let Some(facts) = record.facts() else { continue };
                let refunds = facts.steps.into_iter().filter_map(|step| match step.event {
                    Event::Refunded(refund) => Some(refund),
                    Event::Reviewed(_) | Event::Adjusted(_) => None,
                });
                let refunds: Vec<_> = refunds.collect();
                show(&mut shown, &facts.conversion, &refunds).map_err(|error| Error::Corrupt {
                    key: key::conversion(&facts.conversion.id),
                    reason: error.to_string(),
                })?;
            }
            next = page.next;
        }
        Ok(shown)
    }

    /// The counters of a partner's dashboard, each with what it must be.
    async fn shown_figures(
        &self,
        program: &Program,
        owner: &Owner,
        shown: &ShownByPartner,
    ) -> Result<Vec<Figure>, Error> {
        let mut counted = Shown::default();
        let mut by_day = [0; 2];
        // A sender's clock may be ahead of ours: what it told counts on the day that it said.
        for row in self.performance_days(&program.id, &owner.0, BEGINNING, Date::MAX).await? {
            row.show(&mut counted);
            by_day[0] += i128::from(row.clicks);
            by_day[1] += i128::from(row.unique_clicks);
        }
        let mut by_link = [0; 2];
        let links = self.query_all(Query::of(&key::links_of_partner(&program.id, &owner.0))).await?;
        let links = links.into_iter().map(|row| link::parse(row).map(|link| link.id));
        let links = links.collect::<Result<Vec<_>, _>>()?;
        for link in self.link_clicks(&links).await?.into_values() {
            by_link[0] += i128::from(link.clicks);
            by_link[1] += i128::from(link.unique_clicks);
        }
        let conversions = shown.get(&owner.0).cloned().unwrap_or_default();
        Ok(counted.figures(owner, &conversions).into_iter().chain(clicks(owner, by_day, by_link)).collect())
    }
}
