//! T4 to T9: payouts. Each step is conditional on the payout as it was read, and every step that
//! moves money carries its journal transaction.

use domain::{
    id::{PartnerId, PayoutId, ProgramId},
    ledger::TransactionKind,
    money::{Currency, Money},
    partner::{PayoutMethod, PayoutProvider},
    payout::{Payout, PayoutStatus},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Store,
    account::{self, AVAILABLE, OPEN_PAYOUT, PAID, TRANSIT},
    accrual::Written,
    error::Error,
    expression::{Condition, Update, Value},
    idempotency::{Committed, Once},
    item::{Row, Shape},
    journal, key,
    page::{List, Page, PageRequest},
    schema::Index,
    table::{Query, Read},
    transaction::Transaction,
    versioned::Versioned,
};

pub(crate) const ENTITY: &str = PayoutItem::ENTITY;
const STATUS: &str = "status";

/// What a payout request was decided on; any change of it makes the decision stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecidedOn {
    /// The partner's revision.
    pub partner: u64,
    /// The agreement's revision.
    pub agreement: u64,
}

/// What became of a payout request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requested {
    /// It was reserved, or answered before.
    Committed(Committed),
    /// Balance, partner or agreement have changed meanwhile: read again and decide again.
    Stale,
}

/// A payout whose next step is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuePayout {
    /// The payout.
    pub payout_id: PayoutId,
    /// Its account, as a name.
    pub account: String,
    /// Since when, as a name: the same step has the same.
    pub since: String,
}

