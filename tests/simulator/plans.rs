//! Plans drawn at random: a share of the base for every level, which the reference can price by
//! itself, and plans with everything that a plan can have.

use std::collections::BTreeSet;

use domain::plan::Plan;
use serde_json::{Value, json};

use super::network::Network;
use crate::story::usd;

pub(crate) const CAMPAIGNS: [&str; 2] = ["spring", "autumn"];
pub(crate) const COUNTRIES: [&str; 3] = ["AT", "DE", "FR"];
pub(crate) const COUPONS: [&str; 3] = ["LAUNCH", "LAUNCH10", "WINTER"];
pub(crate) const PRODUCTS: [&str; 4] = ["book", "course-a", "course-b", "gift-card"];
pub(crate) const CHANNELS: [&str; 2] = ["web", "retail"];
const TIERS: [&str; 3] = ["bronze", "silver", "gold"];

/// A number from the least up to but without the other one.
fn between(network: &Network, least: usize, most: usize) -> usize {
    least + network.below(most - least)
}

fn one_in(network: &Network, times: usize) -> bool {
    network.below(times) == 0
}

/// One of several.
pub(crate) fn one_of<'a, T>(network: &Network, of: &'a [T]) -> &'a T {
    &of[network.below(of.len())]
}

/// An amount of so many cents.
pub(crate) fn cents(minor: usize) -> Value {
    usd(&format!("{}.{:02}", minor / 100, minor % 100))
}

/// A share in thousandths.
fn share(thousandths: usize) -> String {
    format!("0.{thousandths:03}")
}

/// A share of the base for every level; with the shares in millionths.
pub(crate) fn plain(network: &Network) -> (Value, Vec<i128>) {
    let rate = |least: usize, most: usize| i128::try_from(1000 * between(network, least, most)).unwrap();
    let mut rates = vec![rate(50, 400)];
    rates.extend((0..network.below(4)).map(|_| rate(5, 80)));
    let write = |rate: &i128| format!("0.{rate:06}");
    let levels: Vec<_> = rates[1..].iter().map(|rate| json!({ "of": "base", "rate": write(rate) })).collect();
    let plan = json!({
        "rules": [{ "id": "all", "reward": { "type": "percent", "rate": write(&rates[0]) } }],
        "levels": levels,
        "hold_days": hold_days(network),
    });
    (plan, rates)
}

fn hold_days(network: &Network) -> usize {
    *one_of(network, &[0, 0, 7, 30])
}

/// A plan with some of everything.
pub(crate) fn rich(network: &Network) -> Value {
    let mut rules: Vec<_> = (0..between(network, 1, 4)).map(|place| rule(network, place)).collect();
    if !one_in(network, 4) {
        rules.push(json!({ "id": "all", "reward": percent(network, 200) }));
    }
    let mut plan = json!({
        "rules": rules,
        "levels": (0..network.below(4)).map(|_| level(network)).collect::<Vec<_>>(),
        "inactive_upline": one_of(network, &["accrue", "drop", "compress"]),
        "recurring": one_of(network, &[json!("forever"), json!("forever"), json!("first_sale_only"), json!({ "months": 1 })]),
        "base": {
            "include_tax": one_in(network, 4),
            "include_shipping": one_in(network, 4),
            "include_discount": one_in(network, 4),
        },
        "rounding": one_of(network, &["half_even", "half_up", "down"]),
        "hold_days": hold_days(network),
        "caps": caps(network),
        "existing_customers":
            one_of(network, &[json!("follow_current"), json!("keep"), json!({ "keep_months": 1 })]),
        "bonuses": (0..network.below(3)).map(|place| bonus(network, place)).collect::<Vec<_>>(),
    });
    if one_in(network, 4) {
        plan["upline_cap"] = json!(share(between(network, 5, 100)));
    }
    if one_in(network, 4) {
        plan["attribution"] = attribution(network);
    }
    if !one_in(network, 3) {
        plan["tier_requirements"] = tiers(network);
    }
    let known: Plan = serde_json::from_value(plan.clone()).unwrap();
    assert_eq!(known.faults("USD".parse().unwrap()), [], "a plan was drawn that nobody can publish");
    plan
}

fn rule(network: &Network, place: usize) -> Value {
    let conditions: Vec<_> = (0..network.below(3)).map(|_| condition(network, 1)).collect();
    let reward = reward(network);
    json!({ "id": format!("r{place}"), "priority": network.below(3), "conditions": conditions, "reward": reward })
}

fn percent(network: &Network, most: usize) -> Value {
    json!({ "type": "percent", "rate": share(between(network, 10, most)) })
}

fn reward(network: &Network) -> Value {
    match network.below(6) {
        0..2 => percent(network, 400),
        kind @ 2..4 => json!({
            "type": "flat",
            "amount": cents(between(network, 1, if kind == 2 { 300 } else { 120 })),
            "per": if kind == 2 { "sale" } else { "item" },
            "on_refund": one_of(network, &["void_on_full_refund", "prorate", "keep"]),
        }),
        kind => {
            let (mut from, mut rate, mut brackets) = (0, between(network, 10, 150), Vec::new());
            for _ in 0..between(network, 1, 5) {
                brackets.push(json!({ "from": cents(from), "rate": share(rate) }));
                from += between(network, 50, 700);
                rate += network.below(80);
            }
            json!({ "type": "tiered", "mode": if kind == 4 { "marginal" } else { "whole" }, "brackets": brackets })
        }
    }
}

