//! `POST /admin/coupons`: gives a partner a code of its own.

use domain::{
    coupon::{Coupon, CouponCode},
    id::{PartnerId, ProgramId},
};
use jiff::Timestamp;
use runtime::{Answer, Code, Problem, Request, Response, Violations, view::coupon::CouponView};
use serde::Deserialize;
use store::{
    Store,
    coupon::CouponCreated,
    idempotency::{Keep, Once},
};

const CAMPAIGN_MAX: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CouponRequest {
    program_id: ProgramId,
    partner_id: PartnerId,
    code: String,
    #[serde(default)]
    campaign: Option<String>,
}

/// Makes a coupon.
///
/// # Errors
/// Every [`Problem`] that the contract lists for this operation.
pub async fn handle(store: Store, request: Request) -> Answer {
    request.admin()?;
    let idempotency = request.idempotency("create_coupon")?;
    let now = request.received_at();
    let coupon = request.json::<CouponRequest>()?.into_coupon(now)?;
    if let Some(answer) = Response::earlier(store.earlier_answer(&idempotency, now).await?) {
        return answer;
    }
    store.program(&coupon.program_id).await?.ok_or_else(Problem::not_found)?;
    let agreement = store.agreement(&coupon.program_id, &coupon.partner_id).await?;
    let agreement = agreement.ok_or_else(|| {
        Problem::not_found().detail("the partner is not enrolled in the program, or one of them is not there")
    })?;
    if !agreement.value.is_active_at(now) {
        return Err(Problem::conflict("the partner's enrolment in the program is not active"));
    }
    let response = Response::created(&format!("/admin/coupons/{}", coupon.id), &CouponView::from(&coupon))?;
    let once = Once { request: &idempotency, answer: &response.stored(), keep: Keep::Week, now };
    match store.create_coupon(&coupon, once).await? {
        CouponCreated::Committed(committed) => response.committed(committed),
        CouponCreated::CodeTaken(other) => Err(taken(&coupon, &other)),
    }
}

impl CouponRequest {
    fn into_coupon(self, created_at: Timestamp) -> Result<Coupon, Problem> {
        let mut violations = Violations::new();
        let code = violations.take("/code", CouponCode::try_from(self.code));
        if let Some(campaign) = &self.campaign {
            violations.text(campaign, CAMPAIGN_MAX, "/campaign");
        }
        match code {
            Some(code) if violations.is_empty() => Ok(Coupon {
                id: code.coupon_id(&self.program_id),
                program_id: self.program_id,
                code,
                partner_id: self.partner_id,
                campaign: self.campaign,
                created_at,
                disabled_at: None,
            }),
            _ => Err(violations.into()),
        }
    }
}

/// Why there can be no second coupon of the code.
fn taken(wanted: &Coupon, standing: &Coupon) -> Problem {
    let Coupon { code, partner_id, .. } = standing;
    let detail = match (standing.partner_id == wanted.partner_id, standing.disabled_at) {
        (true, None) => format!("{code} is a coupon of this partner already"),
        (true, Some(_)) => {
            format!("{code} was a coupon of this partner and is disabled for good; choose another code")
        }
        (false, _) => {
            format!("{code} belongs to {partner_id}, and a code is never passed on; choose another one")
        }
    };
    Problem::new(Code::CouponTaken).detail(detail)
}
