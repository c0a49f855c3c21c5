//! `POST /conversions`: takes a sale, renewal, lead, or what became of the money later, from a
//! merchant's server.
//!
//! It is only written down here; `publish-events` sends it on to be priced.

use domain::{
    conversion::FactReceived,
    id::{ConversionId, EventId},
    program::Program,
};
use jiff::Timestamp;
use providers::report::{Report, Surroundings};
use runtime::{Answer, Intake, Keyring, Problem, Request, Response, Scope, Violations, known_otherwise};
use serde::Serialize;
use store::{
    Error, Store,
    idempotency::{Keep, Once},
};

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
    let report: Report = request.json()?;
    let now = request.received_at();
    if let Some(answer) = Response::earlier(store.earlier_answer(&idempotency, now).await?) {
        return answer;
    }
    let program = store.program(&merchant.program).await?.ok_or_else(Problem::not_found)?;
    let fact = read(report, &program, &keyring, now)?;
    Intake::open(&store, &program, [&fact]).await?.check(&fact)?;
    let accepted = Accepted { event_id: &fact.id, conversion_id: fact.conversion_id(), status: "accepted" };
    let response = Response::accepted(&accepted)?;
    let once = Once { request: &idempotency, answer: &response.stored(), keep: Keep::Quarter, now };
    match store.record_fact(&fact, once).await {
        Ok(committed) => response.committed(committed),
        Err(Error::Condition(_)) => Err(known_otherwise(&fact)),
        Err(error) => Err(error.into()),
    }
}

fn read(
    report: Report,
    program: &Program,
    keyring: &Keyring,
    now: Timestamp,
) -> Result<FactReceived, Problem> {
    let hash_email = |email: &str| keyring.email_hash(email);
    let around = Surroundings::now(program, &hash_email, now);
    let faults = match report.into_fact(&around) {
        Ok(reported) => return Ok(reported.received(&around)),
        Err(faults) => faults,
    };
    Err(faults.into_iter().map(Into::into).collect::<Violations>().into())
}