fn condition(network: &Network, depth: usize) -> Value {
    let group = if depth < 4 { network.below(5) } else { 4 };
    if group < 2 {
        let of: Vec<_> = (0..between(network, 1, 4)).map(|_| condition(network, depth + 1)).collect();
        return json!({ if group == 0 { "all" } else { "any" }: of });
    }
    match network.below(10) {
        0 => json!({ "field": "amount", "at_least": format!("{}.00", network.below(12)) }),
        1 => json!({ "field": "amount", "below": format!("{}.50", between(network, 2, 20)) }),
        2 => json!({ "field": "customer_age_months", "below": between(network, 1, 3) }),
        3 => {
            let day = between(network, 3, 29);
            let month = one_of(network, &[11, 12]);
            json!({ "field": "occurred_at", "at_least": format!("2026-{month}-{day:02}T00:00:00Z") })
        }
        4 => text_test(network, "kind", &["lead", "renewal", "sale"]),
        5 => text_test(network, "commission_tier", &TIERS),
        6 => text_test(network, "campaign", &CAMPAIGNS),
        7 => text_test(network, "country", &COUNTRIES),
        8 => text_test(network, "coupon", &COUPONS),
        _ if one_in(network, 3) => text_test(network, "metadata.channel", &CHANNELS),
        _ => text_test(network, "product", &PRODUCTS),
    }
}

fn text_test(network: &Network, field: &str, values: &[&str]) -> Value {
    let value = *one_of(network, values);
    match network.below(5) {
        0 => json!({ "field": field, "equals": value }),
        1 => json!({ "field": field, "any_of": [value, values[0]] }),
        2 => json!({ "field": field, "none_of": [value] }),
        // Kinds and countries are compared whole: a beginning of one is no value of theirs.
        3 => json!({ "field": field, "starts_with": &value[..2] }),
        _ => json!({ "field": field, "contains": &value[1..2] }),
    }
}

fn level(network: &Network) -> Value {
    let (of, most) = *one_of(network, &[("base", 80), ("level_one", 300)]);
    json!({ "of": of, "rate": share(between(network, 5, most)) })
}

/// Small ones: they are reached within a few sales. One of a day is one that many race for each day.
fn caps(network: &Network) -> Vec<Value> {
    let mut known = BTreeSet::new();
    let mut caps = Vec::new();
    for place in 0..network.below(4) {
        let of_a_day = place == 0 && !one_in(network, 3);
        let (scope, period) = if of_a_day {
            (*one_of(network, &["program", "program", "partner"]), "day")
        } else {
            let scope = *one_of(network, &["partner", "program", "program", "campaign", "customer"]);
            (scope, *one_of(network, &["day", "day", "month", "all_time"]))
        };
        let most = *one_of(network, &[100, 200, 1000]);
        if known.insert((scope, period)) {
            caps.push(
                json!({ "scope": scope, "period": period, "amount": cents(between(network, 20, most)) }),
            );
        }
    }
    caps
}

fn attribution(network: &Network) -> Value {
    json!({
        "window_days": between(network, 1, 61),
        "model": one_of(network, &["last_click", "first_click"]),
        "precedence": one_of(
            network,
            &[json!(["customer", "click"]), json!(["click", "customer"]), json!(["click"]), json!(["customer"])],
        ),
    })
}

/// A metric with what it takes; one that partners reach, and lose when much is refunded.
fn metric(network: &Network, times: usize) -> (&'static str, Value) {
    match network.below(3) {
        0 => ("revenue", cents(times * between(network, 300, 1500))),
        1 => ("conversions", json!(times * between(network, 1, 3))),
        _ => ("active_customers", json!(times * between(network, 1, 3))),
    }
}

fn tiers(network: &Network) -> Value {
    let windows = [json!("month"), json!("quarter"), json!("lifetime"), json!({ "rolling_days": 20 })];
    let window = one_of(network, &windows);
    let (name, first) = metric(network, 1);
    let mut tiers = vec![json!({ "name": "silver", "at_least": first })];
    if one_in(network, 2) {
        let at_least = if name == "revenue" { cents(between(network, 1600, 4000)) } else { json!(5) };
        tiers.push(json!({ "name": "gold", "at_least": at_least }));
    }
    let direction = one_of(network, &["up_only", "both_ways"]);
    json!({ "metric": name, "window": window, "direction": direction, "tiers": tiers })
}

fn bonus(network: &Network, place: usize) -> Value {
    let (name, at_least) = metric(network, 1);
    json!({
        "id": format!("b{place}"),
        "metric": name,
        "window": one_of(network, &["month", "quarter", "lifetime"]),
        "at_least": at_least,
        "amount": cents(between(network, 10, 2000)),
    })
}
