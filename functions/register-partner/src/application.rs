//! What the applicant sends.

use domain::{
    agreement::Acceptance,
    id::{PartnerId, ProgramId},
    partner::PartnerType,
    profile,
};
use runtime::{Keyring, Problem, Request, Violations, view::agreement::TermsAccepted};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    program_id: ProgramId,
    name: String,
    country: String,
    partner_type: PartnerType,
    website: Option<String>,
    terms: TermsAccepted,
    sponsor_code: Option<String>,
}

/// The application with every field understood.
pub(crate) struct Application {
    pub(crate) program_id: ProgramId,
    pub(crate) name: String,
    pub(crate) country: String,
    pub(crate) partner_type: PartnerType,
    pub(crate) website: Option<String>,
    pub(crate) acceptance: Acceptance,
    pub(crate) sponsor: Option<PartnerId>,
}

impl Input {
    pub(crate) fn checked(self, request: &Request, keyring: &Keyring) -> Result<Application, Problem> {
        let mut violations = Violations::new();
        let name = violations.take("/name", profile::name(self.name));
        let country = violations.take("/country", profile::country(self.country));
        let website = self.website.and_then(|text| violations.take("/website", profile::website(text)));
        self.terms.check("/terms", &mut violations);
        let sponsor = self.sponsor_code.and_then(|code| {
            let sponsor =
                PartnerId::from_body(&code).map_err(|_| "expected the 26 characters of a sponsor's code");
            violations.take("/sponsor_code", sponsor)
        });
        match (name, country, violations.is_empty()) {
            (Some(name), Some(country), true) => Ok(Application {
                program_id: self.program_id,
                name,
                country,
                partner_type: self.partner_type,
                website,
                acceptance: self.terms.by(request, keyring),
                sponsor,
            }),
            _ => Err(violations.into()),
        }
    }
}
