//! What names a charge beside its id: coupon, other ids, labels.

use std::collections::BTreeSet;

use super::{Faults, ID_MAX, Report};

const COUPON_MAX: usize = 100;
const ALIASES_MAX: usize = 10;
const LABELS_MAX: usize = 20;
const LABEL_NAME_MAX: usize = 40;
const LABEL_MAX: usize = 500;

impl Report {
    pub(super) fn check_labels(&self, faults: &mut Faults) {
        if let Some(coupon) = &self.coupon {
            faults.text(coupon, COUPON_MAX, "/coupon");
        }
        let aliases = self.aliases.as_deref().unwrap_or_default();
        let distinct: BTreeSet<_> = aliases.iter().collect();
        faults
            .check(
                aliases.len() <= ALIASES_MAX,
                "/aliases",
                "out_of_range",
                "a charge has at most 10 aliases",
            )
            .check(distinct.len() == aliases.len(), "/aliases", "duplicate", "name every alias once");
        for (index, alias) in aliases.iter().enumerate() {
            faults.text(alias, ID_MAX, &format!("/aliases/{index}"));
        }
        let Some(metadata) = &self.metadata else { return };
        let fits = |(name, value): (&String, &String)| {
            (1..=LABEL_NAME_MAX).contains(&name.chars().count()) && value.chars().count() <= LABEL_MAX
        };
        faults
            .check(
                metadata.len() <= LABELS_MAX,
                "/metadata",
                "out_of_range",
                "a charge has at most 20 labels",
            )
            .check(
                metadata.iter().all(fits),
                "/metadata",
                "invalid_length",
                "a label's name has 1 to 40 characters, its value at most 500",
            );
    }
}
