//! The simulator: the real functions over the real store, in a deployment where everything goes
//! wrong that goes wrong in real ones, drawn from one seed.
//!
//! [`run`] lets people act and messages move for so many steps while the network loses requests and
//! answers, tables are busy, functions die between two writes, clocks differ, deliveries are lost,
//! repeated and reordered, and payment providers do not answer. Then all of that ends, what is under
//! way arrives, and the ledger has to be what the [`reference`] says. One thread, no wall clock: the
//! same seed does the same, request by request.

mod basket;
mod batches;
mod checkouts;
mod coupons;
mod courier;
mod doors;
mod gate;
mod history;
mod intercept;
mod keys;
mod mail;
mod measures;
mod money_back;
mod mutant;
mod network;
mod office;
mod people;
mod plans;
mod reference;
mod renewed;
mod rewrite;
mod rush;
mod seeds;
mod shop;
mod steps;
mod support;
mod touches;
mod town;
mod trace;
mod turned;
mod turns;
mod verdict;
mod visits;

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc,
};

pub use mutant::Mutant;
pub use seeds::{kept, spread};

use crate::{World, between::Between};
use courier::Courier;
use network::Network;
use steps::Simulation;
use town::Town;

/// Steps a seed unless more or fewer are asked for.
pub const STEPS: usize = 250;

/// What became of a seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// Requests and other events that the hash is of.
    pub events: u64,
    /// Two runs with the same hash did the same.
    pub trace: String,
    /// The first invariant that does not hold.
    pub breach: Option<String>,
}

/// Runs a seed for so many steps, with a planted bug or without.
///
/// # Panics
/// When this process cannot start a runtime.
#[must_use]
pub fn run(seed: u64, steps: usize, mutant: Option<Mutant>) -> Outcome {
    run_telling(seed, steps, mutant, |_| {})
}

/// Like [`run`], and tells every event as it happens.
///
/// # Panics
/// When this process cannot start a runtime.
#[must_use]
pub fn run_telling(seed: u64, steps: usize, mutant: Option<Mutant>, tell: fn(&str)) -> Outcome {
    let network = Network::new(seed, mutant, tell);
    let builder = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let runtime = builder.expect("a runtime starts");
    let simulated = catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async {
            let _stopped = StoppedClock::new();
            simulate(&network, steps, mutant).await;
        });
    }));
    let (events, trace) = network.trace();
    Outcome { seed, events, trace, breach: simulated.err().map(|panic| message(panic.as_ref())) }
}

async fn simulate(network: &Network, steps: usize, mutant: Option<Mutant>) {
    let mut world = World::start().await;
    let under = network.clone();
    world.between = Between::new(move |binary, http| under.over(binary, http));
    if mutant == Some(Mutant::NewProviderKey) {
        let url = renewed::serve(world.payments.clone()).await;
        world.settings.insert("STRIPE_API_URL", url);
    }
    let town = Town::build(&world, network).await;
    let courier = Courier::new(&world, mutant).await;
    let mut simulation = Simulation::new(&world, network, mutant, town, courier);
    network.set_calm(false);
    for _ in 0..steps {
        simulation.step().await;
    }
    network.set_calm(true);
    simulation.heal().await;
    simulation.judge().await;
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic".to_owned())
}

/// Keeps the runtime's clock where it is. Paused, it still leaps to the next timer as soon as
/// nothing is ready, and takes an answer that is on its way over loopback for one that never comes;
/// it does not while a blocking task runs.
struct StoppedClock {
    _end: mpsc::Sender<()>,
}

impl StoppedClock {
    fn new() -> Self {
        let (end, ended) = mpsc::channel::<()>();
        drop(tokio::task::spawn_blocking(move || ended.recv().is_err()));
        Self { _end: end }
    }
}