impl Store {
    /// T4: reserves the amount, at most one payout at a time an account.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn request_payout(
        &self,
        payout: &Payout,
        on: DecidedOn,
        once: Once<'_>,
    ) -> Result<Requested, Error> {
        let (minor, account) = (payout.amount.minor(), account_of(payout));
        let mut transaction = Transaction::new();
        transaction.update(
            account::change(&account)
                .add(AVAILABLE, -minor)
                .add(TRANSIT, minor)
                .set(OPEN_PAYOUT, payout.id.as_str())
                .when(Condition::at_least(AVAILABLE, minor).and(Condition::Lacks(OPEN_PAYOUT))),
        );
        transaction.check(key::partner(&payout.partner_id), Condition::revision(on.partner));
        transaction
            .check(key::agreement(&payout.program_id, &payout.partner_id), Condition::revision(on.agreement));
        let place = key::payout_on_account(&account, payout.requested_at, &payout.id);
        let due = key::payout_due(&payout.id, next_step(payout));
        let row = Row::new(&key::payout(&payout.id), &PayoutItem::new(payout))?;
        transaction.put_new(row.listed(place).listed(due));
        book(&mut transaction, payout, TransactionKind::PayoutRequest)?;
        match self.commit_once(transaction, once).await {
            Ok(committed) => Ok(Requested::Committed(committed)),
            Err(Error::Condition(_)) => Ok(Requested::Stale),
            Err(error) => Err(error),
        }
    }

    /// A payout, read strongly.
    ///
    /// # Errors
    /// When the table cannot be read, or the item is corrupt.
    pub async fn payout(&self, id: &PayoutId) -> Result<Option<Versioned<Payout>>, Error> {
        let row = self.get(&key::payout(id), Read::Strong).await?;
        row.map(|row| {
            let revision = row.revision();
            Ok(Versioned { value: PayoutItem::payout(row)?, revision })
        })
        .transpose()
    }

    /// A page of a partner's payouts, the latest first.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn payouts_of(
        &self,
        program: &ProgramId,
        partner: &PartnerId,
        currency: Currency,
        page: &PageRequest,
    ) -> Result<Page<Payout>, Error> {
        let account = key::account_text(program, partner, currency);
        let partitions = [key::payouts_of_account(&account)];
        let list = List { partitions: &partitions, newest_first: true };
        self.list(&list, page, |_| true).await?.try_map(PayoutItem::payout)
    }

    /// Payouts whose next step is due, at most `limit` a shard. The list may lag behind: each is to
    /// be read again before anything is done.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn due_payouts(&self, now: Timestamp, limit: usize) -> Result<Vec<DuePayout>, Error> {
        let mut due = Vec::new();
        for shard in key::payouts_due() {
            let query = Query::of(&shard).up_to(format!("{}~", key::time(now))).limit(limit);
            let (listed, _) = self.query(query).await?;
            let keys: Vec<_> = listed.iter().map(Row::key).collect();
            for row in self.batch_get(&keys, Read::Eventual).await? {
                let since = row.text(Index::Gsi2.sk()).unwrap_or_default().to_owned();
                let (payout_id, account) = id_and_account(row)?;
                due.push(DuePayout { payout_id, account, since });
            }
        }
        Ok(due)
    }

    /// T5 and its kin: moves a payout to a state in which no account changes.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn move_payout(&self, payout: &Payout, revision: u64) -> Result<Written, Error> {
        let mut transaction = Transaction::new();
        transaction.update(step(payout, revision)?);
        if let Some(provider_id) =
            payout.provider_id.as_deref().filter(|_| payout.status == PayoutStatus::Sent)
        {
            let item = ProviderPaymentItem { payout: payout.id.clone() };
            let key = key::provider_payment(payout.method.provider, provider_id);
            transaction.put_new(Row::new(&key, &item)?);
        }
        Written::of(self.commit(transaction).await)
    }

    /// T6, T7 and T8: moves a payout to its end, and the amount with it.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn close_payout(&self, payout: &Payout, revision: u64) -> Result<Written, Error> {
        let minor = payout.amount.minor();
        let account = account::change(&account_of(payout));
        let is_open = Condition::equals(OPEN_PAYOUT, payout.id.as_str());
        let (account, kind) = match payout.status {
            PayoutStatus::Paid => (
                account.add(TRANSIT, -minor).add(PAID, minor).remove(OPEN_PAYOUT).when(is_open),
                TransactionKind::PayoutSettle,
            ),
            PayoutStatus::Failed => (
                account.add(TRANSIT, -minor).add(AVAILABLE, minor).remove(OPEN_PAYOUT).when(is_open),
                TransactionKind::PayoutFail,
            ),
            PayoutStatus::Returned => {
                (account.add(AVAILABLE, minor).add(PAID, -minor), TransactionKind::PayoutReturn)
            }
            _ => return self.move_payout(payout, revision).await,
        };
        let mut transaction = Transaction::new();
        transaction.update(step(payout, revision)?);
        transaction.update(account);
        book(&mut transaction, payout, kind)?;
        Written::of(self.commit(transaction).await)
    }

    /// T9: a payout that had failed was paid after all. What was available again by then may have been
    /// taken by another payout: the balance may come to be below zero.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn settle_payout_late(&self, payout: &Payout, revision: u64) -> Result<Written, Error> {
        let minor = payout.amount.minor();
        let mut transaction = Transaction::new();
        transaction.update(step(payout, revision)?);
        transaction.update(account::change(&account_of(payout)).add(AVAILABLE, -minor).add(PAID, minor));
        book(&mut transaction, payout, TransactionKind::PayoutSettleLate)?;
        Written::of(self.commit(transaction).await)
    }

    /// Nothing has changed: the payout is looked after again later, counted from `payout.updated_at`.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn postpone_payout(&self, payout: &Payout, revision: u64) -> Result<Written, Error> {
        Written::of(self.update(step(payout, revision)?).await.map(drop))
    }

    /// The payout's end stands by now: it is looked at again when it may have turned out otherwise, or
    /// needs no further step.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn watch_payout(
        &self,
        payout: &Payout,
        revision: u64,
        now: Timestamp,
    ) -> Result<Written, Error> {
        match payout.next_look(now) {
            Some(look) => self.await_payout(payout, revision, look).await,
            None => self.rest_payout(&payout.id, revision).await,
        }
    }

    /// Nothing has changed: the next step of the payout is due then.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn await_payout(
        &self,
        payout: &Payout,
        revision: u64,
        due: Timestamp,
    ) -> Result<Written, Error> {
        let update = Update::new(key::payout(&payout.id)).list(key::payout_due(&payout.id, due));
        Written::of(self.update(update.when(Condition::revision(revision))).await.map(drop))
    }

    /// The payout needs no further step.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn rest_payout(&self, id: &PayoutId, revision: u64) -> Result<Written, Error> {
        let update = Update::new(key::payout(id)).unlist(Index::Gsi2).when(Condition::revision(revision));
        Written::of(self.update(update).await.map(drop))
    }
}

