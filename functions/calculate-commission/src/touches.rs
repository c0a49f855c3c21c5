//! Every touch known of a conversion, and the decision between them.

use std::collections::BTreeMap;

use domain::{
    agreement::Agreement,
    attribution::{
        Attribution, Candidate, Outcome, RejectedTouch, Rejection, Touch, Unattributed, attribute,
    },
    click::{ClickId, ClickIdError},
    conversion::Conversion,
    id::PartnerId,
    plan::{PlanVersion, in_force},
    program::{AttributionPolicy, TouchKind},
};
use jiff::Timestamp;
use runtime::{Failure, Purpose};
use store::customer::Binding;

use crate::Counter;

/// Whose conversion it is, and the enrolment it earns under.
pub(crate) struct Attributed {
    pub(crate) attribution: Attribution,
    /// The enrolment of the partner who is credited.
    pub(crate) agreement: Option<Agreement>,
    /// Of the partners who share the sale, those whose enrolment is active.
    pub(crate) active_splits: Vec<PartnerId>,
}

impl Attributed {
    fn nobody(reason: Unattributed) -> Self {
        Self { attribution: Attribution::none(reason), agreement: None, active_splits: Vec::new() }
    }
}

/// A touch and whether its link was active.
struct Known {
    touch: Touch,
    link_was_active: bool,
}

impl Counter {
    /// Decides whose conversion it is, by the policy of the plan in force, or else the program's.
    pub(crate) async fn attribute(
        &self,
        conversion: &Conversion,
        binding: Option<&Binding>,
        plans: &[PlanVersion],
    ) -> Result<Attributed, Failure> {
        if !self.program.is_active {
            return Ok(Attributed::nobody(Unattributed::ProgramInactive));
        }
        if !conversion.charge.splits.is_empty() {
            return self.attribute_splits(conversion).await;
        }
        let (mut known, mut forged) = (Vec::new(), false);
        // A tie that this very conversion made is its own click again, not an earlier customer.
        if let Some(binding) = binding.filter(|binding| binding.made_by.as_ref() != Some(&conversion.id)) {
            let touch = Touch { kind: TouchKind::Customer, ..binding.touch.clone() };
            known.push(Known { touch, link_was_active: true });
        }
        if let Some(click_id) = &conversion.charge.click_id {
            match self.click(click_id).await? {
                Ok(click) => known.push(click),
                Err(_) => forged = true,
            }
        }
        if known.is_empty() && forged {
            return Ok(Attributed::nobody(Unattributed::ForgedClick));
        }
        let mut agreements = BTreeMap::new();
        for Known { touch, .. } in &known {
            if !agreements.contains_key(&touch.partner_id) {
                let agreement = self.store.agreement(&self.program.id, &touch.partner_id).await?;
                agreements.insert(touch.partner_id.clone(), agreement.map(|agreement| agreement.value));
            }
        }
        let occurred_at = conversion.charge.occurred_at;
        let attribution = decide(self.policy(plans, occurred_at), occurred_at, known, &agreements);
        let partner = attribution.touch().map(|touch| touch.partner_id.clone());
        let agreement = partner.and_then(|partner| agreements.remove(&partner).flatten());
        Ok(Attributed { attribution, agreement, active_splits: Vec::new() })
    }

    /// The sale is the first active partner's whom the merchant named, and shared with the others.
    async fn attribute_splits(&self, conversion: &Conversion) -> Result<Attributed, Failure> {
        let charge = &conversion.charge;
        let partners: Vec<_> = charge.splits.iter().map(|split| split.partner_id.clone()).collect();
        let mut agreements = self.store.agreements(&self.program.id, &partners).await?;
        agreements.retain(|agreement| agreement.is_active_at(charge.occurred_at));
        let is_active = |partner: &PartnerId| agreements.iter().any(|own| own.partner_id == *partner);
        let (active_splits, inactive): (Vec<_>, Vec<_>) = partners.into_iter().partition(is_active);
        let Some(first) = active_splits.first() else {
            return Ok(Attributed::nobody(Unattributed::NoValidTouch));
        };
        let touch = Touch {
            kind: TouchKind::Split,
            reference: conversion.id.to_string(),
            partner_id: first.clone(),
            link_id: None,
            campaign: None,
            at: charge.occurred_at,
        };
        let reject = |partner: PartnerId| RejectedTouch {
            reference: partner.to_string(),
            reason: Rejection::AgreementInactive,
        };
        let agreement = agreements.iter().find(|own| own.partner_id == *first).cloned();
        let outcome = Outcome::Attributed(touch);
        let attribution = Attribution { outcome, rejected: inactive.into_iter().map(reject).collect() };
        Ok(Attributed { attribution, agreement, active_splits })
    }

    fn policy<'a>(&'a self, plans: &'a [PlanVersion], at: Timestamp) -> &'a AttributionPolicy {
        let own = in_force(plans, at).and_then(|version| version.plan.attribution.as_ref());
        own.unwrap_or(&self.program.attribution)
    }

    /// The touch that a click id proves. Its record may be lost or late: link and time are in the
    /// id itself.
    async fn click(&self, id: &ClickId) -> Result<Result<Known, ClickIdError>, Failure> {
        let proof = match id.verify(&self.keyring.keys(Purpose::ClickMac), &self.program.id) {
            Ok(proof) => proof,
            Err(error) => return Ok(Err(error)),
        };
        let Some(link) = self.store.link(&proof.link_id).await? else { return Ok(Err(ClickIdError::Forged)) };
        let touch = Touch {
            kind: TouchKind::Click,
            reference: id.to_string(),
            partner_id: link.partner_id.clone(),
            link_id: Some(link.id.clone()),
            campaign: link.campaign.clone(),
            at: proof.at,
        };
        Ok(Ok(Known { touch, link_was_active: link.is_active_at(proof.at) }))
    }

    /// The touch that a referral's click proves, if it is valid at the referral.
    pub(crate) async fn referral_touch(
        &self,
        id: &ClickId,
        at: Timestamp,
    ) -> Result<Result<Touch, String>, Failure> {
        let known = match self.click(id).await? {
            Ok(known) => known,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let agreement = self.store.agreement(&self.program.id, &known.touch.partner_id).await?;
        let candidate = Candidate {
            touch: known.touch,
            link_was_active: known.link_was_active,
            agreement: agreement.as_ref().map(|agreement| &agreement.value),
        };
        let plans = self.store.plans(&self.program.id).await?;
        let attribution = attribute(self.policy(&plans, at), at, &[candidate]);
        Ok(attribution.touch().cloned().ok_or_else(|| format!("{:?}", attribution.rejected)))
    }
}

fn decide(
    policy: &AttributionPolicy,
    at: Timestamp,
    known: Vec<Known>,
    agreements: &BTreeMap<PartnerId, Option<Agreement>>,
) -> Attribution {
    let candidates: Vec<_> = known
        .into_iter()
        .map(|Known { touch, link_was_active }| Candidate {
            agreement: agreements.get(&touch.partner_id).and_then(Option::as_ref),
            touch,
            link_was_active,
        })
        .collect();
    attribute(policy, at, &candidates)
}
