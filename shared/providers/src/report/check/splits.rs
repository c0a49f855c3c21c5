//! Who shares a sale: everybody once, and all of it.

use std::collections::BTreeSet;

use domain::{conversion::SPLITS_MAX, rate::Rate};

use super::{Faults, Report};

impl Report {
    pub(super) fn check_splits(&self, faults: &mut Faults) {
        let Some(splits) = &self.splits else { return };
        let fits = (1..=SPLITS_MAX).contains(&splits.len());
        faults.check(fits, "/splits", "out_of_range", "list 1 to 10 partners, or leave them out");
        let (mut partners, mut whole) = (BTreeSet::new(), 0_i64);
        for (index, split) in splits.iter().enumerate() {
            let weight = split.weight.millionths();
            whole = whole.saturating_add(weight);
            faults
                .check(
                    partners.insert(&split.partner_id),
                    &format!("/splits/{index}/partner_id"),
                    "duplicate",
                    "name every partner once",
                )
                .check(
                    weight > 0,
                    &format!("/splits/{index}/weight"),
                    "out_of_range",
                    "a weight is above zero",
                );
        }
        faults.check(
            splits.is_empty() || whole == Rate::ONE.millionths(),
            "/splits",
            "weights_differ",
            "the weights must add up to 1",
        );
    }
}
