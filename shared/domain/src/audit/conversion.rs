//! One conversion: its lines, its refunds and the entries that booked them.

use std::collections::BTreeMap;

use super::{Breach, Check};
use crate::{
    commission::{Adjustment, Commission, CommissionStatus, Terms},
    conversion::{Conversion, Refund, refunded},
    id::{ConversionId, Level, PartnerId, TransactionId},
    ledger::{Transaction, TransactionKind},
    money::{Money, MoneyError, Rounding},
};

/// A conversion with everything that belongs to it.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The conversion.
    pub conversion: &'a Conversion,
    /// Its lines, level 1 first.
    pub lines: &'a [Commission],
    /// What was told of refunds and counts.
    pub refunds: &'a [Refund],
    /// What administrators added to the lines or took from them.
    pub adjustments: &'a [Adjustment],
    /// Those of [`Case::entry_ids`] that exist.
    pub entries: &'a [Transaction],
}

impl Case<'_> {
    /// The ids of all entries that the conversion can have: they derive from it, its refunds and its
    /// adjustments.
    #[must_use]
    pub fn entry_ids(
        conversion: &Conversion,
        refunds: &[Refund],
        adjustments: &[Adjustment],
    ) -> Vec<TransactionId> {
        let id = conversion.id.as_str();
        let once = [TransactionKind::Accrue, TransactionKind::Reject].map(|kind| kind.transaction_id(&[id]));
        let refunds = refunds.iter().map(|refund| refund.entry_id(&conversion.id));
        once.into_iter().chain(refunds).chain(adjustments.iter().map(Adjustment::entry_id)).collect()
    }

    /// Everything that does not hold.
    #[must_use]
    pub fn breaches(&self) -> Vec<Breach> {
        let mut breaches = self.refunds();
        breaches.extend(self.amounts());
        breaches.extend(self.bookings());
        breaches
    }

    fn refunds(&self) -> Vec<Breach> {
        let Conversion { id, charge, refunded: kept, .. } = self.conversion;
        let come_to = match refunded(charge.amount, self.refunds) {
            Ok(come_to) => come_to,
            Err(error) => return vec![Breach::new(Check::Refunds, &[id], error.to_string())],
        };
        let kept = ("the refunded sum", i128::from(kept.minor()));
        let told = ("what its refunds come to", i128::from(come_to.sum.minor()));
        let sum = Breach::unless_equal(Check::Refunds, &[id], kept, told);
        sum.into_iter().chain(self.holds(come_to.is_disputed)).collect()
    }

    /// What is worth something and not paid is held while there is a dispute or a review, and only
    /// then.
    fn holds(&self, is_disputed: bool) -> Vec<Breach> {
        let check = |line: &Commission| {
            let is_held = line.status == CommissionStatus::Held;
            let can_be =
                is_held || matches!(line.status, CommissionStatus::Pending | CommissionStatus::Approved);
            let must_be = is_disputed || line.hold_reason.is_some();
            let detail = match is_held {
                true => "it is held, and nothing is to be awaited",
                false => "it is not held while a dispute or a review is open",
            };
            (can_be && is_held != must_be).then(|| Breach::new(Check::Refunds, &[&line.id], detail))
        };
        self.lines.iter().filter_map(check).collect()
    }

    /// Each line against the frozen terms, and the upline against its cap.
    fn amounts(&self) -> Vec<Breach> {
        let id = &self.conversion.id;
        let Some(terms) = &self.conversion.terms else {
            let breach = || Breach::new(Check::Commission, &[id], "there are lines and no terms");
            return (!self.lines.is_empty()).then(breach).into_iter().collect();
        };
        self.compare(terms).unwrap_or_else(|error| {
            let detail = format!("the terms cannot be applied: {error}");
            vec![Breach::new(Check::Commission, &[id], detail)]
        })
    }

    fn compare(&self, terms: &Terms) -> Result<Vec<Breach>, MoneyError> {
        let Conversion { id, charge, refunded, .. } = self.conversion;
        let first = self.conversion.priced(self.lines, Money::zero(refunded.currency()))?;
        let now = self.conversion.priced(self.lines, *refunded)?;
        let mut breaches = Vec::new();
        for ((line, first), now) in self.lines.iter().zip(first).zip(now) {
            let worth = line.at(now)?;
            let sums = [
                ("what was earned", line.earned.minor(), "what the terms gave", first.minor()),
                ("the amount", line.amount.minor(), "what the terms give at what is left", worth.minor()),
            ];
            for (left, one, right, other) in sums {
                let (one, other) = ((left, i128::from(one)), (right, i128::from(other)));
                breaches.extend(Breach::unless_equal(Check::Commission, &[&line.id], one, other));
            }
        }
        if let Some(cap) = terms.upline_cap {
            let most = i128::from(cap.of(terms.base_left(charge, *refunded)?, Rounding::Down)?.minor());
            let upline = self.lines.iter().filter(|line| line.id.level() != Level::ONE);
            // What an administrator added stands beside the terms.
            let by_terms = |line: &Commission| line.amount.minor() - line.adjusted.minor().max(0);
            let upline: i128 = upline.map(|line| i128::from(by_terms(line))).sum();
            if upline > most {
                let detail = format!("the upline gets {upline}, its cap is {most}");
                breaches.push(Breach::new(Check::UplineCap, &[id], detail));
            }
        }
        Ok(breaches)
    }

    /// What was booked for each line is what it is worth: an accrual or a refund that has no entry
    /// shows here, and so does an entry too many.
    fn bookings(&self) -> Vec<Breach> {
        let id = &self.conversion.id;
        let mut breaches = self.adjusted();
        breaches.extend(bookings(id, self.lines, self.entries));
        breaches
    }

    /// The adjusted sum of each line is that of its adjustments.
    fn adjusted(&self) -> Vec<Breach> {
        adjusted(self.lines, self.adjustments)
    }
}

