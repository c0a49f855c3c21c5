//! Which commissions a settled payout has paid: a projection, the oldest matured first.
//!
//! A payout pays a balance, not single lines. The account counts what settled payouts have marked
//! as paid, in the transaction that marks it, so a repeated run marks nothing twice. Of a payout that
//! came back the marks are taken away in the same manner, and the next payout covers the lines.

use std::collections::BTreeSet;

use domain::{
    commission::{Commission, CommissionEvent, CommissionStatus},
    conversion::SPLITS_MAX,
    id::ConversionId,
    payout::Payout,
};

use crate::{
    Store,
    account::{self, COVERED},
    commission::{self, CommissionItem, PAID_AT, PAYOUT},
    error::Error,
    expression::{Condition, Update, Value},
    item::Row,
    key,
    payout::account_of,
    table::{Query, Read},
    transaction::{MAX_ITEMS, Transaction},
};

/// Commissions marked in one transaction; with the account well below a hundred items.
const BATCH: usize = 50;
/// Conversions whose lines lose their mark in one transaction: each is checked, and may have a line of the same
/// upline for each of its splits.
const UNMARKED: usize = (MAX_ITEMS - 1) / (1 + SPLITS_MAX);

impl Store {
    /// Marks the commissions that settled payouts of the account cover, oldest first, as paid by
    /// this payout. A line that is covered in part is not marked.
    ///
    /// # Errors
    /// When the table cannot be read or written; a repeated call goes on where this one stopped.
    pub async fn cover(&self, payout: &Payout) -> Result<(), Error> {
        let account_text = account_of(payout);
        let partition = key::commissions_unpaid(&account_text);
        let mut start = None;
        loop {
            let account =
                self.account(&payout.program_id, &payout.partner_id, payout.amount.currency()).await?;
            if account.uncovered.minor() <= 0 {
                return Ok(());
            }
            let query = Query::of(&partition).after(start).limit(BATCH);
            let (candidates, next) = self.query(query).await?;
            let keys: Vec<_> = candidates.iter().map(Row::key).collect();
            let mut lines = Vec::new();
            for row in self.batch_get(&keys, Read::Strong).await? {
                let revision = row.revision();
                lines.push((CommissionItem::commission(row)?, revision));
            }
            lines.retain(|(line, _)| line.status == CommissionStatus::Approved);
            lines.sort_by(|(one, _), (other, _)| {
                (one.eligible_at, &one.id).cmp(&(other.eligible_at, &other.id))
            });
            let all =
                self.mark(payout, &account_text, &lines, account.uncovered.minor(), account.revision).await?;
            match next {
                Some(next) if all => start = Some(next),
                _ => return Ok(()),
            }
        }
    }

    /// Takes the marks of a payout that came back away, so that the next one covers the lines. One whose
    /// charge is disputed keeps its mark: what is payable of it would have to be held, and the account
    /// knows all the same that the money is back.
    ///
    /// # Errors
    /// When the table cannot be read or written; a repeated call goes on where this one stopped.
    pub async fn uncover(&self, payout: &Payout) -> Result<(), Error> {
        let partition = key::commissions_of_account(&account_of(payout));
        let mut start = None;
        loop {
            let (rows, next) = self.query(Query::of(&partition).after(start)).await?;
            let mut conversions = BTreeSet::new();
            for row in rows {
                let line = CommissionItem::commission(row)?;
                if is_paid_by(&line, payout) {
                    conversions.insert(line.id.conversion().clone());
                }
            }
            let conversions: Vec<_> = conversions.into_iter().collect();
            for some in conversions.chunks(UNMARKED) {
                self.take_marks(payout, some).await?;
            }
            start = next;
            if start.is_none() {
                return Ok(());
            }
        }
    }

    async fn take_marks(&self, payout: &Payout, conversions: &[ConversionId]) -> Result<(), Error> {
        let (mut transaction, mut uncovered) = (Transaction::new(), 0_i64);
        let account = account_of(payout);
        for id in conversions {
            let record = self.conversion(id).await?;
            let corrupt = |reason: String| Error::Corrupt { key: key::conversion(id), reason };
            if record.is_disputed().map_err(|error| corrupt(error.to_string()))? {
                continue;
            }
            let is_own =
                |line: &Commission| is_paid_by(line, payout) && commission::account_of(line) == account;
            let lines: Vec<_> = record.commissions.iter().filter(|line| is_own(&line.value)).collect();
            for line in &lines {
                let Some(unpaid) = line.value.uncovered() else { continue };
                transaction.update(commission::change_to_unpaid(&unpaid, line.revision)?);
                uncovered = uncovered.saturating_add(unpaid.amount.minor());
            }
            // A dispute that is opened at this moment does not touch a paid line.
            if let Some(known) = record.conversion().filter(|_| !lines.is_empty()) {
                transaction.check(key::conversion(id), Condition::revision(known.revision));
            }
        }
        if uncovered != 0 {
            transaction.update(account::change(&account).add(COVERED, -uncovered));
        }
        match transaction.writes() {
            [] => Ok(()),
            _ => self.commit(transaction).await,
        }
    }

    /// Marks as many lines as the budget covers; tells whether that was all of them.
    async fn mark(
        &self,
        payout: &Payout,
        account_text: &str,
        lines: &[(Commission, u64)],
        budget: i64,
        account_revision: u64,
    ) -> Result<bool, Error> {
        let (mut transaction, mut covered) = (Transaction::new(), 0_i64);
        let mut marked = 0;
        for (line, revision) in lines {
            let sum = covered.saturating_add(line.amount.minor());
            if sum > budget {
                break;
            }
            transaction.update(paid(line, *revision, payout)?);
            (covered, marked) = (sum, marked + 1);
        }
        if marked > 0 {
            let update = account::change(account_text).add(COVERED, covered);
            transaction.update(update.when(Condition::revision(account_revision)));
            self.commit(transaction).await?;
        }
        Ok(marked == lines.len())
    }
}

fn is_paid_by(line: &Commission, payout: &Payout) -> bool {
    line.status == CommissionStatus::Paid && line.payout_id.as_ref() == Some(&payout.id)
}

fn paid(line: &Commission, revision: u64, payout: &Payout) -> Result<Update, Error> {
    let status = line.status.after(CommissionEvent::Pay).unwrap_or(line.status);
    let paid_at = payout.paid_at.unwrap_or(payout.updated_at);
    let item = key::commission(&line.id);
    let update = commission::change(&Commission { status, ..line.clone() }, revision)?;
    Ok(update.set(PAYOUT, payout.id.as_str()).set(PAID_AT, Value::of(&item, &paid_at)?))
}
