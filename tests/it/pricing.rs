//! What the rules of a plan come to, by API: the cases with their numbers.

use domain::conversion::{Charge, ConversionKind, Fact, FactReceived};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{
    World,
    story::{Partner, Program, plan, program_request, sale, text, usd},
};

/// A program with one partner, and a click through that partner's link.
async fn shop(world: &World, plan: &Value) -> (Program, Partner, String) {
    let program = world.program_with(&program_request(), plan).await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    (program, kid, click)
}

fn percent(id: &str, rate: &str) -> Value {
    json!({ "id": id, "reward": { "type": "percent", "rate": rate } })
}

/// What the merchant reports is counted.
async fn count(world: &World, program: &Program, body: &Value) -> String {
    let accepted = world.conversion(program, body).expect(202).await;
    world.drain().await;
    text(&accepted["conversion_id"])
}

async fn explain(world: &World, partner: &Partner, commission: &Value) -> Value {
    let target = format!("/affiliate/commissions/{}/explain", text(&commission["id"]));
    world.partner(&partner.name, "GET", &target).expect(200).await
}

/// The amounts of the partner's commissions, sorted: sales of one moment have no order.
async fn earned(world: &World, program: &Program, partner: &Partner) -> Vec<String> {
    let commissions = world.commissions(program, partner).await;
    let mut amounts: Vec<_> =
        commissions.iter().map(|commission| text(&commission["amount"]["amount"])).collect();
    amounts.sort_unstable();
    amounts
}

#[tokio::test]
async fn of_a_flat_amount_and_a_percentage_the_larger_money_wins() {
    let world = World::start().await;
    let flat = json!({ "id": "flat", "reward": { "type": "flat", "amount": usd("5.00") } });
    let (program, kid, click) = shop(&world, &json!({ "rules": [flat, percent("share", "0.3")] })).await;
    world.sale(&program, "order-1", "1000.00", &click).await;
    let commissions = world.commissions(&program, &kid).await;
    assert_eq!(commissions[0]["amount"], usd("300.00"));
    let explained = explain(&world, &kid, &commissions[0]).await;
    assert_eq!(explained["terms"]["rule_id"], "share");
    let sentences = explained["sentences"].to_string();
    assert!(sentences.contains("Rule flat would have paid 5.00 USD."), "{sentences}");
    world.audit().await;
}

#[tokio::test]
async fn a_refund_is_reckoned_at_the_rate_of_its_sale() {
    let world = World::start().await;
    let (program, kid, click) = shop(&world, &json!({ "rules": [percent("base", "0.2")] })).await;
    world.sale(&program, "order-1", "100.00", &click).await;
    world.days(1).await;
    world.publish(&program.id, &json!({ "rules": [percent("base", "0.25")] })).await;
    world.refund(&program, "order-1", "refund-1", "50.00").await;
    assert_eq!(world.amounts(&program, std::slice::from_ref(&kid)).await, ["10.00"]);
    world.sale(&program, "order-2", "100.00", &click).await;
    assert_eq!(earned(&world, &program, &kid).await, ["10.00", "25.00"]);
    world.audit().await;
}

#[tokio::test]
async fn a_refund_takes_back_all_three_levels() {
    let world = World::start().await;
    let terms = json!({
        "rules": [percent("base", "0.1")],
        "levels": [{ "of": "base", "rate": "0.05" }, { "of": "base", "rate": "0.02" }],
    });
    let program = world.program_with(&program_request(), &terms).await;
    let [gran, mum, kid] = world.three_generations(&program).await;
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-1", "100.00", &click).await;
    let family = [kid, mum, gran];
    assert_eq!(world.amounts(&program, &family).await, ["10.00", "5.00", "2.00"]);
    world.refund(&program, "order-1", "refund-1", "100.00").await;
    assert_eq!(world.amounts(&program, &family).await, ["0.00", "0.00", "0.00"]);
    for partner in &family {
        assert_eq!(world.commissions(&program, partner).await[0]["status"], "reversed");
    }
    assert!(world.audit().await.balances.is_empty());
}

