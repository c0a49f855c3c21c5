//! Terms: what one conversion was priced by, frozen with it, and what its lines are worth by them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::price::{Left, Price};
use crate::{
    conversion::Charge,
    exchange::ExchangeRate,
    money::{Money, MoneyError, Rounding, sum},
    plan::{CapCounter, CapPeriod},
    rate::Rate,
};

/// The terms one conversion was priced by; frozen with it, whatever becomes of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The plan version that priced it.
    pub plan_version: u32,
    /// The rule that won; none when several did, the agreement's own rate applied, or no rule was to
    /// pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_id: Option<String>,
    /// The partner's tier at the conversion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commission_tier: Option<String>,
    /// The agreement's own level-1 rate at the conversion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revenue_split: Option<Rate>,
    /// When the customer first bought through this partner; none when this was the first sale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_since: Option<Timestamp>,
    /// The rate by which the base was converted; none when the charge was in the program's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<ExchangeRate>,
    /// The part of the charge that commissions are computed on, in the program's currency.
    pub base: Money,
    /// The most that the upline may earn together, as a share of the base.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upline_cap: Option<Rate>,
    /// Counters of caps that the conversion counts in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caps: Vec<CapCounter>,
    /// The cap that left less than the lines come to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clamp: Option<Clamp>,
    /// How products become whole minor units.
    pub rounding: Rounding,
    /// Days until maturity.
    pub hold_days: u16,
    /// Why nothing was earned, if nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nothing_earned: Option<NothingEarned>,
}

/// A cap that left less than the lines of a conversion come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clamp {
    /// Its counter.
    pub counter: CapCounter,
    /// Its period.
    pub period: CapPeriod,
    /// The most it allows.
    pub limit: Money,
    /// What it still allowed: the most that all lines of the conversion may earn together.
    pub left: Money,
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
    /// A cap was used up.
    CapReached,
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
        let Some(first) = prices.first() else { return Ok(Vec::new()) };
        let left =
            Left { charged: charge.amount, kept: charge.amount.minus(refunded)?, rounding: self.rounding };
        let base = left.of(self.base)?;
        let currency = self.base.currency();
        let round = |price: &Price, level_one| {
            Money::round(price.exact(base, level_one, &left)?, currency, self.rounding)
        };
        let level_one = round(first, Money::zero(currency))?;
        let is_share = |price: &&Price| matches!(price, Price::Share { .. });
        let sellers = prices.iter().take_while(is_share).count().max(1);
        let upline = prices.iter().skip(sellers).map(|price| round(price, level_one));
        let mut upline = upline.collect::<Result<Vec<_>, _>>()?;
        if let Some(cap) = self.upline_cap {
            let over = sum(upline.iter().copied(), currency)?.minus(cap.of(base, Rounding::Down)?)?;
            take_off(&mut upline, over)?;
        }
        let weights: Vec<i64> = prices.iter().take(sellers).map(weight).collect();
        let mut amounts = shares(&weights, level_one)?;
        if let Some(clamp) = &self.clamp {
            // What lapses because a partner earns nothing costs nothing either.
            let sold = sum(amounts.iter().copied(), currency)?;
            let over = sum(upline.iter().copied(), currency)?.plus(sold)?.minus(clamp.left)?;
            let rest = take_off(&mut upline, over)?;
            if rest.minor() > 0 {
                amounts = sold.minus(rest)?.allocate(&weights)?;
            }
        }
        amounts.append(&mut upline);
        Ok(amounts)
    }

    /// The commission base that is left: it shrinks in proportion to the charge, because a refund
    /// gives back tax and shipping too.
    ///
    /// # Errors
    /// When currencies differ.
    pub fn base_left(&self, charge: &Charge, refunded: Money) -> Result<Money, MoneyError> {
        let kept = charge.amount.minus(refunded)?;
        Left { charged: charge.amount, kept, rounding: self.rounding }.of(self.base)
    }
}

/// Takes what is over off the deepest amounts first; gives what is over still.
fn take_off(amounts: &mut [Money], mut over: Money) -> Result<Money, MoneyError> {
    for amount in amounts.iter_mut().rev() {
        if over.minor() <= 0 {
            break;
        }
        let taken = amount.min(over)?;
        *amount = amount.minus(taken)?;
        over = over.minus(taken)?;
    }
    Ok(over)
}

/// What level 1 earns, among the partners who share it. The part of a partner who earns nothing
/// goes to nobody.
fn shares(weights: &[i64], level_one: Money) -> Result<Vec<Money>, MoneyError> {
    let lapsed = Rate::ONE.millionths().saturating_sub(weights.iter().sum());
    let mut amounts = level_one.allocate(&[weights, &[lapsed]].concat())?;
    amounts.pop();
    Ok(amounts)
}

fn weight(price: &Price) -> i64 {
    match price {
        Price::Share { weight, .. } => weight.millionths(),
        _ => Rate::ONE.millionths(),
    }
}
