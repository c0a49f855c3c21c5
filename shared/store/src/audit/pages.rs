//! All programs, page by page.

use domain::program::Program;

use crate::{Store, error::Error, item::Attributes, key, program, table::Query};

/// Where a list of programs goes on.
#[derive(Debug, Clone)]
pub struct Continue(Attributes);

impl Store {
    /// A page of all programs, the earliest first, and where the list goes on. For the house's own
    /// work only: no caller may see every program.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn programs_page(
        &self,
        after: Option<Continue>,
    ) -> Result<(Vec<Program>, Option<Continue>), Error> {
        let partition = key::all_programs();
        let (rows, next) = self.query(Query::of(&partition).after(after.map(|Continue(key)| key))).await?;
        let programs = rows.into_iter().map(program::parse).collect::<Result<_, _>>()?;
        Ok((programs, next.map(Continue)))
    }
}
