//! What a change of lines moves between accounts.

use std::collections::BTreeMap;

use super::Commission;
use crate::{
    id::PartnerId,
    ledger::{Account, Entry},
    money::MoneyError,
};

/// By how much a partner's strong balances change, in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AccountChange {
    /// Payable; may drive the balance below zero.
    pub available: i64,
    /// Frozen by a dispute.
    pub held: i64,
    /// What payouts have covered of it: what they covered and is taken back, they cover of later
    /// earnings instead.
    pub covered: i64,
}

impl AccountChange {
    /// Does nothing change?
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    fn post(&mut self, account: &Account, minor: i64) {
        match account {
            Account::Available(_) => self.available += minor,
            Account::Held(_) => self.held += minor,
            _ => {}
        }
    }
}

/// Lines on the move: the entry that books it, and the balances that follow.
#[derive(Debug, Default)]
pub(crate) struct Movement {
    entry: Entry,
    taken: i64,
    pub(crate) accounts: BTreeMap<PartnerId, AccountChange>,
}

impl Movement {
    /// Moves a line from what it was to what it is.
    pub(crate) fn line(&mut self, before: &Commission, after: &Commission) -> Result<(), MoneyError> {
        let (from, to, level) = (before.account(), after.account(), Some(before.id.level()));
        let taken = before.amount.minus(after.amount)?.minor();
        self.taken += taken;
        let change = self.accounts.entry(before.partner_id.clone()).or_default();
        if after.payout_id.is_some() {
            change.covered -= taken;
        }
        if from == to {
            change.post(&from, -taken);
            self.entry.push(from, taken, level);
        } else {
            change.post(&from, -before.amount.minor());
            change.post(&to, after.amount.minor());
            self.entry.push(from, before.amount.minor(), level);
            self.entry.push(to, -after.amount.minor(), level);
        }
        Ok(())
    }

    /// The entry, whose other side is the merchant's expense.
    pub(crate) fn into_entry(self) -> Entry {
        let mut entry = self.entry;
        entry.push(Account::Expense, -self.taken, None);
        entry
    }
}
