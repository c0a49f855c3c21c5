//! A partner's tier, and how far it is to the next.

use domain::{
    agreement::Agreement,
    performance::NextTier,
    plan::{Metric, Threshold},
};
use jiff::Timestamp;
use serde::Serialize;

/// Where a partner stands.
#[derive(Debug, Clone, Serialize)]
pub struct TierView {
    name: Option<String>,
    since: Option<Timestamp>,
    next: Option<NextTierView>,
}

/// The next tier, and what is missing for it.
#[derive(Debug, Clone, Serialize)]
struct NextTierView {
    name: String,
    metric: Metric,
    at_least: Threshold,
    has: Threshold,
    missing: Threshold,
}

impl TierView {
    /// The tier of an agreement. One that was never moved was granted with the approval.
    #[must_use]
    pub fn new(agreement: &Agreement, next: Option<NextTier>) -> Self {
        let moved_at = agreement.earlier_tiers.last().map(|earlier| earlier.until);
        let since = moved_at.or(agreement.approved_at);
        Self {
            name: agreement.commission_tier.clone(),
            since: since.filter(|_| agreement.commission_tier.is_some()),
            next: next.map(|next| NextTierView {
                name: next.name,
                metric: next.metric,
                at_least: next.at_least,
                has: next.has,
                missing: next.missing,
            }),
        }
    }
}
