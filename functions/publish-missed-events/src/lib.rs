//! A schedule: what the stream missed is carried out again.

use jiff::{SignedDuration, Timestamp};
use runtime::{Failure, Outbox, Outcome};

/// Entries younger than this are still the stream's.
const PATIENCE: SignedDuration = SignedDuration::from_mins(2);
/// Entries of one shard that one run takes on; the next run takes the next.
const LIMIT: usize = 50;

/// Carries out what has waited too long. An entry that fails does not hold up the others.
///
/// # Errors
/// When an entry failed: the next run tries it again.
pub async fn handle(outbox: Outbox, now: Timestamp) -> Outcome {
    let before = now.saturating_sub(PATIENCE).unwrap_or(now);
    let mut failed = None;
    for row in outbox.store().overdue(before, LIMIT).await? {
        if let Err(failure) = outbox.publish(row, now).await {
            failed = Some(failure);
        }
    }
    failed.map_or(Ok(()), |failure| Err(Failure::retry(failure.to_string())))
}
