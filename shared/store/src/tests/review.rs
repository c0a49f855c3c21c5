//! Decisions on held lines.

use domain::{
    commission::{Commission, CommissionStatus, Decision, refund, review},
    id::TransactionId,
    ledger::{Account, TransactionKind},
    risk::HoldReason,
};

use super::{
    audit::assert_balanced,
    sale::{Sale, partner_of, refund_of, sale},
    sample::minutes,
};
use crate::{Store, accrual::Written, conversion::Record, testing::TestTable};

/// Records a sale of two levels with its lines held, and reads it back.
async fn held(store: &Store) -> Record {
    let sale = Sale { levels: 2, hold: Some(HoldReason::SelfReferral), ..sale() };
    assert_eq!(sale.record(store).await, Written::Now);
    sale.read(store).await
}

async fn decide(store: &Store, record: &Record, decision: Decision) -> Written {
    let known = record.conversion().unwrap();
    let reviewed = review(&known.value, &record.lines(), false, decision, minutes(1)).unwrap();
    store.record_review(record, &reviewed, minutes(1)).await.unwrap()
}

fn statuses(lines: &[Commission]) -> Vec<(CommissionStatus, i64)> {
    lines.iter().map(|line| (line.status, line.amount.minor())).collect()
}

fn rejection(record: &Record) -> TransactionId {
    TransactionKind::Reject.transaction_id(&[record.conversion().unwrap().value.id.as_str()])
}

#[tokio::test]
async fn released_lines_go_on_to_maturity_and_book_nothing() {
    let store = TestTable::create().await.store();
    let record = held(&store).await;
    let later = minutes(60 * 24 * 15);
    assert_eq!(store.due_commissions(later, 10).await.unwrap(), [], "held lines do not mature");
    assert_eq!(decide(&store, &record, Decision::Release).await, Written::Now);

    let after = store.conversion(record.commissions[0].value.id.conversion()).await.unwrap();
    let pending = |minor| (CommissionStatus::Pending, minor);
    assert_eq!(statuses(&after.lines()), [pending(2_000), pending(500)]);
    assert_eq!(store.due_commissions(later, 10).await.unwrap().len(), 2);
    assert_eq!(store.transaction(&rejection(&record)).await.unwrap(), None);
}

#[tokio::test]
async fn rejected_lines_earn_nothing_and_the_journal_says_so() {
    let table = TestTable::create().await;
    let store = table.store();
    let record = held(&store).await;
    assert_eq!(decide(&store, &record, Decision::Reject).await, Written::Now);

    let after = store.conversion(record.commissions[0].value.id.conversion()).await.unwrap();
    assert_eq!(statuses(&after.lines()), [(CommissionStatus::Rejected, 0); 2]);
    let booked = store.transaction(&rejection(&record)).await.unwrap().unwrap();
    let of_sponsor = Account::Pending(partner_of(2));
    let posting = booked.postings.iter().find(|posting| posting.account == of_sponsor).unwrap();
    assert_eq!((posting.minor, posting.level.unwrap().number()), (500, 2));
    assert_balanced(&table).await;
}

#[tokio::test]
async fn of_two_decisions_on_the_same_lines_one_counts() {
    let store = TestTable::create().await.store();
    let record = held(&store).await;
    assert_eq!(decide(&store, &record, Decision::Release).await, Written::Now);
    assert_eq!(decide(&store, &record, Decision::Reject).await, Written::Stale);
    assert_eq!(store.transaction(&rejection(&record)).await.unwrap(), None);
}

#[tokio::test]
async fn a_refund_and_a_decision_do_not_overtake_each_other() {
    let store = TestTable::create().await.store();
    let record = held(&store).await;
    let known = record.conversion().unwrap();
    let half = refund_of("re_1", 5_000);
    let reversal = refund(&known.value, &record.lines(), &[], &half, minutes(2)).unwrap();
    assert_eq!(decide(&store, &record, Decision::Reject).await, Written::Now);
    let late = store.apply_refund(&record, &half, &reversal, minutes(2)).await.unwrap();
    assert_eq!(late, Written::Stale, "it was computed from the lines before the decision");
    assert_eq!(decide(&store, &record, Decision::Reject).await, Written::Stale);
}
