//! Mutants that stand in for a worker: they take a message before the worker gets it.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use domain::{
    commission::{AccountChange, Commission, CommissionStatus, Reversal, refund},
    conversion::{Conversion, Fact, FactReceived, Refund, RefundStage},
    event::PayoutDue,
    ledger::{Account, Posting, Transaction, TransactionKind},
    payout::{Payout, PayoutEvent, PayoutStatus},
};
use jiff::{SignedDuration, Timestamp};
use store::Store;

use super::mutant::Mutant;
use crate::cloud::Message;

/// After this long the mutant gives an unknown payout up.
const PATIENCE: SignedDuration = SignedDuration::from_mins(3);

/// A mutant at a worker's door.
pub(crate) struct Interceptor {
    mutant: Mutant,
    store: Store,
    seen: RefCell<BTreeSet<String>>,
}

impl Interceptor {
    pub(crate) fn new(mutant: Mutant, store: Store) -> Self {
        Self { mutant, store, seen: RefCell::default() }
    }

    /// Does the mutant deal with the message instead of the worker?
    pub(crate) async fn takes(&self, queue: &str, message: &Message, now: Timestamp) -> bool {
        match (self.mutant, queue) {
            (Mutant::SeenBeforeWork, "ConversionQueue") => {
                !self.seen.borrow_mut().insert(message.body.clone())
            }
            (Mutant::EarlyRefundDropped, "ConversionQueue") => self.is_early(&message.body).await,
            (Mutant::SliceRounding, "ConversionQueue") => self.refunded_apart(&message.body, now).await,
            (Mutant::TimerRelease, "PayoutQueue") => self.given_up(&message.body, now).await,
            _ => false,
        }
    }

    /// What the worker is handed beside a message: a sale with a coupon once more, by its click alone.
    pub(crate) fn adds(&self, queue: &str, message: &Message) -> Option<Message> {
        if (self.mutant, queue) != (Mutant::CouponAndClick, "ConversionQueue") {
            return None;
        }
        let mut received: FactReceived = serde_json::from_str(&message.body).unwrap();
        let Fact::Charge(charge) = &mut received.fact else { return None };
        if charge.clicks.is_none() || charge.coupon.take().is_none() {
            return None;
        }
        received.external_id.push_str("-by-click");
        let body = serde_json::to_string(&received).unwrap();
        Some(Message { id: format!("{}-by-click", message.id), body, ..message.clone() })
    }

    async fn is_early(&self, body: &str) -> bool {
        let fact: FactReceived = serde_json::from_str(body).unwrap();
        let is_refund = matches!(fact.fact, Fact::Refund(_));
        is_refund && self.store.conversion(&fact.conversion_id()).await.unwrap().conversion().is_none()
    }

    /// Takes from each line what the refunded slice alone would have earned.
    async fn refunded_apart(&self, body: &str, now: Timestamp) -> bool {
        let received: FactReceived = serde_json::from_str(body).unwrap();
        let Fact::Refund(slice) = &received.fact else { return false };
        let record = self.store.conversion(&received.conversion_id()).await.unwrap();
        let Some(known) = record.conversion() else { return false };
        if record.refunds.iter().any(|known| known.is_same(slice)) {
            return true;
        }
        if slice.stage != RefundStage::Done {
            return false;
        }
        let Ok(right) = refund(&known.value, &record.lines(), &record.applied, slice, now) else {
            return false;
        };
        let wrong = sliced(&known.value, &record.lines(), slice, right.refunded, now);
        let Some(wrong) = wrong else { return false };
        self.store.apply_refund(&record, slice, &wrong, now).await.is_ok()
    }

    async fn given_up(&self, body: &str, now: Timestamp) -> bool {
        let due: PayoutDue = serde_json::from_str(body).unwrap();
        let read = self.store.payout(&due.payout_id).await.unwrap().unwrap();
        let waited = now.duration_since(read.value.requested_at);
        if read.value.status != PayoutStatus::Unknown || waited < PATIENCE {
            return false;
        }
        let failed = read.value.after(PayoutEvent::Fail, now).unwrap();
        let failed = Payout { failure: Some("timed_out".to_owned()), ..failed };
        self.store.close_payout(&failed, read.revision).await.is_ok()
    }
}

fn sliced(
    conversion: &Conversion,
    lines: &[Commission],
    slice: &Refund,
    refunded: domain::money::Money,
    now: Timestamp,
) -> Option<Reversal> {
    let terms = conversion.terms.as_ref()?;
    let prices: Vec<_> = lines.iter().map(|line| line.price.clone()).collect();
    let rest = conversion.charge.amount.minus(slice.amount?).ok().filter(|rest| !rest.is_negative())?;
    let shares = terms.amounts(&prices, &conversion.charge, rest).ok()?;
    let (mut postings, mut total) = (Vec::new(), 0);
    let (mut commissions, mut accounts) = (Vec::new(), BTreeMap::new());
    for (line, share) in lines.iter().zip(shares) {
        if line.status == CommissionStatus::Rejected || share.is_zero() {
            continue;
        }
        let (account, minor) = (line.account(), share.minor());
        if let Account::Available(partner) = &account {
            let change: &mut AccountChange = accounts.entry(partner.clone()).or_default();
            change.available -= minor;
        }
        postings.push(Posting { account, minor, level: Some(line.id.level()) });
        total += minor;
        let amount = line.amount.minus(share).ok()?;
        commissions.push(Commission { amount, ..line.clone() });
    }
    let subject = [conversion.id.as_str(), slice.refund_id.as_str()];
    let transaction = (total != 0).then(|| {
        postings.push(Posting { account: Account::Expense, minor: -total, level: None });
        Transaction {
            id: TransactionKind::Refund.transaction_id(&subject),
            program_id: conversion.program_id.clone(),
            kind: TransactionKind::Refund,
            subject: subject.join("/"),
            at: now,
            currency: conversion.settlement_currency(),
            postings,
        }
    });
    Some(Reversal { refunded, excess: 0, commissions, accounts, freed: total, transaction })
}
