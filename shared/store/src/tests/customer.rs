//! A customer's tie to a partner: made once, never moved.

use domain::{conversion::conversion_id, id::CustomerId};
use jiff::SignedDuration;
use rust_decimal::Decimal;

use super::{
    now,
    sale::{SOURCE, Sale, customer, days, partner_of, sale, touch},
    sample::program_id,
};
use crate::{
    Store,
    accrual::Written,
    conversion::Record,
    customer::Binding,
    testing::{Fault, Faults, TestTable},
};

fn binding(level: u8) -> Binding {
    let touch = domain::attribution::Touch { partner_id: partner_of(level), ..touch() };
    Binding { touch, made_by: Some(conversion_id(&program_id(), SOURCE, "in_1")), first_sale_at: None }
}

async fn bind(store: &Store, binding: Binding) -> Written {
    store.bind(&program_id(), &[customer().id], &binding).await.unwrap()
}

async fn first_sale(store: &Store) -> Option<jiff::Timestamp> {
    store.binding(&program_id(), &customer().id).await.unwrap().and_then(|binding| binding.first_sale_at)
}

#[tokio::test]
async fn the_first_tie_stands() {
    let store = TestTable::create().await.store();
    assert_eq!(store.binding(&program_id(), &customer().id).await.unwrap(), None);
    assert_eq!(bind(&store, binding(1)).await, Written::Now);
    assert_eq!(bind(&store, binding(2)).await, Written::Stale);
    assert_eq!(store.binding(&program_id(), &customer().id).await.unwrap(), Some(binding(1)));
}

#[tokio::test]
async fn a_tie_whose_answer_was_lost_is_ones_own() {
    let table = TestTable::create().await;
    let store = table.faulty(Faults::script([Some(Fault::AnswerLost)]));
    assert_eq!(bind(&store, binding(1)).await, Written::Now);
}

#[tokio::test]
async fn identities_are_tied_together_or_not_at_all() {
    let table = TestTable::create().await;
    let (store, meter) = table.metered();
    let email = CustomerId::derive(&["email"]);
    let both = [customer().id, email.clone()];
    let _ = meter.take();
    assert_eq!(store.bind(&program_id(), &both, &binding(1)).await.unwrap(), Written::Now);
    if table.counts_units() {
        assert_eq!(meter.take().writes["table"], Decimal::from(4));
    }
    let other = CustomerId::derive(&["another"]);
    let overlapping = [other.clone(), email.clone()];
    assert_eq!(store.bind(&program_id(), &overlapping, &binding(2)).await.unwrap(), Written::Stale);
    assert_eq!(store.binding(&program_id(), &other).await.unwrap(), None);
    assert_eq!(store.binding(&program_id(), &email).await.unwrap(), Some(binding(1)));
}

#[tokio::test]
async fn a_sale_waits_by_each_identity_as_long_as_neither_is_tied() {
    let store = TestTable::create().await.store();
    let (program, email) = (program_id(), CustomerId::derive(&["email"]));
    let both = [customer().id, email.clone()];
    let conversion = sale().unattributed();
    let written = store.record_unattributed(&Record::default(), &conversion, &both).await.unwrap();
    assert_eq!(written, Written::Now);
    for identity in &both {
        assert_eq!(store.waiting_conversions(&program, identity).await.unwrap(), [sale().id()]);
    }
    store.bind(&program, std::slice::from_ref(&email), &binding(1)).await.unwrap();
    let other = Sale { external_id: "in_2", ..sale() }.unattributed();
    let late = store.record_unattributed(&Record::default(), &other, &both).await.unwrap();
    assert_eq!(late, Written::Stale, "the address has been tied");
}

#[tokio::test]
async fn the_earliest_sale_is_kept_whatever_the_order_of_arrival() {
    let store = TestTable::create().await.store();
    let note = async |at| store.note_sale(&program_id(), &customer().id, at).await.unwrap();
    note(days(3)).await;
    assert_eq!(first_sale(&store).await, None, "there is no tie to note it on");
    assert_eq!(store.binding(&program_id(), &customer().id).await.unwrap(), None);
    bind(&store, binding(1)).await;
    let half = SignedDuration::from_millis(500);
    for (at, earliest) in [
        (days(3), days(3)),
        (days(3) + half, days(3)),
        (days(1) + half, days(1) + half),
        (days(1), days(1)),
        (days(2), days(1)),
    ] {
        note(at).await;
        assert_eq!(first_sale(&store).await, Some(earliest));
    }
}

#[tokio::test]
async fn a_sale_that_the_tie_was_made_with_is_compared_like_any_other() {
    let store = TestTable::create().await.store();
    bind(&store, Binding { first_sale_at: Some(now()), ..binding(1) }).await;
    let later = now() + SignedDuration::from_millis(500);
    store.note_sale(&program_id(), &customer().id, later).await.unwrap();
    assert_eq!(first_sale(&store).await, Some(now()));
}

#[tokio::test]
async fn a_waiting_sale_is_found_until_it_waits_no_longer() {
    let store = TestTable::create().await.store();
    let (program, id) = (program_id(), customer().id);
    let conversion = sale().unattributed();
    store.record_unattributed(&Record::default(), &conversion, &[customer().id]).await.unwrap();
    bind(&store, binding(1)).await;
    assert_eq!(store.waiting_conversions(&program, &id).await.unwrap(), [sale().id()]);
    for _ in 0..2 {
        store.stop_waiting(&program, &id, &sale().id()).await.unwrap();
        assert_eq!(store.waiting_conversions(&program, &id).await.unwrap(), []);
    }
    assert_eq!(store.binding(&program, &id).await.unwrap(), Some(binding(1)), "the tie stays");
}
