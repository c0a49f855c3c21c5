//! A partner's strong balances: the only ones that a payout is decided by.

use domain::{
    commission::AccountChange,
    id::{PartnerId, PayoutId, ProgramId},
    ledger::Balances,
    money::{Currency, Money},
};
use serde::{Deserialize, Serialize};

use crate::{
    Store,
    error::Error,
    expression::Update,
    item::{ENTITY, Shape, VERSION},
    key,
    table::Read,
    transaction::Transaction,
};

/// A partner's account in one program and currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerAccount {
    /// The balances.
    pub balances: Balances,
    /// The payout that is on its way.
    pub open_payout: Option<PayoutId>,
    /// Settled payouts less the commissions marked as paid by them.
    pub uncovered: Money,
    /// How often the account was changed.
    pub revision: u64,
}

impl Store {
    /// The account as it stands now; an account nobody has touched is empty.
    ///
    /// # Errors
    /// When the table cannot be read, or the item is corrupt.
    pub async fn account(
        &self,
        program: &ProgramId,
        partner: &PartnerId,
        currency: Currency,
    ) -> Result<PartnerAccount, Error> {
        let account = key::account_text(program, partner, currency);
        let Some(row) = self.get(&key::balance(&account), Read::Strong).await? else {
            return Ok(PartnerAccount {
                balances: Balances::zero(currency),
                open_payout: None,
                uncovered: Money::zero(currency),
                revision: 0,
            });
        };
        let revision = row.revision();
        let item: BalanceItem = row.parse()?;
        let money = |minor| Money::new(minor, currency);
        let balances = Balances {
            available: money(item.available),
            transit: money(item.transit),
            held: money(item.held),
            paid: money(item.paid),
        };
        let uncovered = money(item.paid.saturating_sub(item.covered));
        Ok(PartnerAccount { balances, open_payout: item.open_payout, uncovered, revision })
    }
}

pub(crate) const AVAILABLE: &str = "available";
pub(crate) const TRANSIT: &str = "transit";
pub(crate) const HELD: &str = "held";
pub(crate) const PAID: &str = "paid";
/// What settled payouts have marked as paid; a refund of a paid commission lowers it.
pub(crate) const COVERED: &str = "covered";
pub(crate) const OPEN_PAYOUT: &str = "open_payout";

#[derive(Debug, Serialize, Deserialize)]
struct BalanceItem {
    #[serde(default)]
    available: i64,
    #[serde(default)]
    transit: i64,
    #[serde(default)]
    held: i64,
    #[serde(default)]
    paid: i64,
    #[serde(default)]
    covered: i64,
    #[serde(default)]
    open_payout: Option<PayoutId>,
}

impl Shape for BalanceItem {
    const ENTITY: &'static str = "balance";
}

/// Moves the balances of an account as lines of it change.
pub(crate) fn move_by(transaction: &mut Transaction, account: &str, by: &AccountChange) {
    if by.is_nothing() {
        return;
    }
    let changes = [(AVAILABLE, by.available), (HELD, by.held), (COVERED, by.covered)];
    let changes = changes.into_iter().filter(|(_, minor)| *minor != 0);
    transaction.update(changes.fold(change(account), |update, (name, minor)| update.add(name, minor)));
}

/// A change of an account's balances; the first one makes the item.
///
/// It belongs into a transaction with a journal item: an `ADD` on its own would be counted twice
/// when its answer is lost.
pub(crate) fn change(account: &str) -> Update {
    Update::new(key::balance(account)).set(ENTITY, BalanceItem::ENTITY).set(VERSION, BalanceItem::VERSION)
}
