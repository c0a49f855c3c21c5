//! Laws that hold for every plan and every sale.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rust_decimal::Decimal;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    sample::{LARGEST, any_case, any_plan, config},
    *,
};
use crate::commission::sale;

fn total(lines: &[Line], currency: Currency) -> Money {
    sum(lines.iter().map(|line| line.amount), currency).unwrap()
}

/// What level 1 earns together, where nothing is over a cap.
fn pool(case: &Case) -> Option<Money> {
    let mut case = case.clone();
    (case.charge.splits, case.caps) = (vec![], vec![]);
    let lines = case.calculate().lines;
    lines.first().filter(|line| line.level.number() == 1).map(|line| line.amount)
}

/// The most that a price may come to, in minor units that are not rounded yet.
fn most(price: &Price, base: Money, level_one: Money) -> Decimal {
    let share = |rate: &Rate, amount: Money| rate.fraction() * Decimal::from(amount.minor());
    match price {
        Price::Percent { rate } => share(rate, base),
        Price::OfLevelOne { rate } => share(rate, level_one),
        Price::Flat { amount, .. } => Decimal::from(amount.minor()),
        Price::Tiered { brackets, .. } => share(&brackets.iter().map(|one| one.rate).max().unwrap(), base),
        Price::Parts { parts } => parts.iter().map(|part| most(&part.price, part.base, level_one)).sum(),
        Price::Share { of, .. } => most(of, base, level_one),
    }
}

