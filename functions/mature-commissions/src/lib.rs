//! The maturity queue: commissions become payable, one account at a time.

use domain::{commission::mature, event::MaturityReached};
use jiff::Timestamp;
use runtime::{Failure, Outcome};
use store::{Store, accrual::Written};

/// A refund may move a line between reading and writing it; then the batch is read again.
const ATTEMPTS: usize = 5;

/// Matures the lines of a batch that are due by now.
///
/// # Errors
/// When the table cannot be read or written, or the lines keep changing: the batch comes again.
pub async fn handle(store: Store, message: MaturityReached, now: Timestamp) -> Outcome {
    let MaturityReached { program_id, partner_id, currency, commission_ids } = message;
    for _ in 0..ATTEMPTS {
        let read = store.commissions(&commission_ids).await?;
        let lines: Vec<_> = read.iter().map(|line| line.value.clone()).collect();
        let matured = mature(&program_id, &partner_id, currency, &lines, now).map_err(Failure::retry)?;
        if matured.commissions.is_empty() {
            return Ok(());
        }
        match store.mature(&program_id, &partner_id, currency, &read, &matured).await? {
            Written::Now => return Ok(()),
            Written::Stale => {}
        }
    }
    Err(Failure::retry("the commissions keep changing"))
}
