//! Accounts: what the journal says of each, summed up while it streams by.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{Breach, Check, Reserves};
use crate::{
    id::{Level, PartnerId},
    ledger::{Account, Transaction},
    money::Currency,
    partner::PayoutProvider,
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
    /// What left for the partner as cash, less what came back, by who paid.
    pub cash: BTreeMap<PayoutProvider, i128>,
    /// Earned less what was taken back, by level.
    pub by_level: BTreeMap<Level, i128>,
    /// The same by the day of booking, of the days that are looked at one by one.
    pub by_day: BTreeMap<Date, i128>,
    /// The same in all.
    pub earned: i128,
    /// Whether what was taken of `available` was there.
    pub reserves: Reserves,
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.pending += other.pending;
        self.available += other.available;
        self.transit += other.transit;
        self.held += other.held;
        self.earned += other.earned;
        for (provider, minor) in &other.cash {
            *self.cash.entry(*provider).or_default() += minor;
        }
        for (level, minor) in &other.by_level {
            *self.by_level.entry(*level).or_default() += minor;
        }
        for (day, minor) in &other.by_day {
            *self.by_day.entry(*day).or_default() += minor;
        }
        self.reserves.absorb(&other.reserves);
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
                Account::Available(_) => {
                    sums.available -= minor;
                    sums.reserves.post(transaction, -minor);
                }
                Account::Transit(_) => sums.transit -= minor,
                Account::Held(_) => sums.held -= minor,
                Account::Cash(provider) => *sums.cash.entry(*provider).or_default() -= minor,
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

    /// Everything that was booked before a time has been added.
    pub fn close(&mut self, before: Timestamp) {
        self.accounts.values_mut().for_each(|sums| sums.reserves.close(before));
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
