//! A share of the simulator's work; `simulate` does more of it, and looks for planted bugs with
//! `--mutants`.

use std::thread;

use tests::simulator::{self, STEPS};

/// Seeds beside those that are kept: with them, two minutes of processor time.
const FRESH: u64 = 24;

/// Runs seeds on all processors.
fn hold(seeds: impl IntoIterator<Item = u64>) {
    let seeds: Vec<u64> = seeds.into_iter().collect();
    let share = seeds.len().div_ceil(thread::available_parallelism().unwrap().get());
    thread::scope(|scope| {
        for share in seeds.chunks(share) {
            scope.spawn(|| share.iter().for_each(|seed| hold_one(*seed)));
        }
    });
}

fn hold_one(seed: u64) {
    let outcome = simulator::run(seed, STEPS, None);
    assert_eq!(outcome.breach, None, "to see more: simulate --tell --seed {seed}");
}

#[test]
fn the_ledger_holds_whatever_goes_wrong() {
    hold(simulator::spread(1000, FRESH));
}

#[test]
fn what_was_found_once_stays_mended() {
    hold(simulator::kept());
}

#[test]
fn a_seed_does_the_same_again() {
    let [one, other] = [7, 7].map(|seed| simulator::run(seed, STEPS, None));
    assert_eq!(one, other);
    assert_ne!(one.trace, simulator::run(8, STEPS, None).trace);
}
