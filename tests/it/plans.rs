//! What plans pay, in currencies with two places, none and three; and which plans can be published.

use serde_json::{Value, json};
use tests::{
    World,
    contract::Contract,
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

#[tokio::test]
async fn a_plan_with_everything_comes_back_as_it_was_sent_with_its_defaults() {
    let world = World::start().await;
    let program = world.admin("POST", "/admin/programs").json(&program_request()).expect(201).await;
    let path = format!("/admin/programs/{}/plans", text(&program["id"]));
    let operation = Contract::get().operation("POST", "/admin/programs/{program_id}/plans");
    let sent = &operation.spec["requestBody"]["content"]["application/json"]["examples"];
    let answered = &operation.spec["responses"]["201"]["content"]["application/json"]["examples"];
    for (name, example) in sent.as_object().unwrap() {
        let published = world.admin("POST", &path).json(&example["value"]).expect(201).await;
        let expected = &answered[name]["value"];
        assert_eq!(published["plan"], expected["plan"], "{name}");
        assert_eq!(published["effective_from"], expected["effective_from"], "{name}");
    }
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_plan_is_named_by_its_place() {
    let percent = json!({ "type": "percent", "rate": "0.1" });
    let usd = |amount: &str| json!({ "amount": amount, "currency": "USD" });
    let eur = json!({ "amount": "5.00", "currency": "EUR" });
    let brackets = json!([
        { "from": usd("1.00"), "rate": "0.2" },
        { "from": usd("1.00"), "rate": "0.1" },
        { "from": eur, "rate": "0.3" },
    ]);
    let plan = json!({
        "rules": [
            { "id": "Best Rate", "reward": percent },
            {
                "id": "a",
                "conditions": [
                    { "field": "country", "equals": "Germany" },
                    { "field": "kind", "any_of": ["bonus"] },
                    { "field": "coupon", "any_of": [] },
                    { "field": "product", "starts_with": "" },
                    { "any": [{ "all": [] }, { "field": "amount", "at_least": "2.00", "below": "2.00" }] },
                    { "all": [{ "all": [{ "all": [{ "all": [{ "all": [{ "field": "kind", "equals": "sale" }] }] }] }] }] },
                ],
                "reward": { "type": "flat", "amount": usd("0.00") },
            },
            { "id": "a", "reward": { "type": "tiered", "mode": "whole", "brackets": brackets } },
            { "id": "b", "reward": { "type": "tiered", "mode": "marginal", "brackets": [] } },
        ],
        "levels": [{ "of": "base", "rate": "0.6" }, { "of": "base", "rate": "0.5" }],
        "hold_days": 366,
        "recurring": { "months": 601 },
        "existing_customers": { "keep_months": 0 },
        "caps": [
            { "scope": "partner", "period": "day", "amount": usd("1.00") },
            { "scope": "partner", "period": "day", "amount": eur },
        ],
        "attribution": { "window_days": 0, "precedence": ["click", "click"] },
        "tier_requirements": {
            "metric": "revenue",
            "window": { "rolling_days": 367 },
            "tiers": [
                { "name": "silver", "at_least": usd("100.00") },
                { "name": "silver", "at_least": usd("100.00") },
                { "name": "gold", "at_least": 7 },
            ],
        },
        "bonuses": [
            { "id": "b", "metric": "conversions", "window": { "rolling_days": 7 }, "at_least": usd("1.00"), "amount": usd("1.00") },
            { "id": "b", "metric": "conversions", "window": "month", "at_least": 0, "amount": usd("0.00") },
        ],
    });
    let expected = [
        ("/rules/0/id", "invalid_name"),
        ("/rules/1/conditions/0/equals", "invalid"),
        ("/rules/1/conditions/1/any_of", "invalid"),
        ("/rules/1/conditions/2/any_of", "empty"),
        ("/rules/1/conditions/3/starts_with", "empty"),
        ("/rules/1/conditions/4/any/0/all", "empty"),
        ("/rules/1/conditions/4/any/1/below", "out_of_range"),
        ("/rules/1/conditions/5/all/0/all/0/all/0/all/0", "out_of_range"),
        ("/rules/1/reward/amount", "out_of_range"),
        ("/rules/2/id", "duplicate"),
        ("/rules/2/reward/brackets/0/from", "out_of_range"),
        ("/rules/2/reward/brackets/1/from", "out_of_range"),
        ("/rules/2/reward/brackets/1/rate", "out_of_range"),
        ("/rules/2/reward/brackets/2/from", "wrong_currency"),
        ("/rules/3/reward/brackets", "out_of_range"),
        ("/levels", "out_of_range"),
        ("/hold_days", "out_of_range"),
        ("/recurring/months", "out_of_range"),
        ("/existing_customers/keep_months", "out_of_range"),
        ("/caps/1", "duplicate"),
        ("/caps/1/amount", "wrong_currency"),
        ("/attribution/window_days", "out_of_range"),
        ("/attribution/precedence", "invalid"),
        ("/tier_requirements/window/rolling_days", "out_of_range"),
        ("/tier_requirements/tiers/1/name", "duplicate"),
        ("/tier_requirements/tiers/1/at_least", "out_of_range"),
        ("/tier_requirements/tiers/2/at_least", "invalid"),
        ("/tier_requirements/tiers/2/at_least", "out_of_range"),
        ("/bonuses/0/window", "invalid"),
        ("/bonuses/0/at_least", "invalid"),
        ("/bonuses/1/id", "duplicate"),
        ("/bonuses/1/at_least", "out_of_range"),
        ("/bonuses/1/amount", "out_of_range"),
    ];
    let mut expected = expected.map(|(pointer, code)| (format!("/plan{pointer}"), code.to_owned()));
    expected.sort();
    let world = World::start().await;
    let program = world.program().await;
    let path = format!("/admin/programs/{}/plans", program.id);
    let reply = world.admin("POST", &path).json(&json!({ "plan": plan })).send().await;
    assert_eq!(reply.problem(422, "validation_failed").faults(), expected);
}

#[tokio::test]
async fn what_no_plan_has_is_named_by_its_place() {
    let world = World::start().await;
    let program = world.program().await;
    let path = format!("/admin/programs/{}/plans", program.id);
    let rule = |more: Value| {
        let mut rule = json!({ "id": "a", "reward": { "type": "percent", "rate": "0.1" } });
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "rules": [rule] })
    };
    let condition = |condition: Value| rule(json!({ "conditions": [condition] }));
    let with = |name: &str, value: Value| {
        let mut plan = rule(json!({}));
        plan[name] = value;
        plan
    };
    let usd = json!({ "amount": "1.00", "currency": "USD" });
    for (plan, pointer, code) in [
        (json!({}), "/plan/rules", "missing"),
        (with("rate", json!("0.1")), "/plan/rate", "unknown"),
        (rule(json!({ "limit": 1 })), "/plan/rules/0/limit", "unknown"),
        (rule(json!({ "reward": { "type": "percent", "rate": "20" } })), "/plan/rules/0/reward", "invalid"),
        (rule(json!({ "reward": { "type": "gift" } })), "/plan/rules/0/reward/type", "invalid"),
        (
            condition(json!({ "field": "country", "ends_with": "E" })),
            "/plan/rules/0/conditions/0/ends_with",
            "unknown",
        ),
        (condition(json!({ "field": "age", "equals": "7" })), "/plan/rules/0/conditions/0", "invalid"),
        (condition(json!({ "field": "kind" })), "/plan/rules/0/conditions/0", "invalid"),
        (
            condition(json!({ "field": "coupon", "equals": "A", "contains": "B" })),
            "/plan/rules/0/conditions/0",
            "invalid",
        ),
        (condition(json!({ "field": "amount", "equals": "7" })), "/plan/rules/0/conditions/0", "invalid"),
        (condition(json!({ "field": "amount", "below": 7 })), "/plan/rules/0/conditions/0", "invalid"),
        (condition(json!({ "any": [{ "all": [{}] }] })), "/plan/rules/0/conditions/0/any/0/all/0", "invalid"),
        (
            with("caps", json!([{ "scope": "link", "period": "day", "amount": usd }])),
            "/plan/caps/0/scope",
            "invalid",
        ),
        (with("existing_customers", json!({ "keep_years": 1 })), "/plan/existing_customers", "invalid"),
        (with("attribution", json!({ "precedence": ["link"] })), "/plan/attribution/precedence/0", "invalid"),
        (with("bonuses", json!([{ "id": "b" }])), "/plan/bonuses/0/metric", "missing"),
    ] {
        let reply = world.admin("POST", &path).json(&json!({ "plan": plan })).send().await;
        let faults = reply.problem(422, "validation_failed").faults();
        assert_eq!(faults, [(pointer.to_owned(), code.to_owned())], "{plan}");
    }
}
