//! Counters of caps: how much the sales of one subject have been granted within one period.
//!
//! A counter changes only in the transaction that grants or takes back, so it is exactly the sum of
//! what the lines it covers are worth by their terms. A plan without caps writes none.

use domain::{commission::CapUse, id::ProgramId, plan::CapCounter};
use serde::{Deserialize, Serialize};

use crate::{
    Store,
    error::Error,
    expression::{Condition, Update},
    item::{ENTITY, Shape, VERSION},
    key,
    table::Read,
    transaction::Transaction,
};

const USED: &str = "used";

#[derive(Debug, Serialize, Deserialize)]
struct CapItem {
    used: i64,
}

impl Shape for CapItem {
    const ENTITY: &'static str = "cap_counter";
}

impl Store {
    /// What these counters stand at, in minor units, in their order; read strongly.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn cap_usage(&self, program: &ProgramId, counters: &[CapCounter]) -> Result<Vec<i64>, Error> {
        let standings = self.cap_standings(program, counters).await?;
        Ok(standings.into_iter().map(|standing| standing.used).collect())
    }

    /// The same with the counters' revisions.
    pub(crate) async fn cap_standings(
        &self,
        program: &ProgramId,
        counters: &[CapCounter],
    ) -> Result<Vec<Standing>, Error> {
        let keys: Vec<_> = counters.iter().map(|counter| key::cap_counter(program, counter)).collect();
        let mut standings = vec![Standing::default(); keys.len()];
        for row in self.batch_get(&keys, Read::Strong).await? {
            let (own, revision) = (row.key(), row.revision());
            let used = row.parse::<CapItem>()?.used;
            for (_, standing) in keys.iter().zip(&mut standings).filter(|(key, _)| **key == own) {
                *standing = Standing { used, revision };
            }
        }
        Ok(standings)
    }
}

/// Where a counter stands; one that nobody has written stands at nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) used: i64,
    pub(crate) revision: u64,
}

/// Adds what a conversion is granted to its counters, as long as each cap still allows it. Where the
/// conversion gets just what was left, the counter must stand as it was read.
pub(crate) fn grant(transaction: &mut Transaction, program: &ProgramId, caps: &[CapUse], granted: i64) {
    for CapUse { cap, counter, used } in caps {
        let most = cap.amount.minor().saturating_sub(granted);
        let is_all_of_it = used.saturating_add(granted) >= cap.amount.minor();
        let allowed = match is_all_of_it {
            true if *used != 0 => Condition::equals(USED, *used),
            true => Condition::Lacks(USED).or(Condition::equals(USED, 0_i64)),
            false => Condition::Lacks(USED).or(Condition::at_most(USED, most)),
        };
        transaction.update(change(program, counter).add(USED, granted).when(allowed));
    }
}

/// Takes what a refund or a review took back off the counters.
pub(crate) fn release(
    transaction: &mut Transaction,
    program: &ProgramId,
    counters: &[CapCounter],
    freed: i64,
) {
    for counter in counters.iter().filter(|_| freed != 0) {
        transaction.update(change(program, counter).add(USED, freed.saturating_neg()));
    }
}

fn change(program: &ProgramId, counter: &CapCounter) -> Update {
    Update::new(key::cap_counter(program, counter))
        .set(ENTITY, CapItem::ENTITY)
        .set(VERSION, CapItem::VERSION)
}