#[tokio::test]
async fn every_currency_keeps_its_digits() {
    let world = World::start().await;
    for (currency, amount, expected) in
        [("KWD", "1.000", "0.200"), ("JPY", "1000", "200"), ("USD", "10.00", "2.00")]
    {
        let money = |amount: &str| json!({ "amount": amount, "currency": currency });
        let mut request = program_request();
        request["currency"] = json!(currency);
        request["payout"]["minimum"] = money("1");
        let program = world.program_with(&request, &json!({ "rules": [percent("base", "0.2")] })).await;
        let kid = world.join(&program, "kid", None).await;
        let click = world.visit(&program, &kid).await;
        let mut fact = sale("order-1", "0", Some(&click));
        fact["amount"] = money(amount);
        count(&world, &program, &fact).await;
        let commissions = world.commissions(&program, &kid).await;
        assert_eq!(commissions[0]["amount"], money(expected));
    }
    world.audit().await;
}

#[tokio::test]
async fn partners_share_a_sale_to_the_cent() {
    let world = World::start().await;
    let program = world.program_with(&program_request(), &json!({ "rules": [percent("base", "1")] })).await;
    let mut partners = Vec::new();
    for name in ["ann", "bob", "cid"] {
        partners.push(world.join(&program, name, None).await);
    }
    let mut fact = sale("order-1", "100.00", None);
    let weights = ["0.333334", "0.333333", "0.333333"];
    let split = |(partner, weight): (&Partner, &str)| json!({ "partner_id": partner.id, "weight": weight });
    fact["splits"] = partners.iter().zip(weights).map(split).collect();
    count(&world, &program, &fact).await;
    assert_eq!(world.amounts(&program, &partners).await, ["33.34", "33.33", "33.33"]);
    let commission = &world.commissions(&program, &partners[2]).await[0];
    assert!(text(&commission["id"]).ends_with("_01_2"), "{commission}");
    let sentences = explain(&world, &partners[2], commission).await["sentences"].to_string();
    assert!(sentences.contains("33.3333 % of 100.00 USD is yours: 33.33 USD"), "{sentences}");
    world.refund(&program, "order-1", "refund-1", "50.00").await;
    assert_eq!(world.amounts(&program, &partners).await, ["16.67", "16.67", "16.66"]);
    world.refund(&program, "order-1", "refund-2", "50.00").await;
    assert!(world.audit().await.balances.is_empty());
}

#[tokio::test]
async fn a_click_that_is_too_old_is_unattributed_with_the_reason() {
    let world = World::start().await;
    let mut terms = plan();
    terms["attribution"] = json!({ "window_days": 90 });
    let (program, kid, click) = shop(&world, &terms).await;
    world.days(91).await;
    let id = count(&world, &program, &sale("order-1", "100.00", Some(&click))).await;
    assert!(world.commissions(&program, &kid).await.is_empty());
    let record = world.store().conversion(&id.parse().unwrap()).await.unwrap();
    let attribution = serde_json::to_value(&record.conversion().unwrap().value.attribution).unwrap();
    assert_eq!(attribution["outcome"], json!({ "unattributed": "no_valid_touch" }));
    assert_eq!(attribution["rejected"][0]["reason"], "outside_window");
    world.audit().await;
}

#[tokio::test]
async fn each_line_of_a_sale_goes_to_the_rule_that_pays_most() {
    let world = World::start().await;
    let mut boots = percent("boots", "0.5");
    boots["conditions"] = json!([{ "field": "product", "starts_with": "boot" }]);
    let (program, kid, click) = shop(&world, &json!({ "rules": [percent("base", "0.1"), boots] })).await;
    let mut fact = sale("order-1", "130.00", Some(&click));
    fact["tax"] = usd("20.00");
    fact["shipping"] = usd("10.00");
    fact["lines"] = json!([
        { "product": "boot-1", "amount": usd("24.00"), "tax": usd("4.00") },
        { "product": "socks", "quantity": 3, "amount": usd("96.00"), "tax": usd("16.00") },
    ]);
    count(&world, &program, &fact).await;
    let commissions = world.commissions(&program, &kid).await;
    assert_eq!(commissions[0]["amount"], usd("18.00"), "half of 20.00 and a tenth of 80.00");
    let sentences = explain(&world, &kid, &commissions[0]).await["sentences"].to_string();
    assert!(sentences.contains("For what makes up 20.00 USD of the base, rule boots"), "{sentences}");
    world.refund(&program, "order-1", "refund-1", "65.00").await;
    assert_eq!(world.amounts(&program, &[kid]).await, ["9.00"]);
    world.audit().await;
}

