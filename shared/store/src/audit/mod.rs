//! The audit's reading: one pass over a program, in pages, with sums per account in memory.
//!
//! The checks are pure and live in `domain::audit`; here is what they are fed with. The journal is
//! read day by day, whole, since a balance is the sum of all of it. Conversions are recomputed when
//! the journal touched them within the scope. Nothing scans, and nothing is written.
//!
//! The table is in use meanwhile. What looks wrong is therefore read again, all sides of it, and
//! is a breach only when two looks in a row show the same difference.

mod accounts;
mod caps;
mod conversions;
mod entries;
mod pages;
mod payments;
mod rebuild;
mod sales;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use domain::{
    agreement::Agreement,
    audit::{Books, Breach, Check, transaction, tree},
    id::{CommissionId, ConversionId, PartnerId, ProgramId, TransactionId},
    ledger::{Transaction, TransactionKind},
    program::Program,
};
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date};

use accounts::Journal;
pub use pages::Continue;
pub use rebuild::Rebuilt;

use crate::{
    Store,
    agreement::parse,
    commission::CommissionItem,
    error::Error,
    item::Row,
    journal::JournalItem,
    key,
    table::{Query, Read},
};

/// Most breaches that a report lists; it counts all of them.
const LISTED: usize = 200;
/// Days at the end of the journal that are read again with every look at an account.
const RECENT_DAYS: i64 = 2;
/// What waits for longer than this was forgotten.
const LIVENESS: SignedDuration = SignedDuration::from_hours(1);
/// Items of one shard that the search for forgotten ones looks at.
const WAITING: usize = 100;

/// The conversions that some of the journal books, with its entries.
type Touched = BTreeMap<ConversionId, BTreeSet<TransactionId>>;

/// How far an audit goes.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    /// Conversions that were booked on or after this day are recomputed; none for all.
    pub since: Option<Date>,
    /// The time of the audit.
    pub now: Timestamp,
    /// How long to wait before what looks wrong is looked at again.
    pub pause: Duration,
}

/// What an audit of a program found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The program.
    pub program_id: ProgramId,
    /// Journal transactions read.
    pub transactions: u64,
    /// Conversions recomputed.
    pub conversions: u64,
    /// Accounts compared.
    pub accounts: u64,
    /// Commissions summed up.
    pub commissions: u64,
    /// Payouts summed up.
    pub payouts: u64,
    /// Accounts that changed with every look, so that nothing can be said of them.
    pub restless: u64,
    /// How many breaches there are.
    pub breached: u64,
    /// The first of them.
    pub breaches: Vec<Breach>,
}

impl Report {
    fn new(program_id: ProgramId) -> Self {
        Self {
            program_id,
            transactions: 0,
            conversions: 0,
            accounts: 0,
            commissions: 0,
            payouts: 0,
            restless: 0,
            breached: 0,
            breaches: Vec::new(),
        }
    }

    fn add(&mut self, found: impl IntoIterator<Item = Breach>) {
        for breach in found {
            if self.breaches.iter().any(|known| known.is_same(&breach)) {
                continue;
            }
            self.breached += 1;
            if self.breaches.len() < LISTED {
                self.breaches.push(breach);
            }
        }
    }
}

/// The breach that a row is, instead of what it should be; every other error stays one.
///
/// Only the key is told: the reason may quote what the row holds.
fn unreadable<T>(result: Result<T, Error>) -> Result<Result<T, Breach>, Error> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Error::Corrupt { key, .. }) => {
            Ok(Err(Breach::new(Check::Unreadable, &[&key], "the item is not what its key says")))
        }
        Err(error) => Err(error),
    }
}

impl Store {
    /// Audits a program: its tree, its journal, its conversions and its accounts.
    ///
    /// # Errors
    /// When the table cannot be read. What is wrong in it is in the report.
    pub async fn audit_program(&self, program: &Program, scope: &Scope) -> Result<Report, Error> {
        let mut report = Report::new(program.id.clone());
        let mut books = Books::default();
        Box::pin(self.audit_tree(program, &mut books, &mut report)).await?;
        // Clocks of workers may differ by a little, and the journal goes by them.
        let last = key::day(scope.now).saturating_add(1.day());
        let recent = key::day(scope.now).saturating_sub(RECENT_DAYS.days());
        let mut day = key::day(program.created_at).saturating_sub(1.day());
        let mut later = Books::default();
        while day <= last {
            let in_scope = scope.since.is_none_or(|since| since <= day);
            let is_recent = day >= recent;
            let some = if is_recent { &mut later } else { &mut books };
            let touched = Box::pin(self.audit_day(program, day, in_scope, some, &mut report)).await?;
            if !is_recent {
                books.close(key::start_of(day.saturating_add(1.day())));
            }
            if in_scope {
                report.conversions += u64::try_from(touched.len()).unwrap_or(u64::MAX);
                Box::pin(self.audit_conversions(touched, scope, &mut report)).await?;
            }
            day = day.saturating_add(1.day());
        }
        let mut whole = books.clone();
        whole.absorb(&later);
        report.add(whole.expense());
        drop(whole);
        let journal = Journal { books, later, days: (recent, last) };
        Box::pin(self.audit_accounts(program, scope, &journal, &mut report)).await?;
        Box::pin(self.audit_caps(program, scope, &mut report)).await?;
        Ok(report)
    }

