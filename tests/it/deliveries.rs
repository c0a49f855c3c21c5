//! However deliveries go wrong, the ledger ends the same.

use jiff::SignedDuration;
use payment_world::{Outcome, Script};
use tests::{
    Delivery, World,
    audit::Ledger,
    story::{refund, sale},
};

/// A whole story: three generations, sales, refunds before and after them, maturity, a payout with
/// a lost answer, a refund after it.
///
/// With `faults` every worker's calls to the table fail now and then: lost on the way there or back,
/// in conflict, throttled.
async fn story(delivery: Delivery, faults: bool) -> Ledger {
    let world = World::start().await;
    world.misbehave(delivery);
    let faults = faults.then_some(delivery.seed);
    let program = world.program().await;
    let [gran, mum, kid] = world.three_generations(&program).await;
    let mut clicks = Vec::new();
    for partner in [&gran, &mum, &kid] {
        clicks.push(world.visit(&program, partner).await);
    }
    // Nothing is delivered in between: the order is up to the queues.
    world.conversion(&program, &refund("order-1", "early", "30.00")).expect(202).await;
    for (order, amount, click) in
        [("order-0", "80.00", 0), ("order-1", "100.00", 2), ("order-2", "59.99", 2), ("order-3", "33.33", 1)]
    {
        world.conversion(&program, &sale(order, amount, Some(&clicks[click]))).expect(202).await;
    }
    for (order, id, amount) in [
        ("order-1", "a", "10.00"),
        ("order-2", "b", "59.99"),
        ("order-3", "c", "11.11"),
        ("order-3", "d", "11.11"),
    ] {
        world.conversion(&program, &refund(order, id, amount)).expect(202).await;
    }
    world.breaches.set_faults(faults);
    world.settle().await;
    world.days(31).await;
    world.breaches.set_faults(None);
    world.days(1).await;
    world.stripe_account(&kid, "acct_kid").await;
    world.payments.lock().script(Script::next(Outcome::AnswerLost)).unwrap();
    world.payout(&program, &kid).expect(201).await;
    world.breaches.set_faults(faults);
    world.drain().await;
    for _ in 0..3 {
        world.pass(SignedDuration::from_mins(10)).await;
    }
    world.breaches.set_faults(None);
    for _ in 0..3 {
        world.pass(SignedDuration::from_mins(10)).await;
    }
    assert_eq!(world.payouts(&program, &kid).await[0]["status"], "paid", "{delivery:?}");
    world.conversion(&program, &refund("order-1", "late", "60.00")).expect(202).await;
    world.settle().await;
    world.audit().await
}

fn delivery(seed: u64) -> Delivery {
    Delivery { seed, twice: seed.is_multiple_of(2), shuffled: true, delayed: seed.is_multiple_of(3) }
}

#[tokio::test]
async fn repeated_reordered_and_late_deliveries_end_in_the_same_ledger() {
    let ordered = story(Delivery::default(), false).await;
    assert_eq!(ordered.commissions.len(), 1 + 3 + 3 + 2);
    for seed in 1..=3 {
        assert_eq!(story(delivery(seed), false).await, ordered, "{:?}", delivery(seed));
    }
}

#[tokio::test]
async fn lost_calls_conflicts_and_throttling_end_in_the_same_ledger() {
    let ordered = story(Delivery::default(), false).await;
    for seed in 4..=6 {
        assert_eq!(story(delivery(seed), true).await, ordered, "{:?}", delivery(seed));
    }
}

#[tokio::test]
#[ignore = "takes minutes: cargo test -p tests -- --ignored many_seeds"]
async fn many_seeds_end_in_the_same_ledger() {
    let ordered = story(Delivery::default(), false).await;
    for seed in 7..=40 {
        assert_eq!(story(delivery(seed), seed > 20).await, ordered, "{:?}", delivery(seed));
    }
}

#[tokio::test]
async fn what_the_stream_could_not_hand_on_is_found_by_the_schedule() {
    let world = World::start().await;
    let program = world.program().await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    world.drain().await;
    world.cloud.lock().broken_queues = true;
    world.conversion(&program, &sale("order-1", "100.00", Some(&click))).expect(202).await;
    world.drain().await;
    assert!(world.commissions(&program, &kid).await.is_empty());
    assert_eq!(world.pump.forgive().len(), 1, "the stream has given up on the fact");
    world.cloud.lock().broken_queues = false;
    world.settle().await;
    assert_eq!(world.amounts(&program, &[kid]).await, ["20.00"]);
    world.audit().await;
}
