//! Partners, and what stands between one and being paid.

use domain::{
    agreement::{Agreement, AgreementStatus},
    id::PartnerId,
    partner::{IdentityStatus, Partner, PartnerType, PayoutMethod, PayoutProvider},
    performance::NextTier,
    program::Program,
};
use jiff::Timestamp;
use serde::Serialize;

use super::{agreement::AgreementView, tier::TierView};

/// A partner as it sees itself.
#[derive(Clone, Serialize)]
pub struct PartnerView {
    id: PartnerId,
    email: String,
    name: String,
    country: String,
    partner_type: PartnerType,
    website: Option<String>,
    identity: IdentityView,
    payout_method: Option<PayoutMethodView>,
    registered_at: Timestamp,
}

/// What is known of an identity.
#[derive(Debug, Clone, Serialize)]
pub struct IdentityView {
    status: IdentityStatus,
}

/// A payout method, without where the money goes.
#[derive(Debug, Clone, Serialize)]
pub struct PayoutMethodView {
    provider: PayoutProvider,
    hint: String,
    set_at: Timestamp,
}

/// Something a partner has to do before being paid, and the request that does it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    code: &'static str,
    detail: String,
    method: &'static str,
    path: String,
}

/// A partner, its enrolments, and what is still to do.
#[derive(Clone, Serialize)]
pub struct ProfileView {
    #[serde(flatten)]
    partner: PartnerView,
    agreements: Vec<EnrolmentView>,
    missing: Vec<Missing>,
}

/// An own enrolment: with the tier, and how far it is to the next.
#[derive(Clone, Serialize)]
struct EnrolmentView {
    #[serde(flatten)]
    agreement: AgreementView,
    tier: TierView,
}

impl From<&Partner> for PartnerView {
    fn from(partner: &Partner) -> Self {
        Self {
            id: partner.id.clone(),
            email: partner.email.clone(),
            name: partner.name.clone(),
            country: partner.country.clone(),
            partner_type: partner.partner_type,
            website: partner.website.clone(),
            identity: IdentityView { status: partner.identity.status },
            payout_method: partner.payout_method.as_ref().map(PayoutMethodView::from),
            registered_at: partner.registered_at,
        }
    }
}

impl From<&PayoutMethod> for PayoutMethodView {
    fn from(method: &PayoutMethod) -> Self {
        Self { provider: method.provider, hint: method.hint.clone(), set_at: method.set_at }
    }
}

impl ProfileView {
    /// The profile of a partner with these enrolments, and in their order what each lacks for the
    /// next tier.
    #[must_use]
    pub fn new(
        partner: &Partner,
        enrolments: &[(Agreement, Program)],
        next_tiers: Vec<Option<NextTier>>,
    ) -> Self {
        let view = |((agreement, program), next): (&(Agreement, Program), Option<NextTier>)| EnrolmentView {
            agreement: AgreementView::new(agreement.clone(), &program.name),
            tier: TierView::new(agreement, next),
        };
        Self {
            partner: partner.into(),
            agreements: enrolments.iter().zip(next_tiers).map(view).collect(),
            missing: missing(partner, enrolments.iter().map(|(agreement, program)| (agreement, program))),
        }
    }
}

/// What a partner with these enrolments has to do before being paid.
pub fn missing<'a>(
    partner: &Partner,
    enrolments: impl IntoIterator<Item = (&'a Agreement, &'a Program)>,
) -> Vec<Missing> {
    let mut missing = Vec::new();
    let mut requires_identity = false;
    for (agreement, program) in enrolments {
        if matches!(agreement.status, AgreementStatus::Rejected | AgreementStatus::Ended) {
            continue;
        }
        requires_identity |= program.payout.requires_identity;
        let (accepted, terms) = (&agreement.acceptance, &program.terms);
        if accepted.version != terms.version || accepted.sha256 != terms.sha256 {
            missing.push(Missing {
                code: "agreement",
                detail: format!(
                    "The terms of {} have changed; accept version {}.",
                    program.name, terms.version
                ),
                method: "POST",
                path: format!("/affiliate/agreements/{}/accept", program.id),
            });
        }
    }
    if requires_identity && partner.identity.status != IdentityStatus::Verified {
        missing.push(Missing {
            code: "identity_check",
            detail: match partner.identity.status {
                IdentityStatus::Pending => "The identity check is under way.".to_owned(),
                _ => "Start an identity check and finish it.".to_owned(),
            },
            method: "POST",
            path: "/affiliate/identity-checks".to_owned(),
        });
    }
    if partner.payout_method.is_none() {
        missing.push(Missing {
            code: "payout_method",
            detail: "Set a payout method.".to_owned(),
            method: "PUT",
            path: "/affiliate/payout-method".to_owned(),
        });
    }
    missing
}
