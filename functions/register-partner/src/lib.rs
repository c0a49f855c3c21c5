//! `POST /affiliate/register`: registers the caller as a partner and applies to a program.

mod application;
mod enrolment;

use runtime::{Answer, Keyring, Problem, Request, SealedAnswers};
use store::Store;

use crate::{
    application::Input,
    enrolment::{Applicant, Attempt},
};

/// How often a registration that loses a race looks again. Whoever wins it is the same person, so
/// the second look finds what there is to find.
const ATTEMPTS: usize = 3;

/// Registers, or finds what was registered before.
///
/// # Errors
/// Problems by the contract.
pub async fn handle((store, keyring): (Store, Keyring), request: Request) -> Answer {
    let caller = request.partner()?;
    let once = request.idempotency("register_partner")?;
    let application = request.json::<Input>()?.checked(&request, &keyring)?;
    let now = request.received_at();
    // The answer has the partner's name and address, which may stand under the partner's key only.
    let answers = SealedAnswers::new(&keyring, &once);
    if let Some(answer) = answers.earlier(store.earlier_answer(&once, now).await?) {
        return answer;
    }

    let program = store.program(&application.program_id).await?;
    let program = &program.ok_or_else(|| Problem::not_found().detail("there is no such program"))?;
    let applicant =
        Applicant { store: &store, keyring: &keyring, caller: &caller, application: &application, program };
    for _ in 0..ATTEMPTS {
        match applicant.attempt(&once, answers, now).await? {
            Attempt::Known(response) => return Ok(response),
            Attempt::Made(response, committed) => return answers.committed(response, committed),
            Attempt::Raced => {}
        }
    }
    Err(Problem::unavailable("registrations of one partner kept racing"))
}
