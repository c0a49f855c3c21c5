//! A schedule: payouts whose next step is due are handed to the worker, whatever became of the
//! message that should have done it.

use domain::event::PayoutDue;
use jiff::Timestamp;
use runtime::{Failure, Outcome, PayoutQueue};
use store::Store;

/// Payouts of one shard that one run hands over; what is left is found by the next.
const LIMIT: usize = 200;

/// Sends a message for each. The queue serves one payout of an account at a time, so that nobody
/// looks a payment up while another is about to make it.
///
/// # Errors
/// When the table cannot be read or the queue not be written: the next run tries again.
pub async fn handle((store, queue): (Store, PayoutQueue), now: Timestamp) -> Outcome {
    let mut failed = None;
    for due in store.due_payouts(now, LIMIT).await? {
        let message = PayoutDue { payout_id: due.payout_id };
        let deduplication = format!("{}/{}", message.payout_id, due.since);
        if let Err(failure) = queue.send(&message, &due.account, &deduplication).await {
            failed = Some(failure);
        }
    }
    failed.map_or(Ok(()), |failure| Err(Failure::retry(failure.to_string())))
}
