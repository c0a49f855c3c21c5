//! An application as administrators see it.

use domain::{
    agreement::Agreement,
    id::PartnerId,
    partner::{IdentityStatus, Partner, PartnerType},
};
use jiff::Timestamp;
use runtime::view::agreement::AgreementView;
use serde::Serialize;

/// A partner together with its enrolment in a program.
#[derive(Serialize)]
pub(crate) struct ApplicationView {
    partner: ApplicantView,
    agreement: AgreementView,
}

impl ApplicationView {
    /// The view of a partner's application to the program of this name.
    pub(crate) fn new(partner: Partner, agreement: Agreement, program_name: &str) -> Self {
        Self { partner: partner.into(), agreement: AgreementView::new(agreement, program_name) }
    }
}

/// What an administrator needs to know of a partner to decide on it. How it is paid is not part
/// of that.
#[derive(Serialize)]
struct ApplicantView {
    id: PartnerId,
    email: String,
    name: String,
    country: String,
    partner_type: PartnerType,
    website: Option<String>,
    identity: IdentityView,
    registered_at: Timestamp,
}

#[derive(Serialize)]
struct IdentityView {
    status: IdentityStatus,
}

impl From<Partner> for ApplicantView {
    fn from(partner: Partner) -> Self {
        Self {
            id: partner.id,
            email: partner.email,
            name: partner.name,
            country: partner.country,
            partner_type: partner.partner_type,
            website: partner.website,
            identity: IdentityView { status: partner.identity.status },
            registered_at: partner.registered_at,
        }
    }
}
