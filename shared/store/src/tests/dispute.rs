//! T2 for disputes: what is payable is frozen, taken when the dispute is lost, and comes back when it
//! is won.

use domain::{
    commission::CommissionStatus::{self, Approved, Held, Paid, Pending, Reversed},
    conversion::{Refund, RefundCause, RefundStage},
};

use super::{
    audit::assert_balanced,
    sale::money,
    sale::{INVOICE, count_charge, count_refund, days, partner_of, refund_of, sale},
    steps::{account, mature, pay, register_seller},
};
use crate::{Store, testing::TestTable};

fn dispute(stage: RefundStage) -> Refund {
    let amount = Some(money(10_000));
    Refund { refund_id: "dp_1".into(), cause: RefundCause::Dispute, stage, amount, occurred_at: days(16) }
}

async fn tell(store: &Store, stage: RefundStage) {
    count_refund(store, INVOICE, &dispute(stage)).await;
}

/// The seller's line, and the balances available and held.
async fn standing(store: &Store) -> (CommissionStatus, i64, (i64, i64)) {
    let line = sale().read(store).await.lines().remove(0);
    let balances = account(store, 1).await.balances;
    (line.status, line.amount.minor(), (balances.available.minor(), balances.held.minor()))
}

#[tokio::test]
async fn a_disputed_line_does_not_mature_until_the_dispute_is_won() {
    let table = TestTable::create().await;
    let store = table.store();
    sale().record(&store).await;
    tell(&store, RefundStage::Open).await;
    assert_eq!(store.due_commissions(days(90), 100).await.unwrap(), []);
    mature(&store, &partner_of(1), days(15)).await;
    assert_eq!(standing(&store).await, (Held, 2_000, (0, 0)));
    tell(&store, RefundStage::Void).await;
    assert_eq!(standing(&store).await, (Pending, 2_000, (0, 0)));
    mature(&store, &partner_of(1), days(15)).await;
    assert_eq!(standing(&store).await, (Approved, 2_000, (2_000, 0)));
    assert_balanced(&table).await;
}

#[tokio::test]
async fn what_was_payable_is_frozen_taken_and_given_back() {
    let table = TestTable::create().await;
    let store = table.store();
    sale().record(&store).await;
    mature(&store, &partner_of(1), days(15)).await;
    for (stage, expected) in [
        (RefundStage::Open, (Held, 2_000, (0, 2_000))),
        (RefundStage::Done, (Reversed, 0, (0, 0))),
        (RefundStage::Void, (Approved, 2_000, (2_000, 0))),
        // Told late, they are known and change nothing.
        (RefundStage::Done, (Approved, 2_000, (2_000, 0))),
    ] {
        tell(&store, stage).await;
        assert_eq!(standing(&store).await, expected, "{stage:?}");
        assert_balanced(&table).await;
    }
    count_refund(&store, INVOICE, &refund_of("re_1", 10_000)).await;
    assert_eq!(standing(&store).await, (Reversed, 0, (0, 0)), "refunded after all");
    assert_balanced(&table).await;
}

#[tokio::test]
async fn a_partial_refund_during_a_dispute_lowers_what_is_frozen() {
    let table = TestTable::create().await;
    let store = table.store();
    sale().record(&store).await;
    mature(&store, &partner_of(1), days(15)).await;
    tell(&store, RefundStage::Open).await;
    count_refund(&store, INVOICE, &refund_of("re_1", 2_500)).await;
    assert_eq!(standing(&store).await, (Held, 1_500, (0, 1_500)));
    tell(&store, RefundStage::Void).await;
    assert_eq!(standing(&store).await, (Approved, 1_500, (1_500, 0)));
    assert_balanced(&table).await;
}

#[tokio::test]
async fn a_line_that_is_paid_is_not_held_and_a_lost_dispute_becomes_debt_until_it_is_won() {
    let table = TestTable::create().await;
    let store = table.store();
    register_seller(&store).await;
    sale().record(&store).await;
    mature(&store, &partner_of(1), days(15)).await;
    let first = pay(&store, "one", 2_000).await;
    store.cover(&first).await.unwrap();
    tell(&store, RefundStage::Open).await;
    assert_eq!(standing(&store).await, (Paid, 2_000, (0, 0)));
    tell(&store, RefundStage::Done).await;
    assert_eq!(standing(&store).await, (Reversed, 0, (-2_000, 0)));
    tell(&store, RefundStage::Void).await;
    assert_eq!(standing(&store).await, (Approved, 2_000, (0, 0)));
    assert_eq!(account(&store, 1).await.uncovered, money(2_000), "the first payout covers it again");
    assert_balanced(&table).await;
}

#[tokio::test]
async fn a_dispute_that_comes_before_its_sale_holds_it() {
    let (early, late) = (TestTable::create().await, TestTable::create().await);
    tell(&early.store(), RefundStage::Open).await;
    count_charge(&early.store(), &sale()).await;
    count_charge(&late.store(), &sale()).await;
    tell(&late.store(), RefundStage::Open).await;
    let lines = sale().read(&early.store()).await.lines();
    assert!(lines.iter().all(|line| line.status == Held));
    assert_eq!(lines, sale().read(&late.store()).await.lines());
    assert_balanced(&early).await;
}
