//! Sales that the merchant shares among partners by its own decision.

use domain::{
    attribution::{Attribution, Outcome, RejectedTouch, Rejection, Touch, Unattributed},
    conversion::Conversion,
    id::PartnerId,
    program::TouchKind,
};
use runtime::Failure;

use crate::{Counter, touches::Attributed};

impl Counter {
    /// The sale is the first active partner's whom the merchant named, and shared with the others.
    pub(crate) async fn attribute_splits(&self, conversion: &Conversion) -> Result<Attributed, Failure> {
        let charge = &conversion.charge;
        let partners: Vec<_> = charge.splits.iter().map(|split| split.partner_id.clone()).collect();
        let mut agreements = self.store.agreements(&self.program.id, &partners).await?;
        agreements.retain(|agreement| agreement.is_active_at(charge.occurred_at));
        let is_active = |partner: &PartnerId| agreements.iter().any(|own| own.partner_id == *partner);
        let (active_splits, inactive): (Vec<_>, Vec<_>) = partners.into_iter().partition(is_active);
        let reject = |partner: PartnerId| RejectedTouch {
            kind: TouchKind::Split,
            reference: partner.to_string(),
            reason: Rejection::AgreementInactive,
            partner_id: Some(partner),
            at: Some(charge.occurred_at),
        };
        let mut rejected: Vec<_> = inactive.into_iter().map(reject).collect();
        let earlier = conversion.attribution.rejected.iter();
        rejected.extend(earlier.filter(|touch| touch.kind != TouchKind::Split).cloned());
        let Some(first) = active_splits.first() else {
            let outcome = Outcome::Unattributed(Unattributed::NoValidTouch);
            return Ok(Attributed::nobody(Attribution { outcome, rejected }));
        };
        let touch = Touch {
            kind: TouchKind::Split,
            reference: conversion.id.to_string(),
            partner_id: first.clone(),
            link_id: None,
            campaign: None,
            at: charge.occurred_at,
        };
        let agreement = agreements.iter().find(|own| own.partner_id == *first).cloned();
        let attribution = Attribution { outcome: Outcome::Attributed(touch), rejected };
        Ok(Attributed { attribution, agreement, active_splits })
    }
}
