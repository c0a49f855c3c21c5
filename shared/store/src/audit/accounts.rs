//! Accounts: what is kept of each, against what the journal says of it.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    audit::{Books, Breach, Kept, LineSums, Owner, PayoutSums, Projected},
    id::ProgramId,
    payout::Payout,
    program::Program,
};
use futures_util::future::try_join_all;
use jiff::{ToSpan, civil::Date};

use super::{Report, Scope, Touched, unreadable};
use crate::{
    Store, account::PartnerAccount, commission::CommissionItem, error::Error, item::Row, key, key::Partition,
    payout, table::Query,
};

/// Accounts that are read at a time.
const AT_A_TIME: usize = 16;
/// How often an account is looked at that is never the same.
const LOOKS: usize = 5;
/// Conversions of a wrong account that are searched for the one to blame, at most.
const SUSPECTS: usize = 10_000;

/// What the journal says, its end apart: that is read again with every look.
pub(super) struct Journal {
    pub(super) books: Books,
    pub(super) later: Books,
    /// The first and the last day of `later`.
    pub(super) days: (Date, Date),
}

impl Store {
    /// Compares every account; what differs is read again together with the end of the journal.
    pub(super) async fn audit_accounts(
        &self,
        program: &Program,
        scope: &Scope,
        journal: &Journal,
        report: &mut Report,
    ) -> Result<(), Error> {
        let Journal { books, later, days } = journal;
        let owners: BTreeSet<Owner> = books.accounts.keys().chain(later.accounts.keys()).cloned().collect();
        report.accounts += u64::try_from(owners.len()).unwrap_or(u64::MAX);
        let owners: Vec<_> = owners.into_iter().collect();
        let mut suspects: BTreeMap<Owner, Vec<Breach>> = BTreeMap::new();
        for some in owners.chunks(AT_A_TIME) {
            let looks = some.iter().map(|owner| Box::pin(self.look(program, scope, owner, books, later)));
            for (owner, (breaches, lines, payouts)) in some.iter().zip(try_join_all(looks).await?) {
                report.commissions += lines;
                report.payouts += payouts;
                if !breaches.is_empty() {
                    suspects.insert(owner.clone(), breaches);
                }
            }
        }
        for _ in 1..LOOKS {
            if suspects.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(scope.pause).await;
            let later = self.books_of(program, *days, scope.since).await?;
            for (owner, before) in std::mem::take(&mut suspects) {
                let (now, ..) = self.look(program, scope, &owner, books, &later).await?;
                let same: Vec<_> = now
                    .iter()
                    .filter(|breach| before.iter().any(|other| other.is_same(breach)))
                    .cloned()
                    .collect();
                if !same.is_empty() {
                    report.add(same);
                    Box::pin(self.blame(&program.id, &owner, scope, report)).await?;
                } else if !now.is_empty() {
                    suspects.insert(owner, now);
                }
            }
        }
        report.restless += u64::try_from(suspects.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    /// One look at an account: what differs, and how many commissions and payouts it has.
    async fn look(
        &self,
        program: &Program,
        scope: &Scope,
        owner: &Owner,
        books: &Books,
        later: &Books,
    ) -> Result<(Vec<Breach>, u64, u64), Error> {
        Ok(match unreadable(self.kept(program, scope, owner).await)? {
            Ok((kept, payouts)) => {
                let mut breaches = kept.breaches(owner, &books.with(later, owner));
                breaches.extend(match unreadable(self.audit_payments(&payouts).await)? {
                    Ok(found) => found,
                    Err(breach) => vec![breach],
                });
                breaches.extend(Box::pin(self.audit_sales(program, scope, owner)).await?);
                (breaches, kept.lines.count, kept.payouts.count)
            }
            Err(breach) => (vec![breach], 0, 0),
        })
    }

    /// What is kept of an account beside the journal, and those of its payouts that are in scope.
    pub(super) async fn kept(
        &self,
        program: &Program,
        scope: &Scope,
        owner: &Owner,
    ) -> Result<(Kept, Vec<Payout>), Error> {
        let (program, created) = (&program.id, key::day(program.created_at));
        let (partner, currency) = (&owner.0, owner.1);
        let in_scope = |day: Date| scope.since.is_none_or(|since| since <= day);
        let name = key::account_text(program, partner, currency);
        let account = self.account(program, partner, currency).await?;
        let mut lines = LineSums::default();
        let listed = key::commissions_of_account(&name);
        self.each(&listed, |row| CommissionItem::commission(row).map(|line| lines.add(&line))).await?;
        let (mut payouts, mut looked_at) = (PayoutSums::default(), Vec::new());
        let listed = key::payouts_of_account(&name);
        let add = |row| {
            let payout = payout::parse(row)?;
            payouts.add(&payout);
            looked_at.extend(Some(payout).filter(|payout| in_scope(key::day(payout.updated_at))));
            Ok(())
        };
        self.each(&listed, add).await?;
        let totals = self.totals(program, partner, currency).await?;
        let by_level = totals.earnings_by_level;
        let mut projected = Projected {
            pending: i128::from(totals.pending.minor()),
            by_level: by_level.into_iter().map(|(level, money)| (level, i128::from(money.minor()))).collect(),
            by_day: BTreeMap::new(),
            earned: 0,
        };
        let (first, last) = (created.saturating_sub(1.day()), key::day(scope.now).saturating_add(1.day()));
        for counted in self.day_counters(program, partner, currency, first, last).await? {
            let minor = i128::from(counted.counters.earnings.minor());
            projected.earned += minor;
            if in_scope(counted.day) {
                *projected.by_day.entry(counted.day).or_default() += minor;
            }
        }
        let PartnerAccount { balances, open_payout, uncovered, .. } = account;
        let covered = i128::from(balances.paid.minor()) - i128::from(uncovered.minor());
        Ok((Kept { balances, covered, open_payout, lines, payouts, projected }, looked_at))
    }

    /// Hands every row of a partition on, a page in memory at a time.
    async fn each(
        &self,
        partition: &Partition,
        mut take: impl FnMut(Row) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut start = None;
        loop {
            let (rows, next) = self.query(Query::of(partition).after(start)).await?;
            rows.into_iter().try_for_each(&mut take)?;
            start = next;
            if start.is_none() {
                return Ok(());
            }
        }
    }

    /// Looks through the conversions of an account that is wrong: the journal cannot name the one
    /// whose entry is missing.
    async fn blame(
        &self,
        program: &ProgramId,
        owner: &Owner,
        scope: &Scope,
        report: &mut Report,
    ) -> Result<(), Error> {
        let listed = key::commissions_of_account(&key::account_text(program, &owner.0, owner.1));
        let mut conversions = Touched::new();
        let found = self.each(&listed, |row| {
            let line = CommissionItem::commission(row)?;
            if conversions.len() < SUSPECTS {
                conversions.entry(line.id.conversion().clone()).or_default();
            }
            Ok(())
        });
        if let Err(breach) = unreadable(found.await)? {
            report.add([breach]);
        }
        self.audit_conversions(conversions, scope, report).await
    }
}
