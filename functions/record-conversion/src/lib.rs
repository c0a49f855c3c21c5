//! `POST /conversions`: takes a sale, renewal, lead or refund from a merchant's server.
//!
//! It is only written down here; `publish-events` sends it on to be priced.

mod body;
mod check;
mod sharers;

use domain::{
    conversion::{Fact, FactReceived},
    id::{ConversionId, EventId},
    program::Program,
};
use runtime::{Answer, Keyring, Problem, Request, Response, Scope};
use serde::Serialize;
use store::{
    Error, Store,
    idempotency::{Keep, Once},
};

use crate::body::{ConversionRequest, Surroundings};

#[derive(Serialize)]
struct Accepted<'a> {
    event_id: &'a EventId,
    conversion_id: ConversionId,
    status: &'static str,
}

/// Records a fact.
///
/// # Errors
/// Every [`Problem`] that the contract lists for this operation.
pub async fn handle((store, keyring): (Store, Keyring), request: Request) -> Answer {
    let merchant = request.merchant(Scope::ConversionsWrite)?;
    let idempotency = request.idempotency("record_conversion")?;
    let body: ConversionRequest = request.json()?;
    let now = request.received_at();
    if let Some(answer) = Response::earlier(store.earlier_answer(&idempotency, now).await?) {
        return answer;
    }
    let program = store.program(&merchant.program).await?.ok_or_else(Problem::not_found)?;
    let hash_email = |email: &str| keyring.email_hash(email);
    let fact = body.into_fact(&Surroundings { program: &program, hash_email: &hash_email, now })?;
    check_active(&program, &fact)?;
    sharers::check_enrolled(&store, &fact).await?;
    let accepted = Accepted { event_id: &fact.id, conversion_id: fact.conversion_id(), status: "accepted" };
    let response = Response::accepted(&accepted)?;
    let once = Once { request: &idempotency, answer: &response.stored(), keep: Keep::Quarter, now };
    match store.record_fact(&fact, once).await {
        Ok(committed) => response.committed(committed),
        Err(Error::Condition(_)) => Err(Problem::conflict(format!(
            "{} of {} was reported before with another amount",
            fact.external_id, fact.source
        ))),
        Err(error) => Err(error.into()),
    }
}

/// What was sold while the program was active can still be refunded.
fn check_active(program: &Program, fact: &FactReceived) -> Result<(), Problem> {
    match fact.fact {
        Fact::Charge(_) if !program.is_active => Err(Problem::conflict("the program is not active")),
        _ => Ok(()),
    }
}
