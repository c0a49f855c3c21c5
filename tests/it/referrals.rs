//! Whom a partner has recruited, and what that has earned.

use serde_json::json;
use tests::{World, story::usd};

#[tokio::test]
async fn recruits_are_listed_by_generation_with_earnings_by_level() {
    let world = World::start().await;
    let program = world.program().await;
    let [gran, mum, kid] = world.three_generations(&program).await;
    for (partner, order) in [(&gran, "order-1"), (&mum, "order-2"), (&kid, "order-3")] {
        let click = world.visit(&program, partner).await;
        world.sale(&program, order, "100.00", &click).await;
    }
    world.settle().await;
    let target = |depth: u8| format!("/affiliate/referrals?program_id={}&depth={depth}", program.id);
    let list = world.partner("gran", "GET", &target(2)).expect(200).await;
    assert_eq!(
        list["earnings_by_level"],
        json!([
            { "level": 1, "earnings": usd("20.00") },
            { "level": 2, "earnings": usd("5.00") },
            { "level": 3, "earnings": usd("2.00") },
        ])
    );
    let rows: Vec<_> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (&row["partner_id"], &row["depth"], &row["name"]))
        .collect();
    assert_eq!(rows, [(&json!(mum.id), &json!(1), &json!("mum")), (&json!(kid.id), &json!(2), &json!(null))]);
    let direct = world.partner("gran", "GET", &target(1)).expect(200).await;
    assert_eq!(direct["data"].as_array().unwrap().len(), 1);
    let _ = world.partner("gran", "GET", &target(11)).send().await.problem(422, "validation_failed");
}
