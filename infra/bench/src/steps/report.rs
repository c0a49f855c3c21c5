//! The steps as tables, and their place in the documentation.

use std::{fmt::Write, time::Duration};

use rust_decimal::Decimal;

use super::{
    TIMED,
    measure::{Figures, Measured},
};
use crate::{
    Outcome,
    meter::Charged,
    report::{dollars, machine, ms, put, requests, shown},
};

const BEGIN: &str = "<!-- steps: written by `bench steps --write` -->";
const END: &str = "<!-- end of steps -->";

/// How to read the tables.
const MEANING: &str = "\
Each kind of event gets one step further than the one it goes beyond: the difference of the two medians
is what the step adds. The kinds took turns on one instance in an order that was shuffled for every round,
so the machine's moods hit them alike, and the ratios say more than the milliseconds. *Of the whole* is the
ratio to the last row of the table. *Ready* is when the instance asked for its next event: what lies between
the answer and that keeps nobody waiting; CPU has it in it. Requests until the answer are what somebody waits
for, and what network and TLS make longer on AWS; a row without any has nothing to wait for. Every row
has the bench's own handing over in it, about as much as the first one. Lambda's own overhead and API
Gateway's are in none of the figures.

A visitor of a link that the instance keeps waits for no table: the click is written after the answer. A
webhook is answered when its event is kept, so its sender waits for two reads and a write; a stranger is
refused before any, and what proves nothing costs one read, and one more after the answer. A write that
is refused because the event came before is charged like one; the table does not report it, so it is
counted here as one unit. A refusal is noted at most once a minute, so that write is in no row.";

/// The steps of one run.
#[derive(Debug)]
pub(crate) struct Report {
    profile: String,
    measured: Vec<Measured>,
}

impl Report {
    /// A report on the binaries of a profile.
    pub(crate) fn new(profile: &str) -> Self {
        Self { profile: profile.to_owned(), measured: Vec::new() }
    }

    /// Adds a function's steps.
    pub(crate) fn add(&mut self, measured: Measured) {
        self.measured.push(measured);
    }

    /// The steps in Markdown.
    pub(crate) fn text(&self) -> String {
        let mut text = format!(
            "{}\nProfile `{}`; medians of {TIMED} of each kind.\n\n{MEANING}\n",
            machine(),
            self.profile
        );
        for Measured { function, steps } in &self.measured {
            let _ = write!(text, "\n### The steps of {function}\n\n{TIMES_HEAD}");
            steps.iter().for_each(|figures| text.push_str(&times(figures, steps)));
            let _ = write!(text, "\n{CHARGES_HEAD}");
            steps.iter().for_each(|figures| text.push_str(&charges(figures)));
        }
        text
    }

    /// Puts the steps where the documentation has them.
    pub(crate) fn write(&self) -> Outcome<()> {
        put(BEGIN, END, &self.text())
    }
}

const TIMES_HEAD: &str = "\
| Event | Goes beyond | Answer ms | More | Of the whole | CPU ms | More | Of the whole | Ready ms |
|---|---|--:|--:|--:|--:|--:|--:|--:|
";

fn times(figures: &Figures, steps: &[Figures]) -> String {
    let Figures { name, beyond, cost, ready, .. } = figures;
    let before = beyond.map(|name| steps.iter().find(|step| step.name == name).unwrap().cost);
    let whole = steps.last().unwrap().cost;
    let more = |now: Duration, before: Option<Duration>| before.map_or_else(String::new, |it| more(now, it));
    format!(
        "| {name} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
        beyond.unwrap_or_default(),
        ms(cost.wall),
        more(cost.wall, before.map(|it| it.wall)),
        part(cost.wall, whole.wall),
        ms(cost.processor),
        more(cost.processor, before.map(|it| it.processor)),
        part(cost.processor, whole.processor),
        ms(*ready),
    )
}

/// What one takes beyond the other, with its sign: a step may take so little that it is lost in the noise.
fn more(now: Duration, before: Duration) -> String {
    let sign = if now < before { '−' } else { '+' };
    match ms(now.abs_diff(before)) {
        none if none == "0.00" => none,
        some => format!("{sign}{some}"),
    }
}

fn part(one: Duration, whole: Duration) -> Decimal {
    (Decimal::from(one.as_nanos()) / Decimal::from(whole.as_nanos())).round_dp(2)
}

const CHARGES_HEAD: &str = "\
| Event | Requests until the answer | Requests after it | Read units | Write units | Dollars per million |
|---|---|---|--:|--:|--:|
";

fn charges(figures: &Figures) -> String {
    let Figures { name, before, after, .. } = figures;
    let mut all = before.clone();
    all.add(after.clone());
    format!(
        "| {name} | {} | {} | {} | {} | {} |\n",
        listed(before),
        listed(after),
        shown(all.reads),
        shown(all.writes),
        shown(dollars(&all)),
    )
}

fn listed(charged: &Charged) -> String {
    if charged.requests.is_empty() { "none".to_owned() } else { requests(charged) }
}
