//! A replay of a million conversions that stream by: how many a second, and how much memory.
//!
//! The conversions are made up one after the other and never kept. What is timed is the replay of
//! each: calculation, refunds, comparison with its entries, both hashes. The first argument is
//! another number of conversions.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that cannot go on says so by panicking, and prints what it found"
)]

mod sample;

use std::{
    fs,
    time::{Duration, Instant},
};

use domain::{
    conversion::Refund,
    ledger::Transaction,
    money::Money,
    plan::PlanVersion,
    replay::{Event, Facts, Step, Tally, replay},
};
use rust_decimal::{Decimal, prelude::ToPrimitive};

use sample::{AT, Case, standard};

/// How many when nobody asks for another number.
const ALL: u64 = 1_000_000;
/// After these the memory is looked at for the first time.
const FEW: u64 = 10_000;

/// Sales on one to ten levels, of different amounts; every fourth is refunded in part, every
/// twentieth twice.
struct Stream {
    cases: Vec<Case>,
    plans: Vec<PlanVersion>,
}

impl Stream {
    fn new() -> Self {
        let version = |number: usize| {
            let mut case = Case::new(&standard(), number);
            case.plan.version = u32::try_from(number).unwrap();
            case
        };
        let cases: Vec<_> = (1..=10).map(version).collect();
        let plans = cases.iter().map(|case| case.plan.clone()).collect();
        Self { cases, plans }
    }

    /// The facts of one conversion, and its entries as they would have been booked.
    fn conversion(&mut self, number: u64) -> (Facts, Vec<Transaction>) {
        let place = usize::try_from(number % 10).unwrap();
        let case = self.cases.get_mut(place).unwrap();
        let minor = 2_000 + i64::try_from(number * 7_919 % 100_000).unwrap();
        case.charge.amount = Money::new(minor, case.charge.amount.currency());
        let (conversion, lines) = case.book(&number.to_string());
        let refunds = if number.is_multiple_of(20) { 2 } else { u64::from(number.is_multiple_of(4)) };
        let step = |revision: u64| {
            let amount = Money::new(minor / 3, conversion.charge.amount.currency());
            let event = Event::Refunded(Refund::made(format!("refund-{revision}"), amount, AT));
            Step { revision, at: AT, matured: Vec::new(), paid: Vec::new(), event }
        };
        let steps: Vec<_> = (1..=refunds).map(step).collect();
        let refunds = steps.iter().filter_map(|step| match &step.event {
            Event::Refunded(refund) => Some(refund.clone()),
            Event::Reviewed(_) | Event::Adjusted(_) => None,
        });
        let refunds = refunds.collect();
        let facts = Facts { conversion, lines, booked_at: Some(AT), steps, refunds };
        let entries = replay(&facts, &self.plans).unwrap();
        (facts, entries)
    }
}

/// The most memory the process ever had, in kilobytes.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

fn main() {
    let all = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(ALL);
    let (mut stream, mut tally, mut spent) = (Stream::new(), Tally::new(), Duration::ZERO);
    for number in 0..all {
        let (facts, entries) = stream.conversion(number);
        let start = Instant::now();
        tally.add(&facts, &stream.plans, &entries);
        spent += start.elapsed();
        if number + 1 == FEW {
            println!("peak memory after {FEW} conversions: {} kB", peak());
        }
    }
    println!("peak memory after {all} conversions: {} kB", peak());
    assert_eq!(tally.first_difference, None);
    assert_eq!(tally.expected, tally.stored);
    let micros = u64::try_from(spent.as_micros()).unwrap().max(1);
    let a_second = Decimal::from(all) * Decimal::from(1_000_000) / Decimal::from(micros);
    println!(
        "{} conversions, {} entries in {} ms: {} conversions a second",
        tally.conversions,
        tally.entries,
        micros / 1_000,
        a_second.round().to_u64().unwrap()
    );
}
