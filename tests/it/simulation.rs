//! A share of the simulator's work; `simulate` does more of it, and looks for planted bugs with
//! `--mutants`.

use tests::simulator;

/// Steps a seed: enough for every kind of step, few enough for every run of the tests.
const STEPS: usize = 120;

/// Seeds beside those that are kept.
const FRESH: u64 = 5;

fn hold(seeds: impl IntoIterator<Item = u64>) {
    for seed in seeds {
        let outcome = simulator::run(seed, STEPS, None);
        assert_eq!(outcome.breach, None, "to see more: simulate --tell --steps {STEPS} --seed {seed}");
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
    let [one, other] = [7, 7].map(|seed| simulator::run(seed, STEPS, None));
    assert_eq!(one, other);
    assert_ne!(one.trace, simulator::run(8, STEPS, None).trace);
}
