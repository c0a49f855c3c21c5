//! `GET /affiliate/coupons`: the calling partner's coupons in a program, the newest first.

use domain::id::ProgramId;
use runtime::{
    Answer, Cursors, Problem, Request, Response,
    view::{coupon::CouponView, list::ListView},
};
use serde::Deserialize;
use store::Store;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filters {
    program_id: ProgramId,
}

/// Lists the partner's coupons.
///
/// # Errors
/// Every [`Problem`] that the contract lists for this operation.
pub async fn handle((store, cursors): (Store, Cursors), request: Request) -> Answer {
    let partner = request.partner()?;
    let (filters, page) = request.page::<Filters>(&cursors, "list_own_coupons")?;
    store.agreement(&filters.program_id, &partner.id).await?.ok_or_else(Problem::not_found)?;
    let coupons = store.coupons(&filters.program_id, Some(&partner.id), &page).await?;
    Response::ok(&ListView::new(coupons, |coupon| CouponView::from(&coupon)))
}
