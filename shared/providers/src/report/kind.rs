//! The types of report, and what each of them means.

use domain::conversion::{ConversionKind, RefundCause, RefundStage};
use serde::Deserialize;

/// What is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// A purchase, or the first payment of a subscription.
    Sale,
    /// A later payment of a subscription.
    Renewal,
    /// A sign-up, trial or other act without money.
    Lead,
    /// Money was given back.
    Refund,
    /// A refund did not go through after all.
    RefundFailed,
    /// The customer's bank asks for the money back.
    DisputeOpened,
    /// The bank got it.
    DisputeLost,
    /// The money stayed, or came back for good.
    DisputeWon,
    /// The order was cancelled.
    Cancellation,
    /// The order stands after all.
    Reinstatement,
}

/// What a type of report tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A payment, or a lead.
    Charge(ConversionKind),
    /// How far money back has come.
    Refund(RefundCause, RefundStage),
}

impl Kind {
    /// Every type.
    #[cfg(test)]
    const ALL: [Self; 10] = [
        Self::Sale,
        Self::Renewal,
        Self::Lead,
        Self::Refund,
        Self::RefundFailed,
        Self::DisputeOpened,
        Self::DisputeLost,
        Self::DisputeWon,
        Self::Cancellation,
        Self::Reinstatement,
    ];

    /// The name on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Renewal => "renewal",
            Self::Lead => "lead",
            Self::Refund => "refund",
            Self::RefundFailed => "refund_failed",
            Self::DisputeOpened => "dispute_opened",
            Self::DisputeLost => "dispute_lost",
            Self::DisputeWon => "dispute_won",
            Self::Cancellation => "cancellation",
            Self::Reinstatement => "reinstatement",
        }
    }

    pub(super) fn meaning(self) -> Meaning {
        use RefundCause::{Cancellation, Dispute, Refund};
        use RefundStage::{Done, Open, Void};
        match self {
            Self::Sale => Meaning::Charge(ConversionKind::Sale),
            Self::Renewal => Meaning::Charge(ConversionKind::Renewal),
            Self::Lead => Meaning::Charge(ConversionKind::Lead),
            Self::Refund => Meaning::Refund(Refund, Done),
            Self::RefundFailed => Meaning::Refund(Refund, Void),
            Self::DisputeOpened => Meaning::Refund(Dispute, Open),
            Self::DisputeLost => Meaning::Refund(Dispute, Done),
            Self::DisputeWon => Meaning::Refund(Dispute, Void),
            Self::Cancellation => Meaning::Refund(Cancellation, Done),
            Self::Reinstatement => Meaning::Refund(Cancellation, Void),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_read_by_its_name_and_means_something_of_its_own() {
        for kind in Kind::ALL {
            let name = serde_json::Value::from(kind.as_str());
            assert_eq!(serde_json::from_value::<Kind>(name).unwrap(), kind);
            assert!(Kind::ALL.iter().filter(|other| other.meaning() == kind.meaning()).count() == 1);
        }
    }
}
