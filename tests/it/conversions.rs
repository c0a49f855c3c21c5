//! Sales and refunds become commissions, once each, whatever way they come.

use tests::{World, story};

#[tokio::test]
async fn a_sale_pays_three_generations_and_refunds_take_it_back_to_zero() {
    let world = World::start().await;
    let program = world.program().await;
    let [gran, mum, kid] = world.three_generations(&program).await;
    let family = [kid.clone(), mum, gran];
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-1", "100.00", &click).await;
    assert_eq!(world.amounts(&program, &family).await, ["20.00", "5.00", "2.00"]);

    world.refund(&program, "order-1", "refund-1", "40.00").await;
    assert_eq!(world.amounts(&program, &family).await, ["12.00", "3.00", "1.20"]);

    world.refund(&program, "order-1", "refund-2", "60.00").await;
    assert_eq!(world.amounts(&program, &family).await, ["0.00", "0.00", "0.00"]);
    let ledger = world.audit().await;
    assert!(ledger.balances.is_empty(), "a full refund leaves nothing: {:?}", ledger.balances);
    let _ = story::TERMS_SHA256;
}
