//! `POST /conversions/batch`: takes up to 100 facts from a merchant's server, each as if it had come
//! alone by `POST /conversions`.
//!
//! What holds, wherever it is interrupted: a fact that is answered with `accepted` is in the table, once,
//! with the mark that sends it on its way; a fact that is not in the table was never answered so. The
//! facts are written first, each under its own key, and the answer is kept last. A batch that is sent
//! again therefore finds its answer, or the facts that were written and writes the others; either way
//! everything counts once, also when it comes in other batches or alone meanwhile.

mod answer;
mod batch;

use domain::conversion::FactReceived;
use runtime::{
    Answer, Intake, Keyring, Problem, Request, Response, Scope, SealedAnswers, known_otherwise, telemetry,
};
use store::{
    Store,
    fact::Recorded,
    idempotency::{Keep, Once},
};

use crate::{answer::Results, batch::Batch};

/// Most bytes of an answer that is kept. Only a batch that is full of faults has a longer one, and
/// is worked out again, to the same effect, when it comes again.
const KEPT_MAX: usize = 256 * 1024;

/// Records facts.
///
/// # Errors
/// Every [`Problem`] that the contract lists for this operation.
pub async fn handle((store, keyring): (Store, Keyring), request: Request) -> Answer {
    let merchant = request.merchant(Scope::ConversionsWrite)?;
    let idempotency = request.idempotency("record_conversions")?;
    let batch: Batch = request.json()?;
    batch.check()?;
    let now = request.received_at();
    // A problem may quote what was sent, which may be personal.
    let answers = SealedAnswers::new(&keyring, &idempotency);
    if let Some(answer) = answers.earlier(store.earlier_answer(&idempotency, now).await?) {
        return answer;
    }
    let program = store.program(&merchant.program).await?.ok_or_else(Problem::not_found)?;
    let facts = batch.read(&program, &keyring, now);
    let intake = Intake::open(&store, &program, facts.iter().flatten()).await?;
    let facts = facts.into_iter().map(|fact| fact.and_then(|fact| intake.check(&fact).map(|()| fact)));
    let outcomes = record(&store, facts.collect()).await?;
    let results = Results::new(&outcomes, request.request_id());
    let response = Response::ok(&results)?;
    let answer = answers.stored(&response)?;
    if !results.are_final() || answer.body.len() > KEPT_MAX {
        return Ok(response);
    }
    let once = Once { request: &idempotency, answer: &answer, keep: Keep::Quarter, now };
    answers.committed(response, store.keep_answer(once).await?)
}

/// Writes the facts that nothing speaks against; gives what became of all of them, in their order.
async fn record(
    store: &Store,
    facts: Vec<Result<FactReceived, Problem>>,
) -> Result<Vec<Result<FactReceived, Problem>>, Problem> {
    let taken: Vec<_> = facts.iter().flatten().cloned().collect();
    let mut recorded = store.record_facts(&taken).await?.into_iter();
    let outcome = |fact: Result<FactReceived, Problem>| {
        let fact = fact?;
        match recorded.next() {
            Some(Recorded::Kept) => Ok(fact),
            Some(Recorded::Differs) => Err(known_otherwise(&fact)),
            Some(Recorded::Failed(error)) => {
                let cause = telemetry::chain(&error);
                tracing::error!(fact.id = %fact.id, error.cause = cause, "fact not recorded");
                Err(error.into())
            }
            None => Err(Problem::internal("the store forgot a fact")),
        }
    };
    Ok(facts.into_iter().map(outcome).collect())
}
