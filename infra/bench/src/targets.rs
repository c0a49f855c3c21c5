//! What is aimed at, and which functions miss it.

use std::time::Duration;

use rust_decimal::Decimal;

use crate::{
    measure::Measured,
    report::{mebibytes, mega, ms},
};

/// Processor time until a function asks for its first event.
const INIT: Duration = Duration::from_millis(8);
/// Processor time of the first event.
const FIRST: Duration = Duration::from_millis(8);
/// Processor time of a warm event with one request to the table.
const WARM: Duration = Duration::from_micros(800);
/// The most memory, in KiB.
const MEMORY: u64 = 16 * 1024;
/// Bytes of the zip.
const ZIP: usize = 4_000_000;

/// Who misses what, in a sentence.
pub(crate) fn verdict(all: &[Measured]) -> String {
    let missed: Vec<_> = all.iter().flat_map(missed).collect();
    if missed.is_empty() {
        format!("Measured: {}. All of them are within the targets below.", all.len())
    } else {
        format!("Measured: {}. Beyond the targets below: {}.", all.len(), missed.join(", "))
    }
}

fn missed(one: &Measured) -> Vec<String> {
    let mut missed = Vec::new();
    let mut hold = |misses: bool, what: String| {
        if misses {
            missed.push(format!("`{}` ({what})", one.name));
        }
    };
    let has_one_request = one.charged.requests.values().sum::<Decimal>() == Decimal::ONE;
    hold(one.init.processor > INIT, format!("init {} ms", ms(one.init.processor)));
    hold(one.first.processor > FIRST, format!("first {} ms", ms(one.first.processor)));
    hold(has_one_request && one.processor > WARM, format!("warm {} ms", ms(one.processor)));
    hold(one.memory > MEMORY, format!("{} MiB", mebibytes(one.memory)));
    hold(one.size.zip > ZIP, format!("zip {} MB", mega(one.size.zip)));
    missed
}
