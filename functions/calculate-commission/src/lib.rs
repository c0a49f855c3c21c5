//! The conversion queue: charges, refunds, referrals and aliases are made to count.
//!
//! Facts come in any order, any number of times. Every one is keyed by what it is about, and each
//! step here can be repeated: a message that died half way is simply delivered again.

mod alias;
mod charge;
mod exchange;
mod pricing;
mod referral;
mod refund;
mod splits;
mod ties;
mod touches;

use domain::{
    conversion::{Fact, FactReceived},
    program::Program,
};
use jiff::Timestamp;
use runtime::{Failure, Keyring, Outcome};
use store::Store;

/// How often a decision is made anew when the items it was based on have changed meanwhile.
const ATTEMPTS: usize = 5;

/// What every fact is counted with.
struct Counter {
    store: Store,
    keyring: Keyring,
    program: Program,
    /// The source of the fact, such as `stripe`.
    source: String,
    /// When the fact came in.
    received_at: Timestamp,
    now: Timestamp,
}

/// Counts one fact.
///
/// # Errors
/// Retried when the table is not available; rejected, with the reason, when the fact can never
/// count.
pub async fn handle((store, keyring): (Store, Keyring), message: FactReceived, now: Timestamp) -> Outcome {
    let FactReceived { program_id, source, external_id, received_at, fact, .. } = message;
    let Some(program) = store.program(&program_id).await? else {
        return Err(Failure::reject("unknown_program", format!("there is no program {program_id}")));
    };
    let counter = Counter { store, keyring, program, source, received_at, now };
    match fact {
        Fact::Charge(charge) => Box::pin(counter.charge(&external_id, charge)).await,
        Fact::Refund(refund) => Box::pin(counter.refund(&external_id, &refund)).await,
        Fact::Referral(referral) => Box::pin(counter.referral(&referral)).await,
        Fact::Alias(alias) => Box::pin(counter.alias(&alias.alias, &external_id)).await,
    }
}

/// The items a decision was based on changed each time.
fn busy() -> Failure {
    Failure::retry("the conversion keeps changing")
}
