//! Agreements, the terms they rest on, and why a change of one is refused.

use data_encoding::HEXLOWER;
use domain::{
    agreement::{Acceptance, Agreement, AgreementError, AgreementStatus},
    id::{AgreementId, PartnerId, ProgramId},
    program::Program,
    rate::Rate,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Code, Keyring, Problem, Purpose, Request, Violation, Violations};

/// The longest name of a version of terms.
const VERSION_MAX: usize = 100;
const SHA256_DIGITS: usize = 64;

/// An agreement as its partner and administrators see it.
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

/// Terms as accepted. From where is evidence for a dispute and shown to nobody.
#[derive(Debug, Clone, Serialize)]
struct AcceptanceView {
    version: String,
    sha256: String,
    at: Timestamp,
}

impl AgreementView {
    /// The view of an agreement in the program of this name.
    #[must_use]
    pub fn new(agreement: Agreement, program_name: &str) -> Self {
        let sponsor_id = agreement.sponsor().cloned();
        let acceptance = agreement.acceptance;
        Self {
            id: agreement.id,
            program_id: agreement.program_id,
            program_name: program_name.to_owned(),
            status: agreement.status,
            reason: agreement.reason,
            sponsor_code: agreement.partner_id.body().to_owned(),
            partner_id: agreement.partner_id,
            sponsor_id,
            acceptance: AcceptanceView {
                version: acceptance.version,
                sha256: acceptance.sha256,
                at: acceptance.at,
            },
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

/// The terms that a request accepts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct TermsAccepted {
    version: String,
    sha256: String,
}

domain::object!(read TermsAccepted);

impl TermsAccepted {
    /// Notes what is wrong; `at` points at the object.
    pub fn check(&self, at: &str, violations: &mut Violations) {
        let length = self.version.chars().count();
        let is_hash = self.sha256.len() == SHA256_DIGITS
            && self.sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let expected = "expected 1 to 100 characters";
        violations.check((1..=VERSION_MAX).contains(&length), &format!("{at}/version"), "invalid", expected);
        let expected = "expected 64 lower-case hexadecimal digits";
        violations.check(is_hash, &format!("{at}/sha256"), "invalid", expected);
    }

    /// The acceptance that the request is.
    #[must_use]
    pub fn by(self, request: &Request, keyring: &Keyring) -> Acceptance {
        let address = request.client_address().unwrap_or_default();
        let hash = keyring.key(Purpose::AddressHash).mac(address.as_bytes());
        Acceptance {
            version: self.version,
            sha256: self.sha256,
            at: request.received_at(),
            address_hash: HEXLOWER.encode(&hash),
        }
    }
}

/// Why a change of an agreement in this program is refused.
#[must_use]
pub fn refused(error: &AgreementError, program: &Program) -> Problem {
    let sponsor = |code: &str| {
        let (pointer, code) = ("/sponsor_code".to_owned(), code.to_owned());
        Problem::from(Violation { pointer, code, detail: error.to_string() })
    };
    match error {
        AgreementError::StaleTerms { .. } => match serde_json::to_value(&program.terms) {
            Ok(terms) => Problem::new(Code::TermsOutdated)
                .detail("read the current terms and accept their version and hash")
                .with("terms", terms),
            Err(error) => Problem::internal(error),
        },
        AgreementError::SponsorInactive => sponsor("sponsor_inactive"),
        AgreementError::TooDeep => sponsor("too_deep"),
        AgreementError::OwnSponsor => sponsor("own_sponsor"),
        AgreementError::ProgramInactive
        | AgreementError::RejectionIsFinal
        | AgreementError::IllegalTransition { .. } => Problem::conflict(error.to_string()),
    }
}
