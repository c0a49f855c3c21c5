//! What is kept of an account beside the journal: balances, lines, payouts and projections.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{Breach, Check, Figure, Owner, Sums, figure::pairs};
use crate::{
    commission::Commission,
    id::{Level, PayoutId},
    ledger::Balances,
    partner::PayoutProvider,
    payout::{Payout, PayoutStatus},
};

/// What an account's commissions are worth.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineSums {
    /// How many.
    pub count: u64,
    /// All together.
    pub worth: i128,
    /// Those that have not matured.
    pub waiting: i128,
    /// Those that a payout has covered.
    pub covered: i128,
}

impl LineSums {
    /// Adds a line.
    pub fn add(&mut self, line: &Commission) {
        let minor = i128::from(line.amount.minor());
        self.count += 1;
        self.worth += minor;
        if line.matured_at.is_none() {
            self.waiting += minor;
        }
        if line.payout_id.is_some() {
            self.covered += minor;
        }
    }
}

/// What an account's payouts are worth.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PayoutSums {
    /// How many.
    pub count: u64,
    /// Those on their way.
    pub open: Vec<PayoutId>,
    /// What is on its way.
    pub reserved: i128,
    /// What was paid and did not come back, by who paid.
    pub settled: BTreeMap<PayoutProvider, i128>,
}

impl PayoutSums {
    /// Adds a payout.
    pub fn add(&mut self, payout: &Payout) {
        let minor = i128::from(payout.amount.minor());
        self.count += 1;
        if payout.status.is_open() {
            self.open.push(payout.id.clone());
            self.reserved += minor;
        } else if payout.status == PayoutStatus::Paid {
            *self.settled.entry(payout.method.provider).or_default() += minor;
        }
    }
}

/// What is projected for an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Projected {
    /// Accrued and not yet payable.
    pub pending: i128,
    /// Earned less what was taken back, by level.
    pub by_level: BTreeMap<Level, i128>,
    /// The same by the day of booking, of the days that are looked at one by one.
    pub by_day: BTreeMap<Date, i128>,
    /// The same of all days.
    pub earned: i128,
}

/// What is kept of an account beside the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The strong balances.
    pub balances: Balances,
    /// What the account says payouts have covered of its commissions.
    pub covered: i128,
    /// The payout that the account says is on its way.
    pub open_payout: Option<PayoutId>,
    /// Its commissions.
    pub lines: LineSums,
    /// Its payouts.
    pub payouts: PayoutSums,
    /// Its projections.
    pub projected: Projected,
}

impl Kept {
    /// Balances and projections, each with what the journal makes of it: all that can be rebuilt.
    #[must_use]
    pub fn figures(&self, owner: &Owner, journal: &Sums) -> Vec<Figure> {
        let Balances { available, transit, held, paid } = &self.balances;
        let mut figures = Vec::new();
        let mut add = |check, name: &str, kept, rebuilt| {
            figures.push(Figure::new(check, account(name, owner), kept, rebuilt));
        };
        let postings = |minor| ("the sum of its postings", minor);
        for (name, kept, booked) in [
            ("available", available, journal.available),
            ("transit", transit, journal.transit),
            ("held", held, journal.held),
        ] {
            add(Check::Balances, name, ("the balance", i128::from(kept.minor())), postings(booked));
        }
        let cash = ("what left as cash", journal.cash.values().sum());
        add(Check::Payouts, "paid", ("the balance of what was paid", i128::from(paid.minor())), cash);
        let covered = ("the lines that payouts have covered", self.lines.covered);
        add(Check::Payouts, "covered", ("the balance of what was covered", self.covered), covered);
        let Projected { pending, by_level, by_day, earned } = &self.projected;
        let total = |minor| ("the projected total", minor);
        add(Check::Projections, "pending", total(*pending), postings(journal.pending));
        for (level, kept, booked) in pairs(by_level, &journal.by_level) {
            add(Check::Projections, &format!("level {level}"), total(kept), ("the journal", booked));
        }
        let counted = ("the sum of the counters", *earned);
        add(Check::Projections, "days", counted, ("what was granted", journal.earned));
        for (day, kept, booked) in pairs(by_day, &journal.by_day) {
            add(Check::Projections, &day.to_string(), ("the counters", kept), ("the journal", booked));
        }
        figures
    }

    /// Everything that differs from what the journal says of the account.
    #[must_use]
    pub fn breaches(&self, owner: &Owner, journal: &Sums) -> Vec<Breach> {
        let mut breaches: Vec<_> = self.figures(owner, journal).iter().filter_map(Figure::breach).collect();
        let mut compare = |check, name: &str, left: (&str, i128), right: (&str, i128)| {
            breaches.extend(Breach::unless_equal(check, &[&account(name, owner)], left, right));
        };
        let waiting = ("the lines that have not matured", self.lines.waiting);
        compare(Check::Pending, "pending", ("the sum of its postings", journal.pending), waiting);
        let worth = ("the sum of the commissions", self.lines.worth);
        compare(Check::Expense, "commissions", ("what was granted", journal.earned), worth);
        for (provider, cash, settled) in pairs(&journal.cash, &self.payouts.settled) {
            let (cash, settled) = (("what left as cash", cash), ("the sum of the settled payouts", settled));
            compare(Check::Payouts, &format!("cash of {}", provider.as_str()), cash, settled);
        }
        let transit = ("the balance", i128::from(self.balances.transit.minor()));
        compare(Check::Payouts, "transit", transit, ("the sum of the open payouts", self.payouts.reserved));
        for (entry, missing) in journal.reserves.uncovered() {
            let items: [&dyn std::fmt::Display; 2] = [&account("available", owner), &entry];
            let sums = (("the balance came to", -missing), ("the least that a payout may leave", 0));
            breaches.extend(Breach::unless_equal(Check::Reserves, &items, sums.0, sums.1));
        }
        breaches.extend(self.open_payout(&account("transit", owner)));
        breaches
    }

    /// At most one payout is on its way, and it is the one that the account names.
    fn open_payout(&self, account: &str) -> Option<Breach> {
        let detail = match (self.payouts.open.as_slice(), &self.open_payout) {
            ([], None) => return None,
            ([open], Some(named)) if open == named => return None,
            ([], Some(_)) => "the account names a payout that is not on its way",
            ([_], _) => "the account does not name the payout that is on its way",
            _ => "several payouts are on their way",
        };
        let mut items: Vec<&dyn std::fmt::Display> = vec![&account];
        items.extend(self.payouts.open.iter().map(|id| id as &dyn std::fmt::Display));
        if let Some(named) = self.open_payout.as_ref().filter(|named| !self.payouts.open.contains(named)) {
            items.push(named);
        }
        Some(Breach::new(Check::Payouts, &items, detail))
    }
}

fn account(name: &str, (partner, currency): &Owner) -> String {
    format!("{name}:{partner} {currency}")
}
