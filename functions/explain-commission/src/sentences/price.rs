//! What pays the commission, how much that is, and what refunds have left of it.

use domain::{
    commission::{CommissionStatus, Price, RuleOutcome, RuleTrace},
    id::Level,
    money::{Money, MoneyError, Rounding},
    rate::Rate,
};

use super::Voice;
use crate::derivation::Derivation;

/// What was earned before any refund, and by what.
pub(super) fn earned(derivation: &Derivation<'_>, voice: Voice) -> Result<Vec<String>, MoneyError> {
    let (terms, line) = (derivation.terms, derivation.line);
    let payer = payer(derivation, voice);
    let (sentence, full) = match &line.price {
        Price::Percent { rate } => {
            let full = rate.of(terms.base, terms.rounding)?;
            (
                format!(
                    "{payer} pays {rate} of {}: {full}{}.",
                    terms.base,
                    rounded(*rate, terms.base, terms.rounding)
                ),
                full,
            )
        }
        Price::OfLevelOne { rate } => {
            let of = derivation.level_one.0;
            let full = rate.of(of, terms.rounding)?;
            let note = rounded(*rate, of, terms.rounding);
            (format!("{payer} pays {rate} of what level 1 earns, {of}: {full}{note}."), full)
        }
        Price::Flat { amount, .. } => (format!("{payer} pays a fixed {amount}."), *amount),
    };
    let mut sentences = vec![sentence];
    if let Some(cap) = terms.upline_cap.filter(|_| line.earned != full) {
        let most = cap.of(terms.base, Rounding::Down)?;
        sentences.push(format!(
            "Levels 2 and deeper earn at most {cap} of the base together, {most}, which leaves {} for this level.",
            line.earned
        ));
    }
    Ok(sentences)
}

/// What prices the line.
fn payer(derivation: &Derivation<'_>, voice: Voice) -> String {
    let version = derivation.terms.plan_version;
    let level = derivation.line.id.level();
    match (&derivation.terms.rule_id, voice) {
        _ if level != Level::ONE => format!("Level {} of plan version {version}", level.number()),
        (Some(rule), _) => format!("Rule {rule} of plan version {version}"),
        (None, Voice::Seller) => "Your own rate".to_owned(),
        (None, Voice::Sponsor | Voice::Admin) => "The partner's own rate".to_owned(),
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
    if derivation.line.id.level() != Level::ONE || voice == Voice::Sponsor {
        return Vec::new();
    }
    let others =
        derivation.rules.iter().filter(|rule| Some(&rule.rule_id) != derivation.terms.rule_id.as_ref());
    others
        .map(|RuleTrace { rule_id, outcome }| match outcome {
            RuleOutcome::Matched { amount } => format!("Rule {rule_id} would have paid {amount}."),
            RuleOutcome::NotMatched { field } => {
                format!(
                    "Rule {rule_id} does not apply: its condition on the {} does not hold.",
                    field.replace('_', " ")
                )
            }
        })
        .collect()
}

/// What refunds have left; nothing without refunds, or where a review took all of it anyway.
pub(super) fn refunded(derivation: &Derivation<'_>) -> Result<Option<String>, MoneyError> {
    let (conversion, left) = (derivation.conversion, derivation.after_refunds);
    let refunded = conversion.refunded;
    if refunded.is_zero() || derivation.line.status == CommissionStatus::Rejected {
        return Ok(None);
    }
    Ok(Some(match &derivation.line.price {
        Price::Percent { .. } => {
            let base = derivation.terms.base_left(&conversion.charge, refunded)?;
            format!("Refunds of {refunded} leave a base of {base}: {left}.")
        }
        Price::OfLevelOne { .. } => {
            format!("Refunds of {refunded} leave level 1 with {}: {left}.", derivation.level_one.1)
        }
        Price::Flat { .. } if left == derivation.line.earned => {
            format!("Refunds of {refunded} do not change it.")
        }
        Price::Flat { .. } => format!("Refunds of {refunded} leave {left} of it."),
    }))
}
