//! Adjustments of lines by administrators.

use domain::{
    commission::{Adjustment, CommissionStatus, adjust},
    id::AdjustmentId,
};

use super::{
    audit::assert_balanced,
    sale::{Sale, apply, days, money, partner_of, refund_of, sale},
    sample::{minutes, request},
    steps::{account, available, mature, pay, register_seller},
};
use crate::{
    Store, accrual::Written, adjust::AdjustmentRecorded, conversion::Record, idempotency::Committed,
    testing::TestTable,
};

/// One attempt to adjust the seller's line of a sale as it was read.
async fn adjust_on(store: &Store, record: &Record, name: &str, minor: i64) -> AdjustmentRecorded {
    let line = &record.commissions[0].value;
    let adjustment = Adjustment {
        id: AdjustmentId::derive(&[name]),
        commission_id: line.id.clone(),
        amount: money(minor),
        reason: "Two of the items were ordered for testing.".to_owned(),
        by: "root".to_owned(),
        at: minutes(5),
    };
    let priced = record.priced(&line.id).unwrap().unwrap();
    let adjusted = adjust(line, priced, record.is_disputed().unwrap(), &adjustment).unwrap();
    store.adjust(record, &adjustment, &adjusted, request(name).once()).await.unwrap()
}

fn done() -> AdjustmentRecorded {
    AdjustmentRecorded::Committed(Committed::Now)
}

#[tokio::test]
async fn an_adjustment_is_kept_with_its_reason_and_counts_once() {
    let table = TestTable::create().await;
    let (store, sale) = (table.store(), Sale { levels: 2, ..sale() });
    sale.record(&store).await;
    let record = sale.read(&store).await;
    assert_eq!(adjust_on(&store, &record, "one", -300).await, done());
    let again = adjust_on(&store, &record, "one", -300).await;
    assert_eq!(again, AdjustmentRecorded::Committed(request("one").replay()));
    let after = sale.read(&store).await;
    assert_eq!(after.adjustments.len(), 1);
    let kept = &after.adjustments[0];
    assert_eq!((kept.amount, kept.by.as_str(), kept.at), (money(-300), "root", minutes(5)));
    assert_eq!(after.lines()[0].amount, money(1_700));
    assert!(store.transaction(&kept.entry_id()).await.unwrap().is_some());
    assert_balanced(&table).await;
}

#[tokio::test]
async fn adjustments_and_refunds_do_not_overtake_each_other() {
    let table = TestTable::create().await;
    let (store, sale) = (table.store(), Sale { levels: 2, ..sale() });
    sale.record(&store).await;
    let record = sale.read(&store).await;
    assert_eq!(adjust_on(&store, &record, "one", -2_000).await, done());
    assert_eq!(adjust_on(&store, &record, "two", 100).await, AdjustmentRecorded::Stale);
    let half = refund_of("re_1", 5_000);
    assert_eq!(apply(&store, &record, &half).await.unwrap(), Written::Stale);
    // The line is at nothing, so that the refund does not touch it; still both know of each other.
    let record = sale.read(&store).await;
    assert_eq!(apply(&store, &record, &half).await.unwrap(), Written::Now);
    assert_eq!(adjust_on(&store, &record, "two", 2_000).await, AdjustmentRecorded::Stale);
    let record = sale.read(&store).await;
    assert_eq!(adjust_on(&store, &record, "two", 2_000).await, done());
    assert_eq!(sale.amounts(&store).await, [1_000, 250]);
    assert_balanced(&table).await;
}

#[tokio::test]
async fn what_a_payout_covered_follows_the_line() {
    let table = TestTable::create().await;
    let (store, sale) = (table.store(), Sale { levels: 1, ..sale() });
    register_seller(&store).await;
    sale.record(&store).await;
    mature(&store, &partner_of(1), days(15)).await;
    let payout = pay(&store, "first", 2_000).await;
    store.cover(&payout).await.unwrap();
    assert_eq!(sale.read(&store).await.lines()[0].status, CommissionStatus::Paid);
    assert_balanced(&table).await;

    adjust_on(&store, &sale.read(&store).await, "less", -500).await;
    assert_eq!((available(&store, 1).await, account(&store, 1).await.uncovered), (-500, money(500)));
    assert_balanced(&table).await;
    adjust_on(&store, &sale.read(&store).await, "nothing", -1_500).await;
    adjust_on(&store, &sale.read(&store).await, "something", 700).await;
    let line = sale.read(&store).await.lines()[0].clone();
    assert_eq!((line.status, line.payout_id, line.payout_date), (CommissionStatus::Approved, None, None));
    assert_eq!((available(&store, 1).await, account(&store, 1).await.uncovered), (-1_300, money(2_000)));
    assert_balanced(&table).await;
    // What was paid before covers it now.
    store.cover(&payout).await.unwrap();
    assert_eq!(sale.read(&store).await.lines()[0].status, CommissionStatus::Paid);
    assert_balanced(&table).await;
}
