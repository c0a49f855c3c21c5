//! The explanation in sentences a partner understands, from touch to cent.

mod adjusted;
mod bonus;
mod price;
mod standing;

use domain::{
    attribution::Touch,
    bonus::Award,
    commission::{Adjustment, Commission},
    conversion::ConversionKind,
    exchange::ExchangeRate,
    id::Level,
    money::MoneyError,
    program::TouchKind,
};
use jiff::Timestamp;

use crate::{derivation::Derivation, viewer::Viewer};

/// Who is spoken to, and about whose sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Voice {
    /// To the partner who sold.
    Seller,
    /// To a partner who shares the sale of another.
    Sharer,
    /// To a sponsor, about a sale in the line below.
    Sponsor,
    /// To an administrator.
    Admin,
}

/// All of it in plain sentences.
pub(crate) fn sentences(
    derivation: &Derivation<'_>,
    adjustments: &[Adjustment],
    viewer: &Viewer,
) -> Result<Vec<String>, MoneyError> {
    let voice = match viewer {
        Viewer::Admin => Voice::Admin,
        Viewer::Partner(_) if viewer.sees_the_seller(derivation.conversion) => Voice::Seller,
        Viewer::Partner(_) if derivation.line.id.level() == Level::ONE => Voice::Sharer,
        Viewer::Partner(_) => Voice::Sponsor,
    };
    let mut sentences = Vec::new();
    sentences.extend(derivation.conversion.attribution.touch().map(|touch| came(touch, derivation, voice)));
    sentences.push(bought(derivation)?);
    sentences.extend(price::earned(derivation, voice)?);
    sentences.extend(price::other_rules(derivation, voice));
    sentences.extend(price::refunded(derivation)?);
    sentences.extend(adjusted::adjusted(derivation.line, adjustments));
    sentences.extend(standing::standing(derivation, adjustments));
    Ok(sentences)
}

/// The same for a bonus.
pub(crate) fn of_bonus(
    award: &Award,
    line: &Commission,
    adjustments: &[Adjustment],
    viewer: &Viewer,
) -> Vec<String> {
    let who = match viewer {
        Viewer::Admin => "the partner",
        Viewer::Partner(_) => "you",
    };
    let mut sentences = bonus::earned(award, line, who);
    sentences.extend(adjusted::adjusted(line, adjustments));
    sentences.extend(standing::place(line, award.terms.hold_days, "it was granted"));
    sentences
}

/// How the customer came.
fn came(touch: &Touch, derivation: &Derivation<'_>, voice: Voice) -> String {
    let (whose, whom) = match voice {
        Voice::Seller => ("your".to_owned(), "you".to_owned()),
        Voice::Admin => (format!("partner {}'s", touch.partner_id), format!("partner {}", touch.partner_id)),
        Voice::Sharer => ("a partner's".to_owned(), "a partner".to_owned()),
        Voice::Sponsor => {
            let level = derivation.line.id.level().number();
            return format!(
                "A partner in the line below you brought the customer: you earn on level {level}."
            );
        }
    };
    let campaign = touch.campaign.as_ref().map(|name| format!(" (campaign {name})")).unwrap_or_default();
    let day = day(touch.at);
    match touch.kind {
        TouchKind::Click => format!("On {day} the customer followed {whose} link{campaign}."),
        TouchKind::Coupon => {
            format!("On {day} the customer used {whose} code {}{campaign}.", touch.reference)
        }
        TouchKind::Customer => {
            format!("The customer was brought by {whom} on {day}{campaign} and has stayed with that.")
        }
        TouchKind::Email => {
            format!("A customer with this e-mail address was brought by {whom} on {day}{campaign}.")
        }
        TouchKind::Split => "The merchant named the partners who share the sale.".to_owned(),
    }
}

/// What the customer did, and the base that follows from it.
fn bought(derivation: &Derivation<'_>) -> Result<String, MoneyError> {
    let (charge, policy) = (&derivation.conversion.charge, &derivation.plan.base);
    let day = day(charge.occurred_at);
    let paid = match charge.kind {
        ConversionKind::Lead => return Ok(format!("On {day} the customer became a lead.")),
        ConversionKind::Sale => format!("On {day} the customer paid {}", charge.amount),
        ConversionKind::Renewal => format!("On {day} the customer paid a renewal of {}", charge.amount),
        ConversionKind::Bonus => return Ok(format!("On {day} a goal was reached.")),
    };
    let parts = [
        (!policy.include_tax, charge.tax, "less", "tax"),
        (!policy.include_shipping, charge.shipping, "less", "shipping"),
        (policy.include_discount, charge.discount, "plus", "discount"),
    ];
    let changes: Vec<String> = parts
        .iter()
        .filter(|(counts, amount, ..)| *counts && !amount.is_zero())
        .map(|(_, amount, sign, name)| format!("{sign} {amount} {name}"))
        .collect();
    let base = derivation.terms.base;
    let rate = derivation.terms.exchange.as_ref().map(|exchange| {
        let ExchangeRate { from, to, rate, source, .. } = exchange;
        format!(", at {rate} {to} for 1 {from} ({source})")
    });
    Ok(match (changes.as_slice(), rate) {
        ([], None) => format!("{paid}, which is the base."),
        ([], Some(rate)) => format!("{paid}; the base{rate} is {base}."),
        (changes, rate) => {
            format!("{paid}; {}, the base{} is {base}.", changes.join(", "), rate.unwrap_or_default())
        }
    })
}

/// A day as people write it, UTC.
fn day(at: Timestamp) -> String {
    at.strftime("%-d %B %Y").to_string()
}

#[cfg(test)]
mod tests;
