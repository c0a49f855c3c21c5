//! Prices: what a line pays, frozen with it, and what that is at what is left of a sale.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    money::{Money, MoneyError, Rounding},
    plan::{Bracket, FlatRefund, LevelShare, TieredMode},
    rate::Rate,
};

/// What a line pays; frozen with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Price {
    /// A share of the base.
    Percent {
        /// The share.
        rate: Rate,
    },
    /// A share of what level 1 earns.
    OfLevelOne {
        /// The share.
        rate: Rate,
    },
    /// A fixed amount.
    Flat {
        /// The amount.
        amount: Money,
        /// What refunds do to it.
        on_refund: FlatRefund,
    },
    /// A share that depends on how large the base is.
    Tiered {
        /// Does a rate apply to its bracket's part of the base, or to the whole?
        mode: TieredMode,
        /// From zero upwards.
        brackets: Vec<Bracket>,
    },
    /// Several rules, each for its own lines of the sale.
    Parts {
        /// What each rule pays.
        parts: Vec<Part>,
    },
    /// A partner's part of what is paid for a sale that several partners share.
    Share {
        /// The part.
        weight: Rate,
        /// What is shared.
        of: Box<Price>,
    },
}

/// What one rule pays for its lines of a sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The rule; none when the agreement's own rate applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_id: Option<String>,
    /// The commission base of its lines.
    pub base: Money,
    /// What it pays on that.
    pub price: Price,
}

/// What is left of a sale after its refunds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Left {
    /// What the customer paid.
    pub(super) charged: Money,
    /// What of it has not gone back.
    pub(super) kept: Money,
    pub(super) rounding: Rounding,
}

impl Left {
    /// The part of an amount that is left: it shrinks as the charge does.
    pub(super) fn of(&self, amount: Money) -> Result<Money, MoneyError> {
        if self.kept == self.charged {
            return Ok(amount);
        }
        amount.prorate(self.kept, self.charged, self.rounding)
    }
}

impl Price {
    /// What it comes to, in minor units that are not rounded yet. `base` is what is left of the
    /// base, `level_one` what level 1 earns on it.
    pub(super) fn exact(&self, base: Money, level_one: Money, left: &Left) -> Result<Decimal, MoneyError> {
        let whole = |amount: Money| Decimal::from(amount.minor());
        match self {
            Self::Percent { rate } => product(*rate, base),
            Self::OfLevelOne { rate } => product(*rate, level_one),
            Self::Flat { amount, on_refund } => match on_refund {
                FlatRefund::Prorate => left.of(*amount).map(whole),
                FlatRefund::VoidOnFullRefund if left.kept.is_zero() && !left.charged.is_zero() => {
                    Ok(Decimal::ZERO)
                }
                FlatRefund::Keep | FlatRefund::VoidOnFullRefund => Ok(whole(*amount)),
            },
            Self::Tiered { mode, brackets } => tiered(*mode, brackets, base),
            Self::Parts { parts } => parts.iter().try_fold(Decimal::ZERO, |sum, part| {
                let amount = part.price.exact(left.of(part.base)?, level_one, left)?;
                sum.checked_add(amount).ok_or(MoneyError::Overflow)
            }),
            Self::Share { of, .. } => of.exact(base, level_one, left),
        }
    }
}

impl From<LevelShare> for Price {
    fn from(share: LevelShare) -> Self {
        match share {
            LevelShare::Base { rate } => Self::Percent { rate },
            LevelShare::LevelOne { rate } => Self::OfLevelOne { rate },
        }
    }
}

fn product(rate: Rate, amount: Money) -> Result<Decimal, MoneyError> {
    Decimal::from(amount.minor()).checked_mul(rate.fraction()).ok_or(MoneyError::Overflow)
}

fn tiered(mode: TieredMode, brackets: &[Bracket], base: Money) -> Result<Decimal, MoneyError> {
    let reached = brackets.iter().take_while(|bracket| bracket.from.minor() <= base.minor());
    match mode {
        TieredMode::Whole => reached.last().map_or(Ok(Decimal::ZERO), |bracket| product(bracket.rate, base)),
        TieredMode::Marginal => {
            let ends = brackets.iter().skip(1).map(|next| next.from).chain([base]);
            reached.zip(ends).try_fold(Decimal::ZERO, |sum, (bracket, end)| {
                let within = end.min(base)?.minus(bracket.from)?;
                sum.checked_add(product(bracket.rate, within)?).ok_or(MoneyError::Overflow)
            })
        }
    }
}
