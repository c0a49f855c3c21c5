//! Which commissions a settled payout has paid.

use domain::{
    commission::{Commission, CommissionStatus},
    conversion::{Refund, RefundCause, RefundStage},
    payout::{Payout, PayoutEvent},
};

use super::{
    audit::assert_balanced,
    sale::{Sale, count_refund, days, money, partner_of, refund_of, sale},
    steps::{account, mature, pay, payout, register_seller, reserve, walk},
};
use crate::{
    Store,
    testing::{Fault, Faults, TestTable},
};

const NAMES: [&str; 3] = ["in_1", "in_2", "in_3"];

/// Three sales on three days, that earned the seller 20.00, 10.00 and 5.00.
async fn earned() -> (TestTable, Store) {
    let table = TestTable::create().await;
    let store = table.store();
    register_seller(&store).await;
    for (number, external_id) in NAMES.into_iter().enumerate() {
        sell(&store, external_id, 10_000 >> number, i64::try_from(number).unwrap()).await;
    }
    mature(&store, &partner_of(1), days(17)).await;
    (table, store)
}

async fn sell(store: &Store, external_id: &'static str, amount: i64, day: i64) {
    Sale { external_id, amount, levels: 1, at: days(day), ..sale() }.record(store).await;
}

async fn line(store: &Store, external_id: &'static str) -> Commission {
    Sale { external_id, ..sale() }.read(store).await.lines().remove(0)
}

/// Which of the sales are marked as paid, and by which payout.
async fn marked(store: &Store) -> Vec<&'static str> {
    let mut marked = Vec::new();
    for name in NAMES {
        if line(store, name).await.status == CommissionStatus::Paid {
            marked.push(name);
        }
    }
    marked
}

#[tokio::test]
async fn the_oldest_are_marked_first_and_none_in_part() {
    let (table, store) = earned().await;
    let first = pay(&store, "one", 2_700).await;
    assert_eq!(account(&store, 1).await.uncovered, money(2_700));
    store.cover(&first).await.unwrap();
    // 7.00 are left: not enough for the next one, and the one after it has to wait its turn.
    assert_eq!(marked(&store).await, ["in_1"]);
    assert_eq!(account(&store, 1).await.uncovered, money(700));
    let paid = line(&store, "in_1").await;
    assert_eq!((paid.payout_id, paid.payout_date), (Some(first.id), Some(days(16))));
    assert_balanced(&table).await;

    let second = pay(&store, "two", 300).await;
    store.cover(&second).await.unwrap();
    assert_eq!(marked(&store).await, ["in_1", "in_2"]);
    assert_eq!(line(&store, "in_2").await.payout_id, Some(second.id));
    assert_eq!(account(&store, 1).await.uncovered, money(0));
    assert_balanced(&table).await;
}

#[tokio::test]
async fn a_payout_that_covers_again_marks_nothing_twice() {
    let (table, store) = earned().await;
    let first = pay(&store, "one", 3_000).await;
    store.cover(&first).await.unwrap();
    let before = table.dump().await;
    store.cover(&first).await.unwrap();
    assert_eq!(table.dump().await, before);
    assert_eq!(marked(&store).await, ["in_1", "in_2"]);
}

/// The answer to the first transaction gets lost.
fn lost_once() -> Faults {
    let once = std::sync::Once::new();
    Faults::new(move |operation| {
        let mut fault = None;
        if operation == "TransactWriteItems" {
            once.call_once(|| fault = Some(Fault::AnswerLost));
        }
        fault
    })
}

#[tokio::test]
async fn marking_whose_answer_was_lost_is_found_done_by_the_next_run() {
    let (table, store) = earned().await;
    let first = pay(&store, "one", 3_000).await;
    assert!(table.faulty(lost_once()).cover(&first).await.is_err(), "it has to come again");
    assert_eq!(marked(&store).await, ["in_1", "in_2"]);
    store.cover(&first).await.unwrap();
    assert_eq!(account(&store, 1).await.uncovered, money(0));
    assert_balanced(&table).await;
}

#[tokio::test]
async fn a_debt_by_a_refund_of_a_paid_line_is_worked_off_by_later_lines() {
    let (table, store) = earned().await;
    let first = pay(&store, "one", 2_000).await;
    store.cover(&first).await.unwrap();
    assert_eq!(marked(&store).await, ["in_1"]);
    count_refund(&store, "in_1", &refund_of("re_1", 10_000)).await;
    // The line is worth nothing any more, and its 20.00 are there for others to be paid by.
    let reversed = line(&store, "in_1").await;
    assert_eq!((reversed.status, reversed.payout_id), (CommissionStatus::Reversed, Some(first.id)));
    let account = account(&store, 1).await;
    assert_eq!((account.balances.available, account.uncovered), (money(-500), money(2_000)));
    assert_balanced(&table).await;

    sell(&store, "in_4", 10_000, 3).await;
    mature(&store, &partner_of(1), days(18)).await;
    let second = pay(&store, "two", 1_500).await;
    store.cover(&second).await.unwrap();
    assert_eq!(marked(&store).await, ["in_2", "in_3"]);
    assert_eq!(line(&store, "in_4").await.payout_id, Some(second.id));
    assert_eq!(super::steps::account(&store, 1).await.uncovered, money(0));
    assert_balanced(&table).await;
}

