//! Attribution: whose conversion it is, decided from every touch known.
//!
//! A touch is valid when `touch ≤ conversion < touch + window`, its link and agreement were active
//! at the touch, and the agreement is active at the conversion. A coupon is a touch at the conversion
//! itself. A customer who was brought once, under this id or another one with the same e-mail
//! address, stays the partner's: no window ends that, plans limit what it earns. Among the valid
//! touches the policy's precedence of kinds decides, then first or last click; ties go to the
//! smallest reference. The rejected ones are kept with their reason: "why not me?" has an answer too.

mod decide;
mod identity;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use decide::attribute;
pub use identity::{Identity, identities};

use crate::{
    agreement::Agreement,
    click::ClickId,
    id::{LinkId, PartnerId},
    plan::{PlanVersion, in_force},
    program::{AttributionPolicy, Program, TouchKind},
};

/// Something that ties a customer to a partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touch {
    /// What kind of tie it is.
    pub kind: TouchKind,
    /// What proves it: a click id, a coupon code, or what first tied the customer.
    pub reference: String,
    /// Who is tied.
    pub partner_id: PartnerId,
    /// The link followed, if it was a click.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_id: Option<LinkId>,
    /// The campaign of the link or coupon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// Something that may tie the customer to a partner.
#[derive(Debug, Clone)]
pub enum Candidate<'a> {
    /// A touch that is known.
    Touch {
        /// The touch.
        touch: Touch,
        /// What is wrong with the link or coupon itself, if anything is.
        fault: Option<Rejection>,
        /// The partner's enrolment, if there is one.
        agreement: Option<&'a Agreement>,
    },
    /// A click id that was not issued for this program: nobody knows whose it would be.
    Forged(ClickId),
}

/// Why a touch does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rejection {
    /// It came after the conversion.
    AfterConversion,
    /// The attribution window was over.
    OutsideWindow,
    /// The link was disabled.
    LinkInactive,
    /// The coupon was not there yet at the conversion, or was disabled.
    CouponInactive,
    /// The partner was not enrolled, or the enrolment was not active.
    AgreementInactive,
    /// The click id was not issued for this program.
    ForgedClick,
    /// The program does not attribute by this kind of touch.
    KindNotAllowed,
    /// Another valid touch came before it in the program's order.
    Outranked,
}

/// A touch that did not win.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedTouch {
    /// What kind of tie it would have been.
    pub kind: TouchKind,
    /// What proves the touch.
    pub reference: String,
    /// Why it does not count.
    pub reason: Rejection,
    /// Whose it was; nobody knows of a forged click.
    pub partner_id: Option<PartnerId>,
    /// When; nobody knows of a forged click.
    pub at: Option<Timestamp>,
}

impl RejectedTouch {
    /// A touch that does not count.
    #[must_use]
    pub fn of(touch: &Touch, reason: Rejection) -> Self {
        Self {
            kind: touch.kind,
            reference: touch.reference.clone(),
            reason,
            partner_id: Some(touch.partner_id.clone()),
            at: Some(touch.at),
        }
    }

    /// A click id that was not issued for this program.
    #[must_use]
    pub fn forged(click: &ClickId) -> Self {
        Self {
            kind: TouchKind::Click,
            reference: click.to_string(),
            reason: Rejection::ForgedClick,
            partner_id: None,
            at: None,
        }
    }

    /// Do both tell of the same touch?
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.kind == other.kind && self.reference == other.reference
    }
}

/// Why a conversion earns nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unattributed {
    /// Nothing ties the customer to a partner.
    NoTouch,
    /// There were touches, and none was valid.
    NoValidTouch,
    /// There was nothing but clicks that were not issued for this program.
    ForgedClick,
    /// The program was not active.
    ProgramInactive,
    /// The sale is in another currency, and no rate of its day is known yet: it waits.
    NoExchangeRate,
}

/// The decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribution {
    /// The touch that won, or why there is none.
    pub outcome: Outcome,
    /// The touches that did not win.
    pub rejected: Vec<RejectedTouch>,
}

/// The touch that won, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// This touch's partner is credited.
    Attributed(Touch),
    /// Nobody is.
    Unattributed(Unattributed),
}

impl Attribution {
    /// Nobody is credited, for a reason outside the touches.
    #[must_use]
    pub fn none(reason: Unattributed) -> Self {
        Self { outcome: Outcome::Unattributed(reason), rejected: Vec::new() }
    }

    /// The touch that won.
    #[must_use]
    pub fn touch(&self) -> Option<&Touch> {
        match &self.outcome {
            Outcome::Attributed(touch) => Some(touch),
            Outcome::Unattributed(_) => None,
        }
    }
}

/// The policy that decides at a moment: that of the plan in force, or else the program's.
#[must_use]
pub fn policy_at<'a>(program: &'a Program, plans: &'a [PlanVersion], at: Timestamp) -> &'a AttributionPolicy {
    let own = in_force(plans, at).and_then(|version| version.plan.attribution.as_ref());
    own.unwrap_or(&program.attribution)
}

/// Does the program attribute by this kind of touch, at any time?
#[must_use]
pub fn is_ever_used(kind: TouchKind, program: &Program, plans: &[PlanVersion]) -> bool {
    let own = plans.iter().filter_map(|version| version.plan.attribution.as_ref());
    own.chain([&program.attribution]).any(|policy| policy.precedence.contains(&kind))
}

#[cfg(test)]
mod tests;
