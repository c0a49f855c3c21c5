//! One function's figures.

use std::{path::Path, time::Duration};

use crate::{
    Outcome,
    meter::{Charged, Meter},
    process::{Cost, Function},
    scenes::{self, Scene},
    size::{self, Size},
};

/// Processes started for the figures of a start; the last of them goes on to the warm ones.
const STARTS: usize = 7;
/// Warm invocations that count for nothing: connections open, memory grows.
const WARMING: usize = 10;
/// Invocations under the meter.
const METERED: u32 = 5;

/// What was measured of one function.
#[derive(Debug)]
pub(crate) struct Measured {
    /// Its name.
    pub(crate) name: String,
    /// What one invocation does.
    pub(crate) about: &'static str,
    /// From the start of the process until it asks for an event, the median.
    pub(crate) init: Cost,
    /// The first event, the median.
    pub(crate) first: Cost,
    /// Warm invocations: the median by the clock.
    pub(crate) p50: Duration,
    /// Warm invocations: 99 of a hundred are as fast.
    pub(crate) p99: Duration,
    /// Processor time of a warm invocation, on average.
    pub(crate) processor: Duration,
    /// Warm invocations that counted.
    pub(crate) warm: usize,
    /// The most memory, in KiB.
    pub(crate) memory: u64,
    /// Of the binary.
    pub(crate) size: Size,
    /// What the table charged for one invocation.
    pub(crate) charged: Charged,
}

impl Measured {
    /// Measures a function.
    pub(crate) async fn of(name: &str, binary: &Path) -> Outcome<Self> {
        let setting = scenes::of(name).ok_or_else(|| format!("infra/bench/src/scenes has no {name}"))?;
        let Scene { world, events, about } = setting.await;
        let mut events = events.into_iter();
        let url = world.table.url();

        let (mut inits, mut firsts) = (Vec::new(), Vec::new());
        let mut last = None;
        for _ in 0..STARTS {
            // One after the other: two at once would take the processor from each other.
            drop(last.take());
            let (mut function, init) = Function::start(&world, name, binary, url).await?;
            inits.push(init);
            firsts.push(function.invoke_alone(events.next().unwrap()).await?);
            last = Some(function);
        }

        let mut function = last.unwrap();
        for event in events.by_ref().take(WARMING) {
            function.invoke(event).await?;
        }
        let before = function.processor().await;
        let mut walls = Vec::new();
        let counting = events_left(&events);
        for event in events.by_ref().take(counting) {
            walls.push(function.invoke(event).await?);
        }
        let processor = function.processor().await.saturating_sub(before);
        let processor = processor / u32::try_from(walls.len()).unwrap();
        let memory = function.peak_memory();
        drop(function);

        let meter = Meter::start(url).await;
        let (mut function, _) = Function::start(&world, name, binary, &meter.url).await?;
        let warming = events.next().unwrap();
        function.invoke(warming).await?;
        meter.take();
        for event in events {
            function.invoke(event).await?;
        }
        let charged = meter.take().each(METERED.into());

        let (p50, p99, warm) = (share(&mut walls, 50), share(&mut walls, 99), walls.len());
        let (name, size) = (name.to_owned(), size::of(binary));
        let (init, first) = (median(&inits), median(&firsts));
        Ok(Self { name, about, init, first, p50, p99, processor, warm, memory, size, charged })
    }

    /// A line to watch the measurement by.
    pub(crate) fn line(&self) -> String {
        let Self { name, init, first, p50, processor, memory, size, .. } = self;
        format!(
            "{name}: init {:?} first {:?} warm {p50:?} (processor {processor:?}) {memory} KiB zip {}",
            init.processor, first.processor, size.zip
        )
    }
}

/// All but those that are kept for the meter.
fn events_left(events: &impl ExactSizeIterator) -> usize {
    events.len() - usize::try_from(METERED).unwrap() - 1
}

/// The value that so many of a hundred do not exceed.
pub(crate) fn share(values: &mut [Duration], of_hundred: usize) -> Duration {
    values.sort_unstable();
    values[(values.len() * of_hundred).div_ceil(100) - 1]
}

/// Medians, of each by itself.
pub(crate) fn median(costs: &[Cost]) -> Cost {
    let mut walls: Vec<_> = costs.iter().map(|cost| cost.wall).collect();
    let mut processors: Vec<_> = costs.iter().map(|cost| cost.processor).collect();
    Cost { wall: share(&mut walls, 50), processor: share(&mut processors, 50) }
}