#[tokio::test]
async fn a_refund_of_a_line_not_yet_paid_takes_nothing_from_what_is_covered() {
    let (table, store) = earned().await;
    let first = pay(&store, "one", 2_000).await;
    store.cover(&first).await.unwrap();
    count_refund(&store, "in_2", &refund_of("re_1", 5_000)).await;
    assert_eq!(account(&store, 1).await.uncovered, money(0));
    let second = pay(&store, "two", 500).await;
    store.cover(&second).await.unwrap();
    assert_eq!(marked(&store).await, ["in_1", "in_3"]);
    assert_balanced(&table).await;
}

#[tokio::test]
async fn what_a_payout_covered_that_came_back_is_covered_by_the_next() {
    let (table, store) = earned().await;
    let first = pay(&store, "one", 2_700).await;
    store.cover(&first).await.unwrap();
    let second = pay(&store, "two", 300).await;
    store.cover(&second).await.unwrap();
    assert_eq!(marked(&store).await, ["in_1", "in_2"]);
    let returned = walk(&store, &first.id, &[PayoutEvent::Return]).await;
    assert_eq!(account(&store, 1).await.uncovered, money(-2_700));
    store.cover(&second).await.unwrap();
    for _ in 0..2 {
        store.uncover(&returned).await.unwrap();
        // What the second has covered stays so.
        assert_eq!(marked(&store).await, ["in_2"]);
        assert_eq!(account(&store, 1).await.uncovered, money(-700));
        assert_balanced(&table).await;
    }
    let back = line(&store, "in_1").await;
    assert_eq!((back.status, back.payout_id, back.payout_date), (CommissionStatus::Approved, None, None));

    let third = pay(&store, "three", 3_200).await;
    store.cover(&third).await.unwrap();
    assert_eq!(marked(&store).await, NAMES);
    assert_eq!(line(&store, "in_1").await.payout_id, Some(third.id));
    assert_eq!(account(&store, 1).await.uncovered, money(0));
    assert_balanced(&table).await;
}

/// What is payable of a disputed charge is held, and the money of this line had left: it keeps its mark,
/// and the next payout covers as much less.
#[tokio::test]
async fn a_disputed_line_keeps_the_mark_of_a_payout_that_came_back() {
    let (table, store) = earned().await;
    let first = pay(&store, "one", 3_500).await;
    store.cover(&first).await.unwrap();
    let dispute =
        Refund { cause: RefundCause::Dispute, stage: RefundStage::Open, ..refund_of("dp_1", 5_000) };
    count_refund(&store, "in_2", &dispute).await;
    let returned = walk(&store, &first.id, &[PayoutEvent::Return]).await;
    store.uncover(&returned).await.unwrap();
    assert_eq!(marked(&store).await, ["in_2"]);
    assert_eq!(account(&store, 1).await.uncovered, money(-1_000));
    assert_balanced(&table).await;
    let second = pay(&store, "two", 3_500).await;
    store.cover(&second).await.unwrap();
    assert_eq!(marked(&store).await, NAMES);
    assert_eq!(line(&store, "in_2").await.payout_id, Some(first.id));
    assert_eq!(account(&store, 1).await.uncovered, money(0));
    assert_balanced(&table).await;
}

#[tokio::test]
async fn taking_marks_away_whose_answer_was_lost_is_found_done_by_the_next_run() {
    let (table, store) = earned().await;
    let first = pay(&store, "one", 3_500).await;
    store.cover(&first).await.unwrap();
    let returned = walk(&store, &first.id, &[PayoutEvent::Return]).await;
    let uncovering = table.faulty(lost_once());
    drop(uncovering.uncover(&returned).await);
    store.uncover(&returned).await.unwrap();
    assert_eq!(marked(&store).await, [""; 0]);
    assert_eq!(account(&store, 1).await.uncovered, money(0));
    assert_balanced(&table).await;
}

#[tokio::test]
async fn more_lines_than_one_write_can_mark_are_all_marked() {
    let table = TestTable::create().await;
    let store = table.store();
    register_seller(&store).await;
    for number in 0..60 {
        sell(&store, format!("in_{number}").leak(), 500, 0).await;
    }
    for _ in 0..2 {
        mature(&store, &partner_of(1), days(15)).await;
    }
    let all: Payout = payout("one", 6_000);
    reserve(&store, &all).await;
    let all = walk(&store, &all.id, &[PayoutEvent::Send, PayoutEvent::Accept, PayoutEvent::Settle]).await;
    store.cover(&all).await.unwrap();
    assert_eq!(account(&store, 1).await.uncovered, money(0));
    assert_balanced(&table).await;
    let returned = walk(&store, &all.id, &[PayoutEvent::Return]).await;
    store.uncover(&returned).await.unwrap();
    assert_eq!(account(&store, 1).await.uncovered, money(0), "and all marks are taken away");
    assert_balanced(&table).await;
}
