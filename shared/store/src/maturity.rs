//! T3: commissions whose holding period is over move to their partner's available balance.

use domain::{
    commission::Matured,
    id::{CommissionId, PartnerId, ProgramId},
    money::Currency,
};
use jiff::Timestamp;

use crate::{
    Store,
    account::{self, AVAILABLE},
    accrual::Written,
    commission,
    error::Error,
    journal, key,
    table::Query,
    transaction::Transaction,
    versioned::Versioned,
};

/// A commission that looks due. The list it comes from may lag: it is read again before it matures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The program.
    pub program_id: ProgramId,
    /// The partner.
    pub partner_id: PartnerId,
    /// The account's currency.
    pub currency: Currency,
    /// The commission.
    pub commission_id: CommissionId,
}

impl Store {
    /// Commissions whose holding period is over, the longest due first, at most `limit` a shard.
    ///
    /// # Errors
    /// When the table cannot be read, or a row of the list is corrupt.
    pub async fn due_commissions(&self, now: Timestamp, limit: usize) -> Result<Vec<Due>, Error> {
        let mut due = Vec::new();
        for shard in key::commissions_due() {
            // `~` follows every character of a key, so that the whole millisecond is inside.
            let query = Query::of(&shard).up_to(format!("{}~", key::time(now))).limit(limit);
            let (rows, _) = self.query(query).await?;
            for row in rows {
                due.push(parse(&row)?);
            }
        }
        Ok(due)
    }

    /// Matures a batch of one account. Each line must stand as it was read.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn mature(
        &self,
        program: &ProgramId,
        partner: &PartnerId,
        currency: Currency,
        read: &[Versioned<domain::commission::Commission>],
        matured: &Matured,
    ) -> Result<Written, Error> {
        let mut transaction = Transaction::new();
        for line in &matured.commissions {
            let before = read.iter().find(|before| before.value.id == line.id);
            transaction.update(commission::change(line, before.map_or(0, |before| before.revision))?);
        }
        if let Some(booked) = &matured.transaction {
            let account = key::account_text(program, partner, currency);
            transaction.update(account::change(&account).add(AVAILABLE, matured.minor));
            transaction.put_new(journal::new_row(booked, None)?);
        }
        Written::of(self.commit(transaction).await)
    }
}

/// Reads `<time>#ACC#<program>#<partner>#<currency>#<commission>`, all that a keys-only row has.
fn parse(row: &crate::Row) -> Result<Due, Error> {
    let text = row.text(crate::schema::Index::Gsi2.sk()).unwrap_or_default();
    let corrupt = || Error::Corrupt { key: row.key(), reason: format!("not a due commission: {text}") };
    let mut parts = text.split('#').skip(2);
    let mut next = || parts.next().ok_or_else(corrupt);
    Ok(Due {
        program_id: next()?.parse().map_err(|_| corrupt())?,
        partner_id: next()?.parse().map_err(|_| corrupt())?,
        currency: next()?.parse().map_err(|_| corrupt())?,
        commission_id: next()?.parse().map_err(|_| corrupt())?,
    })
}