    /// Adds a day of the journal to the books; gives the conversions that it booked.
    async fn audit_day(
        &self,
        program: &Program,
        day: Date,
        by_day: bool,
        books: &mut Books,
        report: &mut Report,
    ) -> Result<Touched, Error> {
        let mut touched = Touched::new();
        for shard in key::journal_of_day(&program.id, day) {
            let mut start = None;
            loop {
                let (rows, next) = self.query(Query::of(&shard).after(start)).await?;
                for row in rows {
                    report.transactions += 1;
                    match unreadable(JournalItem::unchecked(row.clone()))? {
                        Err(breach) => report.add([breach]),
                        Ok(booked) => {
                            report.add(transaction(&booked));
                            report.add(entries::breaches(&row, &booked));
                            books.post(&booked, by_day);
                            if let Some(conversion) = conversion_of(&booked) {
                                touched.entry(conversion).or_default().insert(booked.id);
                            }
                        }
                    }
                }
                start = next;
                if start.is_none() {
                    break;
                }
            }
        }
        Ok(touched)
    }

    /// The books of some days, without looking at anything else.
    async fn books_of(
        &self,
        program: &Program,
        (first, last): (Date, Date),
        since: Option<Date>,
    ) -> Result<Books, Error> {
        let mut books = Books::default();
        let mut unheard = Report::new(program.id.clone());
        let mut day = first;
        while day <= last {
            let by_day = since.is_none_or(|since| since <= day);
            Box::pin(self.audit_day(program, day, by_day, &mut books, &mut unheard)).await?;
            day = day.saturating_add(1.day());
        }
        Ok(books)
    }

    /// Checks every agreement against its sponsor's, and notes whose accounts there are.
    async fn audit_tree(
        &self,
        program: &Program,
        books: &mut Books,
        report: &mut Report,
    ) -> Result<(), Error> {
        for shard in key::agreements_of_program(&program.id, None) {
            let mut start = None;
            loop {
                let (rows, next) = self.query(Query::of(&shard).after(start)).await?;
                let mut agreements: Vec<Agreement> = Vec::new();
                for row in rows {
                    match unreadable(parse(row))? {
                        Ok(agreement) => agreements.push(agreement),
                        Err(breach) => report.add([breach]),
                    }
                }
                let sponsors: BTreeSet<PartnerId> =
                    agreements.iter().filter_map(|agreement| agreement.sponsor().cloned()).collect();
                let sponsors: Vec<_> = sponsors.into_iter().collect();
                let sponsors = match unreadable(self.agreements(&program.id, &sponsors).await)? {
                    Ok(sponsors) => sponsors,
                    Err(breach) => {
                        report.add([breach]);
                        Vec::new()
                    }
                };
                for agreement in agreements {
                    let above =
                        sponsors.iter().find(|sponsor| agreement.sponsor() == Some(&sponsor.partner_id));
                    report.add(tree(&agreement, above));
                    books.know((agreement.partner_id, program.currency));
                }
                start = next;
                if start.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// What has been waiting for its next step for longer than an hour, in all programs.
    ///
    /// # Errors
    /// When the table cannot be read, or a row of a work list is corrupt.
    pub async fn audit_liveness(&self, now: Timestamp) -> Result<Vec<Breach>, Error> {
        let before = now.checked_sub(LIVENESS).unwrap_or(now);
        let mut breaches = Vec::new();
        for row in self.overdue(before, WAITING).await? {
            let detail = "it has been waiting in the outbox for more than an hour";
            breaches.push(Breach::new(Check::Liveness, &[&row.key()], detail));
        }
        // The list may lag: what counts is the payout as it stands.
        for due in self.due_payouts(before, WAITING).await? {
            if self.payout(&due.payout_id).await?.is_some_and(|payout| payout.value.updated_at <= before) {
                let detail = "the payout has been waiting for its next step for more than an hour";
                breaches.push(Breach::new(Check::Liveness, &[&due.payout_id], detail));
            }
        }
        let due: Vec<_> = self
            .due_commissions(before, WAITING)
            .await?
            .into_iter()
            .map(|due| key::commission(&due.commission_id))
            .collect();
        for row in self.batch_get(&due, Read::Strong).await? {
            let line = CommissionItem::commission(row)?;
            if line.status == domain::commission::CommissionStatus::Pending && line.eligible_at <= before {
                let detail = "the commission should have matured more than an hour ago";
                breaches.push(Breach::new(Check::Liveness, &[&line.id], detail));
            }
        }
        Ok(breaches)
    }
}

/// The conversion that a transaction is about.
fn conversion_of(booked: &Transaction) -> Option<ConversionId> {
    let subject = booked.subject.split('/').next()?;
    match booked.kind {
        TransactionKind::Adjust => {
            let line: CommissionId = subject.parse().ok()?;
            Some(line.conversion().clone())
        }
        kind if kind.earns() => subject.parse().ok(),
        _ => None,
    }
}

/// A journal entry whatever it sums to.
fn entry(row: Row) -> Result<Transaction, Error> {
    JournalItem::unchecked(row)
}
