//! The figures of one function's steps.

use std::{path::Path, time::Duration, vec};

use ::tests::random::Random;
use rust_decimal::Decimal;
use serde_json::Value;

use super::{Journey, METERED, Step, TIMED, WARMING};
use crate::{
    Outcome,
    measure::{median, share},
    meter::{Charged, Meter},
    process::{Cost, Function, Observed},
};

/// What was measured of one function.
#[derive(Debug)]
pub(crate) struct Measured {
    /// Its name.
    pub(super) function: &'static str,
    /// In the order in which they are shown.
    pub(super) steps: Vec<Figures>,
}

/// What was measured of one kind of event.
#[derive(Debug)]
pub(super) struct Figures {
    pub(super) name: &'static str,
    pub(super) beyond: Option<&'static str>,
    /// Until the answer by the clock, and on the processor until all is done: medians.
    pub(super) cost: Cost,
    /// Until the instance asks for the next event: the median.
    pub(super) ready: Duration,
    /// What the table charges until the answer.
    pub(super) before: Charged,
    /// What the table charges after it.
    pub(super) after: Charged,
}

/// A kind that is being measured.
struct Course {
    step: Step,
    events: vec::IntoIter<Value>,
    costs: Vec<Cost>,
    readies: Vec<Duration>,
    before: Charged,
    after: Charged,
}

impl Measured {
    /// Measures a function.
    pub(crate) async fn of(journey: Journey, binary: &Path) -> Outcome<Self> {
        let Journey { function: name, world, steps } = journey;
        let mut courses: Vec<_> = steps.into_iter().map(Course::new).collect();
        let url = world.table.url();

        let (mut function, _) = Function::start(&world, name, binary, url).await?;
        let (mut random, mut turns) = (Random::new(1), (0..courses.len()).collect::<Vec<_>>());
        for round in 0..WARMING + TIMED {
            // Otherwise a kind would always come after the same other one, and find what that left behind.
            random.shuffle(&mut turns);
            for turn in &turns {
                courses[*turn].observe(&mut function, round >= WARMING).await?;
            }
        }
        drop(function);

        let meter = Meter::start(url).await;
        let (mut function, _) = Function::start(&world, name, binary, &meter.url).await?;
        for round in 0..=METERED {
            for course in &mut courses {
                course.charge(&mut function, &meter, round > 0).await?;
            }
        }
        Ok(Self { function: name, steps: courses.into_iter().map(Course::figures).collect() })
    }
}

impl Course {
    fn new(mut step: Step) -> Self {
        let events = std::mem::take(&mut step.events).into_iter();
        let (costs, readies) = (Vec::new(), Vec::new());
        Self { step, events, costs, readies, before: Charged::default(), after: Charged::default() }
    }

    async fn observe(&mut self, function: &mut Function, counts: bool) -> Outcome<()> {
        let Observed { answer, cost, ready } = function.observe(self.events.next().unwrap()).await?;
        let Step { name, status, .. } = &self.step;
        if answer["statusCode"].as_u64() != Some(*status) {
            return Err(format!("{name}: answered {answer} and not {status}; see infra/bench/src/steps"));
        }
        if counts {
            self.costs.push(cost);
            self.readies.push(ready);
        }
        Ok(())
    }

    async fn charge(&mut self, function: &mut Function, meter: &Meter, counts: bool) -> Outcome<()> {
        let mut before = Charged::default();
        function.invoke_halting(self.events.next().unwrap(), || before = meter.take()).await?;
        let after = meter.take();
        if counts {
            self.before.add(before);
            self.after.add(after);
        }
        Ok(())
    }

    fn figures(mut self) -> Figures {
        let Step { name, beyond, .. } = self.step;
        let (cost, ready) = (median(&self.costs), share(&mut self.readies, 50));
        let each = |charged: Charged| charged.each(Decimal::from(METERED));
        Figures { name, beyond, cost, ready, before: each(self.before), after: each(self.after) }
    }
}
