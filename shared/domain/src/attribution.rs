//! Attribution: whose conversion it is, decided from every touch known.
//!
//! A touch is valid when `touch ≤ conversion < touch + window`, its link and agreement were active
//! at the touch, and the agreement is active at the conversion. Among the valid ones the program's
//! precedence of kinds decides, then first or last click; ties go to the smallest reference. The
//! rejected touches are kept with their reason: "why not me?" has an answer too.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    agreement::Agreement,
    id::{LinkId, PartnerId},
    program::{AttributionModel, AttributionPolicy, TouchKind},
};

/// Something that ties a customer to a partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touch {
    /// What kind of tie it is.
    pub kind: TouchKind,
    /// What proves it: a click id, a coupon code, or the conversion that bound the customer.
    pub reference: String,
    /// Who is tied.
    pub partner_id: PartnerId,
    /// The link followed, if it was a click.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_id: Option<LinkId>,
    /// The link's campaign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// A touch together with what must have been active for it to count.
#[derive(Debug, Clone)]
pub struct Candidate<'a> {
    /// The touch.
    pub touch: Touch,
    /// Was its link active at the touch? True where there is no link.
    pub link_was_active: bool,
    /// The partner's enrolment, if there is one.
    pub agreement: Option<&'a Agreement>,
}

/// Why a touch does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rejection {
    /// It came after the conversion.
    AfterConversion,
    /// The attribution window was over.
    OutsideWindow,
    /// The link was disabled.
    LinkInactive,
    /// The partner was not enrolled, or the enrolment was not active.
    AgreementInactive,
    /// The program does not attribute by this kind of touch.
    KindNotAllowed,
    /// Another valid touch came before it in the program's order.
    Outranked,
}

/// A touch that did not win.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedTouch {
    /// What proves the touch.
    pub reference: String,
    /// Why it does not count.
    pub reason: Rejection,
}

/// Why a conversion earns nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unattributed {
    /// Nothing ties the customer to a partner.
    NoTouch,
    /// There were touches, and none was valid.
    NoValidTouch,
    /// The click id handed over was not issued for this program.
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

