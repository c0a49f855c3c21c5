//! The decision between the touches of a conversion.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::{Attribution, Candidate, Outcome, RejectedTouch, Rejection, Touch, Unattributed};
use crate::{
    agreement::Agreement,
    program::{AttributionModel, AttributionPolicy, TouchKind},
};

/// Decides whose conversion it is.
///
/// `earlier` are touches that were rejected when the conversion was looked at before: a report that
/// comes later may tell of others, and nothing once known is forgotten.
#[must_use]
pub fn attribute(
    policy: &AttributionPolicy,
    conversion_at: Timestamp,
    candidates: &[Candidate<'_>],
    earlier: &[RejectedTouch],
) -> Attribution {
    let (mut valid, mut rejected) = (Vec::new(), Vec::new());
    for candidate in candidates {
        match candidate {
            Candidate::Forged(click) => rejected.push(RejectedTouch::forged(click)),
            Candidate::Touch { touch, fault, agreement } => {
                match validate(policy, conversion_at, touch, *fault, *agreement) {
                    Ok(rank) => valid.push((rank, touch)),
                    Err(reason) => rejected.push(RejectedTouch::of(touch, reason)),
                }
            }
        }
    }
    valid.sort_by(|(rank, touch), (other_rank, other)| {
        rank.cmp(other_rank).then_with(|| by_model(policy.model, touch, other))
    });
    let mut ranked = valid.into_iter().map(|(_, touch)| touch);
    let winner = ranked.next();
    // What proves the winner may prove another tie as well: it has not lost then.
    let losers = ranked.filter(|touch| winner.is_none_or(|winner| winner.reference != touch.reference));
    rejected.extend(losers.map(|touch| RejectedTouch::of(touch, Rejection::Outranked)));
    for touch in earlier {
        let is_winner = winner.is_some_and(|winner| winner.reference == touch.reference);
        if !is_winner && !rejected.iter().any(|known| known.is_same(touch)) {
            rejected.push(touch.clone());
        }
    }
    // Touches become known in any order, and the same ones make the same list.
    rejected.sort_by(|one, other| (one.kind, &one.reference).cmp(&(other.kind, &other.reference)));
    let outcome = match winner {
        Some(touch) => Outcome::Attributed(touch.clone()),
        None => Outcome::Unattributed(reason(&rejected)),
    };
    Attribution { outcome, rejected }
}

/// Why nobody is credited, when these are all touches there were.
fn reason(rejected: &[RejectedTouch]) -> Unattributed {
    if rejected.is_empty() {
        Unattributed::NoTouch
    } else if rejected.iter().all(|touch| touch.reason == Rejection::ForgedClick) {
        Unattributed::ForgedClick
    } else {
        Unattributed::NoValidTouch
    }
}

/// The touch's rank in the program's precedence, or why it does not count.
fn validate(
    policy: &AttributionPolicy,
    at: Timestamp,
    touch: &Touch,
    fault: Option<Rejection>,
    agreement: Option<&Agreement>,
) -> Result<usize, Rejection> {
    let rank =
        policy.precedence.iter().position(|kind| *kind == touch.kind).ok_or(Rejection::KindNotAllowed)?;
    if touch.at > at {
        return Err(Rejection::AfterConversion);
    }
    // A customer who was brought once stays the partner's: plans, not windows, limit renewals.
    let stays = matches!(touch.kind, TouchKind::Customer | TouchKind::Email);
    if !stays && at.duration_since(touch.at) >= policy.window() {
        return Err(Rejection::OutsideWindow);
    }
    if let Some(fault) = fault {
        return Err(fault);
    }
    let active =
        agreement.is_some_and(|agreement| agreement.is_active_at(touch.at) && agreement.is_active_at(at));
    if active { Ok(rank) } else { Err(Rejection::AgreementInactive) }
}

fn by_model(model: AttributionModel, touch: &Touch, other: &Touch) -> Ordering {
    let by_time = match model {
        AttributionModel::FirstClick => touch.at.cmp(&other.at),
        AttributionModel::LastClick => other.at.cmp(&touch.at),
    };
    by_time.then_with(|| touch.reference.cmp(&other.reference))
}
