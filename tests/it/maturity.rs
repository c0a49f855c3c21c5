//! Commissions become payable when their holding period is over, and not before.

use jiff::SignedDuration;
use serde_json::Value;
use tests::{
    World,
    story::{Partner, Program},
};

async fn available(world: &World, program: &Program, partner: &Partner) -> Value {
    world.eligibility(program, partner).await["available"]["amount"].clone()
}

#[tokio::test]
async fn the_holding_period_ends_to_the_moment() {
    let world = World::start().await;
    let program = world.program().await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-1", "100.00", &click).await;
    world.wait(SignedDuration::from_hours(30 * 24) - SignedDuration::from_millis(1));
    world.pump.tick(&world, "evaluate-maturity").await;
    world.drain().await;
    assert_eq!(available(&world, &program, &kid).await, "0.00");
    world.wait(SignedDuration::from_millis(1));
    world.pump.tick(&world, "evaluate-maturity").await;
    world.drain().await;
    assert_eq!(available(&world, &program, &kid).await, "20.00");
    let line = world.commissions(&program, &kid).await[0].clone();
    assert_eq!((line["status"].as_str(), &line["matured_at"]), (Some("approved"), &line["eligible_at"]));
    world.audit().await;
}

#[tokio::test]
async fn a_refund_after_maturity_comes_out_of_what_is_available() {
    let world = World::start().await;
    let program = world.program().await;
    let [gran, mum, kid] = world.three_generations(&program).await;
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-1", "100.00", &click).await;
    world.days(31).await;
    world.refund(&program, "order-1", "refund-1", "40.00").await;
    for (partner, amount) in [(&kid, "12.00"), (&mum, "3.00"), (&gran, "1.20")] {
        assert_eq!(available(&world, &program, partner).await, amount);
    }
    world.audit().await;
}

#[tokio::test]
async fn more_sales_mature_together_than_one_write_holds() {
    let world = World::start().await;
    let program = world.program().await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    let orders = domain::commission::BATCH_MAX + 1;
    for order in 0..orders {
        let fact = tests::story::sale(&format!("order-{order}"), "100.00", Some(&click));
        world.conversion(&program, &fact).expect(202).await;
    }
    world.drain().await;
    world.days(31).await;
    assert_eq!(available(&world, &program, &kid).await, format!("{}.00", 20 * orders));
    world.audit().await;
}
