//! Rewards: what a rule pays.

use serde::{Deserialize, Serialize};

use crate::{money::Money, rate::Rate};

/// The most brackets of one tiered reward.
pub(super) const BRACKETS_MAX: usize = 20;

/// What a rule pays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields, remote = "Self")]
pub enum Reward {
    /// A share of the commission base of the lines that match.
    Percent {
        /// The share.
        rate: Rate,
    },
    /// A fixed amount in the program's currency.
    Flat {
        /// The amount, above zero.
        amount: Money,
        /// Is it paid for the sale, or for each item of the lines that match?
        #[serde(default, skip_serializing_if = "FlatPer::is_sale")]
        per: FlatPer,
        /// What a refund does to it.
        #[serde(default)]
        on_refund: FlatRefund,
    },
    /// A share that depends on how large the commission base of the lines that match is.
    Tiered {
        /// Does a bracket's rate apply to the part of the base within it, or to the whole base?
        mode: TieredMode,
        /// From zero upwards.
        brackets: Vec<Bracket>,
    },
}

crate::object!(Reward);

/// What a fixed amount is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlatPer {
    /// Once for the sale.
    #[default]
    Sale,
    /// For each item.
    Item,
}

impl FlatPer {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
    fn is_sale(&self) -> bool {
        *self == Self::Sale
    }
}

/// What refunds do to a fixed amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlatRefund {
    /// It is void once the whole charge has been refunded.
    #[default]
    VoidOnFullRefund,
    /// It shrinks in proportion.
    Prorate,
    /// It stays.
    Keep,
}

/// How the brackets of a tiered reward apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TieredMode {
    /// Each rate applies to the part of the base within its bracket.
    Marginal,
    /// The rate of the bracket that the base reaches applies to all of it.
    Whole,
}

/// One bracket of a tiered reward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct Bracket {
    /// Where it begins; inclusive. The first one begins at zero.
    pub from: Money,
    /// The share.
    pub rate: Rate,
}

crate::object!(Bracket);
