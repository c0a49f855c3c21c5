//! What administrators do: they publish exchange rates, late and more than once, and adjust
//! commissions.

use std::collections::BTreeMap;

use jiff::{civil::Date, tz::TimeZone};
use serde_json::{Value, json};

use super::{
    mail::{Mail, Told},
    network::Network,
    plans::one_of,
    reference::{Quote, line_prefix},
    town::Town,
};
use crate::{World, story::usd};

/// Currencies of sales that are not the programs' own: one with the same places, one with none.
pub(crate) const FOREIGN: [&str; 2] = ["EUR", "JPY"];

/// A currency and a day.
pub(crate) type RateDay = (&'static str, Date);

/// The rates of a town. What one will be is known from the first sale of its day on.
#[derive(Default)]
pub(crate) struct Rates {
    known: BTreeMap<RateDay, Rate>,
    /// Of the latest sale.
    latest: Option<RateDay>,
}

struct Rate {
    quote: Quote,
    /// Was it sent to be published?
    is_sent: bool,
    /// Was that confirmed?
    is_published: bool,
}

impl Rates {
    /// What a minor unit of a currency is worth on a day.
    pub(crate) fn quote(&mut self, network: &Network, (currency, day): RateDay) -> Quote {
        let drawn = || {
            let least = if currency == "JPY" { 5_000 } else { 9_000 };
            Rate {
                quote: least + i128::try_from(network.below(4_000)).unwrap(),
                is_sent: false,
                is_published: false,
            }
        };
        self.latest = Some((currency, day));
        self.known.entry((currency, day)).or_insert_with(drawn).quote
    }

    /// They were published.
    pub(crate) fn confirm(&mut self, days: &[RateDay]) {
        for day in days {
            self.known.get_mut(day).unwrap().is_published = true;
        }
    }

    fn days(&self, wanted: impl Fn(&Rate) -> bool) -> Vec<RateDay> {
        self.known.iter().filter(|(_, rate)| wanted(rate)).map(|(day, _)| *day).collect()
    }

    /// What the rates of some days are published with, each off by so much.
    fn body(&self, days: &[RateDay], off: Quote) -> Value {
        let rate = |(currency, day): &RateDay| {
            let quote = self.known[&(*currency, *day)].quote + off;
            let text = match *currency {
                "JPY" => format!("0.{quote:06}"),
                _ => format!("{}.{:04}", quote / 10_000, quote % 10_000),
            };
            json!({ "from": currency, "to": "USD", "day": day, "rate": text, "source": "ECB" })
        };
        json!({ "rates": days.iter().map(rate).collect::<Vec<_>>() })
    }
}

/// The day on which something happened.
pub(crate) fn day(at: jiff::Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// Publishes rates that sales wait for or may need today; now and then twice, or with another value
/// than before, which has to be refused.
pub(crate) fn publish_rates(world: &World, network: &Network, town: &mut Town) -> Vec<Mail> {
    let rates = &mut town.rates;
    let published = rates.days(|rate| rate.is_published);
    if !published.is_empty() && network.below(6) == 0 {
        let body = rates.body(&[*one_of(network, &published)], 1);
        return vec![Mail { place: 0, told: Told::OtherRates { key: world.fresh("key"), body } }];
    }
    if network.below(4) == 0 {
        rates.quote(network, (*one_of(network, &FOREIGN), day(world.now())));
    }
    let mut due = rates.days(|rate| !rate.is_sent);
    let mut days = Vec::new();
    for _ in 0..1 + network.below(2) {
        if !due.is_empty() {
            // Sales of the latest day are still being counted.
            let latest = due.iter().position(|day| Some(*day) == rates.latest);
            let drawn = network.below(due.len());
            days.push(due.swap_remove(latest.unwrap_or(drawn)));
        }
    }
    let times = 1 + usize::from(network.below(3) == 0);
    publish(world, rates, &days, times)
}

/// Publishes every rate that was not published so far.
pub(crate) fn publish_all_rates(world: &World, town: &mut Town) -> Vec<Mail> {
    let days = town.rates.days(|rate| !rate.is_sent);
    days.chunks(20).flat_map(|days| publish(world, &mut town.rates, days, 1)).collect()
}

fn publish(world: &World, rates: &mut Rates, days: &[RateDay], times: usize) -> Vec<Mail> {
    if days.is_empty() {
        return Vec::new();
    }
    for day in days {
        rates.known.get_mut(day).unwrap().is_sent = true;
    }
    let body = rates.body(days, 0);
    let told = || Told::Rates { key: world.fresh("key"), body: body.clone(), days: days.to_vec() };
    (0..times).map(|_| Mail { place: 0, told: told() }).collect()
}

/// Adds to a commission of some sale, or takes from it; of one that is perhaps not there yet, or not
/// worth as much.
pub(crate) fn adjust(world: &World, network: &Network, town: &Town, place: usize) -> Vec<Mail> {
    let program = &town.programs[place];
    if program.sales.is_empty() {
        return Vec::new();
    }
    let sale = one_of(network, &program.sales);
    let level = *one_of(network, &["01", "01", "01_1", "02"]);
    let line = format!("{}_{level}", line_prefix(&program.story.id.parse().unwrap(), sale));
    let minor = 1 + i128::try_from(network.below(200)).unwrap();
    let (sign, minor) = if network.below(2) == 0 { ("", minor) } else { ("-", -minor) };
    let cents = minor.abs();
    let amount = usd(&format!("{sign}{}.{:02}", cents / 100, cents % 100));
    let body = json!({ "amount": amount, "reason": "What was agreed by telephone." });
    vec![Mail { place, told: Told::Adjustment { key: world.fresh("key"), line, minor, body } }]
}
