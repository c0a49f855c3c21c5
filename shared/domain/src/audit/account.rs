//! Accounts: what the journal says of each, against the balances, lines, payouts and projections
//! that are kept beside it.

use std::collections::BTreeMap;

use jiff::{civil::Date, tz::TimeZone};

use super::{Breach, Check};
use crate::{
    commission::Commission,
    id::{Level, PartnerId, PayoutId},
    ledger::{Account, Balances, Transaction},
    money::Currency,
    payout::{Payout, PayoutStatus},
};

/// Whose account of a program: a partner, in one currency.
pub type Owner = (PartnerId, Currency);

/// What the journal says of one account, in minor units, what is owed positive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    /// Accrued and not yet payable.
    pub pending: i128,
    /// Payable.
    pub available: i128,
    /// Reserved for a payout.
    pub transit: i128,
    /// Frozen.
    pub held: i128,
    /// What left for the partner as cash, less what came back.
    pub cash: i128,
    /// Earned less what was taken back, by level.
    pub by_level: BTreeMap<Level, i128>,
    /// The same by the day of booking, of the days that are looked at one by one.
    pub by_day: BTreeMap<Date, i128>,
    /// The same in all.
    pub earned: i128,
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.pending += other.pending;
        self.available += other.available;
        self.transit += other.transit;
        self.held += other.held;
        self.cash += other.cash;
        self.earned += other.earned;
        for (level, minor) in &other.by_level {
            *self.by_level.entry(*level).or_default() += minor;
        }
        for (day, minor) in &other.by_day {
            *self.by_day.entry(*day).or_default() += minor;
        }
    }
}

/// What a program's journal says, summed up while it streams by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Books {
    /// By account.
    pub accounts: BTreeMap<Owner, Sums>,
    /// What was spent, by currency: debits positive.
    pub expense: BTreeMap<Currency, i128>,
}

impl Books {
    /// Adds a transaction; `by_day` when its day is looked at by itself.
    pub fn post(&mut self, transaction: &Transaction, by_day: bool) {
        let Transaction { kind, currency, .. } = transaction;
        let earns = kind.earns();
        let owner = transaction.postings.iter().find_map(|posting| posting.account.partner());
        for posting in &transaction.postings {
            let minor = i128::from(posting.minor);
            if posting.account == Account::Expense {
                *self.expense.entry(*currency).or_default() += minor;
            }
            // Cash has no partner of its own: it is that of the payout, whose partner the other
            // side of the entry names.
            let Some(partner) = posting.account.partner().or(owner) else { continue };
            let sums = self.accounts.entry((partner.clone(), *currency)).or_default();
            match &posting.account {
                Account::Pending(_) => sums.pending -= minor,
                Account::Available(_) => sums.available -= minor,
                Account::Transit(_) => sums.transit -= minor,
                Account::Held(_) => sums.held -= minor,
                Account::Cash(_) => sums.cash -= minor,
                Account::Expense => continue,
            }
            if earns {
                sums.earned -= minor;
                if let Some(level) = posting.level {
                    *sums.by_level.entry(level).or_default() -= minor;
                }
                if by_day {
                    let day = transaction.at.to_zoned(TimeZone::UTC).date();
                    *sums.by_day.entry(day).or_default() -= minor;
                }
            }
        }
    }

    /// Notes that there is an account, whatever the journal says of it.
    pub fn know(&mut self, owner: Owner) {
        self.accounts.entry(owner).or_default();
    }

    /// Adds other books to these.
    pub fn absorb(&mut self, other: &Self) {
        for (owner, sums) in &other.accounts {
            self.accounts.entry(owner.clone()).or_default().add(sums);
        }
        for (currency, minor) in &other.expense {
            *self.expense.entry(*currency).or_default() += minor;
        }
    }

    /// What these books and later ones say of an account together.
    #[must_use]
    pub fn with(&self, later: &Self, owner: &Owner) -> Sums {
        let mut sums = self.accounts.get(owner).cloned().unwrap_or_default();
        if let Some(later) = later.accounts.get(owner) {
            sums.add(later);
        }
        sums
    }

