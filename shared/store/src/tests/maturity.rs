//! T3: what is due becomes available, once, and only as it was read.

use domain::{
    commission::{CommissionStatus, mature as matured_by},
    risk::HoldReason,
};
use jiff::SignedDuration;
use rust_decimal::Decimal;

use super::{
    audit::assert_balanced,
    sale::{INVOICE, Sale, count_refund, days, partner_of, refund_of, sale, usd},
    sample::program_id,
    steps::{account, available, mature, mature_all},
};
use crate::{accrual::Written, maturity::Due, testing::TestTable};

#[tokio::test]
async fn a_line_is_listed_from_the_end_of_its_holding_period_on() {
    let store = TestTable::create().await.store();
    sale().record(&store).await;
    let due_at = sale().at + SignedDuration::from_hours(24 * 14);
    let before = due_at - SignedDuration::from_millis(1);
    assert_eq!(store.due_commissions(before, 100).await.unwrap(), []);
    let mut due = store.due_commissions(due_at, 100).await.unwrap();
    due.sort_by(|one, other| one.commission_id.cmp(&other.commission_id));
    let lines = sale().attributed().1.commissions;
    let expected: Vec<_> = lines
        .into_iter()
        .map(|line| Due {
            program_id: program_id(),
            partner_id: line.partner_id,
            currency: usd(),
            commission_id: line.id,
        })
        .collect();
    assert_eq!(due, expected);
}

#[tokio::test]
async fn a_batch_matures_once() {
    let table = TestTable::create().await;
    let (store, meter) = table.metered();
    for external_id in ["in_1", "in_2", "in_3"] {
        Sale { external_id, ..sale() }.record(&store).await;
    }
    drop(meter.take());
    assert_eq!(mature(&store, &partner_of(1), days(15)).await, Some(Written::Now));
    if table.counts_units() {
        assert_eq!(meter.take().writes["table"], Decimal::from(10), "three lines, balance, journal");
    }
    assert_eq!(available(&store, 1).await, 6_000);
    assert_eq!(mature(&store, &partner_of(1), days(15)).await, None);
    assert_eq!(store.due_commissions(days(15), 100).await.unwrap().len(), 6, "those of the sponsors");
    let line = sale_line(&store, "in_1").await;
    assert_eq!((line.status, line.matured_at), (CommissionStatus::Approved, Some(days(15))));
    assert_balanced(&table).await;
}

#[tokio::test]
async fn a_batch_that_is_written_again_is_stale_and_changes_nothing() {
    let table = TestTable::create().await;
    let store = table.store();
    sale().record(&store).await;
    let ids = [sale().attributed().1.commissions[0].id.clone()];
    let read = store.commissions(&ids).await.unwrap();
    let lines = [read[0].value.clone()];
    let matured = matured_by(&program_id(), &partner_of(1), usd(), &lines, days(15)).unwrap();
    let write = async || store.mature(&program_id(), &partner_of(1), usd(), &read, &matured).await.unwrap();
    assert_eq!(write().await, Written::Now);
    let before = table.dump().await;
    assert_eq!(write().await, Written::Stale);
    assert_eq!(table.dump().await, before);
    assert_eq!(account(&store, 1).await.revision, 1);
}

#[tokio::test]
async fn a_line_that_a_refund_moved_makes_its_batch_stale() {
    let table = TestTable::create().await;
    let store = table.store();
    for external_id in [INVOICE, "in_2"] {
        Sale { external_id, ..sale() }.record(&store).await;
    }
    let due = store.due_commissions(days(15), 100).await.unwrap();
    let ids: Vec<_> = due.into_iter().map(|due| due.commission_id).collect();
    let read = store.commissions(&ids).await.unwrap();
    let lines: Vec<_> = read.iter().map(|line| line.value.clone()).collect();
    let matured = matured_by(&program_id(), &partner_of(1), usd(), &lines, days(15)).unwrap();
    assert_eq!(matured.commissions.len(), 2);
    count_refund(&store, INVOICE, &refund_of("re_1", 5_000)).await;
    let late = store.mature(&program_id(), &partner_of(1), usd(), &read, &matured).await.unwrap();
    assert_eq!(late, Written::Stale);
    assert_eq!(available(&store, 1).await, 0, "none of it is available");
    mature_all(&store, days(15)).await;
    assert_eq!(available(&store, 1).await, 3_000);
    assert_balanced(&table).await;
}

#[tokio::test]
async fn a_held_line_never_matures() {
    let table = TestTable::create().await;
    let store = table.store();
    Sale { hold: Some(HoldReason::SelfReferral), ..sale() }.record(&store).await;
    assert_eq!(store.due_commissions(days(365), 100).await.unwrap(), []);
    mature_all(&store, days(365)).await;
    assert_eq!(available(&store, 1).await, 0);
    assert_balanced(&table).await;
}

#[tokio::test]
async fn fifty_lines_mature_at_once() {
    let table = TestTable::create().await;
    let store = table.store();
    let names: Vec<&'static str> = (0..51).map(|number| &*format!("in_{number}").leak()).collect();
    for external_id in names {
        Sale { external_id, levels: 1, ..sale() }.record(&store).await;
    }
    assert_eq!(mature(&store, &partner_of(1), days(15)).await, Some(Written::Now));
    assert_eq!(available(&store, 1).await, 100_000);
    assert_eq!(mature(&store, &partner_of(1), days(15)).await, Some(Written::Now));
    assert_eq!(available(&store, 1).await, 102_000);
    assert_balanced(&table).await;
}

async fn sale_line(store: &crate::Store, external_id: &'static str) -> domain::commission::Commission {
    Sale { external_id, ..sale() }.read(store).await.lines().remove(0)
}
