//! Other ids of a charge: a refund may name the payment intent of an invoice.

use domain::id::ProgramId;
use serde::{Deserialize, Serialize};

use crate::{
    Store,
    error::Error,
    item::{Row, Shape},
    key,
    table::Read,
    transaction::Transaction,
};

#[derive(Debug, Serialize, Deserialize)]
struct AliasItem {
    ext: String,
}

impl Shape for AliasItem {
    const ENTITY: &'static str = "alias";
}

impl Store {
    /// The id under which the source's charge is kept: the one it is an alias of, or itself.
    ///
    /// # Errors
    /// When the table cannot be read, or the item is corrupt.
    pub async fn canonical_id(&self, program: &ProgramId, source: &str, id: &str) -> Result<String, Error> {
        let row = self.get(&key::alias(program, source, id), Read::Strong).await?;
        match row {
            Some(row) => row.parse::<AliasItem>().map(|item| item.ext),
            None => Ok(id.to_owned()),
        }
    }

    /// Notes that the source knows the charge by another id too; returns the id it stands for.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn note_alias(
        &self,
        program: &ProgramId,
        source: &str,
        alias: &str,
        external_id: &str,
    ) -> Result<String, Error> {
        let mut transaction = Transaction::new();
        let item = AliasItem { ext: external_id.to_owned() };
        transaction.put_new(Row::new(&key::alias(program, source, alias), &item)?);
        match self.commit(transaction).await {
            Ok(()) => Ok(external_id.to_owned()),
            Err(Error::Condition(_)) => self.canonical_id(program, source, alias).await,
            Err(error) => Err(error),
        }
    }
}
