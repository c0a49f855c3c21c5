//! A customer's tie to a partner: made once, never moved.

use domain::conversion::conversion_id;
use jiff::SignedDuration;

use super::{
    now,
    sale::{SOURCE, customer, days, partner_of, sale, touch},
    sample::program_id,
};
use crate::{
    Store,
    conversion::Record,
    customer::Binding,
    testing::{Fault, Faults, TestTable},
};

fn binding(level: u8) -> Binding {
    let touch = domain::attribution::Touch { partner_id: partner_of(level), ..touch() };
    Binding { touch, made_by: Some(conversion_id(&program_id(), SOURCE, "in_1")), first_sale_at: None }
}

async fn bind(store: &Store, binding: Binding) -> Binding {
    store.bind(&program_id(), &customer().id, binding).await.unwrap()
}

async fn first_sale(store: &Store) -> Option<jiff::Timestamp> {
    store.binding(&program_id(), &customer().id).await.unwrap().and_then(|binding| binding.first_sale_at)
}

#[tokio::test]
async fn the_first_tie_stands() {
    let store = TestTable::create().await.store();
    assert_eq!(store.binding(&program_id(), &customer().id).await.unwrap(), None);
    assert_eq!(bind(&store, binding(1)).await, binding(1));
    assert_eq!(bind(&store, binding(2)).await, binding(1));
    assert_eq!(store.binding(&program_id(), &customer().id).await.unwrap(), Some(binding(1)));
}

#[tokio::test]
async fn a_tie_whose_answer_was_lost_is_ones_own() {
    let table = TestTable::create().await;
    let store = table.faulty(Faults::script([Some(Fault::AnswerLost)]));
    assert_eq!(bind(&store, binding(1)).await, binding(1));
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
    store.record_unattributed(&Record::default(), &conversion, Some(&customer())).await.unwrap();
    bind(&store, binding(1)).await;
    assert_eq!(store.waiting_conversions(&program, &id).await.unwrap(), [sale().id()]);
    for _ in 0..2 {
        store.stop_waiting(&program, &id, &sale().id()).await.unwrap();
        assert_eq!(store.waiting_conversions(&program, &id).await.unwrap(), []);
    }
    assert_eq!(store.binding(&program, &id).await.unwrap(), Some(binding(1)), "the tie stays");
}
