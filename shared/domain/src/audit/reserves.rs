//! Reserves: nothing but what takes earnings back, or left although it had failed, may bring an
//! available balance below zero.
//!
//! A payout is decided by the available balance, so what it reserved must have been there. The order
//! in which entries were written is not kept, only their time by the clock of who wrote them: an
//! entry counts as taken without cover where no order that the clocks allow had covered it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::{
    id::TransactionId,
    ledger::{Transaction, TransactionKind},
};

/// By how much the clocks of two workers may differ.
const SKEW: SignedDuration = SignedDuration::from_mins(10);

/// What moves an available balance.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Move {
    at: Timestamp,
    minor: i128,
    /// The entry, where what it takes must be there.
    needs_cover: Option<TransactionId>,
}

/// An available balance over time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reserves {
    /// All that is longer ago than clocks can differ.
    before: i128,
    recent: Vec<Move>,
    /// Of what was taken up to this time it is decided whether it was covered.
    decided: Option<Timestamp>,
    uncovered: BTreeMap<TransactionId, i128>,
}

/// May the entry bring the balance below zero? Refunds, disputes, adjustments and bonuses take back
/// what was earned, whether it is still there or not; what was paid after all has left.
fn takes_back(kind: TransactionKind) -> bool {
    kind.earns() || matches!(kind, TransactionKind::Hold | TransactionKind::PayoutSettleLate)
}

fn earlier(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}

impl Reserves {
    /// Adds what an entry changes.
    pub(super) fn post(&mut self, entry: &Transaction, minor: i128) {
        let needs_cover = (minor < 0 && !takes_back(entry.kind)).then(|| entry.id.clone());
        self.recent.push(Move { at: entry.at, minor, needs_cover });
    }

    /// Adds what came later.
    pub(super) fn absorb(&mut self, later: &Self) {
        self.before += later.before;
        self.recent.extend(later.recent.iter().cloned());
        self.uncovered.extend(later.uncovered.iter().map(|(id, minor)| (id.clone(), *minor)));
    }

    /// Everything before this time is known: what can be decided is, and what later entries do not
    /// ask for by itself is summed up.
    pub(super) fn close(&mut self, until: Timestamp) {
        let known = earlier(until, SKEW);
        let uncovered = self.taken_without_cover(known);
        self.uncovered.extend(uncovered);
        self.decided = Some(known);
        let (old, recent) = std::mem::take(&mut self.recent)
            .into_iter()
            .partition::<Vec<_>, _>(|moved| moved.at < earlier(known, SKEW));
        self.before += old.iter().map(|moved| moved.minor).sum::<i128>();
        self.recent = recent;
    }

    /// Entries that took what was not there, with what was missing.
    #[must_use]
    pub fn uncovered(&self) -> BTreeMap<TransactionId, i128> {
        let mut all = self.uncovered.clone();
        all.extend(self.taken_without_cover(Timestamp::MAX));
        all
    }

    fn taken_without_cover(&self, until: Timestamp) -> Vec<(TransactionId, i128)> {
        let mut moves: Vec<&Move> = self.recent.iter().collect();
        moves.sort_by_key(|moved| moved.at);
        // What the first so many of them bring, and take.
        let sums = |counts: fn(i128) -> bool| -> Vec<i128> {
            let minors = moves.iter().map(|moved| if counts(moved.minor) { moved.minor } else { 0 });
            let running = minors.scan(0, |sum, minor| {
                *sum += minor;
                Some(*sum)
            });
            std::iter::once(0).chain(running).collect()
        };
        let (brought, taken) = (sums(|minor| minor > 0), sums(|minor| minor < 0));
        let sum = |sums: &[i128], count: usize| sums.get(count).copied().unwrap_or_default();
        let check = |moved: &Move| {
            let id = moved.needs_cover.as_ref()?;
            let latest = moved.at.checked_add(SKEW).unwrap_or(Timestamp::MAX);
            let may_be_before = moves.partition_point(|other| other.at <= latest);
            let is_before = moves.partition_point(|other| other.at < earlier(moved.at, SKEW));
            let most = self.before + sum(&brought, may_be_before) + sum(&taken, is_before);
            let left = most + moved.minor;
            (left < 0).then(|| (id.clone(), -left))
        };
        let is_asked =
            |moved: &&&Move| moved.at <= until && self.decided.is_none_or(|until| until < moved.at);
        moves.iter().filter(is_asked).copied().filter_map(check).collect()
    }
}

