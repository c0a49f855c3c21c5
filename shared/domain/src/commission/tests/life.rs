//! The life of a line: every sequence of what can happen to it, with the real rules, and the money
//! after every step against a reckoning that knows nothing of them.

use std::collections::{BTreeMap, BTreeSet};

use Happening::{
    Add, ComeBack, DisputeLost, DisputeOpened, DisputeWon, LetPass, Mature, Pay, Refund, RefundFailed,
    RefundMore, Take, TurnDown,
};

use super::*;
use crate::{
    conversion::{Refund as Fact, RefundCause, RefundStage},
    id::{AdjustmentId, TransactionId},
};

/// What can happen to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    /// Its holding period ends.
    Mature,
    /// A settled payout covers it.
    Pay,
    /// The money of that payout comes back.
    ComeBack,
    /// Half of the charge is refunded.
    Refund,
    /// The other half.
    RefundMore,
    /// The first of these refunds has failed.
    RefundFailed,
    /// The whole charge is disputed.
    DisputeOpened,
    DisputeLost,
    DisputeWon,
    /// A review lets it pass, or turns it down.
    LetPass,
    TurnDown,
    /// An administrator adds 5.00, or takes it.
    Add,
    Take,
}

const ALL: [Happening; 13] = [
    Mature,
    Pay,
    ComeBack,
    Refund,
    RefundMore,
    RefundFailed,
    DisputeOpened,
    DisputeLost,
    DisputeWon,
    LetPass,
    TurnDown,
    Add,
    Take,
];
const LENGTH: usize = 8;

/// A line that earned 20.00 of a sale of 100.00, and what the journal says of it.
#[derive(Debug, Clone)]
struct Life {
    conversion: Conversion,
    line: Commission,
    refunds: Vec<Fact>,
    /// What was told and taken in.
    told: BTreeSet<Happening>,
    purse: Purse,
}

/// Where the money of the line is by the postings, and by the changes of the partner's account.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Purse {
    granted: i64,
    taken_back: i64,
    pending: i64,
    available: i64,
    held: i64,
    /// As the account counts.
    account: (i64, i64),
    covered: i64,
    entries: BTreeSet<TransactionId>,
}

impl Purse {
    fn post(&mut self, entry: Option<&Transaction>, account: AccountChange) {
        for posting in entry.iter().flat_map(|entry| &entry.postings) {
            match &posting.account {
                Account::Expense if posting.minor > 0 => self.granted += posting.minor,
                Account::Expense => self.taken_back -= posting.minor,
                Account::Pending(_) => self.pending -= posting.minor,
                Account::Available(_) => self.available -= posting.minor,
                Account::Held(_) => self.held -= posting.minor,
                other => panic!("a line has nothing to do with {other}"),
            }
        }
        if let Some(entry) = entry {
            assert!(self.entries.insert(entry.id.clone()), "{:?} is booked twice", entry.kind);
        }
        self.account.0 += account.available;
        self.account.1 += account.held;
        self.covered += account.covered;
    }
}

impl Life {
    fn new(hold: Option<HoldReason>) -> Self {
        let case = Case::new(plan(vec![percent("base", "0.2")], &[]), "100.00");
        let conversion = case.book().conversion;
        let accrual = accrue(&conversion, &case.calculate(), hold, conversion.received_at).unwrap();
        let mut purse = Purse::default();
        purse.post(accrual.transaction.as_ref(), AccountChange::default());
        let line = accrual.commissions[0].clone();
        Self { conversion, line, refunds: vec![], told: BTreeSet::new(), purse }
    }

    fn name(&self) -> String {
        let Commission { status, hold_reason, amount, adjusted, matured_at, payout_id, .. } = &self.line;
        let line = (status, hold_reason, amount, adjusted, matured_at, payout_id);
        format!("{line:?} {:?} {:?}", self.told, self.purse)
    }

    fn is_disputed(&self) -> bool {
        refunded(self.conversion.charge.amount, &self.refunds).unwrap().is_disputed
    }

    /// What becomes of it; nothing when the happening is refused.
    fn after(&self, happening: Happening) -> Option<Self> {
        let done = Some(RefundStage::Done);
        match happening {
            Mature => self.matured(),
            Pay => self.paid(),
            ComeBack => self.uncovered(),
            Refund => self.told(happening, "re_1", RefundCause::Refund, done, 50),
            RefundMore => self.told(happening, "re_2", RefundCause::Refund, done, 50),
            RefundFailed => self.told(happening, "re_1", RefundCause::Refund, Some(RefundStage::Void), 50),
            DisputeOpened => self.told(happening, "dp_1", RefundCause::Dispute, Some(RefundStage::Open), 100),
            DisputeLost => self.told(happening, "dp_1", RefundCause::Dispute, done, 100),
            DisputeWon => self.told(happening, "dp_1", RefundCause::Dispute, Some(RefundStage::Void), 100),
            LetPass => self.reviewed(Decision::Release),
            TurnDown => self.reviewed(Decision::Reject),
            Add => self.adjusted(happening, 500),
            Take => self.adjusted(happening, -500),
        }
    }