/// The adjusted sum of each line is that of its adjustments.
pub(super) fn adjusted(lines: &[Commission], adjustments: &[Adjustment]) -> Vec<Breach> {
    let check = |line: &Commission| {
        let own = adjustments.iter().filter(|adjustment| adjustment.commission_id == line.id);
        let sum = own.map(|adjustment| i128::from(adjustment.amount.minor())).sum();
        let kept = ("the adjusted sum", i128::from(line.adjusted.minor()));
        Breach::unless_equal(Check::Commission, &[&line.id], kept, ("the sum of its adjustments", sum))
    };
    lines.iter().filter_map(check).collect()
}

/// Grants: the accrual of a conversion, and the first entry of a bonus.
fn is_grant(entry: &Transaction) -> bool {
    entry.kind == TransactionKind::Accrue
        || (entry.kind == TransactionKind::Bonus && entry.subject.ends_with("/1"))
}

/// What was booked for each line is what it is worth, and its first entry what it earned. Level and
/// partner together name a line.
pub(super) fn bookings(id: &ConversionId, lines: &[Commission], entries: &[Transaction]) -> Vec<Breach> {
    type Sums<'a> = BTreeMap<(Level, &'a PartnerId), i128>;
    let (mut granted, mut booked) = (Sums::new(), Sums::new());
    for entry in entries {
        for posting in &entry.postings {
            let Some(line) = posting.level.zip(posting.account.partner()) else { continue };
            *booked.entry(line).or_default() -= i128::from(posting.minor);
            if is_grant(entry) {
                *granted.entry(line).or_default() -= i128::from(posting.minor);
            }
        }
    }
    let mut breaches = Vec::new();
    for line in lines {
        let name = (line.id.level(), &line.partner_id);
        let sums = [
            ("what was earned", line.earned, "what its accrual booked", granted.remove(&name)),
            ("the amount", line.amount, "what its entries booked", booked.remove(&name)),
        ];
        for (left, one, right, other) in sums {
            let (one, other) = ((left, i128::from(one.minor())), (right, other.unwrap_or_default()));
            breaches.extend(Breach::unless_equal(Check::Booking, &[&line.id, id], one, other));
        }
    }
    for ((level, partner), sum) in booked.into_iter().filter(|(_, sum)| *sum != 0) {
        let detail = format!("{sum} was booked at level {level}, which has no line");
        breaches.push(Breach::new(Check::Booking, &[id, partner], detail));
    }
    breaches
}
