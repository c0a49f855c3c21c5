//! Coupons.

use domain::{
    coupon::Coupon,
    id::{CouponId, PartnerId, ProgramId},
};
use jiff::Timestamp;
use serde::Serialize;

/// A coupon as its partner and administrators see it.
#[derive(Debug, Clone, Serialize)]
pub struct CouponView {
    id: CouponId,
    program_id: ProgramId,
    partner_id: PartnerId,
    code: String,
    campaign: Option<String>,
    created_at: Timestamp,
    disabled_at: Option<Timestamp>,
}

impl From<&Coupon> for CouponView {
    fn from(coupon: &Coupon) -> Self {
        Self {
            id: coupon.id.clone(),
            program_id: coupon.program_id.clone(),
            partner_id: coupon.partner_id.clone(),
            code: coupon.code.to_string(),
            campaign: coupon.campaign.clone(),
            created_at: coupon.created_at,
            disabled_at: coupon.disabled_at,
        }
    }
}
