//! `POST /affiliate/payout/request`: reserves what is available, or part of it, for a payout.

use domain::{
    id::{PartnerId, PayoutId, ProgramId},
    money::Money,
    payout::{Blocker, Payout, PayoutError, Standing},
};
use runtime::{
    Answer, Code, Enrolment, Idempotency, Problem, Request, Response, Violations, view::payout::PayoutView,
};
use serde::Deserialize;
use store::{
    Store,
    idempotency::{Keep, Once},
    payout::{DecidedOn, Requested},
};

/// How often a request is decided anew because balance, partner or agreement changed in between.
const ATTEMPTS: usize = 3;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PayoutRequest {
    program_id: ProgramId,
    #[serde(default)]
    amount: Option<Money>,
}

/// Requests a payout and answers with it.
///
/// # Errors
/// A problem, for the caller to read.
pub async fn handle(store: Store, request: Request) -> Answer {
    let partner = request.partner()?.id;
    let once = request.idempotency("request_payout")?;
    let wanted: PayoutRequest = request.json()?;
    let now = request.received_at();
    if let Some(answer) = Response::earlier(store.earlier_answer(&once, now).await?) {
        return answer;
    }
    let id = payout_id(&partner, &once);
    for _ in 0..ATTEMPTS {
        let (payout, on) = plan(&store, &partner, &id, &wanted, &request).await?;
        let location = format!("/affiliate/payouts?program_id={}", payout.program_id);
        let response = Response::created(&location, &PayoutView::from(&payout))?;
        // A payout is money on its way: its answer can be asked for again for as long as anybody
        // may still retry the request.
        let once = Once { request: &once, answer: &response.stored(), keep: Keep::Quarter, now };
        if let Requested::Committed(committed) = store.request_payout(&payout, on, once).await? {
            return response.committed(committed);
        }
    }
    if store.payout(&id).await?.is_some() {
        let detail = format!("this Idempotency-Key was used for payout {id} long ago; send a new one");
        return Err(Problem::conflict(detail));
    }
    Err(Problem::unavailable("the account kept changing while the payout was requested"))
}

/// The same request asks for the same payout, also when its answer is no longer kept.
fn payout_id(partner: &PartnerId, once: &Idempotency) -> PayoutId {
    PayoutId::derive(&[partner.as_str(), once.operation, &once.key])
}

/// Decides on the request as things stand now.
async fn plan(
    store: &Store,
    caller: &PartnerId,
    id: &PayoutId,
    wanted: &PayoutRequest,
    request: &Request,
) -> Result<(Payout, DecidedOn), Problem> {
    let Enrolment { program, agreement } = Enrolment::load(store, &wanted.program_id, caller).await?;
    let (partner, account) =
        tokio::try_join!(store.partner(caller), store.account(&program.id, caller, program.currency))?;
    let partner = partner.ok_or_else(Problem::not_found)?;
    let standing = Standing {
        program: &program,
        partner: &partner.value,
        agreement: &agreement.value,
        balances: &account.balances,
        open_payout: account.open_payout.as_ref(),
        at: request.received_at(),
    };
    let payout = standing.plan(id.clone(), wanted.amount).map_err(refusal)?;
    Ok((payout, DecidedOn { partner: partner.revision, agreement: agreement.revision }))
}

fn refusal(error: PayoutError) -> Problem {
    let detail = error.to_string();
    let (pointer, code) = match error {
        PayoutError::Blocked(blockers) => return blocked(&blockers, detail),
        PayoutError::BelowMinimum(_) => ("/amount", "below_minimum"),
        PayoutError::ExceedsAvailable(_) => ("/amount", "exceeds_available"),
        PayoutError::Money(_) => ("/amount/currency", "wrong_currency"),
    };
    let mut violations = Violations::new();
    violations.add(pointer, code, detail);
    violations.into()
}

fn blocked(blockers: &[Blocker], detail: String) -> Problem {
    match serde_json::to_value(blockers) {
        Ok(blockers) => Problem::new(Code::PayoutBlocked).detail(detail).with("blockers", blockers),
        Err(error) => Problem::internal(error),
    }
}
