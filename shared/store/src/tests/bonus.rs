//! Awards of bonuses.

use domain::{
    bonus::{Goal, goals},
    commission::CommissionStatus,
    id::ConversionId,
    ledger::TransactionKind,
    performance::Performance,
    plan::{Bonus, Metric, PlanVersion, Threshold, Window},
};
use jiff::Timestamp;

use super::{
    audit::assert_balanced,
    now,
    sale::{days, money, partner_of},
    sample::{plan, program_id},
    steps::{available, mature},
};
use crate::{Store, accrual::Written, conversion::Record, testing::TestTable};

/// 50.00 for ten sales at all, payable after 14 days.
fn version() -> PlanVersion {
    let mut version = plan(1);
    version.plan.bonuses = vec![Bonus {
        id: "ten".to_owned(),
        metric: Metric::Conversions,
        window: Window::Lifetime,
        at_least: Threshold::Count(10),
        amount: money(5_000),
    }];
    version
}

fn id() -> ConversionId {
    let versions = [version()];
    goals(&versions, now())[0].award_id(&program_id(), &partner_of(1))
}

async fn read(store: &Store) -> Record {
    store.conversion(&id()).await.unwrap()
}

/// One attempt to book what so many sales mean for the award as it was read; nothing when nothing
/// is to be booked.
async fn book(store: &Store, record: &Record, sales: u64, at: Timestamp) -> Option<Written> {
    let versions = [version()];
    let goal: Goal<'_> = goals(&versions, at)[0];
    let award = record.award.as_ref().map(|award| &award.value);
    let standing = award.zip(record.commissions.first().map(|line| &line.value));
    let performance = Performance { revenue: money(0), conversions: sales, active_customers: 0 };
    let booking = goal.book((&program_id(), &partner_of(1)), standing, &performance, at).unwrap()?;
    Some(store.book_award(record, &booking).await.unwrap())
}

fn standing(record: &Record) -> (CommissionStatus, i64) {
    let line = &record.commissions[0].value;
    (line.status, line.amount.minor())
}

#[tokio::test]
async fn an_award_is_granted_and_taken_back_once_each() {
    let table = TestTable::create().await;
    let store = table.store();
    let nothing = read(&store).await;
    assert!(store.awards(&[id()]).await.unwrap().is_empty());
    assert_eq!(book(&store, &nothing, 9, now()).await, None);
    assert_eq!(book(&store, &nothing, 10, now()).await, Some(Written::Now));
    assert_eq!(book(&store, &nothing, 10, days(1)).await, Some(Written::Stale));
    let granted = read(&store).await;
    assert_eq!(standing(&granted), (CommissionStatus::Pending, 5_000));
    assert_eq!(store.awards(&[id()]).await.unwrap(), [granted.award.as_ref().unwrap().value.clone()]);
    assert_eq!(book(&store, &granted, 10, days(1)).await, None);
    assert_eq!(book(&store, &granted, 9, days(1)).await, Some(Written::Now));
    assert_eq!(book(&store, &granted, 9, days(1)).await, Some(Written::Stale));
    let taken = read(&store).await;
    assert_eq!(standing(&taken), (CommissionStatus::Reversed, 0));
    assert_eq!(store.due_commissions(days(100), 10).await.unwrap(), []);
    assert_balanced(&table).await;
    assert_eq!(book(&store, &taken, 10, days(10)).await, Some(Written::Now));
    assert_eq!(book(&store, &taken, 10, days(10)).await, Some(Written::Stale));
    let again = read(&store).await;
    assert_eq!(standing(&again), (CommissionStatus::Pending, 5_000));
    // The holding period begins again.
    assert_eq!(again.commissions[0].value.eligible_at, days(24));
    assert_eq!(store.due_commissions(days(23), 10).await.unwrap(), []);
    let ids = again.award.unwrap().value.entry_ids();
    let entries = store.transactions(&ids).await.unwrap();
    assert_eq!(entries.len(), 3);
    assert!(entries.iter().all(|entry| entry.kind == TransactionKind::Bonus));
    assert_balanced(&table).await;
}

#[tokio::test]
async fn after_maturity_the_account_follows() {
    let table = TestTable::create().await;
    let store = table.store();
    book(&store, &read(&store).await, 10, now()).await;
    let before = read(&store).await;
    assert_eq!(mature(&store, &partner_of(1), days(14)).await, Some(Written::Now));
    assert_eq!(available(&store, 1).await, 5_000);
    assert_eq!(book(&store, &before, 9, days(15)).await, Some(Written::Stale), "it matured meanwhile");
    assert_eq!(book(&store, &read(&store).await, 9, days(15)).await, Some(Written::Now));
    assert_eq!(available(&store, 1).await, 0);
    assert_eq!(book(&store, &read(&store).await, 11, days(16)).await, Some(Written::Now));
    assert_eq!(standing(&read(&store).await), (CommissionStatus::Approved, 5_000));
    assert_eq!(available(&store, 1).await, 5_000);
    assert_balanced(&table).await;
}
