//! The payout queue: one payout is brought one step further.
//!
//! Money leaves at most once. The intent is written before the provider is called; the key is the
//! payout's own and never renewed; an outcome that is not known is proven by looking the payment
//! up, and where that is no longer possible a person decides. For a month after its end the provider is
//! asked now and then whether that stands.

mod payers;
mod step;
mod watch;

use domain::{event::PayoutDue, payout::PayoutStatus};
use jiff::Timestamp;
use runtime::{Failure, Keyring, Outcome};
use store::Store;

pub use crate::payers::PayoutProviders;
use crate::step::Step;

/// Brings one payout one step further.
///
/// # Errors
/// Retried when the table is not available or the payout has changed meanwhile; rejected when a
/// person has to look at it.
pub async fn handle(
    (store, keyring, providers): (Store, Keyring, PayoutProviders),
    message: PayoutDue,
    now: Timestamp,
) -> Outcome {
    let id = message.payout_id;
    let Some(read) = store.payout(&id).await? else {
        return Err(Failure::reject("unknown_payout", format!("there is no payout {id}")));
    };
    let step = Step { store, keyring, providers, now };
    match read.value.status {
        PayoutStatus::Requested => step.send(read).await,
        PayoutStatus::Sending | PayoutStatus::Unknown => step.find(read).await,
        PayoutStatus::Sent => step.follow(read).await,
        PayoutStatus::Paid | PayoutStatus::Failed => step.watch(read).await,
        PayoutStatus::Returned => step.uncover(read).await,
    }
}
