//! `POST /admin/programs/{program_id}/applications/{partner_id}/approve`: makes an enrolment
//! active, on the conditions given.

use domain::{
    agreement::{AgreementError, AgreementStatus, ContractConditions},
    id::{PartnerId, ProgramId},
};
use runtime::{Answer, Problem, Request, Response, Violations, view::agreement::AgreementView};
use store::Store;

/// Approves an application.
///
/// # Errors
/// Every [`Problem`] that the contract lists for this operation.
pub async fn handle(store: Store, request: Request) -> Answer {
    request.admin()?;
    let program_id: ProgramId = request.path_id("program_id")?;
    let partner_id: PartnerId = request.path_id("partner_id")?;
    let conditions: ContractConditions = request.json()?;
    check(&conditions)?;
    let program = store.program(&program_id).await?.ok_or_else(Problem::not_found)?;
    let read = store.agreement(&program_id, &partner_id).await?.ok_or_else(Problem::not_found)?;
    let from = read.value.status;
    if from != AgreementStatus::Applied {
        // A suspended enrolment could go there too, and would lose its conditions on the way.
        let error = AgreementError::IllegalTransition { from, to: AgreementStatus::Approved };
        return Err(Problem::conflict(error.to_string()));
    }
    let approved = read.value.approve(conditions, request.received_at());
    let approved = approved.map_err(|error| Problem::conflict(error.to_string()))?;
    store.update_agreement(&read, &approved).await?;
    Response::ok(&AgreementView::new(approved, &program.name))
}

fn check(conditions: &ContractConditions) -> Result<(), Problem> {
    let mut violations = Violations::new();
    if let Some(tier) = &conditions.commission_tier {
        violations.text(tier, 40, "/commission_tier");
    }
    if let (Some(start), Some(end)) = (conditions.contract_start, conditions.contract_end) {
        violations.check(start < end, "/contract_end", "out_of_range", "a contract ends after its start");
    }
    violations.finish()
}
