//! `POST /admin/commissions/{commission_id}/adjustments`: adds to a commission or takes from it, with
//! a reason that the partner reads.

use domain::{
    commission::{AdjustError, Adjustment, REASON_MAX, adjust},
    id::{AdjustmentId, CommissionId},
    money::{Money, MoneyError},
};
use jiff::Timestamp;
use runtime::{
    Answer, Idempotency, Problem, Request, Response, Violations, view::commission::CommissionView,
};
use serde::{Deserialize, Serialize};
use store::{
    Store,
    adjust::AdjustmentRecorded,
    idempotency::{Keep, Once},
};

/// How often it is decided anew because the commission changed in between.
const ATTEMPTS: usize = 3;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdjustmentRequest {
    amount: Money,
    reason: String,
}

#[derive(Serialize)]
struct AdjustmentView {
    id: AdjustmentId,
    amount: Money,
    reason: String,
    adjusted_at: Timestamp,
    commission: CommissionView,
}

/// Adjusts, and answers with the commission as it is now.
///
/// # Errors
/// A problem, for the caller to read.
pub async fn handle(store: Store, request: Request) -> Answer {
    let admin = request.admin()?;
    let commission_id: CommissionId = request.path_id("commission_id")?;
    let idempotency = request.idempotency("adjust_commission")?;
    let AdjustmentRequest { amount, reason } = request.json()?;
    let mut violations = Violations::new();
    violations.text(&reason, REASON_MAX, "/reason");
    violations.check(!amount.is_zero(), "/amount", "out_of_range", "an adjustment is above or below zero");
    violations.finish()?;
    let now = request.received_at();
    let id = adjustment_id(&commission_id, &idempotency);
    let adjustment = Adjustment { id, commission_id, amount, reason, by: admin.subject, at: now };
    if let Some(answer) = Response::earlier(store.earlier_answer(&idempotency, now).await?) {
        return answer;
    }
    for _ in 0..ATTEMPTS {
        let record = store.conversion(adjustment.commission_id.conversion()).await?;
        if record.adjustments.iter().any(|known| known.id == adjustment.id) {
            return done_before(&store, &idempotency, now).await;
        }
        let line = record.commissions.iter().find(|line| line.value.id == adjustment.commission_id);
        let line = &line.ok_or_else(Problem::not_found)?.value;
        let priced = record.priced(&line.id).map_err(Problem::internal)?.ok_or_else(Problem::not_found)?;
        let is_disputed = record.is_disputed().map_err(Problem::internal)?;
        let adjusted = adjust(line, priced, is_disputed, &adjustment).map_err(refusal)?;
        let location = format!("/affiliate/commissions/{}/explain", line.id);
        let response = Response::created(&location, &view(&adjustment, (&adjusted.commission).into()))?;
        let once = Once { request: &idempotency, answer: &response.stored(), keep: Keep::Quarter, now };
        if let AdjustmentRecorded::Committed(committed) =
            store.adjust(&record, &adjustment, &adjusted, once).await?
        {
            return response.committed(committed);
        }
    }
    Err(Problem::unavailable("the commission kept changing while it was adjusted"))
}

/// The answer to a request whose adjustment turns out to be there: it was made a moment ago, or so
/// long ago that its answer is no longer kept.
async fn done_before(store: &Store, request: &Idempotency, now: Timestamp) -> Answer {
    let earlier = Response::earlier(store.earlier_answer(request, now).await?);
    earlier.unwrap_or_else(|| {
        Err(Problem::conflict(
            "this Idempotency-Key adjusted the commission more than ninety days ago; use a new one to adjust again",
        ))
    })
}

/// The same request makes the same adjustment, also when its answer is no longer kept.
fn adjustment_id(commission: &CommissionId, request: &Idempotency) -> AdjustmentId {
    AdjustmentId::derive(&[&commission.to_string(), &request.caller, request.operation, &request.key])
}

fn view(adjustment: &Adjustment, commission: CommissionView) -> AdjustmentView {
    AdjustmentView {
        id: adjustment.id.clone(),
        amount: adjustment.amount,
        reason: adjustment.reason.clone(),
        adjusted_at: adjustment.at,
        commission,
    }
}

fn refusal(error: AdjustError) -> Problem {
    let detail = error.to_string();
    let (pointer, code) = match error {
        AdjustError::Rejected => return Problem::conflict(detail),
        AdjustError::Ledger(_) => return Problem::internal(error),
        AdjustError::Zero | AdjustError::Money(MoneyError::Overflow) => ("/amount", "out_of_range"),
        AdjustError::ExceedsLeft { .. } => ("/amount", "exceeds_left"),
        AdjustError::Money(_) => ("/amount/currency", "wrong_currency"),
    };
    let mut violations = Violations::new();
    violations.add(pointer, code, detail);
    violations.into()
}
