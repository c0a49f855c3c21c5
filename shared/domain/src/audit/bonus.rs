//! One award of a bonus: its line and the entries that booked it.

use super::{
    Breach, Check,
    conversion::{adjusted, bookings},
};
use crate::{
    bonus::Award,
    commission::{Adjustment, Commission},
    id::TransactionId,
    ledger::Transaction,
};

/// An award with everything that belongs to it.
#[derive(Debug, Clone, Copy)]
pub struct AwardCase<'a> {
    /// The award.
    pub award: &'a Award,
    /// Its line; there is exactly one.
    pub lines: &'a [Commission],
    /// What administrators added to the line or took from it.
    pub adjustments: &'a [Adjustment],
    /// Those of [`AwardCase::entry_ids`] that exist.
    pub entries: &'a [Transaction],
}

impl AwardCase<'_> {
    /// The ids of all entries that the award can have.
    #[must_use]
    pub fn entry_ids(award: &Award, adjustments: &[Adjustment]) -> Vec<TransactionId> {
        award.entry_ids().into_iter().chain(adjustments.iter().map(Adjustment::entry_id)).collect()
    }

    /// Everything that does not hold.
    #[must_use]
    pub fn breaches(&self) -> Vec<Breach> {
        let Self { award, lines, adjustments, entries } = *self;
        let mut breaches = adjusted(lines, adjustments);
        match lines {
            [line] => breaches.extend(worth(award, line)),
            _ => {
                let detail = format!("there are {} lines, not one", lines.len());
                breaches.push(Breach::new(Check::Commission, &[&award.id], detail));
            }
        }
        breaches.extend(bookings(&award.id, lines, entries));
        breaches
    }
}

/// The line is worth what was promised while the award is granted, and nothing otherwise, together
/// with its adjustments.
fn worth(award: &Award, line: &Commission) -> Vec<Breach> {
    let promised = award.terms.amount;
    let Ok(worth) = line.at(award.priced()) else {
        return vec![Breach::new(Check::Commission, &[&line.id], "the line is not in the bonus' currency")];
    };
    let sums = [
        ("what was earned", line.earned, "what the bonus promised", promised),
        ("the amount", line.amount, "what the award is worth", worth),
    ];
    let check = |(left, one, right, other): (&str, crate::money::Money, &str, crate::money::Money)| {
        let (one, other) = ((left, i128::from(one.minor())), (right, i128::from(other.minor())));
        Breach::unless_equal(Check::Commission, &[&line.id], one, other)
    };
    sums.into_iter().filter_map(check).collect()
}