#[cfg(test)]
mod tests {
    use TransactionKind::{Mature, PayoutFail, PayoutRequest, PayoutSettleLate, Refund};

    use super::*;
    use crate::id::ProgramId;

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
    }

    /// Entries by kind, minute and amount; what is missing, by the minute of the entry that took it.
    fn uncovered(entries: &[(TransactionKind, i64, i128)], closed: &[i64]) -> Vec<(i64, i128)> {
        let id = |minute: i64| TransactionId::derive(&[&minute.to_string()]);
        let mut reserves = Reserves::default();
        let mut open: Vec<_> = entries.iter().collect();
        for until in closed.iter().copied().chain([i64::MAX]) {
            open.retain(|(kind, minute, minor)| {
                if *minute >= until {
                    return true;
                }
                let entry = Transaction {
                    id: id(*minute),
                    program_id: ProgramId::derive(&["g"]),
                    kind: *kind,
                    subject: String::new(),
                    at: at(*minute),
                    currency: "USD".parse().unwrap(),
                    postings: vec![],
                };
                reserves.post(&entry, *minor);
                false
            });
            if until < i64::MAX {
                reserves.close(at(until));
            }
        }
        let found = reserves.uncovered();
        let minutes = entries.iter().map(|(_, minute, _)| *minute);
        minutes.filter_map(|minute| Some((minute, *found.get(&id(minute))?))).collect()
    }

    #[test]
    fn what_a_payout_reserves_was_there() {
        for (entries, expected) in [
            (vec![(Mature, 0, 100), (PayoutRequest, 60, -100)], vec![]),
            (vec![(Mature, 0, 100), (PayoutRequest, 60, -101)], vec![(60, 1)]),
            // Money that had been taken back before, although in the end enough was earned.
            (
                vec![(Mature, 0, 100), (Refund, 30, -80), (PayoutRequest, 60, -90), (Mature, 90, 100)],
                vec![(60, 70)],
            ),
            // A refund may take what was paid out already; the debt blocks the next payout.
            (vec![(Mature, 0, 100), (PayoutRequest, 30, -100), (Refund, 60, -100)], vec![]),
            (
                vec![
                    (Mature, 0, 100),
                    (PayoutRequest, 30, -100),
                    (Refund, 60, -100),
                    (PayoutRequest, 90, -10),
                ],
                vec![(90, 110)],
            ),
            // What came back can be paid again, once.
            (
                vec![(Mature, 0, 9), (PayoutRequest, 30, -9), (PayoutFail, 60, 9), (PayoutRequest, 90, -9)],
                vec![],
            ),
            // It was paid after all, and reserved again by then: a debt, which blocks the next payout.
            (
                vec![
                    (Mature, 0, 9),
                    (PayoutRequest, 20, -9),
                    (PayoutFail, 40, 9),
                    (PayoutRequest, 60, -9),
                    (PayoutSettleLate, 80, -9),
                    (PayoutRequest, 100, -1),
                ],
                vec![(100, 10)],
            ),
            // The clock of who matured was ahead by less than clocks may differ, and by more.
            (vec![(PayoutRequest, 60, -100), (Mature, 69, 100)], vec![]),
            (vec![(PayoutRequest, 60, -100), (Mature, 71, 100)], vec![(60, 100)]),
            // Or the refund's was behind.
            (vec![(Mature, 0, 100), (Refund, 51, -50), (PayoutRequest, 60, -100)], vec![]),
            (vec![(Mature, 0, 100), (Refund, 49, -50), (PayoutRequest, 60, -100)], vec![(60, 50)]),
        ] {
            for closed in [vec![], vec![40], vec![60], vec![61], vec![65, 70, 80], (0..120).collect()] {
                assert_eq!(uncovered(&entries, &closed), expected, "{entries:?} closed at {closed:?}");
            }
        }
    }

    #[test]
    fn closing_keeps_no_more_than_clocks_can_differ() {
        let mut reserves = Reserves::default();
        for minute in 0..1_000 {
            let moved = Move { at: at(minute), minor: 1, needs_cover: None };
            reserves.recent.push(moved);
            reserves.close(at(minute));
            assert!(reserves.recent.len() <= 21);
        }
        assert_eq!(reserves.before + i128::try_from(reserves.recent.len()).unwrap(), 1_000);
    }
}