    fn matured(&self) -> Option<Self> {
        let (program, lines) = (&self.conversion.program_id, [self.line.clone()]);
        let matured = mature(program, &partner(1), usd(), &lines, Timestamp::MAX).unwrap();
        let line = matured.commissions.first()?.clone();
        let mut next = Self { line, ..self.clone() };
        let account = AccountChange { available: matured.minor, ..AccountChange::default() };
        next.purse.post(matured.transaction.as_ref(), account);
        Some(next)
    }

    /// As the store marks what a payout covers.
    fn paid(&self) -> Option<Self> {
        let status = self.line.status.after(CommissionEvent::Pay).ok()?;
        let payout_id = Some(PayoutId::derive(&["p"]));
        let mut next = Self { line: Commission { status, payout_id, ..self.line.clone() }, ..self.clone() };
        next.purse.covered += self.line.amount.minor();
        Some(next)
    }

    /// As the store takes the mark away: not while a dispute is open, since what is payable is held
    /// then.
    fn uncovered(&self) -> Option<Self> {
        let line = self.line.uncovered().filter(|_| !self.is_disputed())?;
        let mut next = Self { line, ..self.clone() };
        next.purse.covered -= self.line.amount.minor();
        Some(next)
    }

    fn told(
        &self,
        happening: Happening,
        id: &str,
        cause: RefundCause,
        stage: Option<RefundStage>,
        percent: i64,
    ) -> Option<Self> {
        if self.told.contains(&happening) {
            return None;
        }
        let amount = Some(Money::new(percent * 100, usd()));
        let (stage, occurred_at) = (stage?, self.conversion.received_at);
        let fact = Fact { refund_id: id.into(), cause, stage, amount, occurred_at };
        let lines = [self.line.clone()];
        let reversal = refund(&self.conversion, &lines, &self.refunds, &fact, occurred_at).unwrap();
        let mut next = self.clone();
        next.told.insert(happening);
        next.refunds.push(fact);
        next.conversion.refunded = reversal.refunded;
        let account = reversal.accounts.values().next().copied().unwrap_or_default();
        next.purse.post(reversal.transaction.as_ref(), account);
        next.line = reversal.commissions.first().cloned().unwrap_or(next.line);
        Some(next)
    }

    fn reviewed(&self, decision: Decision) -> Option<Self> {
        let (lines, at) = ([self.line.clone()], self.conversion.received_at);
        let reviewed = review(&self.conversion, &lines, self.is_disputed(), decision, at).ok()?;
        let mut next = self.clone();
        next.purse.post(reviewed.transaction.as_ref(), AccountChange::default());
        next.line = reviewed.commissions[0].clone();
        Some(next)
    }

    fn adjusted(&self, happening: Happening, minor: i64) -> Option<Self> {
        if self.told.contains(&happening) {
            return None;
        }
        let adjustment = Adjustment {
            id: AdjustmentId::derive(&[&minor.to_string()]),
            commission_id: self.line.id.clone(),
            amount: Money::new(minor, usd()),
            reason: "because".into(),
            by: "root".into(),
            at: self.conversion.received_at,
        };
        let priced =
            self.conversion.priced(std::slice::from_ref(&self.line), self.conversion.refunded).unwrap()[0];
        let adjusted = adjust(&self.line, priced, self.is_disputed(), &adjustment).ok()?;
        let mut next = self.clone();
        next.told.insert(happening);
        next.purse.post(adjusted.transaction.as_ref(), adjusted.account);
        next.line = adjusted.commission;
        Some(next)
    }

    /// What the line is worth by what was told, reckoned by hand.
    fn worth(&self) -> i64 {
        let told = |happening| self.told.contains(&happening);
        if self.line.status == CommissionStatus::Rejected {
            return 0;
        }
        let first = told(Refund) && !told(RefundFailed);
        let lost = told(DisputeLost) && !told(DisputeWon);
        let left = if lost { 0 } else { 2 - i64::from(first) - i64::from(told(RefundMore)) };
        let adjusted = 500 * (i64::from(told(Add)) - i64::from(told(Take)));
        (1000 * left + adjusted).max(0)
    }

