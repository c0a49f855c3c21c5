//! T2: a refund moves every line of its sale, counts once, and never gets lost.

use domain::{commission::CommissionStatus, conversion::Refund, money::Money, risk::HoldReason};
use futures_util::future::join_all;
use rust_decimal::Decimal;

use super::{
    audit::assert_balanced,
    sale::{INVOICE, Sale, apply, count_charge, count_refund, days, partner_of, refund_of, sale},
    steps::{available, mature, mature_all, pay, register_seller},
};
use crate::{Store, accrual::Written, conversion::Record, testing::TestTable};

#[tokio::test]
async fn before_maturity_a_refund_lowers_the_lines_and_no_balance() {
    let table = TestTable::create().await;
    let (store, meter) = table.metered();
    sale().record(&store).await;
    let record = sale().read(&store).await;
    drop(meter.take());
    assert_eq!(apply(&store, &record, &refund_of("re_1", 2_500)).await.unwrap(), Written::Now);
    if table.counts_units() {
        assert_eq!(meter.take().writes["table"], Decimal::from(12), "refund, head, three lines, journal");
    }
    let record = sale().read(&store).await;
    assert_eq!(amounts(&store).await, [1_500, 375, 75]);
    assert_eq!(record.conversion().unwrap().value.refunded.minor(), 2_500);
    assert_eq!(record.applied, [refund_of("re_1", 2_500)]);
    assert!(record.lines().iter().all(|line| line.status == CommissionStatus::Pending));
    assert_eq!(record.lines()[0].earned.minor(), 2_000, "what was earned first stays known");
    assert_eq!(available(&store, 1).await, 0);
    assert_balanced(&table).await;
}

#[tokio::test]
async fn a_full_refund_in_slices_ends_at_zero_and_nothing_matures() {
    let table = TestTable::create().await;
    let store = table.store();
    sale().record(&store).await;
    for (number, minor) in [3_333, 3_333, 3_333, 1].into_iter().enumerate() {
        count_refund(&store, INVOICE, &refund_of(&format!("re_{number}"), minor)).await;
        assert_balanced(&table).await;
    }
    assert_eq!(amounts(&store).await, [0, 0, 0]);
    let lines = sale().read(&store).await.lines();
    assert!(lines.iter().all(|line| line.status == CommissionStatus::Reversed));
    assert_eq!(store.due_commissions(days(90), 100).await.unwrap(), []);
}

#[tokio::test]
async fn after_maturity_a_refund_takes_from_the_balance_even_below_zero() {
    let table = TestTable::create().await;
    let (store, meter) = table.metered();
    let second = Sale { external_id: "in_2", amount: 1_000, ..sale() };
    sale().record(&store).await;
    second.record(&store).await;
    mature_all(&store, days(15)).await;
    assert_eq!([available(&store, 1).await, available(&store, 3).await], [2_200, 110]);
    let record = sale().read(&store).await;
    drop(meter.take());
    apply(&store, &record, &refund_of("re_1", 5_000)).await.unwrap();
    if table.counts_units() {
        assert_eq!(meter.take().writes["table"], Decimal::from(18), "three accounts more");
    }
    assert_eq!([available(&store, 1).await, available(&store, 3).await], [1_200, 60]);
    assert!(sale().read(&store).await.lines().iter().all(|line| line.status == CommissionStatus::Approved));

    register_seller(&store).await;
    pay(&store, "all of it", 1_200).await;
    count_refund(&store, INVOICE, &refund_of("re_2", 5_000)).await;
    assert_eq!([available(&store, 1).await, available(&store, 2).await], [-1_000, 50], "the seller owes");
    assert_balanced(&table).await;
}