/// When somebody has to look after the payout if nothing happens before.
fn next_step(payout: &Payout) -> Timestamp {
    let minutes = match payout.status {
        PayoutStatus::Requested => 2,
        // Longer than a call to the provider can take, so that nobody looks it up while it is made.
        PayoutStatus::Sending => 3,
        PayoutStatus::Unknown => 1,
        PayoutStatus::Sent => 5,
        // The commissions are to be marked, or their marks taken away.
        PayoutStatus::Paid | PayoutStatus::Returned => 0,
        PayoutStatus::Failed => return payout.next_look(payout.updated_at).unwrap_or(payout.updated_at),
    };
    payout.updated_at.checked_add(SignedDuration::from_mins(minutes)).unwrap_or(payout.updated_at)
}

fn step(payout: &Payout, revision: u64) -> Result<Update, Error> {
    let item = key::payout(&payout.id);
    let mut update = Update::new(item.clone())
        .set(STATUS, payout.status.as_str())
        .set("updated", Value::of(&item, &payout.updated_at)?)
        .when(Condition::revision(revision));
    if let Some(provider_id) = &payout.provider_id {
        update = update.set("provider_id", provider_id.as_str());
    }
    update = match &payout.failure {
        Some(failure) => update.set("failure", failure.as_str()),
        None => update.remove("failure"),
    };
    if let Some(paid_at) = &payout.paid_at {
        update = update.set("paid_at", Value::of(&item, paid_at)?);
    }
    // What was refused before any provider had taken it on can never be paid.
    let at_rest = payout.status == PayoutStatus::Failed && payout.provider_id.is_none();
    Ok(if at_rest {
        update.unlist(Index::Gsi2)
    } else {
        update.list(key::payout_due(&payout.id, next_step(payout)))
    })
}

fn book(transaction: &mut Transaction, payout: &Payout, kind: TransactionKind) -> Result<(), Error> {
    let booked = payout.transaction(kind, payout.updated_at);
    let corrupt = |reason: String| Error::Corrupt { key: key::payout(&payout.id), reason };
    if let Some(booked) = booked.map_err(|error| corrupt(error.to_string()))? {
        transaction.put_new(journal::new_row(&booked, None)?);
    }
    Ok(())
}

/// The payout in a row.
pub(crate) fn parse(row: Row) -> Result<Payout, Error> {
    PayoutItem::payout(row)
}

/// The id of the payout in a row, and the account it is of.
pub(crate) fn id_and_account(row: Row) -> Result<(PayoutId, String), Error> {
    let payout = PayoutItem::payout(row)?;
    Ok((payout.id.clone(), account_of(&payout)))
}

/// A payout's account, by the name that the payout queue knows it by.
#[must_use]
pub fn account_of(payout: &Payout) -> String {
    key::account_text(&payout.program_id, &payout.partner_id, payout.amount.currency())
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ProviderPaymentItem {
    pub(crate) payout: PayoutId,
}

impl Shape for ProviderPaymentItem {
    const ENTITY: &'static str = "provider_payment";
}

#[derive(Debug, Serialize, Deserialize)]
struct PayoutItem {
    id: PayoutId,
    program: ProgramId,
    partner: PartnerId,
    currency: Currency,
    amount: i64,
    status: PayoutStatus,
    provider: PayoutProvider,
    hint: String,
    method_version: u32,
    method_set: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provider_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    requested: Timestamp,
    updated: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    paid_at: Option<Timestamp>,
}

impl Shape for PayoutItem {
    const ENTITY: &'static str = "payout";
}

impl PayoutItem {
    fn new(payout: &Payout) -> Self {
        Self {
            id: payout.id.clone(),
            program: payout.program_id.clone(),
            partner: payout.partner_id.clone(),
            currency: payout.amount.currency(),
            amount: payout.amount.minor(),
            status: payout.status,
            provider: payout.method.provider,
            hint: payout.method.hint.clone(),
            method_version: payout.method.version,
            method_set: payout.method.set_at,
            provider_id: payout.provider_id.clone(),
            failure: payout.failure.clone(),
            requested: payout.requested_at,
            updated: payout.updated_at,
            paid_at: payout.paid_at,
        }
    }

    fn payout(row: Row) -> Result<Payout, Error> {
        let item: Self = row.parse()?;
        Ok(Payout {
            id: item.id,
            program_id: item.program,
            partner_id: item.partner,
            amount: Money::new(item.amount, item.currency),
            status: item.status,
            method: PayoutMethod {
                provider: item.provider,
                hint: item.hint,
                version: item.method_version,
                set_at: item.method_set,
            },
            provider_id: item.provider_id,
            failure: item.failure,
            requested_at: item.requested,
            updated_at: item.updated,
            paid_at: item.paid_at,
        })
    }
}
