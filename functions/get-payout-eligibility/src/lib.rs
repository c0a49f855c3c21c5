//! `GET /affiliate/payout/eligibility`: what can be paid out, and everything that stands in the way.

use domain::{
    id::{PayoutId, ProgramId},
    money::Money,
    payout::{Blocker, Standing},
};
use runtime::{Answer, Enrolment, Problem, Request, Response};
use serde::{Deserialize, Serialize};
use store::Store;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    program_id: ProgramId,
}

#[derive(Serialize)]
struct EligibilityView {
    program_id: ProgramId,
    eligible: bool,
    available: Money,
    minimum: Money,
    debt: Money,
    blockers: Vec<Blocker>,
    open_payout_id: Option<PayoutId>,
}

/// Answers whether a payout can be requested now.
///
/// # Errors
/// A problem, for the caller to read.
pub async fn handle(store: Store, request: Request) -> Answer {
    let caller = request.partner()?.id;
    let Query { program_id } = request.query()?;
    let Enrolment { program, agreement } = Enrolment::load(&store, &program_id, &caller).await?;
    let (partner, account) =
        tokio::try_join!(store.partner(&caller), store.account(&program_id, &caller, program.currency))?;
    let standing = Standing {
        program: &program,
        partner: &partner.ok_or_else(Problem::not_found)?.value,
        agreement: &agreement.value,
        balances: &account.balances,
        open_payout: account.open_payout.as_ref(),
        at: request.received_at(),
    };
    let blockers = standing.blockers();
    let available = account.balances.available;
    Response::ok(&EligibilityView {
        program_id,
        eligible: blockers.is_empty(),
        available,
        minimum: program.payout.minimum,
        debt: debt(available)?,
        blockers,
        open_payout_id: account.open_payout,
    })
}

/// What later earnings are netted against.
fn debt(available: Money) -> Result<Money, Problem> {
    if available.is_negative() {
        available.negated().map_err(Problem::internal)
    } else {
        Ok(Money::zero(available.currency()))
    }
}
