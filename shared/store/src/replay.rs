//! Replay: conversions and their entries are read, to be held against each other.
//!
//! What is compared was written in one transaction, so that a table in use shows no difference that
//! is none: a change that comes while a conversion is read is not known with its facts, and its
//! entry is not asked for.

use domain::{
    id::ConversionId,
    ledger::Transaction,
    plan::PlanVersion,
    replay::{Facts, Tally},
};
use futures_util::future::try_join_all;

use crate::{
    Store,
    error::Error,
    journal::JournalItem,
    key::{self, Key},
    table::Read,
};

/// Conversions that are read at a time.
const AT_A_TIME: usize = 16;

/// A conversion with its entries, or the item that cannot be read.
type Booked = Result<(Facts, Vec<Transaction>), Key>;

impl Store {
    /// Replays conversions of a program, in their order, and adds what is found. `plans` are all of
    /// the program's.
    ///
    /// # Errors
    /// When the table cannot be read. What is wrong in it is a difference.
    pub async fn replay(
        &self,
        plans: &[PlanVersion],
        conversions: &[ConversionId],
        tally: &mut Tally,
    ) -> Result<(), Error> {
        for some in conversions.chunks(AT_A_TIME) {
            let read = try_join_all(some.iter().map(|id| Box::pin(self.booked(id)))).await?;
            for (id, booked) in some.iter().zip(read) {
                match booked {
                    Ok((facts, entries)) => tally.add(&facts, plans, &entries),
                    Err(key) => tally.add_unreadable(id, &key.to_string()),
                }
            }
        }
        Ok(())
    }

    async fn booked(&self, id: &ConversionId) -> Result<Booked, Error> {
        let facts = match readable(self.conversion(id).await)? {
            Ok(record) => record.facts().ok_or_else(|| key::conversion(id)),
            Err(key) => Err(key),
        };
        let facts = match facts {
            Ok(facts) => facts,
            Err(key) => return Ok(Err(key)),
        };
        let keys: Vec<_> = facts.entry_ids().iter().map(key::journal).collect();
        let rows = self.batch_get(&keys, Read::Strong).await?;
        // Whatever they sum to: an entry that does not balance differs from the one that does.
        let entries = rows.into_iter().map(JournalItem::unchecked).collect::<Result<_, _>>();
        Ok(readable(entries)?.map(|entries| (facts, entries)))
    }
}

/// The key of a row instead of what it should be; every other error stays one.
fn readable<T>(result: Result<T, Error>) -> Result<Result<T, Key>, Error> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Error::Corrupt { key, .. }) => Ok(Err(key)),
        Err(error) => Err(error),
    }
}
