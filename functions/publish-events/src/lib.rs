//! The table's stream: what a written item asks for is carried out.

use jiff::Timestamp;
use runtime::{Change, Outbox, Outcome};
use store::Row;

/// Carries out one change. The stream's filter lets marked items, and new payouts, clicks and webhook
/// events pass; of what passes, each counts once however often it is delivered.
///
/// # Errors
/// When a queue or the table cannot be written: the change comes again.
pub async fn handle(outbox: Outbox, change: Change, now: Timestamp) -> Outcome {
    outbox.publish(Row::from_attributes(change.image), now).await
}
