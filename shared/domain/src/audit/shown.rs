//! What dashboards show of conversions, counted from the conversions themselves.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{Check, Figure, Owner, figure::pairs};
use crate::{
    conversion::{Conversion, ConversionKind, Refund, refunded},
    id::PartnerId,
    money::{Money, MoneyError},
    performance::{is_sale, sold},
};

/// By day.
type Days = BTreeMap<Date, i128>;

/// What is shown of a partner's conversions. A sale or lead counts on its day; a refund lessens the
/// revenue of the day it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// Leads.
    pub leads: Days,
    /// Sales and renewals.
    pub sales: Days,
    /// What customers paid, less refunds, in minor units of the program's currency.
    pub revenue: Days,
    /// By the day of sale, what is left of sales that earned nobody anything.
    pub idle_revenue: Days,
    /// How many of those were not refunded whole.
    pub idle_sales: Days,
}

/// What is shown of everybody.
pub type ShownByPartner = BTreeMap<PartnerId, Shown>;

/// Adds a conversion with its refunds, in the order in which they took effect.
///
/// # Errors
/// When an amount does not fit.
pub fn show(all: &mut ShownByPartner, conversion: &Conversion, refunds: &[Refund]) -> Result<(), MoneyError> {
    let charge = &conversion.charge;
    if charge.kind == ConversionKind::Bonus {
        return Ok(());
    }
    let (nothing, whole) = (Money::zero(charge.amount.currency()), charge.amount);
    let sold_on = day(charge.occurred_at);
    for (partner, revenue) in between(conversion, nothing, whole)? {
        let shown = all.entry(partner).or_default();
        let count = if is_sale(charge.kind) { &mut shown.sales } else { &mut shown.leads };
        *count.entry(sold_on).or_default() += 1;
        *shown.revenue.entry(sold_on).or_default() += revenue;
    }
    let mut before = nothing;
    for (index, refund) in refunds.iter().enumerate() {
        let after = refunded(whole, refunds.get(..=index).unwrap_or_default())?.sum;
        for (partner, revenue) in between(conversion, before, after)? {
            let shown = all.entry(partner).or_default();
            *shown.revenue.entry(day(refund.occurred_at)).or_default() -= revenue;
        }
        before = after;
    }
    let earns = conversion.terms.as_ref().is_some_and(|terms| terms.nothing_earned.is_none());
    let is_gone = !before.is_zero() && before == whole;
    if !earns && is_sale(charge.kind) && !is_gone {
        for (partner, revenue) in between(conversion, before, whole)? {
            let shown = all.entry(partner).or_default();
            *shown.idle_revenue.entry(sold_on).or_default() += revenue;
            *shown.idle_sales.entry(sold_on).or_default() += 1;
        }
    }
    Ok(())
}

fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// Whose is what of the charge between two sums of it.
fn between(conversion: &Conversion, from: Money, to: Money) -> Result<Vec<(PartnerId, i128)>, MoneyError> {
    let parts = sold(conversion, from)?.into_iter().zip(sold(conversion, to)?);
    parts.map(|(from, to)| Ok((to.partner_id, i128::from(to.revenue.minus(from.revenue)?.minor())))).collect()
}

impl Shown {
    /// These counters, each with what the conversions come to.
    #[must_use]
    pub fn figures(&self, (partner, currency): &Owner, conversions: &Self) -> Vec<Figure> {
        let days = [
            ("leads", &self.leads, &conversions.leads),
            ("sales", &self.sales, &conversions.sales),
            ("revenue", &self.revenue, &conversions.revenue),
            ("idle revenue", &self.idle_revenue, &conversions.idle_revenue),
            ("idle sales", &self.idle_sales, &conversions.idle_sales),
        ];
        let figures = |(what, kept, rebuilt): (&str, &Days, &Days)| {
            let figure = |(day, kept, rebuilt): (Date, i128, i128)| {
                let name = format!("dashboard:{partner} {currency} {day} {what}");
                let sums = (("the counters", kept), ("the conversions and refunds of that day", rebuilt));
                Figure::new(Check::Projections, name, sums.0, sums.1)
            };
            pairs(kept, rebuilt).into_iter().map(figure).collect::<Vec<_>>()
        };
        days.into_iter().flat_map(figures).collect()
    }
}

/// Clicks, and of these the first ones, as days count them and as links do. Both stay when the clicks
/// themselves are forgotten.
#[must_use]
pub fn clicks((partner, _): &Owner, by_day: [i128; 2], by_link: [i128; 2]) -> Vec<Figure> {
    let names = ["clicks", "unique clicks"];
    let figure = |((name, by_day), by_link): ((&str, i128), i128)| {
        let sums = (("the counters of days", by_day), ("the counters of links", by_link));
        Figure::new(Check::Projections, format!("dashboard:{partner} {name}"), sums.0, sums.1)
    };
    names.into_iter().zip(by_day).zip(by_link).map(figure).collect()
}
