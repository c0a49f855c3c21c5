//! Mutants that stand in for a worker: they take a message before the worker gets it.

use std::{cell::RefCell, collections::BTreeSet};

use domain::{
    commission::{Commission, CommissionStatus, Reversal, refund},
    conversion::{Conversion, Fact, FactReceived, Refund},
    event::PayoutDue,
    ledger::{Account, Entry, TransactionKind},
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
        if record.refund_ids.contains(&slice.refund_id) {
            return true;
        }
        let Ok(right) = refund(&known.value, &record.lines(), slice, now) else { return false };
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
    let rest = conversion.charge.amount.minus(slice.amount).ok()?;
    let shares = terms.amounts(&prices, &conversion.charge, rest).ok()?;
    let (mut entry, mut total) = (Entry::new(), 0);
    let mut reversal =
        Reversal { refunded, commissions: Vec::new(), available: Default::default(), transaction: None };
    for (line, share) in
        lines.iter().zip(shares).filter(|(line, _)| line.status != CommissionStatus::Rejected)
    {
        entry = entry.debit(line.account(), share.minor());
        total += share.minor();
        if let Account::Available(partner) = line.account() {
            *reversal.available.entry(partner).or_insert(0) -= share.minor();
        }
        let amount = line.amount.minus(share).ok()?;
        reversal.commissions.push(Commission { amount, ..line.clone() });
    }
    let subject = [conversion.id.as_str(), slice.refund_id.as_str()];
    let entry = entry.credit(Account::Expense, total);
    let currency = conversion.charge.amount.currency();
    reversal.transaction =
        entry.close(&conversion.program_id, TransactionKind::Refund, &subject, now, currency).ok()?;
    Some(reversal)
}
