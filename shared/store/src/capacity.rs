//! The capacity that requests consumed, for tests and benches that hold the cost of a write.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use aws_sdk_dynamodb::types::{ConsumedCapacity, ReturnConsumedCapacity};
use rust_decimal::Decimal;

/// Adds up what a metered store consumes; see [`crate::Store::metered`].
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Mutex<Consumed>>);

/// Capacity units, by place: the table under its own name `table`, each index under its name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Consumed {
    /// Requests sent, repeats included.
    pub requests: u32,
    /// Read units.
    pub reads: BTreeMap<String, Decimal>,
    /// Write units.
    pub writes: BTreeMap<String, Decimal>,
}

impl Consumed {
    /// Read units of the table and its indexes.
    #[must_use]
    pub fn total_reads(&self) -> Decimal {
        self.reads.values().sum()
    }

    /// Write units of the table and its indexes.
    #[must_use]
    pub fn total_writes(&self) -> Decimal {
        self.writes.values().sum()
    }
}

/// Did a request read or write?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Read,
    Write,
}

impl Meter {
    /// What was consumed since the last call.
    #[must_use]
    pub fn take(&self) -> Consumed {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn add<'a>(&self, kind: Kind, consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        let mut sum = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sum.requests += 1;
        let places = match kind {
            Kind::Read => &mut sum.reads,
            Kind::Write => &mut sum.writes,
        };
        for part in consumed {
            let indexes = part.global_secondary_indexes().into_iter().flatten();
            let indexes = indexes.map(|(name, units)| (name.as_str(), units.capacity_units()));
            let table = part.table().map(|units| ("table", units.capacity_units()));
            for (place, units) in table.into_iter().chain(indexes) {
                *places.entry(place.to_owned()).or_default() += exact(units.unwrap_or_default());
            }
        }
    }
}

/// Units come as floats of halves; decimals can be added up without rounding.
fn exact(units: f64) -> Decimal {
    units.to_string().parse().unwrap_or_default()
}

/// Asks the table for its meter reading, where there is a meter.
pub(crate) fn wanted(meter: Option<&Meter>) -> Option<ReturnConsumedCapacity> {
    meter.map(|_| ReturnConsumedCapacity::Indexes)
}