#[tokio::test]
async fn a_sale_half_matured_is_refunded_from_both_sides() {
    let table = TestTable::create().await;
    let store = table.store();
    sale().record(&store).await;
    mature(&store, &partner_of(2), days(15)).await;
    count_refund(&store, INVOICE, &refund_of("re_1", 5_000)).await;
    assert_eq!(amounts(&store).await, [1_000, 250, 50]);
    assert_eq!([available(&store, 1).await, available(&store, 2).await], [0, 250]);
    assert_balanced(&table).await;
    mature_all(&store, days(15)).await;
    assert_eq!([available(&store, 1).await, available(&store, 2).await], [1_000, 250]);
    assert_balanced(&table).await;
}

#[tokio::test]
async fn a_refund_that_comes_again_counts_once() {
    let table = TestTable::create().await;
    let store = table.store();
    sale().record(&store).await;
    let record = sale().read(&store).await;
    let refund = refund_of("re_1", 2_500);
    assert_eq!(apply(&store, &record, &refund).await.unwrap(), Written::Now);
    let before = table.dump().await;
    assert_eq!(apply(&store, &record, &refund).await.unwrap(), Written::Stale);
    let again = sale().read(&store).await;
    assert_eq!(apply(&store, &again, &refund).await.unwrap(), Written::Stale, "its id is taken");
    count_refund(&store, INVOICE, &refund).await;
    assert_eq!(table.dump().await, before);
}

#[tokio::test]
async fn of_two_refunds_computed_from_the_same_lines_one_is_stale() {
    let table = TestTable::create().await;
    let store = table.store();
    sale().record(&store).await;
    let record = sale().read(&store).await;
    let (one, other) = (refund_of("re_1", 2_500), refund_of("re_2", 2_500));
    let written = join_all([apply(&store, &record, &one), apply(&store, &record, &other)]).await;
    let now = written.iter().filter(|written| matches!(written, Ok(Written::Now))).count();
    assert_eq!(now, 1, "{written:?}");
    for refund in [one, other] {
        count_refund(&store, INVOICE, &refund).await;
    }
    assert_eq!(amounts(&store).await, [1_000, 250, 50]);
    assert_balanced(&table).await;
}

#[tokio::test]
async fn two_refunds_of_a_sale_that_pays_nobody_are_both_counted() {
    let store = TestTable::create().await.store();
    let unattributed = sale().unattributed();
    store.record_unattributed(&Record::default(), &unattributed, &[]).await.unwrap();
    let record = sale().read(&store).await;
    let (one, other) = (refund_of("re_1", 6_000), refund_of("re_2", 4_000));
    assert_eq!(apply(&store, &record, &one).await.unwrap(), Written::Now);
    let late = apply(&store, &record, &other).await.unwrap();
    assert_eq!(late, Written::Stale, "only the head tells the two apart: there are no lines");
    count_refund(&store, INVOICE, &other).await;
    let refunded = sale().read(&store).await.conversion().unwrap().value.refunded;
    assert_eq!(refunded, unattributed.charge.amount);
}

#[tokio::test]
async fn a_line_that_matured_meanwhile_makes_the_refund_stale() {
    let table = TestTable::create().await;
    let store = table.store();
    sale().record(&store).await;
    let record = sale().read(&store).await;
    mature_all(&store, days(15)).await;
    let late = apply(&store, &record, &refund_of("re_1", 2_500)).await.unwrap();
    assert_eq!(late, Written::Stale, "it would be taken from the wrong account");
    count_refund(&store, INVOICE, &refund_of("re_1", 2_500)).await;
    assert_eq!(available(&store, 1).await, 1_500);
    assert_balanced(&table).await;
}

