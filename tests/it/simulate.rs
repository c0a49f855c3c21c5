//! A draft plan over the sales that were made: what it would have cost, and nothing written.

use serde_json::{Value, json};
use tests::{
    World,
    story::{Partner, Program, plan, text, usd},
};

/// Two partners of one sponsor sell in two months; some of it goes back.
async fn story(world: &World) -> (Program, [Partner; 3]) {
    let program = world.program().await;
    let mum = world.join(&program, "mum", None).await;
    let kid = world.join(&program, "kid", Some(&mum)).await;
    let son = world.join(&program, "son", Some(&mum)).await;
    let (kids, sons) = (world.visit(&program, &kid).await, world.visit(&program, &son).await);
    world.sale(&program, "order-1", "100.00", &kids).await;
    world.refund(&program, "order-1", "refund-1", "50.00").await;
    world.sale(&program, "order-2", "300.00", &sons).await;
    world.days(29).await;
    world.sale(&program, "order-3", "200.00", &kids).await;
    world.settle().await;
    (program, [mum, kid, son])
}

fn draft() -> Value {
    let mut draft = plan();
    draft["rules"] = json!([
        { "id": "large", "conditions": [{ "field": "amount", "at_least": "250.00" }], "reward": { "type": "percent", "rate": "0.30" } },
        { "id": "small", "conditions": [{ "field": "amount", "below": "250.00" }], "reward": { "type": "percent", "rate": "0.10" } },
    ]);
    draft
}

fn question(plan: &Value) -> Value {
    json!({ "plan": plan, "from": "2026-11-01", "to": "2026-12-31" })
}

/// Every page of a simulation.
async fn simulate(world: &World, program: &Program, asked: &Value) -> Vec<Value> {
    let path = format!("/admin/programs/{}/plans/simulate", program.id);
    let (mut body, mut pages) = (asked.clone(), Vec::new());
    loop {
        let page = world.admin("POST", &path).json(&body).expect(200).await;
        body["cursor"] = page["next_cursor"].clone();
        pages.push(page);
        if body["cursor"].is_null() {
            return pages;
        }
    }
}

/// A sum over pages, in cents.
fn cents(pages: &[Value], pick: impl Fn(&Value) -> Option<String>) -> i64 {
    pages.iter().filter_map(pick).map(|text| text.replace('.', "").parse::<i64>().unwrap()).sum()
}

fn total(name: &'static str) -> impl Fn(&Value) -> Option<String> {
    move |page| Some(text(&page["totals"][name]["amount"]))
}

fn of_partner<'a>(partner: &'a Partner, name: &'a str) -> impl Fn(&Value) -> Option<String> + 'a {
    move |page| {
        let rows = page["by_partner"].as_array().unwrap();
        let row = rows.iter().find(|row| row["partner_id"] == partner.id.as_str());
        row.map(|row| text(&row[name]["amount"]))
    }
}

