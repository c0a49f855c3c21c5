//! The ledger: double entry, per program and currency.
//!
//! A transaction has a deterministic id, two or more postings that sum to zero, and is never
//! changed. Debits are positive, credits negative. What is owed to a partner is a credit of the
//! partner's accounts, so a balance is the negated sum of its postings.

use std::{collections::BTreeMap, fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    id::{Level, PartnerId, ProgramId, TransactionId},
    money::{Currency, Money},
    partner::PayoutProvider,
};

/// An account of a program's ledger.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Account {
    /// Commissions granted.
    Expense,
    /// Accrued and not yet payable.
    Pending(PartnerId),
    /// Payable; below zero it is the partner's debt.
    Available(PartnerId),
    /// Reserved for a payout or on its way.
    Transit(PartnerId),
    /// Frozen after maturity, by a dispute.
    Held(PartnerId),
    /// Money at a payout provider.
    Cash(PayoutProvider),
}

impl Account {
    /// The partner whose account it is, if it is a partner's.
    #[must_use]
    pub fn partner(&self) -> Option<&PartnerId> {
        match self {
            Self::Pending(id) | Self::Available(id) | Self::Transit(id) | Self::Held(id) => Some(id),
            Self::Expense | Self::Cash(_) => None,
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expense => f.write_str("expense"),
            Self::Pending(id) => write!(f, "pending:{id}"),
            Self::Available(id) => write!(f, "available:{id}"),
            Self::Transit(id) => write!(f, "transit:{id}"),
            Self::Held(id) => write!(f, "held:{id}"),
            Self::Cash(provider) => write!(f, "cash:{}", provider.as_str()),
        }
    }
}

/// A text that names no account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no account has this name: {0}")]
pub struct AccountError(String);

impl FromStr for Account {
    type Err = AccountError;

    fn from_str(text: &str) -> Result<Self, AccountError> {
        let wrong = || AccountError(text.to_owned());
        let (kind, owner) = text.split_once(':').unwrap_or((text, ""));
        let partner = || owner.parse::<PartnerId>().map_err(|_| wrong());
        match (kind, owner) {
            ("expense", "") => Ok(Self::Expense),
            ("cash", "stripe") => Ok(Self::Cash(PayoutProvider::Stripe)),
            ("cash", "paypal") => Ok(Self::Cash(PayoutProvider::Paypal)),
            ("pending", _) => partner().map(Self::Pending),
            ("available", _) => partner().map(Self::Available),
            ("transit", _) => partner().map(Self::Transit),
            ("held", _) => partner().map(Self::Held),
            _ => Err(wrong()),
        }
    }
}

impl TryFrom<String> for Account {
    type Error = AccountError;

    fn try_from(text: String) -> Result<Self, AccountError> {
        text.parse()
    }
}

impl From<Account> for String {
    fn from(account: Account) -> Self {
        account.to_string()
    }
}

/// One side of a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// Which account.
    pub account: Account,
    /// Minor units: positive is a debit, negative a credit; never zero.
    pub minor: i64,
    /// The level of the commission line behind it, if there is one.
    pub level: Option<Level>,
}

/// What a transaction books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransactionKind {
    /// Commissions of a conversion are granted.
    Accrue,
    /// A refund takes commissions back.
    Refund,
    /// A dispute was opened: what is payable of the charge is frozen.
    Hold,
    /// A refund is void after all: what it took or froze comes back.
    Restore,
    /// Held commissions are turned down.
    Reject,
    /// An administrator adds to a commission, or takes from it.
    Adjust,
    /// A bonus is granted, or taken back.
    Bonus,
    /// Commissions become payable.
    Mature,
    /// A payout reserves its amount.
    PayoutRequest,
    /// The provider has paid.
    PayoutSettle,
    /// The payout failed: the amount is available again.
    PayoutFail,
    /// The money came back after settlement.
    PayoutReturn,
    /// The provider has paid after all what had failed: the amount is available no more.
    PayoutSettleLate,
}

impl TransactionKind {
    /// The name on the wire and within the transaction's id.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accrue => "accrue",
            Self::Refund => "refund",
            Self::Hold => "hold",
            Self::Restore => "restore",
            Self::Reject => "reject",
            Self::Adjust => "adjust",
            Self::Bonus => "bonus",
            Self::Mature => "mature",
            Self::PayoutRequest => "payout_request",
            Self::PayoutSettle => "payout_settle",
            Self::PayoutFail => "payout_fail",
            Self::PayoutReturn => "payout_return",
            Self::PayoutSettleLate => "payout_settle_late",
        }
    }

    /// Does it change what commissions are worth? All others move money that is earned already.
    #[must_use]
    pub fn earns(self) -> bool {
        match self {
            Self::Accrue | Self::Refund | Self::Restore | Self::Reject | Self::Adjust | Self::Bonus => true,
            Self::Hold
            | Self::Mature
            | Self::PayoutRequest
            | Self::PayoutSettle
            | Self::PayoutFail
            | Self::PayoutReturn
            | Self::PayoutSettleLate => false,
        }
    }

    /// The id of the transaction of this kind about a subject: who knows what was booked finds it
    /// without an index.
    #[must_use]
    pub fn transaction_id(self, subject: &[&str]) -> TransactionId {
        let parts: Vec<&str> = std::iter::once(self.as_str()).chain(subject.iter().copied()).collect();
        TransactionId::derive(&parts)
    }
}

