//! What plans pay, in currencies with two places, none and three.

use serde_json::{Value, json};
use tests::{
    World,
    story::{Program, plan, program_request, refund, sale, text},
};

async fn with_plan(world: &World, plan: Value) -> Program {
    world.program_with(&program_request(), &plan).await
}

#[tokio::test]
async fn a_flat_reward_is_void_once_everything_is_refunded() {
    let world = World::start().await;
    let reward = json!({ "type": "flat", "amount": { "amount": "15.00", "currency": "USD" } });
    let program = with_plan(&world, json!({ "rules": [{ "id": "flat", "reward": reward }] })).await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-1", "100.00", &click).await;
    world.refund(&program, "order-1", "refund-1", "99.99").await;
    assert_eq!(world.amounts(&program, std::slice::from_ref(&kid)).await, ["15.00"]);
    world.refund(&program, "order-1", "refund-2", "0.01").await;
    assert_eq!(world.amounts(&program, &[kid]).await, ["0.00"]);
    world.audit().await;
}

#[tokio::test]
async fn the_upline_shares_no_more_than_its_cap() {
    let world = World::start().await;
    let mut capped = plan();
    capped["upline_cap"] = json!("0.06");
    let program = with_plan(&world, capped).await;
    let [gran, mum, kid] = world.three_generations(&program).await;
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-1", "100.00", &click).await;
    let family = [kid, mum, gran];
    assert_eq!(world.amounts(&program, &family).await, ["20.00", "5.00", "1.00"]);
    world.refund(&program, "order-1", "refund-1", "50.00").await;
    assert_eq!(world.amounts(&program, &family).await, ["10.00", "2.50", "0.50"]);
    world.audit().await;
}

#[tokio::test]
async fn a_lead_is_paid_where_the_plan_pays_leads() {
    let world = World::start().await;
    let reward = json!({ "type": "flat", "amount": { "amount": "5.00", "currency": "USD" } });
    let rules = json!([
        { "id": "lead", "conditions": [{ "field": "kind", "any_of": ["lead"] }], "reward": reward },
        { "id": "sale", "conditions": [{ "field": "kind", "any_of": ["sale"] }], "reward": { "type": "percent", "rate": "0.1" } },
    ]);
    let program = with_plan(&world, json!({ "rules": rules })).await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    let lead =
        json!({ "type": "lead", "external_id": "signup-1", "customer": { "id": "c-1" }, "click_id": click });
    world.conversion(&program, &lead).expect(202).await;
    world.drain().await;
    // The customer who signed up buys later, without a click.
    let mut fact = sale("order-1", "100.00", None);
    fact["customer"] = json!({ "id": "c-1" });
    world.conversion(&program, &fact).expect(202).await;
    world.settle().await;
    let lines = world.commissions(&program, &kid).await;
    let mut earned: Vec<_> =
        lines.iter().map(|line| (text(&line["kind"]), text(&line["amount"]["amount"]))).collect();
    earned.sort();
    assert_eq!(earned, [("lead".to_owned(), "5.00".to_owned()), ("sale".to_owned(), "10.00".to_owned())]);
    let figures = world.dashboard(&program, &kid).await;
    assert_eq!((&figures["totals"]["leads"], &figures["totals"]["sales"]), (&json!(1), &json!(1)));
    world.audit().await;
}

#[tokio::test]
async fn renewals_stop_earning_after_the_months_of_the_plan() {
    let world = World::start().await;
    let mut limited = plan();
    limited["recurring"] = json!({ "months": 1 });
    let program = with_plan(&world, limited).await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    for (kind, order, days) in [("sale", "first", 0), ("renewal", "second", 29), ("renewal", "third", 2)] {
        world.days(days).await;
        let mut fact = sale(order, "100.00", (days == 0).then_some(click.as_str()));
        fact["type"] = json!(kind);
        fact["customer"] = json!({ "id": "customer-7" });
        world.conversion(&program, &fact).expect(202).await;
        world.drain().await;
    }
    assert_eq!(world.commissions(&program, &kid).await.len(), 2);
    world.audit().await;
}

#[tokio::test]
async fn amounts_have_the_places_of_their_currency() {
    for (currency, amount, earned, minimum) in
        [("JPY", "1234", "247", "100"), ("KWD", "12.350", "2.470", "1.000"), ("USD", "12.33", "2.47", "1.00")]
    {
        let world = World::start().await;
        let money = |amount: &str| json!({ "amount": amount, "currency": currency });
        let mut request = program_request();
        request["currency"] = json!(currency);
        request["payout"]["minimum"] = money(minimum);
        let program = world.program_with(&request, &plan()).await;
        let kid = world.join(&program, "kid", None).await;
        let click = world.visit(&program, &kid).await;
        let mut fact = sale("order-1", "0", Some(&click));
        fact["amount"] = money(amount);
        world.conversion(&program, &fact).expect(202).await;
        world.drain().await;
        assert_eq!(world.commissions(&program, &kid).await[0]["amount"], money(earned));
        world.days(31).await;
        world.stripe_account(&kid, "acct_1").await;
        world.payout(&program, &kid).expect(201).await;
        world.settle().await;
        assert_eq!(world.payouts(&program, &kid).await[0]["status"], "paid", "{currency}");
        world.audit().await;
    }
}

#[tokio::test]
async fn what_cannot_be_priced_is_set_aside_with_the_reason() {
    let world = World::start().await;
    let program = world.admin("POST", "/admin/programs").json(&program_request()).expect(201).await;
    let id = text(&program["id"]);
    let program = Program { token: world.api_key(&id).await, id };
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-1", "100.00", &click).await;
    let parked = world.parked().await;
    assert!(parked.len() == 1 && parked[0].contains("no_plan_in_force"), "{parked:?}");
    // Its refund waits, for nobody loses anything by it.
    world.conversion(&program, &refund("order-1", "refund-1", "10.00")).expect(202).await;
    world.settle().await;
    assert!(world.commissions(&program, &kid).await.is_empty());
}
