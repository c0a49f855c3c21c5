//! Money back: refunds, disputes and cancelled orders.
//!
//! One and the same refund is told more than once: a dispute is opened, lost, and won after all.
//! Its stages have an order, and the furthest one told is where it stands. What all refunds of a
//! charge come to is therefore the same in whatever order, and however often, they are told.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    id::{ConversionId, TransactionId},
    ledger::TransactionKind,
    money::{Money, MoneyError},
};

/// What is told of money that went back to the customer, or may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// The id of the refund, dispute or cancellation at the source.
    pub refund_id: String,
    /// What it is.
    #[serde(default)]
    pub cause: RefundCause,
    /// How far it has come.
    #[serde(default)]
    pub stage: RefundStage,
    /// How much, above zero; the whole charge when none.
    pub amount: Option<Money>,
    /// When it came so far, by the source's clock.
    pub occurred_at: Timestamp,
}

/// Why money goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundCause {
    /// The merchant gave it back.
    #[default]
    Refund,
    /// The customer's bank demands it back: a chargeback.
    Dispute,
    /// The order was cancelled.
    Cancellation,
    /// Not one refund but all of them so far, from a source that tells only how much has gone back
    /// in all: the largest amount told counts, and each amount has an id of its own.
    Total,
}

/// How far a refund has come. Each stage comes after the ones before it, whatever was told first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundStage {
    /// A dispute was opened: nothing is taken back yet, and nothing more is paid out.
    Open,
    /// The money went back: refunded, lost, or cancelled.
    #[default]
    Done,
    /// The money stayed or returned for good: the refund failed, the dispute was won, the order
    /// reinstated.
    Void,
}

impl RefundCause {
    /// The name in keys and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refund => "refund",
            Self::Dispute => "dispute",
            Self::Cancellation => "cancellation",
            Self::Total => "total",
        }
    }
}

impl RefundStage {
    /// The name in keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Void => "void",
        }
    }

    /// What the journal calls an entry that this stage books.
    #[must_use]
    pub fn entry_kind(self) -> TransactionKind {
        match self {
            Self::Open => TransactionKind::Hold,
            Self::Done => TransactionKind::Refund,
            Self::Void => TransactionKind::Restore,
        }
    }
}

impl Refund {
    /// Money that the merchant gave back.
    #[must_use]
    pub fn made(refund_id: impl Into<String>, amount: Money, occurred_at: Timestamp) -> Self {
        Self {
            refund_id: refund_id.into(),
            cause: RefundCause::Refund,
            stage: RefundStage::Done,
            amount: Some(amount),
            occurred_at,
        }
    }

    /// Is it the same stage of the same refund?
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.name() == other.name() && self.stage == other.stage
    }

    /// Do two reports tell of the same money? Times may differ.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        self.is_same(other) && self.amount == other.amount
    }

    /// What the entry that it books is about.
    #[must_use]
    pub fn subject<'a>(&'a self, conversion: &'a ConversionId) -> Vec<&'a str> {
        match self.cause {
            RefundCause::Refund => vec![conversion.as_str(), &self.refund_id],
            cause => vec![conversion.as_str(), cause.as_str(), &self.refund_id],
        }
    }

    /// The id of the entry that it books, if it books one.
    #[must_use]
    pub fn entry_id(&self, conversion: &ConversionId) -> TransactionId {
        self.stage.entry_kind().transaction_id(&self.subject(conversion))
    }

    fn name(&self) -> (RefundCause, &str) {
        (self.cause, &self.refund_id)
    }
}

/// What the refunds of a charge come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refunded {
    /// How much of the charge went back; never more than the charge.
    pub sum: Money,
    /// Minor units that went back beyond the charge: they take nothing more from anybody.
    pub excess: i128,
    /// Is a dispute open?
    pub is_disputed: bool,
}

