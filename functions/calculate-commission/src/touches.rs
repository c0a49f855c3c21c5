//! Every touch known of a conversion, and the decision between them.

use std::collections::BTreeMap;

use domain::{
    agreement::Agreement,
    attribution::{Attribution, Candidate, Touch, Unattributed, attribute},
    click::{ClickId, ClickIdError},
    conversion::Conversion,
    id::PartnerId,
    program::TouchKind,
};
use runtime::{Failure, Purpose};
use store::customer::Binding;

use crate::Counter;

/// Whose conversion it is, and the enrolment it earns under.
pub(crate) struct Attributed {
    pub(crate) attribution: Attribution,
    /// The enrolment of the partner who is credited.
    pub(crate) agreement: Option<Agreement>,
}

/// A touch and whether its link was active.
struct Known {
    touch: Touch,
    link_was_active: bool,
}

impl Counter {
    /// Decides whose conversion it is.
    pub(crate) async fn attribute(
        &self,
        conversion: &Conversion,
        binding: Option<&Binding>,
    ) -> Result<Attributed, Failure> {
        let none = |reason| Attributed { attribution: Attribution::none(reason), agreement: None };
        if !self.program.is_active {
            return Ok(none(Unattributed::ProgramInactive));
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
            return Ok(none(Unattributed::ForgedClick));
        }
        let mut agreements = BTreeMap::new();
        for Known { touch, .. } in &known {
            if !agreements.contains_key(&touch.partner_id) {
                let agreement = self.store.agreement(&self.program.id, &touch.partner_id).await?;
                agreements.insert(touch.partner_id.clone(), agreement.map(|agreement| agreement.value));
            }
        }
        let attribution = self.decide(conversion, known, &agreements);
        let partner = attribution.touch().map(|touch| touch.partner_id.clone());
        let agreement = partner.and_then(|partner| agreements.remove(&partner).flatten());
        Ok(Attributed { attribution, agreement })
    }

    fn decide(
        &self,
        conversion: &Conversion,
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
        attribute(&self.program.attribution, conversion.charge.occurred_at, &candidates)
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
        at: jiff::Timestamp,
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
        let attribution = attribute(&self.program.attribution, at, &[candidate]);
        Ok(attribution.touch().cloned().ok_or_else(|| format!("{:?}", attribution.rejected)))
    }
}
