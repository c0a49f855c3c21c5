//! Other ids of a charge: a refund may name the payment intent of an invoice.
//!
//! The alias stands at the very item where a charge of that id would be written. So a charge and
//! an alias of the same id cannot both come into being, and a refund meets whichever is there.

use domain::{conversion::conversion_id, id::ProgramId};

use crate::{
    Store,
    accrual::{Written, before},
    conversion::{Head, HeadItem, Record},
    error::Error,
    item::Row,
    key,
    table::Read,
    transaction::Transaction,
};

impl Store {
    /// The id under which the source's charge is kept: the one it is an alias of, or itself.
    ///
    /// # Errors
    /// When the table cannot be read, or the item is corrupt.
    pub async fn canonical_id(&self, program: &ProgramId, source: &str, id: &str) -> Result<String, Error> {
        let head = key::conversion(&conversion_id(program, source, id));
        let of = match self.get(&head, Read::Strong).await? {
            Some(row) => row.parse::<HeadItem>()?.alias_of,
            None => None,
        };
        Ok(of.unwrap_or_else(|| id.to_owned()))
    }

    /// Notes that `alias` is another id of the charge `external_id`. `record` is what is known
    /// under the alias: nothing, or refunds that came first. A charge is no alias.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn note_alias(
        &self,
        record: &Record,
        program: &ProgramId,
        source: &str,
        alias: &str,
        external_id: &str,
    ) -> Result<Written, Error> {
        if matches!(record.head, Head::Known(_) | Head::Alias { .. }) {
            return Ok(Written::Stale);
        }
        let item = HeadItem::alias(program, source, alias, external_id, record.head.next_revision());
        let head = key::conversion(&conversion_id(program, source, alias));
        let mut transaction = Transaction::new();
        transaction.put_if(Row::new(&head, &item)?, before(&record.head));
        Written::of(self.commit(transaction).await)
    }
}
