//! `POST /admin/coupons/{coupon_id}/disable`: takes a coupon out of use.

use domain::{coupon::Coupon, id::CouponId};
use runtime::{Answer, Problem, Request, Response, view::coupon::CouponView};
use store::{Error, Store};

/// Disables a coupon.
///
/// Sales from now on attribute nothing by it; those before keep what they are worth, however late they
/// are told. Doing it again changes nothing, so it takes no idempotency key.
///
/// # Errors
/// Every [`Problem`] that the contract lists for this operation.
pub async fn handle(store: Store, request: Request) -> Answer {
    request.admin()?;
    let id: CouponId = request.path_id("coupon_id")?;
    let read = store.coupon(&id).await?.ok_or_else(Problem::not_found)?;
    if read.value.disabled_at.is_some() {
        return Response::ok(&CouponView::from(&read.value));
    }
    let disabled = Coupon { disabled_at: Some(request.received_at()), ..read.value.clone() };
    match store.update_coupon(&read, &disabled).await {
        Ok(()) => Response::ok(&CouponView::from(&disabled)),
        // Nothing else ever changes a coupon: somebody was faster, or this write's own answer was lost.
        Err(Error::Condition(_)) => {
            let read = store.coupon(&id).await?.ok_or_else(Problem::not_found)?;
            Response::ok(&CouponView::from(&read.value))
        }
        Err(error) => Err(error.into()),
    }
}
