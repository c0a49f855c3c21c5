//! Which commissions a settled payout has paid: a projection, the oldest matured first.
//!
//! A payout pays a balance, not single lines. The account counts what settled payouts have marked
//! as paid, in the transaction that marks it, so a repeated run marks nothing twice.

use domain::{
    commission::{Commission, CommissionEvent, CommissionStatus},
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
    transaction::Transaction,
};

/// Commissions marked in one transaction; with the account well below a hundred items.
const BATCH: usize = 50;

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
            let account =
                self.account(&payout.program_id, &payout.partner_id, payout.amount.currency()).await?;
            let all =
                self.mark(payout, &account_text, &lines, account.uncovered.minor(), account.revision).await?;
            match next {
                Some(next) if all => start = Some(next),
                _ => return Ok(()),
            }
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

fn paid(line: &Commission, revision: u64, payout: &Payout) -> Result<Update, Error> {
    let status = line.status.after(CommissionEvent::Pay).unwrap_or(line.status);
    let paid_at = payout.paid_at.unwrap_or(payout.updated_at);
    let item = key::commission(&line.id);
    let update = commission::change(&Commission { status, ..line.clone() }, revision)?;
    Ok(update.set(PAYOUT, payout.id.as_str()).set(PAID_AT, Value::of(&item, &paid_at)?))
}
