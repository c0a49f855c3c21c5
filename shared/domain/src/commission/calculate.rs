//! The calculation: one plan version, one agreement, one charge; lines and a trace out.

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{NothingEarned, Price, Terms};
use crate::{
    agreement::Agreement,
    attribution::Touch,
    conversion::{Charge, ConversionKind},
    id::{Level, PartnerId},
    money::{Money, MoneyError},
    plan::{BasePolicy, Condition, InactiveUpline, LevelShare, Plan, PlanVersion, Recurring, Reward, Rule},
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

/// What became of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleTrace {
    /// The rule's name within the plan.
    pub rule_id: String,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: RuleOutcome,
}

/// What became of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum RuleOutcome {
    /// It matched, and would pay this.
    Matched {
        /// The amount.
        amount: Money,
    },
    /// This condition did not hold.
    NotMatched {
        /// The field of the first condition that failed.
        field: String,
    },
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
    let (choice, rules) = choose(plan, &terms, inputs)?;
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

struct Choice {
    rule_id: Option<String>,
    price: Price,
}

/// Level 1: of the rules that match, the one that pays most money; then priority, then id.
///
/// The agreement's own rate stands above the plan's rules wherever one of them matches.
fn choose(plan: &Plan, terms: &Terms, inputs: &Inputs<'_>) -> Result<(Option<Choice>, Vec<RuleTrace>), MoneyError> {
    let mut best: Option<(Money, &Rule)> = None;
    let mut traces = Vec::with_capacity(plan.rules.len());
    for rule in &plan.rules {
        let failed = rule.conditions.iter().find(|condition| !holds(condition, inputs));
        let outcome = match failed {
            Some(condition) => RuleOutcome::NotMatched { field: condition.field().to_owned() },
            None => {
                let amount = match &rule.reward {
                    Reward::Percent { rate } => rate.of(terms.base, terms.rounding)?,
                    Reward::Flat { amount, .. } => *amount,
                };
                let key = |amount: Money, rule: &Rule| (amount.minor(), rule.priority);
                let wins = best.is_none_or(|(other_amount, other)| {
                    let order = key(amount, rule).cmp(&key(other_amount, other));
                    order.then_with(|| other.id.cmp(&rule.id)).is_gt()
                });
                if wins {
                    best = Some((amount, rule));
                }
                RuleOutcome::Matched { amount }
            }
        };
        traces.push(RuleTrace { rule_id: rule.id.clone(), outcome });
    }
    let choice = best.map(|(_, rule)| match (terms.revenue_split, &rule.reward) {
        (Some(rate), _) => Choice { rule_id: None, price: Price::Percent { rate } },
        (None, Reward::Percent { rate }) => {
            Choice { rule_id: Some(rule.id.clone()), price: Price::Percent { rate: *rate } }
        }
        (None, Reward::Flat { amount, on_refund }) => {
            Choice { rule_id: Some(rule.id.clone()), price: Price::Flat { amount: *amount, on_refund: *on_refund } }
        }
    });
    Ok((choice, traces))
}

fn holds(condition: &Condition, inputs: &Inputs<'_>) -> bool {
    let is_one_of = |values: &std::collections::BTreeSet<String>, value: Option<&String>| {
        value.is_some_and(|value| values.contains(value))
    };
    match condition {
        Condition::Kind(kinds) => kinds.contains(&inputs.charge.kind),
        Condition::CommissionTier(tiers) => is_one_of(tiers, inputs.agreement.commission_tier.as_ref()),
        Condition::Campaign(campaigns) => is_one_of(campaigns, inputs.touch.campaign.as_ref()),
        Condition::Country(countries) => is_one_of(countries, inputs.charge.country.as_ref()),
    }
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
        .filter_map(|((sponsor, share), level)| Some((Level::new(level)?, sponsor.partner_id.clone(), *share)))
        .collect();
    let skipped =
        sponsors.iter().take(plan.levels.len()).filter(is_out).map(|sponsor| sponsor.partner_id.clone()).collect();
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
