//! Bonuses: granted when a goal is reached, taken back when refunds undo it, granted again.

use serde_json::{Value, json};
use tests::{
    World,
    story::{Partner, Program, plan, program_request, text, usd},
};

/// 50.00 for a month with sales of 1,000.00, payable after 30 days like everything else.
async fn program(world: &World) -> Program {
    let mut plan = plan();
    plan["bonuses"] = json!([{
        "id": "fast", "metric": "revenue", "window": "month", "at_least": usd("1000.00"), "amount": usd("50.00"),
    }]);
    world.program_with(&program_request(), &plan).await
}

async fn evaluate(world: &World) {
    world.settle().await;
    world.pump.tick(world, "evaluate-bonuses").await;
    world.settle().await;
}

/// The partner's bonuses: status and amount.
async fn bonuses(world: &World, program: &Program, partner: &Partner) -> Vec<(String, String)> {
    let lines = world.commissions(program, partner).await;
    let own = lines.iter().filter(|line| line["kind"] == "bonus");
    own.map(|line| (text(&line["status"]), text(&line["amount"]["amount"]))).collect()
}

fn one(status: &str, amount: &str) -> [(String, String); 1] {
    [(status.to_owned(), amount.to_owned())]
}

async fn explanation(world: &World, program: &Program, partner: &Partner) -> Value {
    let lines = world.commissions(program, partner).await;
    let id = text(&lines.iter().find(|line| line["kind"] == "bonus").unwrap()["id"]);
    world.partner(&partner.name, "GET", &format!("/affiliate/commissions/{id}/explain")).expect(200).await
}

#[tokio::test]
async fn a_month_of_sales_earns_its_bonus_once() {
    let world = World::start().await;
    let program = program(&world).await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-1", "999.99", &click).await;
    evaluate(&world).await;
    assert_eq!(bonuses(&world, &program, &kid).await, []);
    world.sale(&program, "order-2", "0.01", &click).await;
    evaluate(&world).await;
    assert_eq!(bonuses(&world, &program, &kid).await, one("pending", "50.00"));
    let before = world.audit().await;
    evaluate(&world).await;
    world.sale(&program, "order-3", "0.00", &click).await;
    evaluate(&world).await;
    let after = world.audit().await;
    assert_eq!(before.balances, after.balances);
    // 20 % of 1,000.00, and the bonus.
    assert_eq!(world.dashboard(&program, &kid).await["totals"]["earnings"], usd("250.00"));

    let explained = explanation(&world, &program, &kid).await;
    let bonus = &explained["bonus"];
    assert_eq!(
        (&bonus["id"], &bonus["metric"], &bonus["window"]),
        (&json!("fast"), &json!("revenue"), &json!("month"))
    );
    assert_eq!((&bonus["first"], &bonus["last"]), (&json!("2026-11-01"), &json!("2026-11-30")));
    assert_eq!((&bonus["reached"]["value"], &bonus["at_least"]), (&usd("1000.00"), &usd("1000.00")));
    assert_eq!(explained["conversion"], Value::Null);
    let sentences: Vec<_> = explained["sentences"].as_array().unwrap().iter().map(text).collect();
    assert_eq!(
        sentences[..2],
        [
            "Bonus fast of plan version 1 pays 50.00 USD for sales of 1000.00 USD or more from 1 November 2026 to 30 November 2026.",
            "On 2 November 2026 you had reached it with sales of 1000.00 USD.",
        ]
    );

    // The next month can earn it again, and this one is paid out.
    world.days(31).await;
    world.stripe_account(&kid, "acct_1").await;
    world.payout(&program, &kid).expect(201).await;
    world.settle().await;
    assert_eq!(bonuses(&world, &program, &kid).await, one("paid", "50.00"));
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-4", "1000.00", &click).await;
    evaluate(&world).await;
    let both = bonuses(&world, &program, &kid).await;
    assert_eq!(both, [one("pending", "50.00"), one("paid", "50.00")].concat());
    world.audit().await;
}