    /// Everything that must hold of it at any time.
    fn check(&self) {
        let Commission { status, matured_at, payout_id, .. } = &self.line;
        let (amount, purse, name) = (self.line.amount.minor(), &self.purse, self.name());
        assert_eq!(amount, self.worth(), "{name}");
        assert_eq!(purse.granted - purse.taken_back, amount, "{name}");
        let place = match (matured_at.is_some(), *status == CommissionStatus::Held) {
            (false, _) => (amount, 0, 0),
            (true, false) => (0, amount, 0),
            (true, true) => (0, 0, amount),
        };
        assert_eq!((purse.pending, purse.available, purse.held), place, "{name}");
        assert_eq!(purse.account, (purse.available, purse.held), "{name}");
        // What payouts have covered is what is left of what they covered.
        assert_eq!(purse.covered, if payout_id.is_some() { amount } else { 0 }, "{name}");
        match status {
            CommissionStatus::Paid => assert!(payout_id.is_some() && matured_at.is_some(), "{name}"),
            CommissionStatus::Reversed => assert_eq!(amount, 0, "{name}"),
            _ => assert!(payout_id.is_none(), "{name}"),
        }
    }
}

/// Which happening leads from where to where; one that is not listed leaves the status as it is.
fn moves() -> BTreeSet<(CommissionStatus, CommissionStatus, Happening)> {
    use CommissionStatus::{Approved, Held, Paid, Pending, Rejected, Reversed};
    let takes = [Refund, RefundMore, DisputeLost, Take];
    let gives = [RefundFailed, DisputeWon, Add];
    let table: &[(CommissionStatus, CommissionStatus, &[Happening])] = &[
        (Pending, Approved, &[Mature]),
        (Approved, Paid, &[Pay]),
        (Paid, Approved, &[ComeBack]),
        (Pending, Held, &[DisputeOpened]),
        (Approved, Held, &[DisputeOpened]),
        (Held, Pending, &[LetPass, DisputeLost, DisputeWon]),
        (Held, Approved, &[DisputeLost, DisputeWon]),
        (Held, Rejected, &[TurnDown]),
        (Pending, Reversed, &takes),
        (Held, Reversed, &takes),
        (Approved, Reversed, &takes),
        (Paid, Reversed, &takes),
        (Reversed, Pending, &gives),
        (Reversed, Approved, &gives),
        (Reversed, Held, &gives),
    ];
    let of = |(from, to, by): &(_, _, &[Happening])| -> Vec<_> {
        by.iter().map(|happening| (*from, *to, *happening)).collect()
    };
    table.iter().flat_map(of).collect()
}

/// All that is known of a life: what each happening makes of it, by name.
type Known = BTreeMap<String, [Option<String>; 13]>;

/// Looks at what can become of a life, and holds every step to the rules.
fn look(
    life: &Life,
    seen: &mut BTreeSet<(CommissionStatus, CommissionStatus, Happening)>,
) -> Vec<Option<Life>> {
    let step = |happening: &Happening| {
        let next = life.after(*happening)?;
        next.check();
        if life.line.status == CommissionStatus::Rejected {
            assert_eq!(next.line, life.line, "turned down is final: {happening:?}");
        }
        if next.line.status != life.line.status {
            seen.insert((life.line.status, next.line.status, *happening));
        }
        // What has happened and is told again changes nothing.
        let again = next.after(*happening);
        assert!(again.is_none_or(|again| again.name() == next.name()), "{happening:?} twice");
        Some(next)
    };
    ALL.iter().map(step).collect()
}

/// Every sequence of up to 8 of the 13 happenings, those that are refused included, from a line in
/// its holding period and from one that is held for review: twice the sum of 13^0 to 13^8, which is
/// 1,767,416,562 sequences. Where two of them meet, what follows is looked at once.
#[test]
fn in_every_sequence_a_line_is_worth_what_was_told_and_is_in_one_place() {
    let (mut known, mut seen, mut sequences) = (Known::new(), BTreeSet::new(), 0_u64);
    let starts = [None, Some(HoldReason::SelfReferral)].map(Life::new);
    starts.iter().for_each(Life::check);
    let mut lives: BTreeMap<String, Life> = starts.iter().map(|life| (life.name(), life.clone())).collect();
    let mut ways: BTreeMap<String, u64> = starts.iter().map(|life| (life.name(), 1)).collect();
    for length in 0..=LENGTH {
        sequences += ways.values().sum::<u64>();
        if length == LENGTH {
            break;
        }
        let mut longer: BTreeMap<String, u64> = BTreeMap::new();
        for (name, count) in ways {
            if !known.contains_key(&name) {
                let nexts = look(&lives[&name], &mut seen);
                let names: Vec<_> = nexts.iter().map(|next| next.as_ref().map(Life::name)).collect();
                known.insert(name.clone(), names.try_into().unwrap());
                lives.extend(nexts.into_iter().flatten().map(|next| (next.name(), next)));
            }
            for next in &known[&name] {
                *longer.entry(next.clone().unwrap_or_else(|| name.clone())).or_default() += count;
            }
        }
        ways = longer;
    }
    assert_eq!(sequences, 1_767_416_562);
    assert_eq!(seen, moves());
    assert_eq!(known.len(), 4_760, "lives that differ");
}
