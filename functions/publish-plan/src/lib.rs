//! `POST /admin/programs/{program_id}/plans`: publishes the next version of what a program pays.

use domain::{
    id::ProgramId,
    money::Currency,
    plan::{Plan, PlanVersion},
};
use jiff::Timestamp;
use runtime::{Answer, Problem, Request, Response, Violations};
use serde::Deserialize;
use store::{
    Error, Store,
    idempotency::{Keep, Once},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanRequest {
    #[serde(default)]
    effective_from: Option<Timestamp>,
    plan: Plan,
}

/// Publishes a plan.
///
/// # Errors
/// Every [`Problem`] that the contract lists for this operation.
pub async fn handle(store: Store, request: Request) -> Answer {
    request.admin()?;
    let program_id: ProgramId = request.path_id("program_id")?;
    let idempotency = request.idempotency("publish_plan")?;
    let body: PlanRequest = request.json()?;
    let now = request.received_at();
    if let Some(answer) = Response::earlier(store.earlier_answer(&idempotency, now).await?) {
        return answer;
    }
    let program = store.program(&program_id).await?.ok_or_else(Problem::not_found)?;
    body.check(program.currency, now)?;
    let last = store.plans(&program_id).await?.last().map_or(0, |version| version.version);
    let version = PlanVersion {
        program_id,
        version: last.saturating_add(1),
        effective_from: body.effective_from.unwrap_or(now),
        plan: body.plan,
    };
    let path = format!("/admin/programs/{}/plans/{}", version.program_id, version.version);
    let response = Response::created(&path, &version)?;
    let once = Once { request: &idempotency, answer: &response.stored(), keep: Keep::Week, now };
    match store.publish_plan(&version, once).await {
        Ok(committed) => response.committed(committed),
        // Not tried again with the next number: whoever publishes should have seen what it replaces.
        Err(Error::Condition(_)) => Err(Problem::conflict(
            "another plan was published at the same moment; look at it, then try again",
        )),
        Err(error) => Err(error.into()),
    }
}

impl PlanRequest {
    fn check(&self, currency: Currency, now: Timestamp) -> Result<(), Problem> {
        let mut violations = Violations::new();
        violations.check(
            // Sales in the meantime were priced by the version before, and stay so.
            self.effective_from.is_none_or(|from| from >= now),
            "/effective_from",
            "in_the_past",
            "use a time that is still to come, or leave it out for now",
        );
        violations.plan(&self.plan, currency);
        violations.finish()
    }
}
