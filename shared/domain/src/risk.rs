//! Risk: signals that keep a commission back for review.

use serde::{Deserialize, Serialize};

/// Why a commission is held; shown on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// The customer's normalised e-mail address is the partner's own.
    SelfReferral,
    /// The customer's bank disputes the charge.
    Dispute,
}

impl HoldReason {
    /// The reason in a sentence for the partner.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::SelfReferral => {
                "The customer's e-mail address is the partner's own, so the sale is reviewed first."
            }
            Self::Dispute => "The customer's bank disputes the charge; its decision is awaited.",
        }
    }
}

/// Compares keyed hashes of normalised addresses. An unknown address is no signal.
#[must_use]
pub fn assess(partner_email_hash: &str, customer_email_hash: Option<&str>) -> Option<HoldReason> {
    (customer_email_hash == Some(partner_email_hash)).then_some(HoldReason::SelfReferral)
}
