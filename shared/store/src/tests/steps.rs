//! Lines that mature and payouts that take them, the way the workers do it.

use std::collections::BTreeSet;

use domain::{
    commission,
    id::{PartnerId, PayoutId},
    partner::{PayoutMethod, PayoutProvider},
    payout::{Payout, PayoutEvent, PayoutStatus},
};
use jiff::Timestamp;

use super::{
    now,
    sale::{SELLER, days, money, partner_of, usd},
    sample::{agreement, partner, program_id, request},
};
use crate::{
    Store,
    account::PartnerAccount,
    accrual::Written,
    idempotency::Committed,
    maturity::Due,
    partner::Registered,
    payout::{DecidedOn, Requested},
};

/// Matures what is due of one partner; nothing when nothing is.
pub(super) async fn mature(store: &Store, partner: &PartnerId, at: Timestamp) -> Option<Written> {
    let due = store.due_commissions(at, 100).await.unwrap();
    mature_those(store, partner, &due, at).await
}

/// Matures what is due of everybody.
pub(super) async fn mature_all(store: &Store, at: Timestamp) {
    let due = store.due_commissions(at, 100).await.unwrap();
    let partners: BTreeSet<_> = due.iter().map(|due| due.partner_id.clone()).collect();
    for partner in partners {
        assert_eq!(mature_those(store, &partner, &due, at).await, Some(Written::Now));
    }
}

async fn mature_those(store: &Store, partner: &PartnerId, due: &[Due], at: Timestamp) -> Option<Written> {
    let due = due.iter().filter(|due| due.partner_id == *partner);
    let ids: Vec<_> = due.map(|due| due.commission_id.clone()).collect();
    let read = store.commissions(&ids).await.unwrap();
    let lines: Vec<_> = read.iter().map(|line| line.value.clone()).collect();
    let matured = commission::mature(&program_id(), partner, usd(), &lines, at).unwrap();
    if matured.commissions.is_empty() {
        return None;
    }
    Some(store.mature(&program_id(), partner, usd(), &read, &matured).await.unwrap())
}

pub(super) async fn account(store: &Store, level: u8) -> PartnerAccount {
    store.account(&program_id(), &partner_of(level), usd()).await.unwrap()
}

pub(super) async fn available(store: &Store, level: u8) -> i64 {
    account(store, level).await.balances.available.minor()
}

/// The seller exists and takes part in the program.
pub(super) async fn register_seller(store: &Store) {
    let agreement = agreement(SELLER, None, now());
    let request = request("register");
    let registered = store.register(&partner(SELLER), &agreement, request.once()).await.unwrap();
    assert_eq!(registered, Registered::Committed(Committed::Now));
}

/// A payout to the seller, requested on the fifteenth day.
pub(super) fn payout(name: &str, minor: i64) -> Payout {
    Payout {
        id: PayoutId::derive(&[name]),
        program_id: program_id(),
        partner_id: partner_of(1),
        amount: money(minor),
        status: PayoutStatus::Requested,
        method: PayoutMethod {
            provider: PayoutProvider::Stripe,
            hint: "4242".to_owned(),
            version: 1,
            set_at: now(),
        },
        provider_id: None,
        failure: None,
        requested_at: days(15),
        updated_at: days(15),
        paid_at: None,
    }
}

/// What the request is decided on, read now.
pub(super) async fn decided_on(store: &Store) -> DecidedOn {
    DecidedOn {
        partner: store.partner(&partner_of(1)).await.unwrap().unwrap().revision,
        agreement: store.agreement(&program_id(), &partner_of(1)).await.unwrap().unwrap().revision,
    }
}

/// Requests a payout under an idempotency key of the payout's own.
pub(super) async fn reserve(store: &Store, payout: &Payout) -> Requested {
    let request = request(payout.id.as_str());
    store.request_payout(payout, decided_on(store).await, request.once()).await.unwrap()
}

/// Moves a payout as it was read by an event.
pub(super) async fn advance(store: &Store, payout: &Payout, revision: u64, event: PayoutEvent) -> Written {
    let next = after(payout, event);
    match event {
        PayoutEvent::SettleLate => store.settle_payout_late(&next, revision).await.unwrap(),
        _ => store.close_payout(&next, revision).await.unwrap(),
    }
}

/// The payout after an event on the sixteenth day, with what the provider says about it.
pub(super) fn after(payout: &Payout, event: PayoutEvent) -> Payout {
    let mut next = payout.after(event, days(16)).unwrap();
    match event {
        PayoutEvent::Accept => next.provider_id = Some(format!("tr_{}", payout.id.body())),
        PayoutEvent::Fail => next.failure = Some("account_closed".to_owned()),
        _ => {}
    }
    next
}

/// Takes a payout through these events, each from what is written.
pub(super) async fn walk(store: &Store, id: &PayoutId, events: &[PayoutEvent]) -> Payout {
    for event in events {
        let read = store.payout(id).await.unwrap().unwrap();
        assert_eq!(advance(store, &read.value, read.revision, *event).await, Written::Now, "{event:?}");
    }
    store.payout(id).await.unwrap().unwrap().value
}

/// Pays the seller out, from the request to the settlement.
pub(super) async fn pay(store: &Store, name: &str, minor: i64) -> Payout {
    use PayoutEvent::{Accept, Send, Settle};
    let payout = payout(name, minor);
    assert_eq!(reserve(store, &payout).await, Requested::Committed(Committed::Now));
    walk(store, &payout.id, &[Send, Accept, Settle]).await
}
