//! The rules of a plan: which of them price level 1 of one sale, and why the others do not.
//!
//! A percentage, or an amount for each item, is paid line by line: each line goes to the rule that
//! pays most for it. An amount for the sale, and a tiered share, are paid once for all lines that
//! match and that no other such rule has taken: such a rule wins when it pays more, together with the
//! best for the lines it leaves, than the lines would come to without it. Everywhere money decides,
//! then priority, then the smaller id.

use std::cmp::{Ordering, Reverse};

use jiff::{Timestamp, ToSpan, Zoned, tz::TimeZone};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{
    price::{Left, Part, Price},
    sale::{self, SaleLine},
    terms::Terms,
};
use crate::{
    attribution::Touch,
    conversion::{Charge, ConversionKind},
    money::{Money, MoneyError, sum},
    plan::{FlatPer, Plan, Reward, Rule, Subject},
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
    /// The rule that won; none when several did, or the agreement's own rate applies.
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
    /// It matched at least one line, and would pay this for all that it matched.
    Matched {
        /// The amount.
        amount: Money,
    },
    /// This condition did not hold for any line.
    NotMatched {
        /// The field of the first condition that failed.
        field: String,
        /// The value that the sale has in it.
        value: Option<String>,
    },
}

/// A rule with the lines that it matches.
struct Match<'a> {
    rule: &'a Rule,
    lines: Vec<usize>,
    /// What it pays for each line of the sale, not rounded yet; nothing for a line that it does not
    /// match, nor where it is paid once for all of them.
    by_line: Vec<Option<Decimal>>,
}

/// A rule, and the places of the lines that it pays for.
type Taken<'a> = (&'a Rule, Vec<usize>);

/// What the lines of a sale come to under some assignment of rules.
struct Assignment<'a> {
    /// By rule, in the order of their first line.
    parts: Vec<Taken<'a>>,
    exact: Decimal,
    /// What is compared with other assignments.
    amount: Money,
}

/// Prices level 1. The agreement's own rate stands above the plan's rules wherever one matches.
///
/// Tier, own rate, age of the customer, exchange rate and rounding come from the terms, so that a
/// sale of long ago is traced as it was priced, whatever the agreement says today.
///
/// # Errors
/// When an amount does not fit.
pub fn price_level_one(
    plan: &Plan,
    terms: &Terms,
    touch: &Touch,
    charge: &Charge,
) -> Result<LevelOne, MoneyError> {
    let lines = sale::lines(&plan.base, charge, terms.exchange.as_ref(), terms.rounding)?;
    let pricing = Pricing { terms, charge, lines: &lines };
    let (matches, rules) = pricing.matches(plan, touch)?;
    // A lead has no base that a rate could be of: the rules pay for it, whatever the agreement says.
    let choice = match terms.revenue_split.filter(|_| charge.kind != ConversionKind::Lead) {
        Some(rate) => {
            let mut places: Vec<usize> = matches.iter().flat_map(|matched| matched.lines.clone()).collect();
            places.sort_unstable();
            places.dedup();
            pricing.choice(vec![(None, places, Price::Percent { rate })])?
        }
        None => {
            let best = pricing.best(&matches)?;
            let parts = best.parts.into_iter().map(|(rule, places)| {
                let price = pricing.price(rule, &places)?;
                Ok((Some(rule.id.clone()), places, price))
            });
            pricing.choice(parts.collect::<Result<_, MoneyError>>()?)?
        }
    };
    Ok(LevelOne { choice, rules })
}

/// One sale while its level 1 is priced.
struct Pricing<'a> {
    terms: &'a Terms,
    charge: &'a Charge,
    lines: &'a [SaleLine<'a>],
}

