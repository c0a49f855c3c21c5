//! Runs the simulator over many seeds, or over one that found something.
//!
//! Functions write metrics to standard output, so results go to standard error.

#![allow(
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a command of developers: it says what it does, and how long it took"
)]

use std::{collections::BTreeMap, process::ExitCode, time::Instant};

use tests::simulator::{self, Mutant, Outcome};

const USAGE: &str = "usage: simulate [--seed S] [--seeds N] [--steps N] [--mutant NAME | --mutants] [--tell]
  --seed S       the first seed (1)
  --seeds N      how many seeds (1)
  --steps N      steps a seed (250)
  --mutant NAME  with this planted bug
  --mutants      with each planted bug in turn, until it is found
  --tell         every request and delivery";

struct Wanted {
    seed: u64,
    seeds: u64,
    steps: usize,
    mutant: Option<Mutant>,
    mutants: bool,
    tell: fn(&str),
}

fn main() -> ExitCode {
    let wanted = match read(std::env::args().skip(1)) {
        Ok(wanted) => wanted,
        Err(fault) => {
            eprintln!("simulate: {fault}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    // A breach is a result here, which is printed with its seed.
    std::panic::set_hook(Box::new(|_| {}));
    let well = if wanted.mutants { find_mutants(&wanted) } else { run_seeds(&wanted) };
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn read(mut arguments: impl Iterator<Item = String>) -> Result<Wanted, String> {
    let mut wanted =
        Wanted { seed: 1, seeds: 1, steps: simulator::STEPS, mutant: None, mutants: false, tell: |_| {} };
    while let Some(name) = arguments.next() {
        match name.as_str() {
            "--mutants" => {
                wanted.mutants = true;
                continue;
            }
            "--tell" => {
                wanted.tell = |line| eprintln!("{line}");
                continue;
            }
            _ => {}
        }
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        let not_a_number = |_| format!("{name} needs a number, not {value}");
        match name.as_str() {
            "--seed" => wanted.seed = value.parse().map_err(not_a_number)?,
            "--seeds" => wanted.seeds = value.parse().map_err(not_a_number)?,
            "--steps" => wanted.steps = value.parse().map_err(not_a_number)?,
            "--mutant" => wanted.mutant = Some(value.parse()?),
            other => return Err(format!("there is no option {other}")),
        }
    }
    Ok(wanted)
}

fn run_seeds(wanted: &Wanted) -> bool {
    let (begun, mut breaches) = (Instant::now(), 0);
    for seed in simulator::spread(wanted.seed, wanted.seeds) {
        let Outcome { events, trace, breach, .. } =
            simulator::run_telling(seed, wanted.steps, wanted.mutant, wanted.tell);
        eprintln!("seed {seed}  steps {}  events {events}  trace {trace}", wanted.steps);
        if let Some(breach) = breach {
            breaches += 1;
            eprintln!("seed {seed}: {breach}");
        }
    }
    let seconds = begun.elapsed().as_millis().max(1);
    let steps = u128::from(wanted.seeds) * u128::try_from(wanted.steps).unwrap_or_default();
    eprintln!("{} seeds, {breaches} with a breach, {} steps a second", wanted.seeds, steps * 1000 / seconds);
    breaches == 0
}

/// Looks for each planted bug in the number of seeds within which it has to be found.
fn find_mutants(wanted: &Wanted) -> bool {
    let mut found = BTreeMap::new();
    eprintln!("{:24} {:>6} {:>9}  what it broke", "planted bug", "within", "found by");
    for (mutant, within) in Mutant::ALL {
        let tries = simulator::spread(wanted.seed, within.max(wanted.seeds));
        let first = tries
            .map(|seed| simulator::run(seed, wanted.steps, Some(mutant)))
            .zip(1_u64..)
            .find_map(|(outcome, tries)| Some((tries, outcome.breach?)));
        let (tries, breach) = match &first {
            Some((tries, breach)) => (tries.to_string(), breach.lines().next().unwrap_or_default()),
            None => ("never".to_owned(), ""),
        };
        let breach: String = breach.chars().take(90).collect();
        eprintln!("{mutant:24} {within:>6} {tries:>9}  {breach}");
        found.insert(mutant, first.is_some_and(|(tries, _)| tries <= within));
    }
    found.values().all(|found| *found)
}