#[tokio::test]
async fn refunds_take_a_bonus_back_and_later_sales_bring_it_again() {
    let world = World::start().await;
    let program = program(&world).await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-1", "1000.00", &click).await;
    evaluate(&world).await;
    world.refund(&program, "order-1", "refund-1", "100.00").await;
    evaluate(&world).await;
    assert_eq!(bonuses(&world, &program, &kid).await, one("reversed", "0.00"));
    let explained = explanation(&world, &program, &kid).await;
    assert_eq!(explained["bonus"]["missed"]["value"], usd("900.00"));
    assert_eq!(explained["ledger"].as_array().unwrap().len(), 2);
    world.audit().await;
    world.sale(&program, "order-2", "100.00", &click).await;
    evaluate(&world).await;
    evaluate(&world).await;
    assert_eq!(bonuses(&world, &program, &kid).await, one("pending", "50.00"));
    assert_eq!(explanation(&world, &program, &kid).await["ledger"].as_array().unwrap().len(), 3);
    world.days(31).await;
    assert_eq!(bonuses(&world, &program, &kid).await, one("approved", "50.00"));
    assert_eq!(world.eligibility(&program, &kid).await["available"], usd("250.00"));
    world.audit().await;
}

#[tokio::test]
async fn a_bonus_that_was_paid_is_taken_from_what_comes_later() {
    let world = World::start().await;
    let program = program(&world).await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-1", "1000.00", &click).await;
    evaluate(&world).await;
    world.days(31).await;
    world.stripe_account(&kid, "acct_1").await;
    world.payout(&program, &kid).expect(201).await;
    world.settle().await;
    // A refund of a sale of the month before: 20.00 of the sale and all of the bonus are debt.
    world.refund(&program, "order-1", "refund-1", "100.00").await;
    evaluate(&world).await;
    assert_eq!(bonuses(&world, &program, &kid).await, one("reversed", "0.00"));
    assert_eq!(world.eligibility(&program, &kid).await["available"], usd("-70.00"));
    world.audit().await;
    // A late report of a sale of that month.
    let mut late = tests::story::sale("order-2", "100.00", Some(&click));
    late["occurred_at"] = json!("2026-11-20T12:00:00Z");
    world.conversion(&program, &late).expect(202).await;
    evaluate(&world).await;
    assert_eq!(bonuses(&world, &program, &kid).await, one("approved", "50.00"));
    assert_eq!(world.eligibility(&program, &kid).await["available"], usd("-20.00"));
    world.audit().await;
}

#[tokio::test]
async fn a_plan_that_drops_a_bonus_leaves_what_was_granted_and_can_still_take_it_back() {
    let world = World::start().await;
    let program = program(&world).await;
    let [kid, mum] = [world.join(&program, "kid", None).await, world.join(&program, "mum", None).await];
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-1", "1000.00", &click).await;
    evaluate(&world).await;
    world.publish(&program.id, &plan()).await;
    let other = world.visit(&program, &mum).await;
    world.sale(&program, "order-2", "1000.00", &other).await;
    evaluate(&world).await;
    assert_eq!(bonuses(&world, &program, &kid).await, one("pending", "50.00"));
    assert_eq!(bonuses(&world, &program, &mum).await, []);
    world.refund(&program, "order-1", "refund-1", "0.01").await;
    evaluate(&world).await;
    assert_eq!(bonuses(&world, &program, &kid).await, one("reversed", "0.00"));
    world.audit().await;
}

#[tokio::test]
async fn an_administrator_can_adjust_a_bonus() {
    let world = World::start().await;
    let program = program(&world).await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-1", "1000.00", &click).await;
    evaluate(&world).await;
    let lines = world.commissions(&program, &kid).await;
    let id = text(&lines.iter().find(|line| line["kind"] == "bonus").unwrap()["id"]);
    let body = json!({ "amount": usd("-20.00"), "reason": "A part of it were orders of your own." });
    world.admin("POST", &format!("/admin/commissions/{id}/adjustments")).json(&body).expect(201).await;
    world.refund(&program, "order-1", "refund-1", "500.00").await;
    evaluate(&world).await;
    assert_eq!(bonuses(&world, &program, &kid).await, one("reversed", "0.00"));
    world.sale(&program, "order-2", "500.00", &click).await;
    evaluate(&world).await;
    assert_eq!(bonuses(&world, &program, &kid).await, one("pending", "30.00"));
    let explained = explanation(&world, &program, &kid).await;
    assert_eq!(explained["adjustments"][0]["reason"], body["reason"]);
    world.audit().await;
}