#[tokio::test]
async fn customers_keep_the_plan_they_came_under_for_as_long_as_it_says() {
    let world = World::start().await;
    let terms = json!({ "rules": [percent("base", "0.2")], "existing_customers": { "keep_months": 1 } });
    let (program, kid, click) = shop(&world, &terms).await;
    let of = |customer: &str, kind: &str, order: &str| {
        let mut fact = sale(order, "100.00", Some(&click));
        fact["type"] = json!(kind);
        fact["customer"]["id"] = json!(customer);
        fact
    };
    count(&world, &program, &of("old", "sale", "order-1")).await;
    world.days(1).await;
    world.publish(&program.id, &json!({ "rules": [percent("base", "0.1")] })).await;
    count(&world, &program, &of("old", "renewal", "order-2")).await;
    count(&world, &program, &of("new", "sale", "order-3")).await;
    world.days(40).await;
    count(&world, &program, &of("old", "renewal", "order-4")).await;
    assert_eq!(earned(&world, &program, &kid).await, ["10.00", "10.00", "20.00", "20.00"]);
    world.audit().await;
}

#[tokio::test]
async fn a_cap_is_shared_to_the_cent_and_refunds_free_it() {
    let world = World::start().await;
    let terms = json!({
        "rules": [percent("base", "0.2")],
        "caps": [{ "scope": "partner", "period": "month", "amount": usd("50.00") }],
    });
    let (program, kid, click) = shop(&world, &terms).await;
    for (order, amount) in [("order-1", "200.00"), ("order-2", "100.00"), ("order-3", "100.00")] {
        world.sale(&program, order, amount, &click).await;
    }
    assert_eq!(earned(&world, &program, &kid).await, ["10.00", "40.00"], "the third finds nothing left");
    let commissions = world.commissions(&program, &kid).await;
    let limited = commissions.iter().find(|commission| commission["amount"] == usd("10.00")).unwrap();
    let sentences = explain(&world, &kid, limited).await["sentences"].to_string();
    assert!(sentences.contains("10.00 USD of that was left"), "{sentences}");

    // A quarter of the first sale goes back: 10.00 are free again.
    world.refund(&program, "order-1", "refund-1", "50.00").await;
    world.sale(&program, "order-4", "30.00", &click).await;
    // What was limited to 10.00 would have been 20.00, and half of it is 10.00 still.
    world.refund(&program, "order-2", "refund-2", "50.00").await;
    assert_eq!(earned(&world, &program, &kid).await, ["10.00", "30.00", "6.00"]);
    world.days(31).await;
    world.sale(&program, "order-5", "1000.00", &world.visit(&program, &kid).await).await;
    assert!(earned(&world, &program, &kid).await.contains(&"50.00".to_owned()), "another month, another cap");
    world.audit().await;
}

#[tokio::test]
async fn ten_sales_at_once_share_exactly_what_a_cap_leaves() {
    let world = World::start().await;
    let terms = json!({
        "rules": [percent("base", "0.2")],
        "caps": [{ "scope": "program", "period": "all_time", "amount": usd("1.00") }],
    });
    let (program, kid, click) = shop(&world, &terms).await;
    let now = world.now();
    let fact = |number: usize| FactReceived {
        id: domain::id::EventId::derive(&[&number.to_string()]),
        program_id: program.id.parse().unwrap(),
        source: "api".to_owned(),
        external_id: format!("order-{number}"),
        received_at: now,
        fact: Fact::Charge(charge(&click, now)),
    };
    join_all((0..10).map(|number| counted(&world, fact(number)))).await;
    world.drain().await;
    let amounts = earned(&world, &program, &kid).await;
    let cents = amounts.iter().map(|amount| amount.replace('.', "").parse::<u32>().unwrap());
    assert_eq!(cents.sum::<u32>(), 100, "{amounts:?}");
    world.audit().await;
}

/// Counts a fact; what met the others too often comes again, as from a queue.
async fn counted(world: &World, fact: FactReceived) {
    for _ in 0..20 {
        let table = (world.store(), world.keyring());
        if Box::pin(calculate_commission::handle(table, fact.clone(), world.now())).await.is_ok() {
            return;
        }
    }
    panic!("{} was never counted", fact.external_id);
}

fn charge(click: &str, at: jiff::Timestamp) -> Charge {
    let money = |amount: &str| serde_json::from_value(usd(amount)).unwrap();
    Charge {
        kind: ConversionKind::Sale,
        occurred_at: at,
        amount: money("1.50"),
        tax: money("0"),
        shipping: money("0"),
        discount: money("0"),
        customer: None,
        clicks: Some(serde_json::from_value(json!(click)).unwrap()),
        country: None,
        coupon: None,
        lines: Vec::new(),
        splits: Vec::new(),
        aliases: Vec::new(),
        metadata: [].into(),
    }
}
