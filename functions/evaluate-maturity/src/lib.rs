//! A schedule: accounts with commissions whose holding period is over are handed to the worker.

use std::collections::BTreeMap;

use domain::{commission::BATCH_MAX, event::MaturityReached, id::CommissionId};
use jiff::Timestamp;
use runtime::{MaturityQueue, Outcome};
use store::Store;

/// Commissions of one shard that one run hands over; what is left is found by the next.
const LIMIT: usize = 500;

/// Sends a message for every batch of an account. A batch that is found again before it has
/// matured is sent again, which is harmless: the worker reads each line anew.
///
/// # Errors
/// When the table cannot be read or the queue not be written: the next run tries again.
pub async fn handle((store, queue): (Store, MaturityQueue), now: Timestamp) -> Outcome {
    let mut accounts: BTreeMap<_, Vec<CommissionId>> = BTreeMap::new();
    for due in store.due_commissions(now, LIMIT).await? {
        let account = (due.program_id, due.partner_id, due.currency);
        accounts.entry(account).or_default().push(due.commission_id);
    }
    for ((program_id, partner_id, currency), ids) in accounts {
        for batch in ids.chunks(BATCH_MAX) {
            let Some(first) = batch.first() else { continue };
            let message = MaturityReached {
                program_id: program_id.clone(),
                partner_id: partner_id.clone(),
                currency,
                commission_ids: batch.to_vec(),
            };
            let deduplication = format!("{first}/{}/{}", batch.len(), now.as_second());
            queue.send(&message, &message.account(), &deduplication).await?;
        }
    }
    Ok(())
}