/// A journal transaction; written once, never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// Derived from the kind and what is booked.
    pub id: TransactionId,
    /// The program whose ledger it is.
    pub program_id: ProgramId,
    /// What it books.
    pub kind: TransactionKind,
    /// The conversion, batch or payout behind it.
    pub subject: String,
    /// When it was booked.
    pub at: Timestamp,
    /// The one currency of its postings.
    pub currency: Currency,
    /// Two or more, summing to zero.
    pub postings: Vec<Posting>,
}

/// Why postings are not a transaction.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Debits and credits differ.
    #[error("the postings sum to {0} minor units instead of zero")]
    Unbalanced(i128),
    /// A posting moves nothing.
    #[error("a posting of zero to {0}")]
    ZeroPosting(Account),
    /// Nothing is moved between accounts.
    #[error("a transaction has at least two postings")]
    TooFewPostings,
}

/// Collects movements and closes them into a transaction.
#[derive(Debug, Default)]
pub struct Entry {
    postings: Vec<Posting>,
}

impl Entry {
    /// An entry without movements.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Debits an account by an amount; a negative amount is a credit, zero is nothing.
    #[must_use]
    pub fn debit(mut self, account: Account, minor: i64) -> Self {
        self.push(account, minor, None);
        self
    }

    /// Credits an account by an amount; a negative amount is a debit, zero is nothing.
    #[must_use]
    pub fn credit(self, account: Account, minor: i64) -> Self {
        self.debit(account, minor.saturating_neg())
    }

    /// Adds the posting of a commission line.
    pub(crate) fn push(&mut self, account: Account, minor: i64, level: Option<Level>) {
        if minor != 0 {
            self.postings.push(Posting { account, minor, level });
        }
    }

    /// Closes the entry; nothing when nothing moved.
    ///
    /// # Errors
    /// When debits and credits differ.
    pub fn close(
        self,
        program_id: &ProgramId,
        kind: TransactionKind,
        subject: &[&str],
        at: Timestamp,
        currency: Currency,
    ) -> Result<Option<Transaction>, LedgerError> {
        if self.postings.is_empty() {
            return Ok(None);
        }
        let transaction = Transaction {
            id: kind.transaction_id(subject),
            program_id: program_id.clone(),
            kind,
            subject: subject.join("/"),
            at,
            currency,
            postings: self.postings,
        };
        transaction.check().map(|()| Some(transaction))
    }
}

impl Transaction {
    /// Checks that the postings are a transaction; done when it is made and when it is read back.
    ///
    /// # Errors
    /// When they do not sum to zero, are fewer than two, or one is zero.
    pub fn check(&self) -> Result<(), LedgerError> {
        if let Some(zero) = self.postings.iter().find(|posting| posting.minor == 0) {
            return Err(LedgerError::ZeroPosting(zero.account.clone()));
        }
        if self.postings.len() < 2 {
            return Err(LedgerError::TooFewPostings);
        }
        let sum: i128 = self.postings.iter().map(|posting| i128::from(posting.minor)).sum();
        if sum == 0 { Ok(()) } else { Err(LedgerError::Unbalanced(sum)) }
    }
}

/// Balances by account: what is owed is positive, what was spent negative for [`Account::Expense`].
#[must_use]
pub fn balances<'a>(
    transactions: impl IntoIterator<Item = &'a Transaction>,
) -> BTreeMap<(Account, Currency), i128> {
    let mut balances = BTreeMap::new();
    for transaction in transactions {
        for posting in &transaction.postings {
            *balances.entry((posting.account.clone(), transaction.currency)).or_insert(0) -=
                i128::from(posting.minor);
        }
    }
    balances
}

/// A partner's strong balances in one program and currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balances {
    /// Payable; negative is debt.
    pub available: Money,
    /// Reserved for a payout or on its way.
    pub transit: Money,
    /// Frozen by a dispute.
    pub held: Money,
    /// Paid out so far.
    pub paid: Money,
}

impl Balances {
    /// Nothing, in a currency.
    #[must_use]
    pub fn zero(currency: Currency) -> Self {
        let zero = Money::zero(currency);
        Self { available: zero, transit: zero, held: zero, paid: zero }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partner() -> PartnerId {
        PartnerId::derive(&["p"])
    }

    #[test]
    fn every_account_has_a_name_that_reads_back() {
        for account in [
            Account::Expense,
            Account::Pending(partner()),
            Account::Available(partner()),
            Account::Transit(partner()),
            Account::Held(partner()),
            Account::Cash(PayoutProvider::Stripe),
            Account::Cash(PayoutProvider::Paypal),
        ] {
            assert_eq!(account.to_string().parse(), Ok(account));
        }
        for text in ["", "expense:x", "cash:", "pending:", "pending:prg_1", "other"] {
            assert!(text.parse::<Account>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_balanced_entries_close() {
        let close = |entry: Entry| {
            let usd = "USD".parse().unwrap();
            entry.close(
                &ProgramId::derive(&["p"]),
                TransactionKind::Accrue,
                &["c"],
                Timestamp::UNIX_EPOCH,
                usd,
            )
        };
        let balanced = Entry::new().debit(Account::Expense, 5).credit(Account::Pending(partner()), 5);
        assert_eq!(close(balanced).unwrap().unwrap().postings.len(), 2);
        assert_eq!(close(Entry::new().debit(Account::Expense, 0)), Ok(None));
        let skewed = Entry::new().debit(Account::Expense, 5).credit(Account::Pending(partner()), 4);
        assert_eq!(close(skewed), Err(LedgerError::Unbalanced(1)));
        assert_eq!(close(Entry::new().debit(Account::Expense, 5)), Err(LedgerError::TooFewPostings));
    }
}
