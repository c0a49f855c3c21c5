//! `POST /admin/programs/{program_id}/applications/{partner_id}/reject`: turns an application
//! down, with a reason that the partner sees.

use domain::id::{PartnerId, ProgramId};
use runtime::{Answer, Problem, Request, Response, Violations, view::agreement::AgreementView};
use serde::Deserialize;
use store::Store;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RejectionRequest {
    reason: String,
}

/// Rejects an application.
///
/// # Errors
/// Every [`Problem`] that the contract lists for this operation.
pub async fn handle(store: Store, request: Request) -> Answer {
    request.admin()?;
    let program_id: ProgramId = request.path_id("program_id")?;
    let partner_id: PartnerId = request.path_id("partner_id")?;
    let body: RejectionRequest = request.json()?;
    let mut violations = Violations::new();
    violations.text(&body.reason, 500, "/reason");
    violations.finish()?;
    let program = store.program(&program_id).await?.ok_or_else(Problem::not_found)?;
    let read = store.agreement(&program_id, &partner_id).await?.ok_or_else(Problem::not_found)?;
    let rejected = read.value.reject(body.reason).map_err(|error| Problem::conflict(error.to_string()))?;
    store.update_agreement(&read, &rejected).await?;
    Response::ok(&AgreementView::new(rejected, &program.name))
}
