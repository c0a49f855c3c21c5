//! `GET /affiliate/commissions`: the calling partner's commissions in a program, the latest sale
//! first.

use domain::{commission::CommissionStatus, id::ProgramId};
use runtime::{
    Answer, Cursors, Enrolment, Request, Response,
    view::{commission::CommissionView, list::ListView},
};
use serde::Deserialize;
use store::Store;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filters {
    program_id: ProgramId,
    status: Option<CommissionStatus>,
}

/// Answers with a page of the list.
///
/// # Errors
/// A problem, for the caller to read.
pub async fn handle((store, cursors): (Store, Cursors), request: Request) -> Answer {
    let partner = request.partner()?.id;
    let (Filters { program_id, status }, page) = request.page::<Filters>(&cursors, "list_commissions")?;
    let currency = Enrolment::load(&store, &program_id, &partner).await?.currency();
    let page = store.commissions_of(&program_id, &partner, currency, status, &page).await?;
    Response::ok(&ListView::new(page, |commission| CommissionView::from(&commission)))
}
