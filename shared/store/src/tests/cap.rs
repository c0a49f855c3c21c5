//! Counters of caps: nothing is granted twice, and what is taken back is free again.

use domain::{
    commission::{CapUse, Decision, review},
    plan::{Cap, CapCounter, CapPeriod, CapScope},
};

use super::{
    now,
    sale::{Sale, apply, money, refund_of, sale},
    sample::program_id,
};
use crate::{Store, accrual::Written, conversion::Record, testing::TestTable};

fn counter() -> CapCounter {
    let subject = program_id().to_string();
    CapCounter { scope: CapScope::Program, subject, period: "all".to_owned() }
}

/// A cap of which this much was used when it was read.
fn cap(limit: i64, used: i64) -> CapUse {
    let cap = Cap { scope: CapScope::Program, period: CapPeriod::AllTime, amount: money(limit) };
    CapUse { cap, counter: counter(), used }
}

async fn used(store: &Store) -> i64 {
    store.cap_usage(&program_id(), &[counter()]).await.unwrap()[0]
}

/// Records a sale that is worth 26.00 on all levels, under a cap as it was read.
async fn record(store: &Store, sale: &Sale, cap: &CapUse) -> Written {
    let (mut conversion, accrual) = sale.attributed();
    conversion.terms.as_mut().unwrap().caps = vec![cap.counter.clone()];
    store.accrue(&Record::default(), &conversion, &accrual, std::slice::from_ref(cap)).await.unwrap()
}

#[tokio::test]
async fn two_sales_that_have_seen_the_same_room_do_not_both_get_it() {
    let table = TestTable::create().await;
    let store = table.store();
    let other = Sale { external_id: "in_other", ..sale() };
    assert_eq!(used(&store).await, 0);
    assert_eq!(record(&store, &sale(), &cap(3_000, 0)).await, Written::Now);
    assert_eq!(record(&store, &other, &cap(3_000, 0)).await, Written::Stale);
    assert!(other.read(&store).await.conversion().is_none(), "all of it or nothing");
    assert_eq!(used(&store).await, 2_600);
    assert_eq!(record(&store, &other, &cap(6_000, 0)).await, Written::Now, "where there is room for both");
    assert_eq!(used(&store).await, 5_200);
}

#[tokio::test]
async fn the_last_room_is_granted_only_as_it_was_read() {
    let table = TestTable::create().await;
    let store = table.store();
    let other = Sale { external_id: "in_other", ..sale() };
    assert_eq!(record(&store, &sale(), &cap(5_200, 0)).await, Written::Now);
    assert_eq!(record(&store, &other, &cap(5_200, 2_601)).await, Written::Stale);
    assert_eq!(record(&store, &other, &cap(5_200, 2_600)).await, Written::Now);
    assert_eq!(used(&store).await, 5_200);
}

#[tokio::test]
async fn refunds_and_rejections_free_what_they_take_back() {
    let table = TestTable::create().await;
    let store = table.store();
    let hold = Some(domain::risk::HoldReason::SelfReferral);
    let held = Sale { hold, ..sale() };
    assert_eq!(record(&store, &held, &cap(3_000, 0)).await, Written::Now);
    let read = held.read(&store).await;
    assert_eq!(apply(&store, &read, &refund_of("re_1", 4_000)).await.unwrap(), Written::Now);
    assert_eq!(used(&store).await, 1_560);
    let read = held.read(&store).await;
    let conversion = &read.conversion().unwrap().value;
    let reviewed = review(conversion, &read.lines(), false, Decision::Reject, now()).unwrap();
    assert_eq!(store.record_review(&read, &reviewed, now()).await.unwrap(), Written::Now);
    assert_eq!(used(&store).await, 0);
    let read = held.read(&store).await;
    assert_eq!(apply(&store, &read, &refund_of("re_2", 6_000)).await.unwrap(), Written::Now);
    assert_eq!(used(&store).await, 0, "what was turned down had been freed already");
}
