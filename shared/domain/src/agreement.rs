//! A partner's enrolment in a program, and its place in the referral tree.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    id::{AgreementId, PartnerId, ProgramId},
    program::{Program, Reapplication},
    rate::Rate,
};

/// The deepest place in the tree: one item still holds every ancestor.
pub const DEPTH_MAX: usize = 64;
/// The most tiers that an agreement remembers.
const EARLIER_TIERS_MAX: usize = 24;

/// A partner's enrolment in a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// Derived from program and partner.
    pub id: AgreementId,
    /// The program.
    pub program_id: ProgramId,
    /// The partner.
    pub partner_id: PartnerId,
    /// Where the enrolment stands.
    pub status: AgreementStatus,
    /// Why it was rejected, suspended or ended, as the administrator wrote it.
    pub reason: Option<String>,
    /// The terms the partner accepted last.
    pub acceptance: Acceptance,
    /// The partner's tier, which plans may price by.
    pub commission_tier: Option<String>,
    /// The tiers before it, the earliest first: a sale is priced by the tier of its own time, however
    /// late it is told.
    #[serde(default)]
    pub earlier_tiers: Vec<EarlierTier>,
    /// The partner's own level-1 rate within the contract's dates; overrides the plan's.
    pub revenue_split: Option<Rate>,
    /// Nothing accrues before; inclusive.
    pub contract_start: Option<Timestamp>,
    /// Nothing accrues from here on; exclusive.
    pub contract_end: Option<Timestamp>,
    /// The partner who recruited this one and everyone above, nearest first; fixed at joining.
    pub ancestors: Vec<PartnerId>,
    /// When the partner applied.
    pub applied_at: Timestamp,
    /// When the enrolment became active.
    pub approved_at: Option<Timestamp>,
    /// When it stopped being active, if it did.
    pub stopped_at: Option<Timestamp>,
}

/// A tier that a partner had before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierTier {
    /// The tier; none for the time without one.
    pub tier: Option<String>,
    /// When it was left; exclusive.
    pub until: Timestamp,
}

/// Where an enrolment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgreementStatus {
    /// Waiting for an administrator.
    Applied,
    /// Active.
    Approved,
    /// Turned down, with a reason.
    Rejected,
    /// Paused by an administrator: nothing accrues and nothing is paid out.
    Suspended,
    /// Over for good.
    Ended,
}

impl AgreementStatus {
    /// The name used on the wire and in keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Suspended => "suspended",
            Self::Ended => "ended",
        }
    }
}

/// Which terms were accepted, when, and from where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// The version of the terms.
    pub version: String,
    /// SHA-256 of the text.
    pub sha256: String,
    /// When.
    pub at: Timestamp,
    /// Keyed hash of the network address the acceptance came from.
    pub address_hash: String,
}

/// Why a change of an agreement is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AgreementError {
    /// The program takes no partners now.
    #[error("the program is not active")]
    ProgramInactive,
    /// The terms named are not the program's current ones.
    #[error("the terms accepted are not the program's current ones: version {version}, SHA-256 {sha256}")]
    StaleTerms {
        /// The version to accept.
        version: String,
        /// The hash of its text.
        sha256: String,
    },
    /// The sponsor's enrolment is not active.
    #[error("the sponsor is not an active partner of this program")]
    SponsorInactive,
    /// The sponsor stands at the greatest depth.
    #[error("the sponsor's line is {DEPTH_MAX} deep, which is the most")]
    TooDeep,
    /// A partner named itself.
    #[error("a partner cannot sponsor itself")]
    OwnSponsor,
    /// A rejected applicant may not apply again.
    #[error("the program does not take applications from partners it has rejected")]
    RejectionIsFinal,
    /// The enrolment does not stand where this decision is possible.
    #[error("an enrolment that is {} cannot become {}", .from.as_str(), .to.as_str())]
    IllegalTransition {
        /// Where it stands.
        from: AgreementStatus,
        /// Where it should have gone.
        to: AgreementStatus,
    },
}

impl Agreement {
    /// A partner applies to a program, under a sponsor or at the top of a tree of its own.
    ///
    /// # Errors
    /// When the program is inactive, its terms have changed, or the sponsor cannot take a recruit.
    pub fn apply(
        program: &Program,
        partner_id: &PartnerId,
        sponsor: Option<&Self>,
        acceptance: Acceptance,
    ) -> Result<Self, AgreementError> {
        if !program.is_active {
            return Err(AgreementError::ProgramInactive);
        }
        check_terms(program, &acceptance)?;
        let ancestors = sponsor.map_or(Ok(Vec::new()), |s| s.line_of_recruit(partner_id, acceptance.at))?;
        let applied_at = acceptance.at;
        Ok(Self {
            id: AgreementId::derive(&[program.id.as_str(), partner_id.as_str()]),
            program_id: program.id.clone(),
            partner_id: partner_id.clone(),
            status: if program.auto_approve { AgreementStatus::Approved } else { AgreementStatus::Applied },
            reason: None,
            acceptance,
            commission_tier: None,
            earlier_tiers: Vec::new(),
            revenue_split: None,
            contract_start: None,
            contract_end: None,
            ancestors,
            applied_at,
            approved_at: program.auto_approve.then_some(applied_at),
            stopped_at: None,
        })
    }

