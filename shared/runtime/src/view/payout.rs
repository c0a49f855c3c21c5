//! A payout as the partner sees it.

use domain::{
    id::{PayoutId, ProgramId},
    money::Money,
    partner::{PayoutMethod, PayoutProvider},
    payout::{Payout, PayoutStatus},
};
use jiff::Timestamp;
use serde::Serialize;

/// One payment to the partner.
#[derive(Debug, Clone, Serialize)]
pub struct PayoutView {
    id: PayoutId,
    program_id: ProgramId,
    amount: Money,
    status: PayoutStatus,
    method: MethodView,
    provider_id: Option<String>,
    failure: Option<String>,
    requested_at: Timestamp,
    updated_at: Timestamp,
    paid_at: Option<Timestamp>,
}

/// The method that the payout was requested with.
#[derive(Debug, Clone, Serialize)]
struct MethodView {
    provider: PayoutProvider,
    hint: String,
    set_at: Timestamp,
}

impl From<&PayoutMethod> for MethodView {
    fn from(method: &PayoutMethod) -> Self {
        Self { provider: method.provider, hint: method.hint.clone(), set_at: method.set_at }
    }
}

impl From<&Payout> for PayoutView {
    fn from(payout: &Payout) -> Self {
        Self {
            id: payout.id.clone(),
            program_id: payout.program_id.clone(),
            amount: payout.amount,
            status: payout.status,
            method: MethodView::from(&payout.method),
            provider_id: payout.provider_id.clone(),
            failure: payout.failure.clone(),
            requested_at: payout.requested_at,
            updated_at: payout.updated_at,
            paid_at: payout.paid_at,
        }
    }
}