impl<'a> Pricing<'a> {
    /// The rules that match, and what became of each rule of the plan.
    fn matches<'p>(
        &self,
        plan: &'p Plan,
        touch: &Touch,
    ) -> Result<(Vec<Match<'p>>, Vec<RuleTrace>), MoneyError> {
        let subject = self.subject(touch)?;
        let (mut matches, mut traces) = (Vec::new(), Vec::with_capacity(plan.rules.len()));
        for rule in &plan.rules {
            let (mut lines, mut failure) = (Vec::new(), None);
            for (place, line) in self.lines.iter().enumerate() {
                let subject = Subject { product: line.product, ..subject };
                match rule.conditions.iter().find_map(|condition| condition.failure(&subject)) {
                    None => lines.push(place),
                    Some(test) => failure = failure.or_else(|| Some((test.field(), test.value(&subject)))),
                }
            }
            let outcome = match failure.filter(|_| lines.is_empty()) {
                Some((field, value)) => RuleOutcome::NotMatched { field, value },
                None => {
                    let amount = self.round(self.exact(&self.price(rule, &lines)?, &lines)?)?;
                    let by_line = self.prices_by_line(rule, &lines)?;
                    matches.push(Match { rule, lines, by_line });
                    RuleOutcome::Matched { amount }
                }
            };
            traces.push(RuleTrace { rule_id: rule.id.clone(), outcome });
        }
        Ok((matches, traces))
    }

    fn prices_by_line(&self, rule: &Rule, lines: &[usize]) -> Result<Vec<Option<Decimal>>, MoneyError> {
        let mut by_line = vec![None; self.lines.len()];
        if !is_per_sale(&rule.reward) {
            for place in lines {
                if let Some(exact) = by_line.get_mut(*place) {
                    *exact = Some(self.exact(&self.price(rule, &[*place])?, &[*place])?);
                }
            }
        }
        Ok(by_line)
    }

    fn subject(&self, touch: &'a Touch) -> Result<Subject<'a>, MoneyError> {
        let Self { terms, charge, .. } = self;
        let since = terms.customer_since.unwrap_or(charge.occurred_at);
        Ok(Subject {
            kind: charge.kind,
            commission_tier: terms.commission_tier.as_deref(),
            campaign: touch.campaign.as_deref(),
            country: charge.country.as_deref(),
            coupon: charge.coupon.as_deref(),
            product: None,
            metadata: &charge.metadata,
            amount: sale::amount(charge, terms.exchange.as_ref(), terms.rounding)?,
            customer_age_months: months_between(since, charge.occurred_at),
            occurred_at: charge.occurred_at,
        })
    }

    /// The assignment that pays most. Rules that are paid once are taken one after the other, as long
    /// as one more of them, on the lines that are left to it, makes the sale pay more.
    fn best<'p>(&self, matches: &[Match<'p>]) -> Result<Assignment<'p>, MoneyError> {
        let mut taken: Vec<Taken<'p>> = Vec::new();
        let mut best = self.assign(matches, &taken)?;
        loop {
            let mut better: Option<(Assignment<'p>, Vec<Taken<'p>>)> = None;
            for candidate in matches.iter().filter(|matched| is_per_sale(&matched.rule.reward)) {
                let lines = left_to(&candidate.lines, &taken);
                if lines.is_empty() {
                    continue;
                }
                let mut with = taken.clone();
                with.push((candidate.rule, lines));
                let assignment = self.assign(matches, &with)?;
                if assignment.wins_over(better.as_ref().map_or(&best, |(better, _)| better)) {
                    better = Some((assignment, with));
                }
            }
            match better {
                Some((assignment, with)) => (best, taken) = (assignment, with),
                None => return Ok(best),
            }
        }
    }

    /// These rules for their lines, and for each line that they leave the rule that pays most.
    fn assign<'p>(&self, matches: &[Match<'p>], taken: &[Taken<'p>]) -> Result<Assignment<'p>, MoneyError> {
        let everything: Vec<usize> = (0..self.lines.len()).collect();
        let mut assignment = self.by_line(matches, &left_to(&everything, taken))?;
        for (rule, lines) in taken.iter().rev() {
            let own = self.exact(&self.price(rule, lines)?, lines)?;
            assignment.exact = assignment.exact.checked_add(own).ok_or(MoneyError::Overflow)?;
            assignment.parts.insert(0, (*rule, lines.clone()));
        }
        assignment.amount = self.round(assignment.exact)?;
        Ok(assignment)
    }

    /// Each of these lines with the rule that pays most for it; lines that no rule matches earn
    /// nothing.
    ///
    /// Rules that pay the same money for a line leave it to priority. Many lines may add up to more
    /// than their rounded amounts tell, so the sale goes by the exact ones where these come to more.
    fn by_line<'p>(&self, matches: &[Match<'p>], places: &[usize]) -> Result<Assignment<'p>, MoneyError> {
        let rounded = |exact: Decimal| Ok(Decimal::from(self.round(exact)?.minor()));
        let by_money = self.by_line_as(matches, places, rounded)?;
        let exactly = self.by_line_as(matches, places, Ok)?;
        Ok(if exactly.amount.minor() > by_money.amount.minor() { exactly } else { by_money })
    }

    fn by_line_as<'p>(
        &self,
        matches: &[Match<'p>],
        places: &[usize],
        measure: impl Fn(Decimal) -> Result<Decimal, MoneyError>,
    ) -> Result<Assignment<'p>, MoneyError> {
        let mut parts: Vec<Taken<'p>> = Vec::new();
        let mut total = Decimal::ZERO;
        for place in places {
            let mut best: Option<(Decimal, Decimal, &Rule)> = None;
            for matched in matches {
                let Some(exact) = matched.by_line.get(*place).copied().flatten() else { continue };
                let amount = measure(exact)?;
                let is_better = |(_, other, rule)| compare((amount, matched.rule), (other, rule)).is_gt();
                if best.is_none_or(is_better) {
                    best = Some((exact, amount, matched.rule));
                }
            }
            let Some((exact, _, rule)) = best else { continue };
            total = total.checked_add(exact).ok_or(MoneyError::Overflow)?;
            match parts.iter_mut().find(|(known, _)| known.id == rule.id) {
                Some((_, places)) => places.push(*place),
                None => parts.push((rule, vec![*place])),
            }
        }
        Ok(Assignment { parts, exact: total, amount: self.round(total)? })
    }

    /// What a rule pays for some lines.
    fn price(&self, rule: &Rule, places: &[usize]) -> Result<Price, MoneyError> {
        Ok(match &rule.reward {
            Reward::Percent { rate } => Price::Percent { rate: *rate },
            Reward::Flat { amount, per: FlatPer::Sale, on_refund } => {
                Price::Flat { amount: *amount, on_refund: *on_refund }
            }
            Reward::Flat { amount, per: FlatPer::Item, on_refund } => {
                let items: i64 = self.at(places).map(|line| i64::from(line.quantity)).sum();
                let minor = amount.minor().checked_mul(items).ok_or(MoneyError::Overflow)?;
                Price::Flat { amount: Money::new(minor, amount.currency()), on_refund: *on_refund }
            }
            Reward::Tiered { mode, brackets } => Price::Tiered { mode: *mode, brackets: brackets.clone() },
        })
    }

    fn exact(&self, price: &Price, places: &[usize]) -> Result<Decimal, MoneyError> {
        let charged = self.charge.amount;
        let left = Left { charged, kept: charged, rounding: self.terms.rounding };
        price.exact(self.base(places)?, Money::zero(self.terms.base.currency()), &left)
    }

    fn round(&self, exact: Decimal) -> Result<Money, MoneyError> {
        Money::round(exact, self.terms.base.currency(), self.terms.rounding)
    }

    fn base(&self, places: &[usize]) -> Result<Money, MoneyError> {
        sum(self.at(places).map(|line| line.base), self.terms.base.currency())
    }

    fn at(&self, places: &[usize]) -> impl Iterator<Item = &SaleLine<'a>> {
        places.iter().filter_map(|place| self.lines.get(*place))
    }

    /// The parts as one price: a single rule for the whole sale needs no parts.
    fn choice(&self, parts: Vec<(Option<String>, Vec<usize>, Price)>) -> Result<Option<Choice>, MoneyError> {
        let mut listed = Vec::with_capacity(parts.len());
        for (rule_id, places, price) in parts.into_iter().filter(|(_, places, _)| !places.is_empty()) {
            if places.len() == self.lines.len() {
                return Ok(Some(Choice { rule_id, price }));
            }
            listed.push(Part { rule_id, base: self.base(&places)?, price });
        }
        let rule_id = match listed.as_slice() {
            [] => return Ok(None),
            [part] => part.rule_id.clone(),
            _ => None,
        };
        Ok(Some(Choice { rule_id, price: Price::Parts { parts: listed } }))
    }
}

