//! Whose a conversion is, and why.

use domain::{
    attribution::{Attribution, Outcome, RejectedTouch, Rejection, Touch, Unattributed},
    id::{LinkId, PartnerId},
    program::TouchKind,
};
use jiff::Timestamp;
use serde::Serialize;

/// The whole decision, for administrators.
#[derive(Debug, Clone, Serialize)]
pub struct DecisionView {
    touch: Option<TouchView>,
    unattributed: Option<Unattributed>,
    rejected: Vec<RejectedView>,
}

/// The touch that won.
#[derive(Debug, Clone, Serialize)]
pub struct TouchView {
    kind: TouchKind,
    reference: String,
    partner_id: PartnerId,
    link_id: Option<LinkId>,
    campaign: Option<String>,
    at: Timestamp,
}

/// A touch that did not win. Whose it is, and the click or code that proves it, are not for other
/// partners to see.
#[derive(Debug, Clone, Serialize)]
pub struct RejectedView {
    kind: TouchKind,
    reason: Rejection,
    reference: Option<String>,
    partner_id: Option<PartnerId>,
    at: Option<Timestamp>,
}

impl From<&Attribution> for DecisionView {
    fn from(attribution: &Attribution) -> Self {
        let unattributed = match &attribution.outcome {
            Outcome::Attributed(_) => None,
            Outcome::Unattributed(reason) => Some(*reason),
        };
        Self {
            touch: attribution.touch().map(TouchView::from),
            unattributed,
            rejected: attribution.rejected.iter().map(RejectedView::from).collect(),
        }
    }
}

impl From<&Touch> for TouchView {
    fn from(touch: &Touch) -> Self {
        Self {
            kind: touch.kind,
            reference: touch.reference.clone(),
            partner_id: touch.partner_id.clone(),
            link_id: touch.link_id.clone(),
            campaign: touch.campaign.clone(),
            at: touch.at,
        }
    }
}

impl From<&RejectedTouch> for RejectedView {
    fn from(touch: &RejectedTouch) -> Self {
        Self {
            kind: touch.kind,
            reason: touch.reason,
            reference: Some(touch.reference.clone()),
            partner_id: touch.partner_id.clone(),
            at: touch.at,
        }
    }
}

impl RejectedView {
    /// What a partner may see of it: all of a touch of its own, of another only that there was one.
    #[must_use]
    pub fn to_partner(touch: &RejectedTouch, partner: &PartnerId) -> Self {
        let whole = Self::from(touch);
        if touch.partner_id.as_ref() == Some(partner) {
            whole
        } else {
            Self { reference: None, partner_id: None, at: None, ..whole }
        }
    }
}
