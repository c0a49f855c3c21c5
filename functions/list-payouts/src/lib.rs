//! `GET /affiliate/payouts`: the calling partner's payouts in a program, the newest first.

use domain::id::ProgramId;
use runtime::{
    Answer, Cursors, Enrolment, Request, Response,
    view::{list::ListView, payout::PayoutView},
};
use serde::Deserialize;
use store::Store;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filters {
    program_id: ProgramId,
}

/// Answers with a page of the list.
///
/// # Errors
/// A problem, for the caller to read.
pub async fn handle((store, cursors): (Store, Cursors), request: Request) -> Answer {
    let partner = request.partner()?.id;
    let (Filters { program_id }, page) = request.page::<Filters>(&cursors, "list_payouts")?;
    let currency = Enrolment::load(&store, &program_id, &partner).await?.currency();
    let page = store.payouts_of(&program_id, &partner, currency, &page).await?;
    Response::ok(&ListView::new(page, |payout| PayoutView::from(&payout)))
}
