//! `POST /affiliate/agreements/{program_id}/accept`: accepts a program's current terms, which for
//! a rejected partner is a new application.

use domain::{
    agreement::{Acceptance, Agreement, AgreementError, AgreementStatus},
    id::ProgramId,
    program::Program,
};
use runtime::{
    Answer, Keyring, Problem, Request, Response, Violations,
    view::agreement::{AgreementView, TermsAccepted, refused},
};
use store::Store;

/// Accepts the terms for the caller's own agreement.
///
/// # Errors
/// Problems by the contract.
pub async fn handle((store, keyring): (Store, Keyring), request: Request) -> Answer {
    let caller = request.partner()?;
    let program_id: ProgramId = request.path_id("program_id")?;
    let terms: TermsAccepted = request.json()?;
    let mut violations = Violations::new();
    terms.check("", &mut violations);
    violations.finish()?;

    let read = store.agreement(&program_id, &caller.id).await?.ok_or_else(Problem::not_found)?;
    let program = store.program(&program_id).await?.ok_or_else(Problem::not_found)?;
    let acceptance = terms.by(&request, &keyring);
    let changed = next(&read.value, &program, acceptance).map_err(|error| refused(&error, &program))?;
    let agreement = changed.as_ref().unwrap_or(&read.value).clone();
    let response = Response::ok(&AgreementView::new(agreement, &program.name))?;
    if let Some(changed) = changed {
        store.update_agreement(&read, &changed).await?;
    }
    Ok(response)
}

/// The agreement with these terms accepted, or nothing when that changes nothing.
fn next(
    agreement: &Agreement,
    program: &Program,
    acceptance: Acceptance,
) -> Result<Option<Agreement>, AgreementError> {
    let known = &agreement.acceptance;
    let is_known = known.version == acceptance.version && known.sha256 == acceptance.sha256;
    match agreement.status {
        AgreementStatus::Rejected => agreement.reapply(program, acceptance).map(Some),
        // The first acceptance is the evidence: a repeated one must not move its time.
        _ => agreement.accept(program, acceptance).map(|accepted| (!is_known).then_some(accepted)),
    }
}
