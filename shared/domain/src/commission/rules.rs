//! The rules of a plan: which of them price level 1 of one sale, and why the others do not.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Price, Terms};
use crate::{
    attribution::Touch,
    conversion::Charge,
    money::{Money, MoneyError},
    plan::{Condition, Plan, Reward, Rule},
};

/// How level 1's price comes about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelOne {
    /// The price; none when no rule matches.
    pub choice: Option<Choice>,
    /// Every rule of the plan with its outcome, in the plan's order.
    pub rules: Vec<RuleTrace>,
}

/// The price that level 1 gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The rule that won; none when the agreement's own rate applies.
    pub rule_id: Option<String>,
    /// What it pays.
    pub price: Price,
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

/// Prices level 1: of the rules that match, the one that pays most money; then priority, then id.
///
/// The agreement's own rate stands above the plan's rules wherever one of them matches. Tier, own
/// rate, base and rounding come from the terms, so that a sale of long ago is traced as it was
/// priced, whatever the agreement says today.
///
/// # Errors
/// When an amount does not fit.
pub fn price_level_one(
    plan: &Plan,
    terms: &Terms,
    touch: &Touch,
    charge: &Charge,
) -> Result<LevelOne, MoneyError> {
    let mut best: Option<(Money, &Rule)> = None;
    let mut rules = Vec::with_capacity(plan.rules.len());
    for rule in &plan.rules {
        let failed = rule.conditions.iter().find(|condition| !holds(condition, terms, touch, charge));
        let outcome = match failed {
            Some(condition) => RuleOutcome::NotMatched { field: condition.field().to_owned() },
            None => {
                let amount = match &rule.reward {
                    Reward::Percent { rate } => rate.of(terms.base, terms.rounding)?,
                    Reward::Flat { amount, .. } => *amount,
                };
                if best.is_none_or(|other| wins((amount, rule), other)) {
                    best = Some((amount, rule));
                }
                RuleOutcome::Matched { amount }
            }
        };
        rules.push(RuleTrace { rule_id: rule.id.clone(), outcome });
    }
    Ok(LevelOne { choice: best.map(|(_, rule)| choice(rule, terms)), rules })
}

fn wins((amount, rule): (Money, &Rule), (other_amount, other): (Money, &Rule)) -> bool {
    let order = (amount.minor(), rule.priority).cmp(&(other_amount.minor(), other.priority));
    order.then_with(|| other.id.cmp(&rule.id)).is_gt()
}

fn choice(rule: &Rule, terms: &Terms) -> Choice {
    let price = match (terms.revenue_split, &rule.reward) {
        (Some(rate), _) => return Choice { rule_id: None, price: Price::Percent { rate } },
        (None, Reward::Percent { rate }) => Price::Percent { rate: *rate },
        (None, Reward::Flat { amount, on_refund }) => Price::Flat { amount: *amount, on_refund: *on_refund },
    };
    Choice { rule_id: Some(rule.id.clone()), price }
}

fn holds(condition: &Condition, terms: &Terms, touch: &Touch, charge: &Charge) -> bool {
    let is_one_of =
        |values: &BTreeSet<String>, value: Option<&String>| value.is_some_and(|value| values.contains(value));
    match condition {
        Condition::Kind(kinds) => kinds.contains(&charge.kind),
        Condition::CommissionTier(tiers) => is_one_of(tiers, terms.commission_tier.as_ref()),
        Condition::Campaign(campaigns) => is_one_of(campaigns, touch.campaign.as_ref()),
        Condition::Country(countries) => is_one_of(countries, charge.country.as_ref()),
    }
}
