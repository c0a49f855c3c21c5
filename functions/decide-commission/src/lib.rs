//! `POST /admin/commissions/{commission_id}/decide`: releases or rejects the held commissions of a
//! conversion.

use domain::{
    commission::{Decision, ReviewError, review},
    id::CommissionId,
};
use runtime::{Answer, Problem, Request, Response, view::commission::CommissionView};
use serde::{Deserialize, Serialize};
use store::{Store, accrual::Written};

/// How often a decision is made anew because a refund came in between.
const ATTEMPTS: usize = 3;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DecisionRequest {
    decision: Decision,
}

#[derive(Serialize)]
struct DecidedView {
    commissions: Vec<CommissionView>,
}

/// Decides, and answers with the commissions that were held as they are now.
///
/// # Errors
/// A problem, for the caller to read.
pub async fn handle(store: Store, request: Request) -> Answer {
    request.admin()?;
    let commission: CommissionId = request.path_id("commission_id")?;
    let DecisionRequest { decision } = request.json()?;
    let now = request.received_at();
    for _ in 0..ATTEMPTS {
        let record = store.conversion(commission.conversion()).await?;
        let is_line = record.commissions.iter().any(|line| line.value.id == commission);
        let conversion = record.conversion().filter(|_| is_line).ok_or_else(Problem::not_found)?;
        let is_disputed = record.is_disputed().map_err(Problem::internal)?;
        let reviewed = review(&conversion.value, &record.lines(), is_disputed, decision, now);
        let reviewed = reviewed.map_err(refusal)?;
        if store.record_review(&record, &reviewed, now).await? == Written::Now {
            let commissions = reviewed.commissions.iter().map(CommissionView::from).collect();
            return Response::ok(&DecidedView { commissions });
        }
    }
    Err(Problem::unavailable("the conversion kept changing while it was decided on"))
}

fn refusal(error: ReviewError) -> Problem {
    match error {
        ReviewError::NothingHeld => Problem::conflict(error.to_string()),
        ReviewError::Ledger(_) | ReviewError::Money(_) => Problem::internal(error),
    }
}
