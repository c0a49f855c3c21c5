//! `GET /admin/programs/{program_id}/applications`: the partners of a program that stand at one
//! status, the longest waiting first.

mod application;

use std::collections::BTreeMap;

use domain::{agreement::AgreementStatus, id::ProgramId};
use runtime::{Answer, Cursors, Problem, Request, Response, view::list::ListView};
use serde::Deserialize;
use store::Store;

use crate::application::ApplicationView;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filters {
    status: Option<AgreementStatus>,
}

/// Lists applications.
///
/// # Errors
/// Every [`Problem`] that the contract lists for this operation.
pub async fn handle((store, cursors): (Store, Cursors), request: Request) -> Answer {
    request.admin()?;
    let program_id: ProgramId = request.path_id("program_id")?;
    let (filters, page) = request.page::<Filters>(&cursors, "list_applications")?;
    let program = store.program(&program_id).await?.ok_or_else(Problem::not_found)?;
    let status = filters.status.unwrap_or(AgreementStatus::Applied);
    let agreements = store.agreements_of_program(&program_id, Some(status), &page).await?;
    let ids: Vec<_> = agreements.data.iter().map(|agreement| agreement.partner_id.clone()).collect();
    let partners = store.partners(&ids).await?.into_iter();
    let mut partners: BTreeMap<_, _> = partners.map(|partner| (partner.id.clone(), partner)).collect();
    let data = agreements.data.into_iter().filter_map(|agreement| {
        // Who has registered this very moment may not be readable yet, and shows up next time.
        let partner = partners.remove(&agreement.partner_id)?;
        Some(ApplicationView::new(partner, agreement, &program.name))
    });
    Response::ok(&ListView { data: data.collect(), next_cursor: agreements.next })
}
