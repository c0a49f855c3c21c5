//! What pays the commission, how much that is, and what refunds have left of it.

use domain::{
    commission::{CommissionStatus, Part, Price, RuleOutcome, RuleTrace},
    id::Level,
    money::{Money, MoneyError, Rounding},
    plan::{CapPeriod, TieredMode},
    rate::Rate,
};

use super::Voice;
use crate::derivation::Derivation;

/// What was earned before any refund, and by what.
pub(super) fn earned(derivation: &Derivation<'_>, voice: Voice) -> Result<Vec<String>, MoneyError> {
    let (terms, line) = (derivation.terms, derivation.line);
    let payer = payer(derivation, voice);
    let mut sentences = match &line.price {
        Price::Share { weight, of } => {
            let whole = derivation.level_one.0;
            let mut sentences = paid(of, &payer, whole, derivation);
            let whose = if voice == Voice::Admin { "the partner's" } else { "yours" };
            sentences.push(format!(
                "Several partners share the sale; {weight} of {whole} is {whose}: {}.",
                line.earned
            ));
            sentences
        }
        price => paid(price, &payer, derivation.full, derivation),
    };
    if let Some(cap) = terms.upline_cap.filter(|_| derivation.within_upline_cap != derivation.full) {
        let most = cap.of(terms.base, Rounding::Down)?;
        sentences.push(format!(
            "Levels 2 and deeper earn at most {cap} of the base together, {most}, which leaves {} for this level.",
            derivation.within_upline_cap
        ));
    }
    if let Some(clamp) = terms.clamp.as_ref().filter(|_| line.earned != derivation.within_upline_cap) {
        sentences.push(format!(
            "All levels of sales of the same {} earn at most {} {}; {} of that was left, of which {} is for this line.",
            clamp.counter.scope.as_str(),
            clamp.limit,
            match clamp.period {
                CapPeriod::Day => "a day",
                CapPeriod::Month => "a month",
                CapPeriod::AllTime => "for all time",
            },
            clamp.left,
            line.earned
        ));
    }
    Ok(sentences)
}

/// What a price comes to.
fn paid(price: &Price, payer: &str, full: Money, derivation: &Derivation<'_>) -> Vec<String> {
    let terms = derivation.terms;
    match price {
        Price::Parts { parts } => {
            let version = terms.plan_version;
            let part = |part: &Part| {
                let payer = match &part.rule_id {
                    Some(rule) => format!("rule {rule} of plan version {version}"),
                    None => "the partner's own rate".to_owned(),
                };
                format!(
                    "For what makes up {} of the base, {payer} pays {}.",
                    part.base,
                    terse(&part.price, part.base)
                )
            };
            let mut sentences: Vec<String> = parts.iter().map(part).collect();
            sentences.push(format!("That comes to {full}."));
            sentences
        }
        Price::OfLevelOne { rate } => {
            let of = derivation.level_one.0;
            let note = rounded(*rate, of, terms.rounding);
            vec![format!("{payer} pays {}: {full}{note}.", terse(price, of))]
        }
        Price::Percent { rate } => {
            let note = rounded(*rate, terms.base, terms.rounding);
            vec![format!("{payer} pays {}: {full}{note}.", terse(price, terms.base))]
        }
        Price::Tiered { .. } => vec![format!("{payer} pays {}: {full}.", terse(price, terms.base))],
        Price::Flat { .. } | Price::Share { .. } => {
            vec![format!("{payer} pays {}.", terse(price, terms.base))]
        }
    }
}

/// A price in words.
fn terse(price: &Price, base: Money) -> String {
    match price {
        Price::Percent { rate } => format!("{rate} of {base}"),
        Price::OfLevelOne { rate } => format!("{rate} of what level 1 earns, {base}"),
        Price::Flat { amount, .. } => format!("a fixed {amount}"),
        Price::Tiered { mode, brackets } => {
            let mut reached = brackets.iter().filter(|bracket| bracket.from.minor() <= base.minor());
            match mode {
                TieredMode::Whole => reached
                    .next_back()
                    .map(|bracket| format!("{} of {base}, the rate from {} on", bracket.rate, bracket.from))
                    .unwrap_or_default(),
                TieredMode::Marginal => {
                    let rates: Vec<String> =
                        reached.map(|bracket| format!("{} from {} on", bracket.rate, bracket.from)).collect();
                    format!("bracket by bracket of {base}, {}", rates.join(", "))
                }
            }
        }
        Price::Parts { parts } => {
            parts.iter().map(|part| terse(&part.price, part.base)).collect::<Vec<_>>().join(" and ")
        }
        Price::Share { weight, of } => format!("{weight} of {}", terse(of, base)),
    }
}