/// What the refunds told so far come to, in whatever order they were told.
///
/// Single refunds and disputes add up. A running total, and the cancellation of a whole order, are about
/// the same money as those: they only say that no less has gone back.
///
/// # Errors
/// When an amount is of another currency than the charge.
pub fn refunded(charge: Money, refunds: &[Refund]) -> Result<Refunded, MoneyError> {
    let mut furthest: BTreeMap<(RefundCause, &str), &Refund> = BTreeMap::new();
    for refund in refunds {
        if let Some(amount) = refund.amount {
            charge.minus(amount)?;
        }
        let known = furthest.entry(refund.name()).or_insert(refund);
        if known.stage < refund.stage {
            *known = refund;
        }
    }
    let (mut singles, mut at_least) = (0_i128, 0_i128);
    for refund in furthest.values().filter(|refund| refund.stage == RefundStage::Done) {
        let minor = i128::from(refund.amount.unwrap_or(charge).minor());
        match (refund.cause, refund.amount) {
            (RefundCause::Total, _) | (RefundCause::Cancellation, None) => at_least = at_least.max(minor),
            _ => singles += minor,
        }
    }
    let total = singles.max(at_least);
    let sum = i64::try_from(total).map_or(charge, |minor| Money::new(minor, charge.currency()));
    Ok(Refunded {
        sum: sum.min(charge)?,
        excess: (total - i128::from(charge.minor())).max(0),
        is_disputed: furthest.values().any(|refund| refund.stage == RefundStage::Open),
    })
}

#[cfg(test)]
mod tests {
    use RefundCause::{Cancellation, Dispute, Refund as Granted, Total};
    use RefundStage::{Done, Open, Void};

    use super::*;

    fn money(minor: i64) -> Money {
        Money::new(minor, "EUR".parse().unwrap())
    }

    fn told(cause: RefundCause, id: &str, stage: RefundStage, minor: Option<i64>) -> Refund {
        let occurred_at = Timestamp::UNIX_EPOCH;
        Refund { refund_id: id.into(), cause, stage, amount: minor.map(money), occurred_at }
    }

    fn come_to(refunds: &[Refund]) -> (i64, i128, bool) {
        let Refunded { sum, excess, is_disputed } = refunded(money(100), refunds).unwrap();
        (sum.minor(), excess, is_disputed)
    }

    #[test]
    fn the_furthest_stage_counts() {
        for (refunds, expected) in [
            (vec![], (0, 0, false)),
            (vec![told(Granted, "a", Done, Some(30)), told(Granted, "b", Done, Some(20))], (50, 0, false)),
            (vec![told(Granted, "a", Done, Some(30)), told(Granted, "a", Void, None)], (0, 0, false)),
            (vec![told(Dispute, "a", Open, Some(100))], (0, 0, true)),
            (vec![told(Dispute, "a", Open, Some(100)), told(Dispute, "a", Done, Some(60))], (60, 0, false)),
            (vec![told(Dispute, "a", Done, Some(60)), told(Dispute, "a", Void, None)], (0, 0, false)),
            (vec![told(Cancellation, "a", Done, None)], (100, 0, false)),
            (vec![told(Cancellation, "a", Done, None), told(Granted, "a", Done, Some(30))], (100, 0, false)),
            (vec![told(Granted, "a", Done, Some(100)), told(Dispute, "b", Done, Some(30))], (100, 30, false)),
            (vec![told(Total, "30", Done, Some(30)), told(Total, "50", Done, Some(50))], (50, 0, false)),
            (vec![told(Total, "50", Done, Some(50)), told(Granted, "a", Done, Some(30))], (50, 0, false)),
            (vec![told(Total, "50", Done, Some(50)), told(Total, "all", Done, None)], (100, 0, false)),
            (vec![told(Total, "110", Done, Some(110))], (100, 10, false)),
            (vec![told(Cancellation, "a", Done, None), told(Cancellation, "a", Void, None)], (0, 0, false)),
        ] {
            assert_eq!(come_to(&refunds), expected, "{refunds:?}");
            let backwards: Vec<_> = refunds.iter().rev().cloned().collect();
            assert_eq!(come_to(&backwards), expected, "{refunds:?}");
        }
    }

    #[test]
    fn another_currency_is_refused() {
        let dollars =
            Refund { amount: Some(Money::new(1, "USD".parse().unwrap())), ..told(Granted, "a", Done, None) };
        assert!(refunded(money(100), &[dollars]).is_err());
    }
}