fn survives_json<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let json = serde_json::to_value(value).unwrap();
    assert_eq!(&serde_json::from_value::<T>(json.clone()).unwrap(), value, "{json}");
    assert_eq!(&serde_json::from_str::<T>(&json.to_string()).unwrap(), value, "{json}");
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_line_exceeds_what_its_price_and_the_plan_allow(case in any_case(LARGEST)) {
        let Calculation { terms, lines, .. } = case.calculate();
        let (base, currency, plan) = (terms.base, terms.base.currency(), &case.plan.plan);
        prop_assert!(!base.is_negative());
        let level_one = pool(&case).unwrap_or(Money::zero(currency));
        if let Some(line) = lines.first() {
            let exact = most(&line.price, base, level_one);
            prop_assert!(level_one.minor() <= Money::round(exact, currency, terms.rounding).unwrap().minor());
            let parts = if let Price::Parts { parts } = &line.price { parts.as_slice() } else { &[] };
            prop_assert!(sum(parts.iter().map(|part| part.base), currency).unwrap().minor() <= base.minor());
        }
        for line in &lines {
            prop_assert!(!line.amount.is_negative());
            let most = match &line.price {
                Price::Share { weight, .. } => {
                    weight.of(level_one, Rounding::Down).unwrap().plus(Money::new(1, currency)).unwrap()
                }
                price => Money::round(most(price, base, level_one), currency, terms.rounding).unwrap(),
            };
            prop_assert!(line.amount.minor() <= most.minor(), "{line:?} of {most}");
        }
        if let Some(cap) = plan.upline_cap {
            let upline = lines.iter().filter(|line| line.level.number() > 1).map(|line| line.amount);
            let upline = sum(upline, currency).unwrap();
            prop_assert!(upline.minor() <= cap.of(base, Rounding::Down).unwrap().minor());
        }
        let payees: BTreeSet<_> = lines.iter().map(|line| (line.level, &line.partner_id)).collect();
        prop_assert_eq!(payees.len(), lines.len());
        let places: Vec<_> = lines.iter().map(|line| (line.level, line.place)).collect();
        prop_assert!(places.is_sorted() && places.len() <= plan.levels.len() + case.charge.splits.len().max(1));
    }

    #[test]
    fn caps_take_exactly_what_is_over_and_take_it_from_the_deepest(case in any_case(LARGEST)) {
        let free = Case { caps: vec![], ..case.clone() }.calculate();
        let capped = case.calculate();
        let currency = free.terms.base.currency();
        let all = total(&free.lines, currency);
        let left = case.caps.iter().map(|used| (used.cap.amount.minor() - used.used).max(0)).min();
        let most = left.map_or(all.minor(), |left| left.min(all.minor()));
        prop_assert_eq!(total(&capped.lines, currency).minor(), most);
        prop_assert_eq!(capped.terms.clamp.is_some(), most < all.minor());
        prop_assert_eq!(capped.terms.caps.len(), if capped.lines.is_empty() { 0 } else { case.caps.len() });
        if capped.lines.is_empty() {
            let expected = (!free.lines.is_empty()).then_some(NothingEarned::CapReached);
            prop_assert_eq!(capped.terms.nothing_earned, expected.or(free.terms.nothing_earned));
        } else {
            // Whoever gives something up has nobody deeper who still earns.
            let upline = |calculation: &Calculation| -> Vec<i64> {
                let lines = calculation.lines.iter().filter(|line| line.level.number() > 1);
                lines.map(|line| line.amount.minor()).collect()
            };
            let (before, after) = (upline(&free), upline(&capped));
            let first = before.iter().zip(&after).position(|(before, after)| before != after);
            if let Some(first) = first {
                prop_assert!(after[first + 1..].iter().all(|minor| *minor == 0));
            }
            let sellers = total(&capped.lines, currency).minor() - after.iter().sum::<i64>();
            let before = all.minor() - before.iter().sum::<i64>();
            prop_assert!(sellers == before || after.iter().all(|minor| *minor == 0));
        }
    }

    #[test]
    fn rounding_loses_nothing(case in any_case(LARGEST)) {
        let Calculation { terms, lines, .. } = case.calculate();
        let (exchange, charge) = (case.exchange.as_ref(), &case.charge);
        let bases = sale::lines(&case.plan.plan.base, charge, exchange, terms.rounding).unwrap();
        prop_assert!(bases.iter().all(|line| !line.base.is_negative()));
        prop_assert_eq!(sum(bases.iter().map(|line| line.base), terms.base.currency()).unwrap(), terms.base);
        let policy = case.plan.plan.base;
        let out = [(policy.include_tax, charge.tax), (policy.include_shipping, charge.shipping)];
        let out = sum(out.iter().filter(|(stays, _)| !stays).map(|(_, part)| *part), charge.amount.currency());
        let added = if policy.include_discount { charge.discount } else { Money::zero(charge.amount.currency()) };
        let base = charge.amount.minus(out.unwrap()).unwrap().plus(added).unwrap();
        prop_assert_eq!(exchange.map_or(base, |rate| rate.convert(base, terms.rounding).unwrap()), terms.base);
        if terms.clamp.is_none() && case.charge.splits.iter().all(|split| !case.inactive.contains(&split.partner_id)) {
            let shares: i64 = lines.iter().filter(|line| line.level.number() == 1).map(|line| line.amount.minor()).sum();
            prop_assert_eq!(shares, pool(&case).map_or(0, Money::minor));
        }
    }

    #[test]
    fn the_frozen_terms_give_the_same_prices_and_amounts_again(case in any_case(LARGEST)) {
        let Calculation { terms, lines, trace } = case.calculate();
        let later = Case { agreement: case.agreement.with_tier(Some("later".into()), Timestamp::UNIX_EPOCH), ..case.clone() };
        let again = price_level_one(&later.plan.plan, &terms, &later.touch, &later.charge).unwrap();
        prop_assert_eq!(&again.rules, &trace.rules);
        let prices: Vec<Price> = lines.iter().map(|line| line.price.clone()).collect();
        for price in prices.iter().zip(&lines).filter(|(_, line)| line.level.number() == 1).map(|(price, _)| price) {
            let choice = again.choice.as_ref().unwrap();
            let of = if let Price::Share { of, .. } = price { of } else { price };
            prop_assert_eq!((&choice.price, &choice.rule_id), (of, &terms.rule_id));
        }
        let nothing = Money::zero(case.charge.amount.currency());
        let amounts: Vec<Money> = lines.iter().map(|line| line.amount).collect();
        prop_assert_eq!(terms.amounts(&prices, &case.charge, nothing).unwrap(), amounts);
        survives_json(&terms);
        survives_json(&prices);
        survives_json(&trace);
    }

    #[test]
    fn the_same_inputs_always_give_the_same_bytes(case in any_case(LARGEST)) {
        let (one, other) = (case.calculate(), case.clone().calculate());
        prop_assert_eq!(&one, &other);
        let bytes = |calculation: &Calculation| {
            let prices: Vec<_> = calculation.lines.iter().map(|line| &line.price).collect();
            serde_json::to_vec(&(&calculation.terms, &prices, &calculation.trace)).unwrap()
        };
        prop_assert_eq!(bytes(&one), bytes(&other));
    }

    #[test]
    fn no_matching_rule_alone_would_pay_more_than_the_winner(mut case in any_case(LARGEST)) {
        case.agreement.revenue_split = None;
        let Calculation { trace, terms, .. } = case.calculate();
        // Whatever its rules would pay, a sale of nothing pays nothing.
        let is_free = terms.base.is_zero() && case.charge.kind != ConversionKind::Lead;
        if is_free || terms.nothing_earned == Some(NothingEarned::RecurringOver) {
            prop_assert!(terms.nothing_earned.is_some());
            return Ok(());
        }
        let won = pool(&case).map_or(0, Money::minor);
        for (rule, traced) in case.plan.plan.rules.iter().zip(&trace.rules) {
            let mut alone = case.clone();
            alone.plan.plan.rules = vec![rule.clone()];
            let amount = pool(&alone).map_or(0, Money::minor);
            prop_assert!(amount <= won, "{} would pay {amount}, and {won} was paid", rule.id);
            let RuleOutcome::Matched { amount: told } = &traced.outcome else {
                prop_assert_eq!(amount, 0);
                continue;
            };
            prop_assert_eq!(told.minor(), amount);
        }
    }

    #[test]
    fn the_order_in_which_a_plan_lists_its_rules_changes_nothing(case in any_case(LARGEST), turn in 0..6_usize) {
        let mut turned = case.clone();
        let rules = &mut turned.plan.plan.rules;
        let turn = turn % rules.len();
        rules.rotate_left(turn);
        let (one, other) = (case.calculate(), turned.calculate());
        prop_assert_eq!((one.terms, one.lines), (other.terms, other.lines));
    }

    #[test]
    fn a_plan_without_faults_never_fails_to_calculate(case in any_case(i64::MAX / 4)) {
        prop_assert_eq!(case.plan.plan.faults(case.charge.amount.currency()), []);
        prop_assert!(case.try_calculate().is_ok());
    }

    #[test]
    fn a_plan_survives_json(plan in any_plan(usd(), LARGEST)) {
        prop_assert_eq!(plan.faults(usd()), []);
        survives_json(&plan);
    }
}