#[tokio::test]
async fn another_rate_tells_who_gains_and_who_loses_and_writes_nothing() {
    let world = World::start().await;
    let (program, [mum, kid, son]) = story(&world).await;
    let before = world.table.dump().await;
    let pages = simulate(&world, &program, &question(&draft())).await;
    assert_eq!(world.table.dump().await, before);
    let [whole] = &pages[..] else { panic!("one page: {pages:#?}") };
    // 50.00 and 200.00 at a tenth instead of a fifth, 300.00 at three tenths; the sponsor as before.
    let totals = json!({
        "conversions": 3,
        "revenue": usd("550.00"),
        "cost_before": usd("137.50"),
        "cost_after": usd("142.50"),
        "margin_before": usd("412.50"),
        "margin_after": usd("407.50"),
    });
    assert_eq!(whole["totals"], totals);
    let row = |partner: &Partner, before: &str, after: &str, difference: &str| {
        json!({
            "partner_id": partner.id, "before": usd(before), "after": usd(after), "difference": usd(difference)
        })
    };
    let expected = [
        row(&son, "60.00", "90.00", "30.00"),
        row(&mum, "27.50", "27.50", "0.00"),
        row(&kid, "50.00", "25.00", "-25.00"),
    ];
    assert_eq!(whole["by_partner"], json!(expected));
    let months: Vec<_> =
        whole["by_month"].as_array().unwrap().iter().map(|row| (&row["month"], &row["revenue"])).collect();
    assert_eq!(months, [(&json!("2026-11"), &usd("350.00")), (&json!("2026-12"), &usd("200.00"))]);
    let rules: Vec<_> = whole["by_rule"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (&row["rule_id"], &row["difference"]))
        .collect();
    let expected = [("large", "105.00"), ("small", "37.50"), ("standard", "-137.50")];
    let expected = expected.map(|(rule, amount)| (json!(rule), usd(amount)));
    assert_eq!(rules, expected.iter().map(|(rule, amount)| (rule, amount)).collect::<Vec<_>>());
    assert_eq!(whole["by_tier"].as_array().unwrap().len(), 1);
    assert_eq!(whole["by_tier"][0]["commission_tier"], json!(null));

    let mut asked = question(&draft());
    asked["limit"] = json!(1);
    let paged = simulate(&world, &program, &asked).await;
    assert!(paged.len() >= 3, "{paged:#?}");
    for name in ["revenue", "cost_before", "cost_after", "margin_before", "margin_after"] {
        assert_eq!(cents(&paged, total(name)), cents(&pages, total(name)), "{name}");
    }
    for partner in [&mum, &kid, &son] {
        let both = [&paged, &pages].map(|pages| cents(pages, of_partner(partner, "difference")));
        assert_eq!(both[0], both[1], "{}", partner.name);
    }
    let mut november = question(&draft());
    november["to"] = json!("2026-11-30");
    assert_eq!(simulate(&world, &program, &november).await[0]["totals"]["conversions"], 2);
}

#[tokio::test]
async fn caps_of_a_draft_are_counted_over_pages() {
    let world = World::start().await;
    let (program, [_, kid, son]) = story(&world).await;
    let mut capped = plan();
    capped["levels"] = json!([]);
    capped["caps"] = json!([{ "scope": "program", "period": "all_time", "amount": usd("80.00") }]);
    for limit in [1, 200] {
        let mut asked = question(&capped);
        asked["limit"] = json!(limit);
        let pages = simulate(&world, &program, &asked).await;
        // 10.00 after the refund, 60.00, and then 10.00 are left of 40.00.
        assert_eq!(cents(&pages, total("cost_after")), 8_000, "{limit}");
        assert_eq!(cents(&pages, of_partner(&kid, "after")), 2_000, "{limit}");
        assert_eq!(cents(&pages, of_partner(&son, "after")), 6_000, "{limit}");
    }
}

#[tokio::test]
async fn a_draft_with_faults_is_refused_as_a_plan_is() {
    let world = World::start().await;
    let (program, _) = story(&world).await;
    let mut bad = plan();
    bad["rules"] =
        json!([{ "id": "A", "reward": { "type": "flat", "amount": { "amount": "1", "currency": "EUR" } } }]);
    bad["hold_days"] = json!(366);
    let plans = format!("/admin/programs/{}/plans", program.id);
    let refused = world.admin("POST", &plans).json(&json!({ "plan": bad })).send().await;
    let simulated = world.admin("POST", &format!("{plans}/simulate")).json(&question(&bad)).send().await;
    assert_eq!((refused.status, simulated.status), (422, 422));
    assert_eq!(refused.body["errors"], simulated.body["errors"]);
    let mut wrong = question(&plan());
    (wrong["from"], wrong["limit"]) = (json!("2027-01-01"), json!(0));
    let path = format!("{plans}/simulate");
    let _ = world.admin("POST", &path).json(&wrong).send().await.problem(422, "validation_failed");
    let mut first = question(&plan());
    first["limit"] = json!(1);
    let page = world.admin("POST", &path).json(&first).expect(200).await;
    let mut other = question(&draft());
    other["cursor"] = page["next_cursor"].clone();
    let _ = world.admin("POST", &path).json(&other).send().await.problem(400, "invalid_cursor");
}
