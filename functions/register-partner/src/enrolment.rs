//! One attempt at registering and enrolling the applicant.

use domain::{
    agreement::{Agreement, AgreementError},
    partner::{Identity, Partner},
    program::Program,
};
use jiff::Timestamp;
use runtime::{
    Code, Idempotency, Keyring, PartnerCaller, Problem, Response, SealedAnswers, Violation,
    view::{
        agreement::{AgreementView, refused},
        profile::{Missing, PartnerView, missing},
    },
};
use serde::Serialize;
use store::{
    Store,
    agreement::Enrolled,
    idempotency::{Committed, Keep, Once},
    partner::Registered,
};

use crate::application::Application;

/// The partner, its enrolment in the program, and what is still to do.
#[derive(Serialize)]
struct RegistrationView {
    #[serde(flatten)]
    partner: PartnerView,
    agreement: AgreementView,
    missing: Vec<Missing>,
}

/// What became of an attempt.
pub(crate) enum Attempt {
    /// The partner was enrolled before.
    Known(Response),
    /// The enrolment is written, or another request under the same key was faster.
    Made(Response, Committed),
    /// Another request of the same person was faster: look again.
    Raced,
}

/// Who applies, and to what.
pub(crate) struct Applicant<'a> {
    pub(crate) store: &'a Store,
    pub(crate) keyring: &'a Keyring,
    pub(crate) caller: &'a PartnerCaller,
    pub(crate) application: &'a Application,
    pub(crate) program: &'a Program,
}

impl Applicant<'_> {
    /// Looks at what is there and writes what is missing, in one transaction.
    pub(crate) async fn attempt(
        &self,
        request: &Idempotency,
        answers: SealedAnswers<'_>,
        now: Timestamp,
    ) -> Result<Attempt, Problem> {
        let known = self.store.partner(&self.caller.id).await?.map(|read| read.value);
        if let Some(partner) = &known {
            let agreement = self.store.agreement(&self.program.id, &partner.id).await?;
            if let Some(agreement) = agreement {
                return Response::ok(&self.view(partner, &agreement.value)).map(Attempt::Known);
            }
        }
        let agreement = self.agreement().await?;
        let is_new = known.is_none();
        let partner = known.map_or_else(|| self.partner(now), Ok)?;
        let response = Response::created("/affiliate/profile", &self.view(&partner, &agreement))?;
        let answer = answers.stored(&response)?;
        let once = Once { request, answer: &answer, keep: Keep::Week, now };
        if is_new {
            match self.store.register(&partner, &agreement, once).await? {
                Registered::Committed(committed) => Ok(Attempt::Made(response, committed)),
                Registered::Exists => Ok(Attempt::Raced),
                Registered::EmailTaken => {
                    Err(Problem::new(Code::EmailTaken)
                        .detail("another partner has registered with this address"))
                }
                Registered::SponsorInactive => Err(self.refused(&AgreementError::SponsorInactive)),
            }
        } else {
            match self.store.enrol(&agreement, once).await? {
                Enrolled::Committed(committed) => Ok(Attempt::Made(response, committed)),
                Enrolled::Exists => Ok(Attempt::Raced),
                Enrolled::SponsorInactive => Err(self.refused(&AgreementError::SponsorInactive)),
            }
        }
    }

    /// The agreement that the application asks for.
    async fn agreement(&self) -> Result<Agreement, Problem> {
        let sponsor = match &self.application.sponsor {
            Some(id) if *id == self.caller.id => return Err(self.refused(&AgreementError::OwnSponsor)),
            Some(id) => {
                let read = self.store.agreement(&self.program.id, id).await?;
                Some(read.ok_or_else(|| self.refused(&AgreementError::SponsorInactive))?.value)
            }
            None => None,
        };
        let acceptance = self.application.acceptance.clone();
        Agreement::apply(self.program, &self.caller.id, sponsor.as_ref(), acceptance)
            .map_err(|error| self.refused(&error))
    }

    /// The partner as it begins. The address is asked for only here: a partner who is known may
    /// join further programs with a token that carries none.
    fn partner(&self, now: Timestamp) -> Result<Partner, Problem> {
        let email = self.caller.email.clone().ok_or_else(no_email)?;
        let application = self.application;
        Ok(Partner {
            id: self.caller.id.clone(),
            email_hash: self.keyring.email_hash(&email),
            email,
            name: application.name.clone(),
            country: application.country.clone(),
            partner_type: application.partner_type,
            website: application.website.clone(),
            identity: Identity::NONE,
            payout_method: None,
            registered_at: now,
        })
    }

    fn view(&self, partner: &Partner, agreement: &Agreement) -> RegistrationView {
        RegistrationView {
            partner: partner.into(),
            agreement: AgreementView::new(agreement.clone(), &self.program.name),
            missing: missing(partner, [(agreement, self.program)]),
        }
    }

    fn refused(&self, error: &AgreementError) -> Problem {
        refused(error, self.program)
    }
}

fn no_email() -> Problem {
    let detail = "the token carries no verified e-mail address: verify it with the identity provider, \
                  and send a token that has it (an id token, not an access token)";
    Problem::from(Violation {
        pointer: String::new(),
        code: "email_not_verified".to_owned(),
        detail: detail.to_owned(),
    })
    .detail(detail)
}
