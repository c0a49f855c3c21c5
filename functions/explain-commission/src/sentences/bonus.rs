//! What earned a bonus, and what became of it.

use domain::{
    bonus::Award,
    commission::Commission,
    plan::{Metric, Threshold},
};
use jiff::civil::Date;

use super::day;

pub(super) fn earned(award: &Award, line: &Commission, who: &str) -> Vec<String> {
    let terms = &award.terms;
    let when = match award.period.first {
        Some(first) => format!("from {} to {}", date(first), date(award.period.last)),
        None => "in all".to_owned(),
    };
    let mut sentences = vec![
        format!(
            "Bonus {} of plan version {} pays {} for {} or more {when}.",
            award.bonus_id,
            terms.plan_version,
            terms.amount,
            measured(terms.metric, terms.at_least)
        ),
        format!(
            "On {} {who} had reached it with {}.",
            day(award.reached.at),
            measured(terms.metric, award.reached.value)
        ),
    ];
    if let Some(missed) = award.missed {
        let from = if line.matured_at.is_some() { " from the available balance" } else { "" };
        let left = measured(terms.metric, missed.value);
        sentences.push(format!("On {} refunds had left {left}: it was taken back{from}.", day(missed.at)));
    }
    sentences
}

/// So much of a metric.
fn measured(metric: Metric, value: Threshold) -> String {
    match (metric, value) {
        (_, Threshold::Amount(amount)) => format!("sales of {amount}"),
        (Metric::ActiveCustomers, Threshold::Count(1)) => "1 customer".to_owned(),
        (Metric::ActiveCustomers, Threshold::Count(count)) => format!("{count} customers"),
        (_, Threshold::Count(1)) => "1 sale".to_owned(),
        (_, Threshold::Count(count)) => format!("{count} sales"),
    }
}

/// A day as people write it.
fn date(day: Date) -> String {
    day.strftime("%-d %B %Y").to_string()
}