/// What prices the line.
fn payer(derivation: &Derivation<'_>, voice: Voice) -> String {
    let version = derivation.terms.plan_version;
    let level = derivation.line.id.level();
    match (&derivation.terms.rule_id, voice) {
        _ if level != Level::ONE => format!("Level {} of plan version {version}", level.number()),
        (Some(rule), _) => format!("Rule {rule} of plan version {version}"),
        (None, _) if derivation.terms.revenue_split.is_none() => format!("Plan version {version}"),
        (None, Voice::Seller) => "Your own rate".to_owned(),
        (None, Voice::Sharer | Voice::Sponsor | Voice::Admin) => "The partner's own rate".to_owned(),
    }
}

/// Says so where the exact product has more digits than the currency.
fn rounded(rate: Rate, of: Money, rounding: Rounding) -> String {
    let Some(exact) = rate.fraction().checked_mul(of.to_decimal()).map(|exact| exact.normalize()) else {
        return String::new();
    };
    if exact.scale() <= of.currency().exponent() {
        return String::new();
    }
    let how = match rounding {
        Rounding::HalfEven => "to the nearest, ties to the even digit",
        Rounding::HalfUp => "to the nearest, ties away from zero",
        Rounding::Down => "towards zero",
    };
    format!(" ({exact} rounded {how})")
}

/// What became of the plan's other rules. They price level 1 only.
pub(super) fn other_rules(derivation: &Derivation<'_>, voice: Voice) -> Vec<String> {
    if derivation.line.id.level() != Level::ONE || !matches!(voice, Voice::Seller | Voice::Admin) {
        return Vec::new();
    }
    let others = derivation.rules.iter().filter(|rule| !pays(derivation, &rule.rule_id));
    others
        .map(|RuleTrace { rule_id, outcome }| match outcome {
            RuleOutcome::Matched { amount } => format!("Rule {rule_id} would have paid {amount}."),
            RuleOutcome::NotMatched { field, value } => {
                let field = field.replace('_', " ");
                let has = value.as_ref().map(|value| format!(" for {value}")).unwrap_or_default();
                format!("Rule {rule_id} does not apply: its condition on the {field} does not hold{has}.")
            }
        })
        .collect()
}

/// Is the rule the one that pays, or one of several?
fn pays(derivation: &Derivation<'_>, rule: &str) -> bool {
    let price = match &derivation.line.price {
        Price::Share { of, .. } => of,
        price => price,
    };
    let is_part = match price {
        Price::Parts { parts } => parts.iter().any(|part| part.rule_id.as_deref() == Some(rule)),
        _ => false,
    };
    is_part || derivation.terms.rule_id.as_deref() == Some(rule)
}

/// What refunds have left; nothing without refunds, or where a review took all of it anyway.
pub(super) fn refunded(derivation: &Derivation<'_>) -> Result<Option<String>, MoneyError> {
    let (conversion, left) = (derivation.conversion, derivation.after_refunds);
    let refunded = conversion.refunded;
    if refunded.is_zero() || derivation.line.status == CommissionStatus::Rejected {
        return Ok(None);
    }
    Ok(Some(match &derivation.line.price {
        Price::Percent { .. } | Price::Tiered { .. } | Price::Parts { .. } => {
            let base = derivation.terms.base_left(&conversion.charge, refunded)?;
            format!("Refunds of {refunded} leave a base of {base}: {left}.")
        }
        Price::OfLevelOne { .. } => {
            format!("Refunds of {refunded} leave level 1 with {}: {left}.", derivation.level_one.1)
        }
        Price::Share { .. } => {
            format!("Refunds of {refunded} leave {} to share: {left}.", derivation.level_one.1)
        }
        Price::Flat { .. } if left == derivation.line.earned => {
            format!("Refunds of {refunded} do not change it.")
        }
        Price::Flat { .. } => format!("Refunds of {refunded} leave {left} of it."),
    }))
}
