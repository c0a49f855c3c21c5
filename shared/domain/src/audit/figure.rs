//! Figures: what is kept somewhere, and what it must be by what it is made of.

use std::collections::{BTreeMap, BTreeSet};

use super::{Breach, Check};

/// A number that is kept, with the same number rebuilt; in minor units where it is an amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// What is checked by it.
    pub check: Check,
    /// Which number.
    pub name: String,
    /// Where it is kept, and as what.
    pub kept: (&'static str, i128),
    /// What it is rebuilt from, and what comes of that.
    pub rebuilt: (&'static str, i128),
}

impl Figure {
    pub(super) fn new(
        check: Check,
        name: String,
        kept: (&'static str, i128),
        rebuilt: (&'static str, i128),
    ) -> Self {
        Self { check, name, kept, rebuilt }
    }

    /// A breach where the two differ.
    #[must_use]
    pub fn breach(&self) -> Option<Breach> {
        Breach::unless_equal(self.check, &[&self.name], self.kept, self.rebuilt)
    }
}

/// Both values of every key that one of the two has.
pub(super) fn pairs<K: Ord + Clone>(
    one: &BTreeMap<K, i128>,
    other: &BTreeMap<K, i128>,
) -> Vec<(K, i128, i128)> {
    let value = |map: &BTreeMap<K, i128>, key: &K| map.get(key).copied().unwrap_or_default();
    let keys: BTreeSet<&K> = one.keys().chain(other.keys()).collect();
    keys.into_iter().map(|key| (key.clone(), value(one, key), value(other, key))).collect()
}
