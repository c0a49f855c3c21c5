//! `GET /admin/coupons`: the coupons of a program, or those of one partner in it.

use domain::id::{PartnerId, ProgramId};
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
    partner_id: Option<PartnerId>,
}

/// Lists coupons.
///
/// # Errors
/// Every [`Problem`] that the contract lists for this operation.
pub async fn handle((store, cursors): (Store, Cursors), request: Request) -> Answer {
    request.admin()?;
    let (filters, page) = request.page::<Filters>(&cursors, "list_coupons")?;
    store.program(&filters.program_id).await?.ok_or_else(Problem::not_found)?;
    let coupons = store.coupons(&filters.program_id, filters.partner_id.as_ref(), &page).await?;
    Response::ok(&ListView::new(coupons, |coupon| CouponView::from(&coupon)))
}
