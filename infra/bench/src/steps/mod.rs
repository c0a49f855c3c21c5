//! What the steps of one invocation add: kinds of events that each get one step further, and the
//! differences between them.
//!
//! The kinds take turns on one instance, so that whatever the machine does meanwhile hits all alike.

mod follow_link;
mod measure;
mod receive_webhook;
mod report;

use ::tests::World;
use serde_json::Value;

pub(crate) use measure::Measured;
pub(crate) use report::Report;

/// Invocations that count, of each kind.
const TIMED: usize = 300;
/// Invocations before them that do not: connections open, memory grows.
const WARMING: usize = 10;
/// Invocations under the meter, after one that warms the instance behind it.
const METERED: usize = 5;
/// Events of each kind.
const EVENTS: usize = WARMING + TIMED + 1 + METERED;

/// A function and the kinds of events that stop at one place in it each; the last one goes all the way.
#[derive(Debug)]
pub(crate) struct Journey {
    function: &'static str,
    world: World,
    steps: Vec<Step>,
}

/// Events that all stop at the same place.
#[derive(Debug)]
struct Step {
    name: &'static str,
    /// The kind that does all but this step, if there is one.
    beyond: Option<&'static str>,
    /// The status with which all of them are answered.
    status: u64,
    /// One an invocation.
    events: Vec<Value>,
}

impl Step {
    fn new(name: &'static str, status: u64, event: impl FnMut(usize) -> Value) -> Self {
        Self { name, beyond: None, status, events: (0..EVENTS).map(event).collect() }
    }

    fn beyond(self, name: &'static str) -> Self {
        Self { beyond: Some(name), ..self }
    }
}

/// The functions whose steps are measured: somebody waits for each of them.
pub(crate) const FUNCTIONS: [&str; 2] = [follow_link::NAME, receive_webhook::NAME];

/// The steps of a function.
pub(crate) async fn of(function: &str) -> Journey {
    match function {
        follow_link::NAME => follow_link::journey().await,
        receive_webhook::NAME => receive_webhook::journey().await,
        other => panic!("infra/bench/src/steps does not know the function {other}"),
    }
}