    /// What was spent is what partners have earned.
    #[must_use]
    pub fn expense(&self) -> Vec<Breach> {
        let mut earned: BTreeMap<Currency, i128> = self.expense.keys().map(|key| (*key, 0)).collect();
        for ((_, currency), sums) in &self.accounts {
            *earned.entry(*currency).or_default() += sums.earned;
        }
        let check = |(currency, earned): (Currency, i128)| {
            let spent = self.expense.get(&currency).copied().unwrap_or_default();
            let items = format!("expense {currency}");
            let sums = (("expense", spent), ("what the journal gave to partners", earned));
            Breach::unless_equal(Check::Expense, &[&items], sums.0, sums.1)
        };
        earned.into_iter().filter_map(check).collect()
    }
}

/// What an account's commissions are worth.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineSums {
    /// How many.
    pub count: u64,
    /// All together.
    pub worth: i128,
    /// Those that have not matured.
    pub waiting: i128,
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
    /// What was paid and did not come back.
    pub settled: i128,
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
            self.settled += minor;
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
    /// The same by the day of booking, every day.
    pub by_day: BTreeMap<Date, i128>,
}

/// What is kept of an account beside the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The strong balances.
    pub balances: Balances,
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
    /// Everything that differs from what the journal says of the account.
    #[must_use]
    pub fn breaches(&self, (partner, currency): &Owner, journal: &Sums) -> Vec<Breach> {
        let mut breaches = Vec::new();
        let account = |name: &str| format!("{name}:{partner} {currency}");
        let mut compare = |check, item: &str, left: (&str, i128), right: (&str, i128)| {
            breaches.extend(Breach::unless_equal(check, &[&account(item)], left, right));
        };
        let Balances { available, transit, held, paid } = &self.balances;
        for (name, kept, booked) in [
            ("available", available, journal.available),
            ("transit", transit, journal.transit),
            ("held", held, journal.held),
        ] {
            let kept = ("the balance", i128::from(kept.minor()));
            compare(Check::Balances, name, kept, ("the sum of its postings", booked));
        }
        let pending = ("the sum of its postings", journal.pending);
        compare(Check::Pending, "pending", pending, ("the lines that have not matured", self.lines.waiting));
        let earned = ("what was granted", journal.earned);
        compare(Check::Expense, "commissions", earned, ("the sum of the commissions", self.lines.worth));
        let cash = ("what left as cash", journal.cash);
        compare(Check::Payouts, "cash", cash, ("the sum of the settled payouts", self.payouts.settled));
        compare(Check::Payouts, "paid", cash, ("the balance of what was paid", i128::from(paid.minor())));
        let kept = ("the balance", i128::from(transit.minor()));
        compare(Check::Payouts, "transit", kept, ("the sum of the open payouts", self.payouts.reserved));
        let projected = ("the projected total", self.projected.pending);
        compare(Check::Projections, "pending", projected, ("the sum of its postings", journal.pending));
        for (level, kept, booked) in pairs(&self.projected.by_level, &journal.by_level) {
            let item = format!("level {level}");
            compare(Check::Projections, &item, ("the projected total", kept), ("the journal", booked));
        }
        let counted = self.projected.by_day.values().sum();
        compare(Check::Projections, "days", ("the sum of the counters", counted), earned);
        for (day, booked) in &journal.by_day {
            let kept = self.projected.by_day.get(day).copied().unwrap_or_default();
            compare(Check::Projections, &day.to_string(), ("the counters", kept), ("the journal", *booked));
        }
        breaches.extend(self.open_payout(&account("transit")));
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

/// Both values of every key that one of the two has.
fn pairs<K: Ord + Copy>(one: &BTreeMap<K, i128>, other: &BTreeMap<K, i128>) -> Vec<(K, i128, i128)> {
    let value = |map: &BTreeMap<K, i128>, key: &K| map.get(key).copied().unwrap_or_default();
    let keys: std::collections::BTreeSet<K> = one.keys().chain(other.keys()).copied().collect();
    keys.into_iter().map(|key| (key, value(one, &key), value(other, &key))).collect()
}
