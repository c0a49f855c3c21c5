//! Many facts at once: each for itself, whatever happens to the others.

use std::sync::{Arc, Mutex};

use domain::{
    conversion::{Charge, ConversionKind, Fact, FactReceived},
    id::EventId,
    money::Money,
};

use super::{
    now,
    sample::{minutes, program_id, request},
};
use crate::{
    Error, Store,
    fact::{Recorded, facts_of},
    idempotency::Committed,
    testing::{Fault, Faults, TestTable},
};

fn fact(order: usize, minor: i64) -> FactReceived {
    let money = |minor| Money::new(minor, "USD".parse().unwrap());
    let charge = Charge {
        kind: ConversionKind::Sale,
        occurred_at: now(),
        amount: money(minor),
        tax: money(0),
        shipping: money(0),
        discount: money(0),
        customer: None,
        clicks: None,
        country: None,
        coupon: None,
        lines: Vec::new(),
        splits: Vec::new(),
        aliases: Vec::new(),
        metadata: [].into(),
    };
    let external_id = format!("order-{order}");
    FactReceived {
        id: EventId::derive(&["api", &external_id]),
        program_id: program_id(),
        source: "api".to_owned(),
        external_id,
        received_at: now(),
        fact: Fact::Charge(charge),
    }
}

fn orders(count: usize) -> Vec<FactReceived> {
    (0..count).map(|order| fact(order, 100)).collect()
}

/// The external ids of the facts that are kept and wait to be sent on.
async fn waiting(store: &Store) -> Vec<FactReceived> {
    let rows = store.overdue(minutes(1), 200).await.unwrap();
    let mut facts: Vec<_> = rows.into_iter().flat_map(|row| facts_of(row).unwrap()).collect();
    facts.sort_by_key(|fact| fact.external_id.trim_start_matches("order-").parse::<usize>().unwrap());
    facts
}

fn are_kept(recorded: &[Recorded]) -> Vec<bool> {
    recorded.iter().map(|recorded| matches!(recorded, Recorded::Kept)).collect()
}

#[tokio::test]
async fn a_hundred_facts_cost_two_units_each() {
    let table = TestTable::create().await;
    let (store, meter) = table.metered();
    let facts = orders(100);
    assert_eq!(are_kept(&store.record_facts(&facts).await.unwrap()), [true; 100]);
    let consumed = meter.take();
    assert_eq!(consumed.requests, 100);
    // Below a kilobyte: one for the fact, one for its place in the outbox.
    assert_eq!(consumed.writes["table"].to_string(), "100", "{consumed:?}");
    assert_eq!(consumed.total_writes().to_string(), "200", "{consumed:?}");
    let answered = store.keep_answer(request("batch").once()).await.unwrap();
    assert_eq!((answered, meter.take().total_writes().to_string().as_str()), (Committed::Now, "1"));
    assert_eq!(waiting(&store).await, facts);
}

#[tokio::test]
async fn one_that_differs_takes_no_other_along() {
    let store = TestTable::create().await.store();
    store.record_facts(&[fact(3, 100), fact(5, 70)]).await.unwrap();
    let facts = orders(10);
    let recorded = store.record_facts(&facts).await.unwrap();
    assert!(matches!(recorded[5], Recorded::Differs), "{recorded:?}");
    assert_eq!(are_kept(&recorded).into_iter().filter(|kept| *kept).count(), 9);
    let expected: Vec<_> = (0..10).map(|order| fact(order, if order == 5 { 70 } else { 100 })).collect();
    assert_eq!(waiting(&store).await, expected);
}

#[tokio::test]
async fn of_two_that_are_the_same_the_first_one_counts() {
    let store = TestTable::create().await.store();
    let facts = [fact(1, 100), fact(2, 50), fact(1, 70), fact(1, 100), fact(2, 50)];
    for _ in 0..2 {
        let recorded = store.record_facts(&facts).await.unwrap();
        assert_eq!(are_kept(&recorded), [true, true, false, true, true]);
        assert!(matches!(recorded[2], Recorded::Differs));
    }
    assert_eq!(waiting(&store).await, facts[..2]);
}

#[tokio::test]
async fn whatever_is_lost_on_the_way_the_same_call_again_ends_the_same() {
    for lost in [1, 17, 99, 100] {
        for fault in [Fault::RequestLost, Fault::AnswerLost] {
            let table = TestTable::create().await;
            let requests = Arc::new(Mutex::new(0));
            // From one request on nothing gets through, repeats included.
            let faulty = table.faulty(Faults::new(move |_| {
                let mut requests = requests.lock().unwrap();
                *requests += 1;
                (*requests >= lost).then(|| fault.clone())
            }));
            let facts = orders(100);
            let error = faulty.record_facts(&facts).await.unwrap_err();
            assert!(error.is_retryable(), "{error}");
            let recorded = table.store().record_facts(&facts).await.unwrap();
            assert_eq!(are_kept(&recorded), [true; 100]);
            assert_eq!(waiting(&table.store()).await, facts);
        }
    }
}

#[tokio::test]
async fn one_that_can_never_be_kept_is_told_apart_from_a_table_that_is_busy() {
    let table = TestTable::create().await;
    let mut endless = fact(1, 100);
    endless.external_id = "x".repeat(500_000);
    let recorded = table.store().record_facts(&[fact(0, 1), endless, fact(2, 1)]).await.unwrap();
    assert!(matches!(recorded[1], Recorded::Failed(Error::Limit(_))), "{recorded:?}");
    assert_eq!(are_kept(&recorded), [true, false, true]);
    let busy = table.faulty(Faults::new(|_| Some(Fault::throttled())));
    assert!(busy.record_facts(&orders(3)).await.unwrap_err().is_retryable());
}

#[tokio::test]
async fn the_first_answer_to_a_request_stands() {
    let store = TestTable::create().await.store();
    let (first, second) = (request("batch"), request("batch"));
    assert_eq!(store.keep_answer(first.once()).await.unwrap(), Committed::Now);
    assert_eq!(store.keep_answer(second.once()).await.unwrap(), first.replay());
}
