//! Counters of caps, against the conversions that count in them.
//!
//! A counter is read before its first conversion and after its last: only one that nobody has changed
//! meanwhile can be held against what the conversions say.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    audit::{Breach, Check, granted},
    id::ConversionId,
    plan::CapCounter,
    program::Program,
};
use futures_util::future::try_join_all;

use super::{Report, Scope, unreadable};
use crate::{Store, cap::Standing, conversion::Record, error::Error, history::Walk, key};

/// Conversions that are read at a time.
const AT_A_TIME: usize = 16;

/// A counter as it was read first, and what its conversions have taken so far.
struct Counted {
    first: Standing,
    sum: i128,
}

impl Store {
    /// Compares every counter of a program's caps; only an audit of all days sees all conversions.
    pub(super) async fn audit_caps(
        &self,
        program: &Program,
        scope: &Scope,
        report: &mut Report,
    ) -> Result<(), Error> {
        let plans = self.plans(&program.id).await?;
        if scope.since.is_some() || plans.iter().all(|version| version.plan.caps.is_empty()) {
            return Ok(());
        }
        let mut counted = BTreeMap::new();
        let mut next = Some(Walk::from_the_first(program, &plans));
        while let Some(walk) = next {
            let steps = self.walk(&program.id, walk, key::day(scope.now), AT_A_TIME).await?;
            for breach in Box::pin(self.count(program, &steps.conversions, &mut counted)).await? {
                report.add([breach]);
            }
            next = steps.next;
        }
        let counters: Vec<_> = counted.keys().cloned().collect();
        let standings = self.cap_standings(&program.id, &counters).await?;
        for ((counter, counted), last) in counted.iter().zip(standings) {
            if counted.first != last {
                report.restless += 1;
                continue;
            }
            let name = format!("{}:{}:{}", counter.scope.as_str(), counter.subject, counter.period);
            let sums = ("the counter", i128::from(last.used));
            let lines = ("what its lines are worth by their terms", counted.sum);
            report.add(Breach::unless_equal(Check::Caps, &[&program.id, &name], sums, lines));
        }
        Ok(())
    }

    /// Adds what some conversions have taken; gives those that cannot be read.
    async fn count(
        &self,
        program: &Program,
        ids: &[ConversionId],
        counted: &mut BTreeMap<CapCounter, Counted>,
    ) -> Result<Vec<Breach>, Error> {
        let mut records = self.records(ids).await?;
        let counters = records.iter().flatten().flat_map(counters_of);
        let unseen: BTreeSet<_> = counters.filter(|counter| !counted.contains_key(counter)).collect();
        // Several conversions count in one counter, and a read may name it only once.
        let unseen: Vec<_> = unseen.into_iter().collect();
        if !unseen.is_empty() {
            for (counter, first) in unseen.iter().zip(self.cap_standings(&program.id, &unseen).await?) {
                counted.entry(counter.clone()).or_insert(Counted { first, sum: 0 });
            }
            records = self.records(ids).await?;
        }
        let mut breaches = Vec::new();
        for record in records {
            let record = match record {
                Ok(record) => record,
                Err(breach) => {
                    breaches.push(breach);
                    continue;
                }
            };
            let Some(known) = record.conversion() else { continue };
            let sum = granted(&known.value, &record.lines()).map_err(|error| Error::Corrupt {
                key: key::conversion(&known.value.id),
                reason: error.to_string(),
            })?;
            for counter in counters_of(&record) {
                if let Some(counted) = counted.get_mut(&counter) {
                    counted.sum += sum;
                }
            }
        }
        Ok(breaches)
    }

    async fn records(&self, ids: &[ConversionId]) -> Result<Vec<Result<Record, Breach>>, Error> {
        let reads = ids.iter().map(|id| Box::pin(async move { unreadable(self.conversion(id).await) }));
        try_join_all(reads).await
    }
}

fn counters_of(record: &Record) -> Vec<CapCounter> {
    let terms = record.conversion().and_then(|known| known.value.terms.as_ref());
    terms.map(|terms| terms.caps.clone()).unwrap_or_default()
}
