//! The figures as tables, and their place in the documentation.

use std::{fmt::Write, fs, time::Duration};

use ::tests::repository;
use rust_decimal::Decimal;

use crate::{Outcome, measure::Measured, meter::Charged, sample::real_now, targets};

const DOCUMENT: &str = "docs/performance.md";
const BEGIN: &str = "<!-- figures: written by `bench --write` -->";
const END: &str = "<!-- end of figures -->";

/// Dollars for a million read request units: on demand, us-east-1, since November 2024.
const READ_PRICE: &str = "0.125";
/// Dollars for a million write request units: on demand, us-east-1, since November 2024.
const WRITE_PRICE: &str = "0.625";

/// The figures of one run.
#[derive(Debug)]
pub(crate) struct Report {
    profiles: Vec<(String, Vec<Measured>)>,
}

impl Report {
    /// A report on these profiles.
    pub(crate) fn new(profiles: &[String]) -> Self {
        Self { profiles: profiles.iter().map(|profile| (profile.clone(), Vec::new())).collect() }
    }

    /// Adds a function's figures.
    pub(crate) fn add(&mut self, profile: &str, measured: Measured) {
        let known = self.profiles.iter_mut().find(|(name, _)| name == profile);
        known.unwrap().1.push(measured);
    }

    /// The figures in Markdown.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{}\n", machine());
        for (profile, measured) in self.profiles.iter().filter(|(_, measured)| !measured.is_empty()) {
            let _ = write!(text, "\n### Profile `{profile}`\n\n");
            text.push_str(TIMES_HEAD);
            for one in measured {
                text.push_str(&times(one));
            }
            let _ = write!(text, "\n{}\n", targets::verdict(measured));
        }
        // The same table charges the same, however the function was built.
        let charged = self.profiles.iter().find(|(_, measured)| !measured.is_empty());
        if let Some((_, measured)) = charged {
            let _ = write!(text, "\n### What the table charges for one invocation\n\n{CHARGES_HEAD}");
            for one in measured {
                text.push_str(&charges(one));
            }
        }
        text
    }

    /// Puts the figures where the documentation has them.
    pub(crate) fn write(&self) -> Outcome<()> {
        put(BEGIN, END, &self.text())
    }
}

/// Puts a text between two lines of the documentation.
pub(crate) fn put(begin: &str, end: &str, text: &str) -> Outcome<()> {
    let path = repository::root().join(DOCUMENT);
    let document = fs::read_to_string(&path).map_err(|error| format!("{DOCUMENT}: {error}"))?;
    let parts = document.split_once(begin).and_then(|(before, rest)| Some((before, rest.split_once(end)?.1)));
    let (before, after) = parts.ok_or_else(|| format!("{DOCUMENT} has lost its lines {begin} and {end}"))?;
    let document = format!("{before}{begin}\n\n{text}\n{end}{after}");
    fs::write(&path, document).map_err(|error| format!("{DOCUMENT}: {error}"))
}

const TIMES_HEAD: &str = "\
| Function | Init ms | Init CPU ms | First ms | First CPU ms | Warm p50 ms | Warm p99 ms | Warm CPU ms | n | Peak MiB | Binary MB | Zip MB |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
";

fn times(measured: &Measured) -> String {
    let Measured { name, init, first, p50, p99, processor, warm, memory, size, .. } = measured;
    format!(
        "| {name} | {} | {} | {} | {} | {} | {} | {} | {warm} | {} | {} | {} |\n",
        ms(init.wall),
        ms(init.processor),
        ms(first.wall),
        ms(first.processor),
        ms(*p50),
        ms(*p99),
        ms(*processor),
        mebibytes(*memory),
        mega(size.binary),
        mega(size.zip),
    )
}

const CHARGES_HEAD: &str = "\
| Function | One invocation | Requests | Read units | Write units | Dollars per million |
|---|---|---|--:|--:|--:|
";

fn charges(measured: &Measured) -> String {
    let Measured { name, about, charged, .. } = measured;
    format!(
        "| {name} | {about} | {} | {} | {} | {} |\n",
        requests(charged),
        shown(charged.reads),
        shown(charged.writes),
        shown(dollars(charged)),
    )
}

/// For a million invocations.
pub(crate) fn dollars(charged: &Charged) -> Decimal {
    let price = |text: &str| text.parse::<Decimal>().unwrap();
    charged.reads * price(READ_PRICE) + charged.writes * price(WRITE_PRICE)
}

/// The requests to the table, by operation.
pub(crate) fn requests(charged: &Charged) -> String {
    let parts = charged.requests.iter().map(|(operation, count)| format!("{} {operation}", shown(*count)));
    parts.collect::<Vec<_>>().join(", ")
}

/// When and where, with how busy the machine was: without that a time says little.
pub(crate) fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_once(':').unwrap_or_default().1.trim().to_owned()
    };
    let (processor, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
    let load = read("/proc/loadavg");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "Measured on {} on {} ({}, {cores} cores, {} of memory), load average {}.",
        real_now().strftime("%Y-%m-%d"),
        std::env::consts::ARCH,
        field(&processor, "model name"),
        field(&memory, "MemTotal"),
        load.split(' ').next().unwrap_or_default(),
    )
}

/// An amount with as many places as it needs, at most three.
pub(crate) fn shown(number: Decimal) -> Decimal {
    number.round_dp(3).normalize()
}

/// Milliseconds with two places.
pub(crate) fn ms(duration: Duration) -> String {
    let micros = duration.as_micros();
    format!("{}.{:02}", micros / 1000, micros % 1000 / 10)
}

/// KiB in MiB.
pub(crate) fn mebibytes(kibibytes: u64) -> Decimal {
    (Decimal::from(kibibytes) / Decimal::from(1024)).round_dp(1)
}

/// Bytes in millions.
pub(crate) fn mega(bytes: usize) -> Decimal {
    (Decimal::from(bytes) / Decimal::from(1_000_000)).round_dp(2)
}
