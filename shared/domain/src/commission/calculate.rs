//! The calculation: one plan version, one agreement, one charge; lines and a trace out.

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{
    NothingEarned, Price, Terms,
    rules::{LevelOne, RuleTrace, price_level_one},
};
use crate::{
    agreement::Agreement,
    attribution::Touch,
    conversion::{Charge, ConversionKind},
    id::{Level, PartnerId},
    money::{Money, MoneyError},
    plan::{BasePolicy, InactiveUpline, LevelShare, Plan, PlanVersion, Recurring},
};

/// Everything a calculation depends on.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The plan version in force at the conversion.
    pub plan: &'a PlanVersion,
    /// The enrolment of the partner who sold, as it stands at the conversion.
    pub agreement: &'a Agreement,
    /// The touch that attributed the conversion.
    pub touch: &'a Touch,
    /// The charge.
    pub charge: &'a Charge,
    /// The sponsors above, nearest first.
    pub upline: &'a [Sponsor],
    /// When the customer first bought through this partner; none when this is the first sale.
    pub customer_since: Option<Timestamp>,
}

/// A sponsor above the partner who sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sponsor {
    /// Who.
    pub partner_id: PartnerId,
    /// Is the enrolment active at the conversion? True where the plan does not ask.
    pub is_active: bool,
}

/// What a conversion earns, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calculation {
    /// The terms to freeze with the conversion.
    pub terms: Terms,
    /// One line a level, level 1 first; none when nothing is earned.
    pub lines: Vec<Line>,
    /// How it came about.
    pub trace: Trace,
}

/// What one partner earns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// 1 is the partner who sold.
    pub level: Level,
    /// Who earns.
    pub partner_id: PartnerId,
    /// What the line pays.
    pub price: Price,
    /// How much that is.
    pub amount: Money,
}

/// How level 1's price and the upline came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// Every rule of the plan with its outcome, in the plan's order.
    pub rules: Vec<RuleTrace>,
    /// Sponsors whose enrolment was not active.
    pub skipped: Vec<PartnerId>,
}

/// Prices a conversion: the same inputs always give the same lines.
///
/// # Errors
/// When an amount does not fit 64 bits of minor units, or currencies differ.
pub fn calculate(inputs: &Inputs<'_>) -> Result<Calculation, MoneyError> {
    let Inputs { plan: PlanVersion { version, plan, .. }, agreement, charge, .. } = inputs;
    let mut terms = Terms {
        plan_version: *version,
        rule_id: None,
        commission_tier: agreement.commission_tier.clone(),
        revenue_split: agreement.revenue_split,
        base: base(&plan.base, charge)?,
        upline_cap: plan.upline_cap,
        rounding: plan.rounding,
        hold_days: plan.hold_days,
        nothing_earned: None,
    };
    let LevelOne { choice, rules } = price_level_one(plan, &terms, inputs.touch, charge)?;
    let mut calculation =
        Calculation { lines: Vec::new(), trace: Trace { rules, skipped: Vec::new() }, terms: terms.clone() };
    let first = match (recurring_over(plan, inputs), choice) {
        (true, _) => Err(NothingEarned::RecurringOver),
        (false, None) => Err(NothingEarned::NoRuleMatches),
        (false, Some(choice)) => Ok(choice),
    };
    match first {
        Err(reason) => terms.nothing_earned = Some(reason),
        Ok(choice) => {
            terms.rule_id = choice.rule_id;
            let (payees, skipped) = upline(plan, inputs.upline);
            calculation.trace.skipped = skipped;
            calculation.lines = lines(&terms, charge, &agreement.partner_id, choice.price, payees)?;
            if calculation.lines.iter().all(|line| line.amount.is_zero()) {
                calculation.lines.clear();
                terms.nothing_earned = Some(NothingEarned::ZeroBase);
            }
        }
    }
    calculation.terms = terms;
    Ok(calculation)
}

/// The part of the charge that commissions are computed on.
fn base(policy: &BasePolicy, charge: &Charge) -> Result<Money, MoneyError> {
    let mut base = charge.amount;
    if !policy.include_tax {
        base = base.minus(charge.tax)?;
    }
    if !policy.include_shipping {
        base = base.minus(charge.shipping)?;
    }
    if policy.include_discount {
        base = base.plus(charge.discount)?;
    }
    Ok(base)
}

/// Has the plan stopped paying for this customer's renewals?
fn recurring_over(plan: &Plan, inputs: &Inputs<'_>) -> bool {
    if inputs.charge.kind != ConversionKind::Renewal {
        return false;
    }
    match plan.recurring {
        Recurring::Forever => false,
        Recurring::FirstSaleOnly => true,
        Recurring::Months(months) => {
            let since = inputs.customer_since.unwrap_or(inputs.charge.occurred_at);
            let end = since.to_zoned(TimeZone::UTC).checked_add(i64::from(months).months());
            end.is_ok_and(|end| end.timestamp() <= inputs.charge.occurred_at)
        }
    }
}

/// Who earns on each level above the seller, and who was passed over.
fn upline(plan: &Plan, sponsors: &[Sponsor]) -> (Vec<(Level, PartnerId, LevelShare)>, Vec<PartnerId>) {
    let is_out = |sponsor: &&Sponsor| !sponsor.is_active && plan.inactive_upline != InactiveUpline::Accrue;
    let standing: Vec<&Sponsor> = match plan.inactive_upline {
        InactiveUpline::Compress => sponsors.iter().filter(|sponsor| !is_out(sponsor)).collect(),
        InactiveUpline::Accrue | InactiveUpline::Drop => sponsors.iter().collect(),
    };
    let payees = standing
        .into_iter()
        .zip(&plan.levels)
        .zip(2_u8..)
        .filter(|((sponsor, _), _)| !is_out(sponsor))
        .filter_map(|((sponsor, share), level)| {
            Some((Level::new(level)?, sponsor.partner_id.clone(), *share))
        })
        .collect();
    let skipped = sponsors
        .iter()
        .take(plan.levels.len())
        .filter(is_out)
        .map(|sponsor| sponsor.partner_id.clone())
        .collect();
    (payees, skipped)
}

fn lines(
    terms: &Terms,
    charge: &Charge,
    seller: &PartnerId,
    first: Price,
    upline: Vec<(Level, PartnerId, LevelShare)>,
) -> Result<Vec<Line>, MoneyError> {
    let mut payees = vec![(Level::ONE, seller.clone(), first)];
    payees.extend(upline.into_iter().map(|(level, partner_id, share)| {
        let price = match share {
            LevelShare::Base { rate } => Price::Percent { rate },
            LevelShare::LevelOne { rate } => Price::OfLevelOne { rate },
        };
        (level, partner_id, price)
    }));
    let prices: Vec<Price> = payees.iter().map(|(_, _, price)| price.clone()).collect();
    let amounts = terms.amounts(&prices, charge, Money::zero(charge.amount.currency()))?;
    let line = |((level, partner_id, price), amount)| Line { level, partner_id, price, amount };
    Ok(payees.into_iter().zip(amounts).map(line).collect())
}