#[tokio::test]
async fn a_refund_before_its_sale_waits_and_ends_the_same() {
    let (early, late) = (TestTable::create().await, TestTable::create().await);
    let (before, after) = (early.store(), late.store());
    let refunds = [refund_of("re_1", 2_500), refund_of("re_2", 1_111)];
    for refund in &refunds {
        count_refund(&before, INVOICE, refund).await;
        count_refund(&before, INVOICE, refund).await;
    }
    assert_eq!(sale().read(&before).await.waiting, refunds);
    count_charge(&before, &sale()).await;
    count_charge(&after, &sale()).await;
    for refund in &refunds {
        count_refund(&after, INVOICE, refund).await;
    }
    let (one, other) = (sale().read(&before).await, sale().read(&after).await);
    assert_eq!(one.lines(), other.lines());
    assert_eq!((&one.applied, &one.waiting), (&other.applied, &other.waiting));
    let value = |record: &Record| record.conversion().unwrap().value.clone();
    assert_eq!(value(&one), value(&other));
    assert_balanced(&early).await;
}

#[tokio::test]
async fn a_refund_cannot_wait_for_a_sale_that_is_there() {
    let table = TestTable::create().await;
    let store = table.store();
    let unknown = sale().read(&store).await;
    sale().record(&store).await;
    let before = table.dump().await;
    for record in [unknown, sale().read(&store).await] {
        let (program, refund) = (super::sample::program_id(), refund_of("re_1", 100));
        let kept = store.keep_refund_waiting(&record, &program, super::sale::SOURCE, INVOICE, &refund).await;
        assert_eq!(kept.unwrap(), Written::Stale);
    }
    assert_eq!(table.dump().await, before);
}

#[tokio::test]
async fn a_refused_refund_is_known_and_neither_counts_nor_waits() {
    let table = TestTable::create().await;
    let store = table.store();
    let foreign = Refund::made("re_1", Money::new(100, "EUR".parse().unwrap()), days(1));
    count_refund(&store, INVOICE, &foreign).await;
    sale().record(&store).await;
    store.refuse_refund(&sale().id(), &foreign).await.unwrap();
    count_refund(&store, INVOICE, &foreign).await;
    let record = sale().read(&store).await;
    assert_eq!((record.refunds.len(), record.waiting.len(), record.applied.len()), (1, 0, 0));

    let counted = refund_of("re_2", 100);
    count_refund(&store, INVOICE, &counted).await;
    store.refuse_refund(&sale().id(), &counted).await.unwrap();
    assert_eq!(sale().read(&store).await.applied, [counted], "what counts is not refused any more");
    assert_balanced(&table).await;
}

#[tokio::test]
async fn a_held_line_is_lowered_and_stays_held() {
    let table = TestTable::create().await;
    let store = table.store();
    Sale { hold: Some(HoldReason::SelfReferral), ..sale() }.record(&store).await;
    count_refund(&store, INVOICE, &refund_of("re_1", 5_000)).await;
    let lines = sale().read(&store).await.lines();
    assert!(lines.iter().all(|line| line.status == CommissionStatus::Held));
    assert_eq!(amounts(&store).await, [1_000, 250, 50]);
    assert_eq!(store.due_commissions(days(90), 100).await.unwrap(), []);
    assert_balanced(&table).await;
}

#[tokio::test]
async fn sixteen_writers_refund_slices_of_one_sale_to_the_cent() {
    let table = TestTable::create().await;
    let store = table.store();
    let sale = Sale { levels: 10, ..sale() };
    sale.record(&store).await;
    mature(&store, &partner_of(2), days(15)).await;
    // 16 slices of 6.25, each delivered twice: everything goes back.
    let slices: Vec<_> = (0..16).map(|number| refund_of(&format!("re_{number}"), 625)).collect();
    join_all(slices.iter().chain(&slices).map(|slice| count_refund(&store, INVOICE, slice))).await;
    let record = sale.read(&store).await;
    assert_eq!(record.applied.len(), 16);
    assert_eq!(record.conversion().unwrap().value.refunded.minor(), 10_000);
    assert_eq!(amounts(&store).await, [0; 10]);
    assert_eq!(available(&store, 2).await, 0);
    assert_balanced(&table).await;
}

async fn amounts(store: &Store) -> Vec<i64> {
    sale().amounts(store).await
}
