//! Commissions: what one conversion earns one partner at one level.
//!
//! [`calculate`] prices a conversion by one plan version and freezes the terms on it;
//! [`refund`] later recomputes every line from those terms at what is left of the base. Both use
//! the same function, [`Terms::amounts`], so any sequence of partial refunds ends where one
//! refund of their sum would, and a full refund ends at exactly zero.

mod calculate;
mod maturity;
mod refund;
mod review;
mod rules;
mod status;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use calculate::{Calculation, Inputs, Line, Sponsor, Trace, calculate};
pub use maturity::{BATCH_MAX, Matured, mature};
pub use refund::{RefundError, Reversal, refund};
pub use review::{Decision, ReviewError, Reviewed, review};
pub use rules::{Choice, LevelOne, RuleOutcome, RuleTrace, price_level_one};
pub use status::{CommissionEvent, CommissionStatus, IllegalTransition};

use crate::{
    conversion::{Charge, ConversionKind},
    id::{CommissionId, PartnerId, PayoutId, ProgramId},
    ledger::Account,
    money::{Money, MoneyError, Rounding},
    plan::FlatRefund,
    rate::Rate,
    risk::HoldReason,
};

/// The terms one conversion was priced by; frozen with it, whatever becomes of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The plan version in force at the conversion.
    pub plan_version: u32,
    /// The rule that won; none when the agreement's own rate applied or nothing was earned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_id: Option<String>,
    /// The partner's tier at the conversion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commission_tier: Option<String>,
    /// The agreement's own level-1 rate at the conversion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revenue_split: Option<Rate>,
    /// The part of the charge that commissions are computed on.
    pub base: Money,
    /// The most that the upline may earn together, as a share of the base.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upline_cap: Option<Rate>,
    /// How products become whole minor units.
    pub rounding: Rounding,
    /// Days until maturity.
    pub hold_days: u16,
    /// Why nothing was earned, if nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nothing_earned: Option<NothingEarned>,
}

/// Why an attributed conversion earns nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NothingEarned {
    /// No rule of the plan matches.
    NoRuleMatches,
    /// The plan no longer pays for this customer's renewals.
    RecurringOver,
    /// The commission base is zero, or the amounts round to zero.
    ZeroBase,
}

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
}

impl Terms {
    /// What each line is worth when `refunded` of the charge has gone back: prices in, amounts
    /// out, level 1 first.
    ///
    /// # Errors
    /// When an amount does not fit.
    pub fn amounts(
        &self,
        prices: &[Price],
        charge: &Charge,
        refunded: Money,
    ) -> Result<Vec<Money>, MoneyError> {
        let base = self.base_left(charge, refunded)?;
        let mut amounts = Vec::with_capacity(prices.len());
        for price in prices {
            let level_one = amounts.first().copied().unwrap_or(Money::zero(self.base.currency()));
            amounts.push(self.amount(price, base, level_one, charge, refunded)?);
        }
        self.cap_upline(base, &mut amounts)?;
        Ok(amounts)
    }

    /// The commission base that is left: it shrinks in proportion to the charge, because a refund
    /// gives back tax and shipping too.
    ///
    /// # Errors
    /// When currencies differ.
    pub fn base_left(&self, charge: &Charge, refunded: Money) -> Result<Money, MoneyError> {
        if refunded.is_zero() {
            return Ok(self.base);
        }
        self.base.prorate(charge.amount.minus(refunded)?, charge.amount, self.rounding)
    }

    fn amount(
        &self,
        price: &Price,
        base: Money,
        level_one: Money,
        charge: &Charge,
        refunded: Money,
    ) -> Result<Money, MoneyError> {
        match price {
            Price::Percent { rate } => rate.of(base, self.rounding),
            Price::OfLevelOne { rate } => rate.of(level_one, self.rounding),
            Price::Flat { amount, on_refund: _ } if refunded.is_zero() => Ok(*amount),
            Price::Flat { amount, on_refund } => match on_refund {
                FlatRefund::Keep => Ok(*amount),
                FlatRefund::Prorate => {
                    amount.prorate(charge.amount.minus(refunded)?, charge.amount, self.rounding)
                }
                FlatRefund::VoidOnFullRefund if refunded == charge.amount => {
                    Ok(Money::zero(amount.currency()))
                }
                FlatRefund::VoidOnFullRefund => Ok(*amount),
            },
        }
    }

    /// Takes what exceeds the cap off the deepest levels first.
    fn cap_upline(&self, base: Money, amounts: &mut [Money]) -> Result<(), MoneyError> {
        let (Some(cap), Some((_, upline))) = (self.upline_cap, amounts.split_first_mut()) else {
            return Ok(());
        };
        let most = cap.of(base, Rounding::Down)?;
        let total = crate::money::sum(upline.iter().copied(), base.currency())?;
        let mut excess = total.minus(most)?;
        for amount in upline.iter_mut().rev() {
            if excess.minor() <= 0 {
                break;
            }
            let taken = amount.min(excess)?;
            *amount = amount.minus(taken)?;
            excess = excess.minus(taken)?;
        }
        Ok(())
    }
}

/// One line of one conversion, for one partner at one level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commission {
    /// Carries the conversion and the level.
    pub id: CommissionId,
    /// The program.
    pub program_id: ProgramId,
    /// Who earns.
    pub partner_id: PartnerId,
    /// What the line pays.
    pub price: Price,
    /// Where it stands.
    pub status: CommissionStatus,
    /// Why it is held, if it is.
    pub hold_reason: Option<HoldReason>,
    /// What was earned before any refund.
    pub earned: Money,
    /// What is left after refunds.
    pub amount: Money,
    /// What kind of conversion earned it.
    pub kind: ConversionKind,
    /// The campaign of the partner's link; on level 1 only.
    pub campaign: Option<String>,
    /// Time of the conversion.
    pub occurred_at: Timestamp,
    /// End of the holding period.
    pub eligible_at: Timestamp,
    /// When it became payable.
    pub matured_at: Option<Timestamp>,
    /// The payout that covered it.
    pub payout_id: Option<PayoutId>,
    /// When that payout was settled.
    pub payout_date: Option<Timestamp>,
}

impl Commission {
    /// The account that holds what is left of it.
    #[must_use]
    pub fn account(&self) -> Account {
        match self.matured_at {
            Some(_) => Account::Available(self.partner_id.clone()),
            None => Account::Pending(self.partner_id.clone()),
        }
    }
}

#[cfg(test)]
mod tests;