/// Decides whose conversion it is.
#[must_use]
pub fn attribute(
    policy: &AttributionPolicy,
    conversion_at: Timestamp,
    candidates: &[Candidate<'_>],
) -> Attribution {
    let (mut valid, mut rejected) = (Vec::new(), Vec::new());
    for candidate in candidates {
        match validate(policy, conversion_at, candidate) {
            Ok(rank) => valid.push((rank, &candidate.touch)),
            Err(reason) => {
                rejected.push(RejectedTouch { reference: candidate.touch.reference.clone(), reason })
            }
        }
    }
    valid.sort_by(|(rank, touch), (other_rank, other)| {
        rank.cmp(other_rank).then_with(|| by_model(policy.model, touch, other))
    });
    let mut ranked = valid.into_iter().map(|(_, touch)| touch);
    let winner = ranked.next();
    rejected.extend(
        ranked
            .map(|touch| RejectedTouch { reference: touch.reference.clone(), reason: Rejection::Outranked }),
    );
    let outcome = match winner {
        Some(touch) => Outcome::Attributed(touch.clone()),
        None if candidates.is_empty() => Outcome::Unattributed(Unattributed::NoTouch),
        None => Outcome::Unattributed(Unattributed::NoValidTouch),
    };
    Attribution { outcome, rejected }
}

/// The touch's rank in the program's precedence, or why it does not count.
fn validate(
    policy: &AttributionPolicy,
    at: Timestamp,
    candidate: &Candidate<'_>,
) -> Result<usize, Rejection> {
    let touch = &candidate.touch;
    let rank =
        policy.precedence.iter().position(|kind| *kind == touch.kind).ok_or(Rejection::KindNotAllowed)?;
    if touch.at > at {
        return Err(Rejection::AfterConversion);
    }
    // A customer who was brought once stays the partner's: plans, not windows, limit renewals.
    if touch.kind != TouchKind::Customer && at.duration_since(touch.at) >= policy.window() {
        return Err(Rejection::OutsideWindow);
    }
    if !candidate.link_was_active {
        return Err(Rejection::LinkInactive);
    }
    let active = candidate
        .agreement
        .is_some_and(|agreement| agreement.is_active_at(touch.at) && agreement.is_active_at(at));
    if active { Ok(rank) } else { Err(Rejection::AgreementInactive) }
}

fn by_model(model: AttributionModel, touch: &Touch, other: &Touch) -> Ordering {
    let by_time = match model {
        AttributionModel::FirstClick => touch.at.cmp(&other.at),
        AttributionModel::LastClick => other.at.cmp(&touch.at),
    };
    by_time.then_with(|| touch.reference.cmp(&other.reference))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        agreement::{Acceptance, AgreementStatus},
        id::{AgreementId, ProgramId},
    };

    const CONVERSION: &str = "2026-04-01T00:00:00Z";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn agreement(name: &str) -> Agreement {
        let start = at("2025-01-01T00:00:00Z");
        Agreement {
            id: AgreementId::derive(&[name]),
            program_id: ProgramId::derive(&["g"]),
            partner_id: PartnerId::derive(&[name]),
            status: AgreementStatus::Approved,
            reason: None,
            acceptance: Acceptance {
                version: "1".into(),
                sha256: String::new(),
                at: start,
                address_hash: String::new(),
            },
            commission_tier: None,
            earlier_tiers: vec![],
            revenue_split: None,
            contract_start: None,
            contract_end: None,
            ancestors: vec![],
            applied_at: start,
            approved_at: Some(start),
            stopped_at: None,
        }
    }

    fn touch(kind: TouchKind, reference: &str, time: &str) -> Touch {
        Touch {
            kind,
            reference: reference.into(),
            partner_id: PartnerId::derive(&["jane"]),
            link_id: None,
            campaign: None,
            at: at(time),
        }
    }

    /// Decides between touches given as (kind, reference, time).
    fn decide(
        policy: &AttributionPolicy,
        touches: &[(TouchKind, &str, &str)],
    ) -> (Result<String, Unattributed>, Vec<(String, Rejection)>) {
        let jane = agreement("jane");
        let candidates: Vec<_> = touches
            .iter()
            .map(|(kind, reference, time)| Candidate {
                touch: touch(*kind, reference, time),
                link_was_active: true,
                agreement: Some(&jane),
            })
            .collect();
        let attribution = attribute(policy, at(CONVERSION), &candidates);
        let outcome = match attribution.outcome {
            Outcome::Attributed(touch) => Ok(touch.reference),
            Outcome::Unattributed(reason) => Err(reason),
        };
        (outcome, attribution.rejected.into_iter().map(|touch| (touch.reference, touch.reason)).collect())
    }

    #[test]
    fn the_window_is_half_open() {
        let policy = AttributionPolicy { window_days: 90, ..AttributionPolicy::default() };
        for (time, outcome) in [
            ("2026-01-01T00:00:00.001Z", Ok("a".to_owned())),
            ("2026-01-01T00:00:00Z", Err(Unattributed::NoValidTouch)),
            ("2025-12-31T00:00:00Z", Err(Unattributed::NoValidTouch)),
            (CONVERSION, Ok("a".to_owned())),
            ("2026-04-01T00:00:00.001Z", Err(Unattributed::NoValidTouch)),
        ] {
            assert_eq!(decide(&policy, &[(TouchKind::Click, "a", time)]).0, outcome, "{time}");
        }
        let (_, rejected) = decide(&policy, &[(TouchKind::Click, "a", "2025-12-31T00:00:00Z")]);
        assert_eq!(rejected, [("a".to_owned(), Rejection::OutsideWindow)]);
    }

    #[test]
    fn precedence_then_model_then_reference_decide_and_the_losers_are_kept() {
        let clicks = [
            (TouchKind::Click, "b", "2026-03-02T00:00:00Z"),
            (TouchKind::Click, "a", "2026-03-02T00:00:00Z"),
            (TouchKind::Click, "c", "2026-03-01T00:00:00Z"),
        ];
        let last = AttributionPolicy::default();
        assert_eq!(decide(&last, &clicks).0, Ok("a".into()));
        let first = AttributionPolicy { model: AttributionModel::FirstClick, ..last.clone() };
        assert_eq!(decide(&first, &clicks).0, Ok("c".into()));

        let with_customer = [clicks[0], (TouchKind::Customer, "bound", "2025-06-01T00:00:00Z")];
        let (outcome, rejected) = decide(&last, &with_customer);
        assert_eq!((outcome, rejected), (Ok("bound".into()), vec![("b".into(), Rejection::Outranked)]));

        let clicks_only = AttributionPolicy { precedence: vec![TouchKind::Click], ..last };
        let (outcome, rejected) = decide(&clicks_only, &with_customer);
        assert_eq!((outcome, rejected), (Ok("b".into()), vec![("bound".into(), Rejection::KindNotAllowed)]));
    }

    #[test]
    fn link_and_agreement_must_have_been_active() {
        let policy = AttributionPolicy::default();
        let click = || touch(TouchKind::Click, "a", "2026-03-01T00:00:00Z");
        let reason =
            |candidate: Candidate<'_>| attribute(&policy, at(CONVERSION), &[candidate]).rejected[0].reason;
        let jane = agreement("jane");
        assert_eq!(
            reason(Candidate { touch: click(), link_was_active: false, agreement: Some(&jane) }),
            Rejection::LinkInactive
        );
        assert_eq!(
            reason(Candidate { touch: click(), link_was_active: true, agreement: None }),
            Rejection::AgreementInactive
        );
        for (approved, stopped) in
            [("2026-03-02T00:00:00Z", None), ("2026-01-01T00:00:00Z", Some("2026-03-15T00:00:00Z"))]
        {
            let mut late = agreement("jane");
            late.approved_at = Some(at(approved));
            late.stopped_at = stopped.map(at);
            assert_eq!(
                reason(Candidate { touch: click(), link_was_active: true, agreement: Some(&late) }),
                Rejection::AgreementInactive
            );
        }
    }

    #[test]
    fn without_a_touch_nobody_is_credited() {
        assert_eq!(decide(&AttributionPolicy::default(), &[]).0, Err(Unattributed::NoTouch));
    }
}