    /// A rejected partner applies again; the sponsor stays who it was.
    ///
    /// # Errors
    /// When the program is inactive or forbids it, its terms have changed, or the partner is not
    /// rejected.
    pub fn reapply(&self, program: &Program, acceptance: Acceptance) -> Result<Self, AgreementError> {
        if !program.is_active {
            return Err(AgreementError::ProgramInactive);
        }
        if program.reapplication == Reapplication::Never {
            return Err(AgreementError::RejectionIsFinal);
        }
        check_terms(program, &acceptance)?;
        let mut next = self.moved_to(AgreementStatus::Applied)?;
        next.reason = None;
        next.applied_at = acceptance.at;
        next.acceptance = acceptance;
        Ok(next)
    }

    /// The partner accepts a later version of the terms.
    ///
    /// # Errors
    /// When these are not the program's current terms.
    pub fn accept(&self, program: &Program, acceptance: Acceptance) -> Result<Self, AgreementError> {
        check_terms(program, &acceptance)?;
        Ok(Self { acceptance, ..self.clone() })
    }

    /// An administrator approves the application, on these conditions.
    ///
    /// # Errors
    /// When there is no application to decide on.
    pub fn approve(&self, conditions: ContractConditions, at: Timestamp) -> Result<Self, AgreementError> {
        let mut next = self.moved_to(AgreementStatus::Approved)?;
        next.approved_at = Some(at);
        next.commission_tier = conditions.commission_tier;
        next.revenue_split = conditions.revenue_split;
        next.contract_start = conditions.contract_start;
        next.contract_end = conditions.contract_end;
        Ok(next)
    }

    /// An administrator rejects the application.
    ///
    /// # Errors
    /// When there is no application to decide on.
    pub fn reject(&self, reason: String) -> Result<Self, AgreementError> {
        let mut next = self.moved_to(AgreementStatus::Rejected)?;
        next.reason = Some(reason);
        Ok(next)
    }

    /// Does the agreement earn at this moment?
    #[must_use]
    pub fn is_active_at(&self, at: Timestamp) -> bool {
        let approved = self.approved_at.is_some_and(|approved| approved <= at);
        let stopped = self.stopped_at.is_some_and(|stopped| stopped <= at);
        let started = self.contract_start.is_none_or(|start| start <= at);
        let over = self.contract_end.is_some_and(|end| end <= at);
        approved && !stopped && started && !over
    }

    /// The tier at a moment.
    #[must_use]
    pub fn tier_at(&self, at: Timestamp) -> Option<&str> {
        let earlier = self.earlier_tiers.iter().find(|earlier| at < earlier.until);
        earlier.map_or(&self.commission_tier, |earlier| &earlier.tier).as_deref()
    }

    /// The same agreement with another tier from a moment on. Only the latest tiers are remembered:
    /// a sale told later than that is priced by the earliest one that is known.
    #[must_use]
    pub fn with_tier(&self, tier: Option<String>, at: Timestamp) -> Self {
        let mut next = self.clone();
        next.earlier_tiers.push(EarlierTier { tier: next.commission_tier.take(), until: at });
        let surplus = next.earlier_tiers.len().saturating_sub(EARLIER_TIERS_MAX);
        next.earlier_tiers.drain(..surplus);
        next.commission_tier = tier;
        next
    }

    /// The partner who recruited this one.
    #[must_use]
    pub fn sponsor(&self) -> Option<&PartnerId> {
        self.ancestors.first()
    }

    fn line_of_recruit(&self, recruit: &PartnerId, at: Timestamp) -> Result<Vec<PartnerId>, AgreementError> {
        if self.partner_id == *recruit || self.ancestors.contains(recruit) {
            return Err(AgreementError::OwnSponsor);
        }
        if !self.is_active_at(at) {
            return Err(AgreementError::SponsorInactive);
        }
        if self.ancestors.len() >= DEPTH_MAX {
            return Err(AgreementError::TooDeep);
        }
        Ok(std::iter::once(self.partner_id.clone()).chain(self.ancestors.iter().cloned()).collect())
    }

    fn moved_to(&self, to: AgreementStatus) -> Result<Self, AgreementError> {
        use AgreementStatus::{Applied, Approved, Ended, Rejected, Suspended};
        let from = self.status;
        match (from, to) {
            (Applied, Approved | Rejected)
            | (Rejected, Applied)
            | (Approved, Suspended | Ended)
            | (Suspended, Approved | Ended) => Ok(Self { status: to, ..self.clone() }),
            _ => Err(AgreementError::IllegalTransition { from, to }),
        }
    }
}

/// What an administrator grants with an approval.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, remote = "Self")]
pub struct ContractConditions {
    /// The tier to start in.
    pub commission_tier: Option<String>,
    /// The partner's own level-1 rate.
    pub revenue_split: Option<Rate>,
    /// Nothing accrues before; inclusive.
    pub contract_start: Option<Timestamp>,
    /// Nothing accrues from here on; exclusive.
    pub contract_end: Option<Timestamp>,
}

crate::object!(ContractConditions);

fn check_terms(program: &Program, acceptance: &Acceptance) -> Result<(), AgreementError> {
    let current = &program.terms;
    if acceptance.version == current.version && acceptance.sha256 == current.sha256 {
        Ok(())
    } else {
        Err(AgreementError::StaleTerms { version: current.version.clone(), sha256: current.sha256.clone() })
    }
}

#[cfg(test)]
mod tests;
