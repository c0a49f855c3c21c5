//! A share of the simulator's work; `simulate` does more of it.

use tests::simulator::{self, Mutant, STEPS};

/// Seeds that every run of the tests takes.
const FRESH: u64 = 16;

fn hold(seeds: impl IntoIterator<Item = u64>) {
    for seed in seeds {
        let outcome = simulator::run(seed, STEPS, None);
        assert_eq!(outcome.breach, None, "seed {seed}: simulate --seed {seed}");
    }
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
    let (one, other) = (simulator::run(7, STEPS, None), simulator::run(7, STEPS, None));
    assert_eq!(one, other);
    assert_ne!(one.trace, simulator::run(8, STEPS, None).trace);
}

#[test]
fn every_planted_bug_is_found() {
    for (mutant, within) in Mutant::ALL {
        let found = simulator::spread(1, within)
            .find(|seed| simulator::run(*seed, STEPS, Some(mutant)).breach.is_some());
        assert!(found.is_some(), "{mutant} was not found within {within} seeds");
    }
}