impl Assignment<'_> {
    fn wins_over(&self, other: &Self) -> bool {
        let order = self.amount.minor().cmp(&other.amount.minor());
        other.parts.is_empty() || order.then_with(|| other.ranks().cmp(&self.ranks())).is_gt()
    }

    /// Its rules, the one that speaks for it first where the money is the same.
    fn ranks(&self) -> Vec<(Reverse<i32>, &str)> {
        let mut ranks: Vec<_> = self.parts.iter().map(|(rule, _)| rank(rule)).collect();
        ranks.sort_unstable();
        ranks
    }
}

/// Of these lines, those that no rule has taken.
fn left_to(lines: &[usize], taken: &[Taken<'_>]) -> Vec<usize> {
    let is_left = |place: &&usize| !taken.iter().any(|(_, lines)| lines.contains(place));
    lines.iter().filter(is_left).copied().collect()
}

/// By money, then by priority, then by the smaller id.
fn compare((amount, rule): (Decimal, &Rule), (other_amount, other): (Decimal, &Rule)) -> Ordering {
    amount.cmp(&other_amount).then_with(|| rank(other).cmp(&rank(rule)))
}

/// Lower is better.
fn rank(rule: &Rule) -> (Reverse<i32>, &str) {
    (Reverse(rule.priority), &rule.id)
}

/// Is it paid once for all lines that match?
fn is_per_sale(reward: &Reward) -> bool {
    matches!(reward, Reward::Flat { per: FlatPer::Sale, .. } | Reward::Tiered { .. })
}

/// Whole months; a month's end clamps.
fn months_between(since: Timestamp, at: Timestamp) -> u32 {
    let (since, at) = (since.to_zoned(TimeZone::UTC), at.to_zoned(TimeZone::UTC));
    let count = |at: &Zoned| i32::from(at.year()) * 12 + i32::from(at.month());
    let months = count(&at) - count(&since);
    let is_over = since.checked_add(months.months()).is_ok_and(|end| end <= at);
    u32::try_from(if is_over { months } else { months - 1 }).unwrap_or(0)
}
