//! A commission as partners and administrators see it.

use domain::{
    commission::{Commission, CommissionStatus},
    conversion::ConversionKind,
    id::{CommissionId, ConversionId, Level, PartnerId, PayoutId, ProgramId},
    money::Money,
    risk::HoldReason,
};
use jiff::Timestamp;
use serde::Serialize;

/// What one conversion earns one partner at one level.
#[derive(Debug, Clone, Serialize)]
pub struct CommissionView {
    id: CommissionId,
    conversion_id: ConversionId,
    program_id: ProgramId,
    partner_id: PartnerId,
    kind: ConversionKind,
    level: Level,
    status: CommissionStatus,
    hold_reason: Option<HoldReason>,
    earned: Money,
    adjusted: Money,
    amount: Money,
    campaign: Option<String>,
    occurred_at: Timestamp,
    eligible_at: Timestamp,
    matured_at: Option<Timestamp>,
    payout_id: Option<PayoutId>,
    payout_date: Option<Timestamp>,
}

impl From<&Commission> for CommissionView {
    fn from(commission: &Commission) -> Self {
        Self {
            id: commission.id.clone(),
            conversion_id: commission.id.conversion().clone(),
            program_id: commission.program_id.clone(),
            partner_id: commission.partner_id.clone(),
            kind: commission.kind,
            level: commission.id.level(),
            status: commission.status,
            hold_reason: commission.held_for(),
            earned: commission.earned,
            adjusted: commission.adjusted,
            amount: commission.amount,
            campaign: commission.campaign.clone(),
            occurred_at: commission.occurred_at,
            eligible_at: commission.eligible_at,
            matured_at: commission.matured_at,
            payout_id: commission.payout_id.clone(),
            payout_date: commission.payout_date,
        }
    }
}
