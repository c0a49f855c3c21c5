//! The pure engine by itself: what a sale and a refund cost before any table is asked.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark that cannot go on says so by panicking; its entry points come from macros"
)]

mod sample;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use domain::{
    commission::refund,
    conversion::{LineItem, Refund},
    money::Money,
    replay::{Event, Facts, Step, Tally, replay},
};
use serde_json::{Value, json};

use sample::{AT, Case, money, standard};

/// Rules that each ask four things, of which the last one fails for all but one rule.
fn fifty_rules() -> Value {
    let rule = |number: usize| {
        json!({
            "id": format!("rule-{number}"),
            "conditions": [
                { "field": "kind", "any_of": ["sale", "renewal"] },
                { "field": "campaign", "any_of": ["spring", "summer"] },
                { "field": "country", "any_of": ["AT", "CH", "DE"] },
                { "field": "commission_tier", "any_of": [if number == 49 { "silver" } else { "gold" }] },
            ],
            "reward": { "type": "percent", "rate": "0.20" },
        })
    };
    (0..50).map(rule).collect()
}

/// Five rules for some of the products each, one of them paid for each item, and one for the rest.
fn rules_by_product() -> Value {
    let some = |from: usize| (from..from + 4).map(|number| format!("product-{number}")).collect::<Vec<_>>();
    let rule = |number: usize| {
        let reward = match number {
            4 => json!({ "type": "flat", "amount": { "amount": "2.00", "currency": "USD" }, "per": "item" }),
            _ => json!({ "type": "percent", "rate": format!("0.2{number}") }),
        };
        json!({
            "id": format!("rule-{number}"),
            "conditions": [{ "field": "product", "any_of": some(4 * number) }],
            "reward": reward,
        })
    };
    (0..5)
        .map(rule)
        .chain([json!({ "id": "rest", "reward": { "type": "percent", "rate": "0.10" } })])
        .collect()
}

/// The same sale as so many products, without tax.
fn of_lines(mut case: Case, lines: usize) -> Case {
    let line = |number: usize| LineItem {
        product: format!("product-{number}"),
        quantity: 1,
        amount: money("7.00"),
        tax: None,
        discount: None,
    };
    let currency = case.charge.amount.currency();
    case.charge.lines = (0..lines).map(line).collect();
    case.charge.tax = money("0.00");
    case.charge.amount = Money::new(700 * i64::try_from(lines).unwrap(), currency);
    case.charge.check().unwrap();
    case
}

fn engine(criterion: &mut Criterion) {
    for (name, case, levels) in [
        ("calculate, one level", Case::new(&standard(), 1), 1),
        ("calculate, ten levels", Case::new(&standard(), 10), 10),
        ("calculate, fifty rules of four conditions", Case::new(&fifty_rules(), 1), 1),
        ("calculate, twenty product lines", of_lines(Case::new(&rules_by_product(), 1), 20), 1),
    ] {
        assert_eq!(case.calculate().lines.len(), levels, "{name}");
        criterion.bench_function(name, |bencher| bencher.iter(|| case.calculate()));
    }
    let case = Case::new(&standard(), 10);
    let (conversion, lines) = case.book("order-1");
    let given_back = Refund::made("refund-1", money("40.00"), AT);
    criterion.bench_function("refund, ten levels", |bencher| {
        bencher.iter(|| refund(black_box(&conversion), black_box(&lines), &[], &given_back, AT).unwrap());
    });
    let event = Event::Refunded(given_back.clone());
    let step = Step { revision: 1, at: AT, matured: Vec::new(), paid: Vec::new(), event };
    let facts =
        Facts { conversion, lines, booked_at: Some(AT), steps: vec![step], refunds: vec![given_back] };
    let plans = [case.plan];
    let stored = replay(&facts, &plans).unwrap();
    criterion.bench_function("replay, ten levels and a refund, compared and hashed", |bencher| {
        bencher.iter(|| {
            let mut tally = Tally::new();
            tally.add(black_box(&facts), &plans, &stored);
            assert!(tally.first_difference.is_none());
        });
    });
}

criterion_group!(benches, engine);
criterion_main!(benches);
