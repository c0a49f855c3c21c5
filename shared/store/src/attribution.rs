//! Touches as the head of a conversion holds them: what the charge says already is not said again,
//! so that a head stays near a kilobyte, which is what a write of it is paid by.

use domain::{
    attribution::{RejectedTouch, Rejection, Touch},
    conversion::Charge,
    id::{LinkId, PartnerId},
    program::TouchKind,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What proves a touch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Reference {
    /// A click of the charge, by its place in the trail.
    Place(usize),
    /// Anything else, as it is.
    Text(String),
}

/// The touch that won.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TouchItem {
    kind: TouchKind,
    #[serde(rename = "ref")]
    reference: Reference,
    partner: PartnerId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<LinkId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    campaign: Option<String>,
    /// None at the time of the charge itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
}

/// A touch that did not win.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RejectedItem {
    kind: TouchKind,
    #[serde(rename = "ref")]
    reference: Reference,
    why: Rejection,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    partner: Option<PartnerId>,
    /// None at the time of the charge itself, and of a click that is nobody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
}

impl Reference {
    fn of(text: &str, charge: &Charge) -> Self {
        let clicks = charge.clicks.as_ref().map(|trail| trail.ids()).unwrap_or_default();
        let place = clicks.iter().position(|click| click.as_str() == text);
        place.map_or_else(|| Self::Text(text.to_owned()), Self::Place)
    }

    /// The text; none when it names a click that the charge has not.
    fn text(self, charge: &Charge) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Place(place) => charge.clicks.as_ref()?.ids().get(place).map(ToString::to_string),
        }
    }
}

impl TouchItem {
    pub(crate) fn new(touch: &Touch, charge: &Charge) -> Self {
        Self {
            kind: touch.kind,
            reference: Reference::of(&touch.reference, charge),
            partner: touch.partner_id.clone(),
            link: touch.link_id.clone(),
            campaign: touch.campaign.clone(),
            at: Some(touch.at).filter(|at| *at != charge.occurred_at),
        }
    }

    pub(crate) fn touch(self, charge: &Charge) -> Option<Touch> {
        Some(Touch {
            kind: self.kind,
            reference: self.reference.text(charge)?,
            partner_id: self.partner,
            link_id: self.link,
            campaign: self.campaign,
            at: self.at.unwrap_or(charge.occurred_at),
        })
    }
}

impl RejectedItem {
    pub(crate) fn new(touch: &RejectedTouch, charge: &Charge) -> Self {
        Self {
            kind: touch.kind,
            reference: Reference::of(&touch.reference, charge),
            why: touch.reason,
            partner: touch.partner_id.clone(),
            at: touch.at.filter(|at| *at != charge.occurred_at),
        }
    }

    pub(crate) fn touch(self, charge: &Charge) -> Option<RejectedTouch> {
        Some(RejectedTouch {
            kind: self.kind,
            reference: self.reference.text(charge)?,
            reason: self.why,
            at: self.at.or_else(|| self.partner.as_ref().map(|_| charge.occurred_at)),
            partner_id: self.partner,
        })
    }
}
