//! Agreements: a partner's enrolment in a program.

use domain::{
    agreement::{Acceptance, Agreement, AgreementStatus},
    id::{AgreementId, PartnerId, ProgramId},
    rate::Rate,
};
use jiff::Timestamp;
use serde::Serialize;

/// An enrolment as its partner and the administrators see it.
#[derive(Debug, Clone, Serialize)]
pub struct AgreementView {
    id: AgreementId,
    program_id: ProgramId,
    program_name: String,
    partner_id: PartnerId,
    status: AgreementStatus,
    reason: Option<String>,
    sponsor_code: String,
    sponsor_id: Option<PartnerId>,
    acceptance: AcceptanceView,
    commission_tier: Option<String>,
    revenue_split: Option<Rate>,
    contract_start: Option<Timestamp>,
    contract_end: Option<Timestamp>,
    applied_at: Timestamp,
    approved_at: Option<Timestamp>,
    stopped_at: Option<Timestamp>,
}

impl AgreementView {
    /// The view of an enrolment in the program of this name.
    #[must_use]
    pub fn new(agreement: Agreement, program_name: &str) -> Self {
        Self {
            sponsor_id: agreement.sponsor().cloned(),
            id: agreement.id,
            program_id: agreement.program_id,
            program_name: program_name.to_owned(),
            sponsor_code: agreement.partner_id.body().to_owned(),
            partner_id: agreement.partner_id,
            status: agreement.status,
            reason: agreement.reason,
            acceptance: agreement.acceptance.into(),
            commission_tier: agreement.commission_tier,
            revenue_split: agreement.revenue_split,
            contract_start: agreement.contract_start,
            contract_end: agreement.contract_end,
            applied_at: agreement.applied_at,
            approved_at: agreement.approved_at,
            stopped_at: agreement.stopped_at,
        }
    }
}

/// The terms that were accepted. Where from stays with us.
#[derive(Debug, Clone, Serialize)]
struct AcceptanceView {
    version: String,
    sha256: String,
    at: Timestamp,
}

impl From<Acceptance> for AcceptanceView {
    fn from(acceptance: Acceptance) -> Self {
        Self { version: acceptance.version, sha256: acceptance.sha256, at: acceptance.at }
    }
}
