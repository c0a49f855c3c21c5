//! The journal: transactions that are written once and never changed.

use domain::{
    id::{Level, ProgramId, TransactionId},
    ledger::{Account, Posting, Transaction, TransactionKind},
    money::Currency,
};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    Store,
    error::Error,
    item::{Row, Shape},
    key,
    table::{Query, Read},
};

impl Store {
    /// A journal transaction, or nothing.
    ///
    /// # Errors
    /// When the table cannot be read, or the item is corrupt.
    pub async fn transaction(&self, id: &TransactionId) -> Result<Option<Transaction>, Error> {
        let row = self.get(&key::journal(id), Read::Strong).await?;
        row.map(JournalItem::transaction).transpose()
    }

    /// Journal transactions by their ids; those that do not exist are left out.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn transactions(&self, ids: &[TransactionId]) -> Result<Vec<Transaction>, Error> {
        let keys: Vec<_> = ids.iter().map(key::journal).collect();
        let rows = self.batch_get(&keys, Read::Strong).await?;
        rows.into_iter().map(JournalItem::transaction).collect()
    }

    /// A program's journal of one day, by the time of booking.
    ///
    /// The index may lag behind the table by a moment; an auditor reads days that are over, or
    /// waits for the writes to rest.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn journal_of_day(&self, program: &ProgramId, day: Date) -> Result<Vec<Transaction>, Error> {
        let mut journal = Vec::new();
        for shard in key::journal_of_day(program, day) {
            for row in self.query_all(Query::of(&shard)).await? {
                journal.push(JournalItem::transaction(row)?);
            }
        }
        journal.sort_by(|one: &Transaction, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
        Ok(journal)
    }
}

/// A journal transaction as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct JournalItem {
    id: TransactionId,
    program: ProgramId,
    kind: TransactionKind,
    subject: String,
    at: Timestamp,
    currency: Currency,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) campaign: Option<String>,
    post: Vec<PostingItem>,
}

/// A posting under short names: ten levels have to fit one kilobyte.
#[derive(Debug, Serialize, Deserialize)]
struct PostingItem {
    a: Account,
    m: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    l: Option<Level>,
}

impl Shape for JournalItem {
    const ENTITY: &'static str = "journal";
}

impl JournalItem {
    /// The transaction in a row; checked as it was when it was written.
    pub(crate) fn transaction(row: Row) -> Result<Transaction, Error> {
        let key = row.key();
        let transaction = Self::unchecked(row)?;
        transaction.check().map_err(|error| Error::Corrupt { key, reason: error.to_string() })?;
        Ok(transaction)
    }

    /// The transaction in a row, whatever it sums to: for the audit, which says what is wrong.
    pub(crate) fn unchecked(row: Row) -> Result<Transaction, Error> {
        let item: Self = row.parse()?;
        Ok(Transaction {
            id: item.id,
            program_id: item.program,
            kind: item.kind,
            subject: item.subject,
            at: item.at,
            currency: item.currency,
            postings: item
                .post
                .into_iter()
                .map(|posting| Posting { account: posting.a, minor: posting.m, level: posting.l })
                .collect(),
        })
    }
}

/// The row of a new transaction, marked for the projections. `campaign` is that of the partner
/// who sold, by which earnings are reported.
pub(crate) fn new_row(transaction: &Transaction, campaign: Option<&str>) -> Result<Row, Error> {
    let key = key::journal(&transaction.id);
    transaction.check().map_err(|error| Error::Corrupt { key: key.clone(), reason: error.to_string() })?;
    let item = JournalItem {
        id: transaction.id.clone(),
        program: transaction.program_id.clone(),
        kind: transaction.kind,
        subject: transaction.subject.clone(),
        at: transaction.at,
        currency: transaction.currency,
        campaign: campaign.map(str::to_owned),
        post: transaction
            .postings
            .iter()
            .map(|posting| PostingItem { a: posting.account.clone(), m: posting.minor, l: posting.level })
            .collect(),
    };
    let place = key::journal_in_program(&transaction.program_id, &transaction.id, transaction.at);
    Ok(Row::new(&key, &item)?.listed(place).outbox(transaction.at))
}
