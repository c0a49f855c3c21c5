//! Every touch known of a conversion, and the decision between them.

use std::collections::BTreeMap;

use domain::{
    agreement::Agreement,
    attribution::{
        Attribution, Candidate, Outcome, RejectedTouch, Rejection, Touch, Unattributed, attribute, policy_at,
    },
    click::{ClickId, ClickTrail},
    conversion::{Charge, Conversion, Referral},
    coupon::CouponCode,
    id::PartnerId,
    plan::PlanVersion,
    program::TouchKind,
};
use jiff::Timestamp;
use runtime::{Failure, Purpose};

use crate::{Counter, ties::Ties};

/// Whose conversion it is, and the enrolment it earns under.
pub(crate) struct Attributed {
    pub(crate) attribution: Attribution,
    /// The enrolment of the partner who is credited.
    pub(crate) agreement: Option<Agreement>,
    /// Of the partners who share the sale, those whose enrolment is active.
    pub(crate) active_splits: Vec<PartnerId>,
}

impl Attributed {
    pub(crate) fn nobody(attribution: Attribution) -> Self {
        Self { attribution, agreement: None, active_splits: Vec::new() }
    }
}

/// What may tie the customer to a partner, before anybody's enrolment is looked at.
enum Found {
    /// A touch, and what is wrong with its link or coupon.
    Touch(Touch, Option<Rejection>),
    /// A click that was not issued for this program.
    Forged(ClickId),
}

impl Counter {
    /// Decides whose conversion it is, by the policy of the plan in force, or else the program's.
    pub(crate) async fn attribute(
        &self,
        conversion: &Conversion,
        ties: &Ties,
        plans: &[PlanVersion],
    ) -> Result<Attributed, Failure> {
        let earlier = &conversion.attribution.rejected;
        if !self.program.is_active {
            let outcome = Outcome::Unattributed(Unattributed::ProgramInactive);
            return Ok(Attributed::nobody(Attribution { outcome, rejected: earlier.clone() }));
        }
        let charge = &conversion.charge;
        if !charge.splits.is_empty() {
            return self.attribute_splits(conversion).await;
        }
        let ties = ties.touches(Some(&conversion.id));
        let mut found: Vec<_> = ties.map(|touch| Found::Touch(touch, None)).collect();
        found.extend(self.coupon(charge).await?);
        if let Some(clicks) = &charge.clicks {
            found.extend(self.clicks(clicks).await?);
        }
        let (attribution, agreement) = self.decide(found, plans, charge.occurred_at, earlier).await?;
        Ok(Attributed { attribution, agreement, active_splits: Vec::new() })
    }

    /// The touch that ties the customer of a referral, or why there is none. An address that has been
    /// brought before stands beside the clicks, in the program's order.
    pub(crate) async fn referral_touch(
        &self,
        referral: &Referral,
        ties: &Ties,
        plans: &[PlanVersion],
    ) -> Result<Result<Touch, Vec<RejectedTouch>>, Failure> {
        let mut found: Vec<_> = ties.touches(None).map(|touch| Found::Touch(touch, None)).collect();
        found.extend(self.clicks(&referral.clicks).await?);
        let (attribution, _) = self.decide(found, plans, referral.occurred_at, &[]).await?;
        Ok(match attribution.outcome {
            Outcome::Attributed(touch) => Ok(touch),
            Outcome::Unattributed(_) => Err(attribution.rejected),
        })
    }

    /// The decision, and the enrolment of whoever is credited.
    async fn decide(
        &self,
        found: Vec<Found>,
        plans: &[PlanVersion],
        at: Timestamp,
        earlier: &[RejectedTouch],
    ) -> Result<(Attribution, Option<Agreement>), Failure> {
        let mut agreements: BTreeMap<PartnerId, Option<Agreement>> = BTreeMap::new();
        for one in &found {
            let Found::Touch(touch, _) = one else { continue };
            if !agreements.contains_key(&touch.partner_id) {
                let agreement = self.store.agreement(&self.program.id, &touch.partner_id).await?;
                agreements.insert(touch.partner_id.clone(), agreement.map(|agreement| agreement.value));
            }
        }
        let candidate = |one| match one {
            Found::Forged(click) => Candidate::Forged(click),
            Found::Touch(touch, fault) => {
                let agreement = agreements.get(&touch.partner_id).and_then(Option::as_ref);
                Candidate::Touch { touch, fault, agreement }
            }
        };
        let candidates: Vec<_> = found.into_iter().map(candidate).collect();
        let attribution = attribute(policy_at(&self.program, plans, at), at, &candidates, earlier);
        let agreement = attribution.touch().and_then(|touch| agreements.remove(&touch.partner_id).flatten());
        Ok((attribution, agreement))
    }

    async fn clicks(&self, clicks: &ClickTrail) -> Result<Vec<Found>, Failure> {
        let mut found = Vec::new();
        for click in clicks.ids() {
            found.push(self.click(click).await?);
        }
        Ok(found)
    }

    /// The touch that a click id proves. Its record may be lost or late: link and time are in the
    /// id itself.
    async fn click(&self, id: &ClickId) -> Result<Found, Failure> {
        let Ok(proof) = id.verify(&self.keyring.keys(Purpose::ClickMac), &self.program.id) else {
            return Ok(Found::Forged(id.clone()));
        };
        let Some(link) = self.store.link(&proof.link_id).await? else {
            return Ok(Found::Forged(id.clone()));
        };
        let fault = (!link.is_active_at(proof.at)).then_some(Rejection::LinkInactive);
        let touch = Touch {
            kind: TouchKind::Click,
            reference: id.to_string(),
            partner_id: link.partner_id,
            link_id: Some(link.id),
            campaign: link.campaign,
            at: proof.at,
        };
        Ok(Found::Touch(touch, fault))
    }

    /// The touch of the coupon that was used. A code that nobody has here is the merchant's own.
    async fn coupon(&self, charge: &Charge) -> Result<Option<Found>, Failure> {
        let code = charge.coupon.clone().and_then(|text| CouponCode::try_from(text).ok());
        let Some(code) = code else { return Ok(None) };
        let Some(coupon) = self.store.coupon_of(&self.program.id, &code).await? else { return Ok(None) };
        let is_active = coupon.is_active_at(charge.occurred_at);
        let touch = Touch {
            kind: TouchKind::Coupon,
            reference: coupon.code.to_string(),
            partner_id: coupon.partner_id,
            link_id: None,
            campaign: coupon.campaign,
            at: charge.occurred_at,
        };
        Ok(Some(Found::Touch(touch, (!is_active).then_some(Rejection::CouponInactive))))
    }
}
