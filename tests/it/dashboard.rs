//! The figures that a partner sees.

use serde_json::json;
use tests::{World, story::usd};

#[tokio::test]
async fn clicks_sales_and_refunds_show_on_their_days() {
    let world = World::start().await;
    let program = world.program().await;
    let [_, mum, kid] = world.three_generations(&program).await;
    let slug = world.link(&program, &kid).await;
    let click = world.click(&slug).await;
    for _ in 0..3 {
        world.click(&slug).await;
    }
    world.sale(&program, "order-1", "100.00", &click).await;
    world.settle().await;
    world.days(2).await;
    world.refund(&program, "order-1", "refund-1", "40.00").await;
    world.settle().await;

    let figures = world.dashboard(&program, &kid).await;
    assert_eq!(
        figures["totals"],
        json!({
            "clicks": 4, "unique_clicks": 1, "leads": 0, "sales": 1, "conversion_rate": "0.25",
            "revenue": usd("60.00"), "epc": usd("3.00"), "earnings": usd("12.00"),
        })
    );
    assert_eq!(figures["balances"]["pending"], usd("12.00"));
    let days: Vec<_> = figures["by_day"]
        .as_array()
        .unwrap()
        .iter()
        .map(|day| (&day["date"], &day["earnings"]["amount"]))
        .collect();
    assert_eq!(days, [(&json!("2026-11-02"), &json!("20.00")), (&json!("2026-11-04"), &json!("-8.00"))]);
    assert_eq!(figures["by_campaign"][0]["campaign"], "spring");
    assert_eq!(figures["by_campaign"][0]["earnings"], usd("12.00"));

    // What recruits sell belongs to no campaign of the sponsor's.
    let figures = world.dashboard(&program, &mum).await;
    assert_eq!((&figures["totals"]["clicks"], &figures["totals"]["earnings"]), (&json!(0), &usd("3.00")));
    assert_eq!(figures["by_campaign"][0]["campaign"], json!(null));
    world.audit().await;
}

#[tokio::test]
async fn a_period_is_cut_to_the_day() {
    let world = World::start().await;
    let program = world.program().await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-1", "100.00", &click).await;
    world.settle().await;
    let target =
        |from: &str, to: &str| format!("/affiliate/dashboard?program_id={}&from={from}&to={to}", program.id);
    for (from, to, sales) in
        [("2026-11-02", "2026-11-02", 1), ("2026-10-01", "2026-11-01", 0), ("2026-11-03", "2026-11-30", 0)]
    {
        let figures = world.partner("kid", "GET", &target(from, to)).expect(200).await;
        assert_eq!(figures["totals"]["sales"], sales, "{from} to {to}");
    }
    for (from, to) in [("2026-11-03", "2026-11-02"), ("2025-01-01", "2026-11-02"), ("soon", "later")] {
        let reply = world.partner("kid", "GET", &target(from, to)).send().await;
        let _ = reply.problem(422, "validation_failed");
    }
}
