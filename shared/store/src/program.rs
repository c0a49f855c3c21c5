//! Programs and the versions of their plans.

use domain::{id::ProgramId, plan::PlanVersion, program::Program};
use serde::{Deserialize, Serialize};

use crate::{
    Store,
    error::Error,
    idempotency::{Committed, Once},
    item::{Row, Shape},
    key,
    table::{Query, Read},
    transaction::Transaction,
};

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct ProgramItem(Program);

impl Shape for ProgramItem {
    const ENTITY: &'static str = "program";
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct PlanItem(PlanVersion);

impl Shape for PlanItem {
    const ENTITY: &'static str = "plan";
}

impl Store {
    /// Creates a program.
    ///
    /// # Errors
    /// [`Error::Condition`] when there is one of this id.
    pub async fn create_program(&self, program: &Program, once: Once<'_>) -> Result<Committed, Error> {
        let mut transaction = Transaction::new();
        let row = Row::new(&key::program(&program.id), &ProgramItem(program.clone()))?;
        transaction.put_new(row.listed(key::program_among_all(&program.id, program.created_at)));
        self.commit_once(transaction, once).await
    }

    /// A program.
    ///
    /// # Errors
    /// When the table cannot be read, or the item is corrupt.
    pub async fn program(&self, id: &ProgramId) -> Result<Option<Program>, Error> {
        let row = self.get_settled(&key::program(id)).await?;
        row.map(parse).transpose()
    }

    /// Programs by their ids, in any order, as the last write left them; those that do not exist
    /// are left out.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn programs(&self, ids: &[ProgramId]) -> Result<Vec<Program>, Error> {
        let keys: Vec<_> = ids.iter().map(key::program).collect();
        let rows = self.batch_get(&keys, Read::Strong).await?;
        rows.into_iter().map(parse).collect()
    }

    /// Publishes the next version of a program's plan.
    ///
    /// # Errors
    /// [`Error::Condition`] when somebody else published this version.
    pub async fn publish_plan(&self, version: &PlanVersion, once: Once<'_>) -> Result<Committed, Error> {
        let key = key::plan(&version.program_id, version.version);
        let mut transaction = Transaction::new();
        transaction.put_new(Row::new(&key, &PlanItem(version.clone()))?);
        self.commit_once(transaction, once).await
    }

    /// Every version of a program's plan, the first one first.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn plans(&self, program: &ProgramId) -> Result<Vec<PlanVersion>, Error> {
        let partition = key::plans(program);
        let rows = self.query_all(Query::of(&partition)).await?;
        rows.into_iter().map(|row| row.parse().map(|PlanItem(version)| version)).collect()
    }
}

/// The program in a row.
pub(crate) fn parse(row: Row) -> Result<Program, Error> {
    row.parse().map(|ProgramItem(program)| program)
}
