//! Partners move between tiers by what their sales came to, and each sale keeps the tier of its time.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::id::{PartnerId, ProgramId};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tests::{
    World,
    story::{Partner, Program, program_request, sale, text, usd},
};

/// 20 %, or 30 % for gold; gold from 500.00 a month.
fn plan(direction: &str) -> Value {
    json!({
        "rules": [
            { "id": "standard", "reward": { "type": "percent", "rate": "0.20" } },
            {
                "id": "gold",
                "conditions": [{ "field": "commission_tier", "equals": "gold" }],
                "reward": { "type": "percent", "rate": "0.30" },
            },
        ],
        "tier_requirements": {
            "metric": "revenue",
            "window": "month",
            "direction": direction,
            "tiers": [{ "name": "gold", "at_least": usd("500.00") }],
        },
    })
}

struct Shop {
    world: World,
    program: Program,
    kid: Partner,
    click: String,
}

impl Shop {
    async fn open(plan: &Value) -> Self {
        let world = World::start().await;
        let program = world.program_with(&program_request(), plan).await;
        let kid = world.join(&program, "kid", None).await;
        let click = world.visit(&program, &kid).await;
        Self { world, program, kid, click }
    }

    async fn sell(&self, order: &str, amount: &str) {
        self.world.sale(&self.program, order, amount, &self.click).await;
    }

    /// A sale that is told later than it happened.
    async fn sell_at(&self, order: &str, amount: &str, at: Timestamp) {
        let mut fact = sale(order, amount, Some(&self.click));
        fact["occurred_at"] = json!(at);
        self.world.conversion(&self.program, &fact).expect(202).await;
        self.world.drain().await;
    }

    /// The hour passes.
    async fn evaluate(&self) {
        self.world.wait(SignedDuration::from_hours(1));
        self.world.tick("evaluate-tiers").await;
    }

    async fn tier(&self) -> Value {
        let profile = self.world.partner("kid", "GET", "/affiliate/profile").expect(200).await;
        let agreement = &profile["agreements"][0];
        assert_eq!(agreement["commission_tier"], agreement["tier"]["name"]);
        agreement["tier"].clone()
    }

    async fn changes(&self) -> Vec<Value> {
        let (program, partner) = (&self.program.id, &self.kid.id);
        let target = format!("/admin/programs/{program}/partners/{partner}/tier-changes");
        let page = self.world.admin("GET", &target).expect(200).await;
        page["data"].as_array().unwrap().clone()
    }

    /// The partner's commissions, the latest sale first, as amounts.
    async fn earned(&self) -> Vec<String> {
        let commissions = self.world.commissions(&self.program, &self.kid).await;
        commissions.iter().map(|commission| text(&commission["amount"]["amount"])).collect()
    }
}

fn distance(has: &str, missing: &str) -> Value {
    json!({
        "name": "gold",
        "metric": "revenue",
        "at_least": usd("500.00"),
        "has": usd(has),
        "missing": usd(missing),
    })
}

#[tokio::test]
async fn what_was_refunded_reaches_nothing_and_later_sales_get_the_tier_that_is_reached() {
    let shop = Shop::open(&plan("up_only")).await;
    let none =
        |has: &str, missing: &str| json!({ "name": null, "since": null, "next": distance(has, missing) });
    assert_eq!(shop.tier().await, none("0.00", "500.00"));
    shop.sell("order-1", "600.00").await;
    shop.world.days(1).await;
    shop.world.refund(&shop.program, "order-1", "refund-1", "400.00").await;
    shop.evaluate().await;
    assert_eq!(shop.tier().await, none("200.00", "300.00"), "600.00 sold and 400.00 refunded");
    assert_eq!(shop.changes().await, [] as [Value; 0]);

    shop.sell("order-2", "300.00").await;
    shop.world.wait(SignedDuration::from_mins(1));
    let before = shop.world.now();
    shop.evaluate().await;
    let moved_at = json!(shop.world.now());
    assert_eq!(shop.tier().await, json!({ "name": "gold", "since": moved_at, "next": null }));
    let change = json!({
        "from": null,
        "to": "gold",
        "metric": "revenue",
        "value": usd("500.00"),
        "window": { "first": "2026-11-01", "last": "2026-11-30" },
        "plan_version": 1,
        "at": moved_at,
    });
    assert_eq!(shop.changes().await, std::slice::from_ref(&change));

    shop.world.wait(SignedDuration::from_mins(5));
    shop.sell("order-3", "100.00").await;
    assert_eq!(shop.earned().await, ["30.00", "60.00", "40.00"], "what was earned before stays as it was");
    shop.sell_at("order-4", "100.00", before).await;
    assert_eq!(shop.earned().await, ["30.00", "20.00", "60.00", "40.00"], "it happened before the move");

    // Nothing is lost by a later refund, and nothing moves twice.
    shop.world.refund(&shop.program, "order-2", "refund-2", "300.00").await;
    shop.evaluate().await;
    shop.evaluate().await;
    assert_eq!(shop.changes().await, [change]);
    shop.world.audit().await;
}

#[tokio::test]
async fn a_tier_that_can_be_lost_lasts_to_the_end_of_the_next_month() {
    let shop = Shop::open(&plan("both_ways")).await;
    shop.sell("order-1", "500.00").await;
    shop.evaluate().await;
    let since = shop.tier().await["since"].clone();
    shop.world.days(45).await;
    shop.evaluate().await;
    let december = shop.tier().await;
    assert_eq!(
        (&december["name"], &december["since"], &december["next"]),
        (&json!("gold"), &since, &json!(null))
    );
    shop.world.days(15).await;
    shop.evaluate().await;
    assert_eq!(shop.tier().await, json!({ "name": null, "since": null, "next": distance("0.00", "500.00") }));
    let moves: Vec<_> =
        shop.changes().await.iter().map(|change| [change["from"].clone(), change["to"].clone()]).collect();
    let gold = || json!("gold");
    assert_eq!(moves, [[gold(), json!(null)], [json!(null), gold()]]);
    let click = shop.world.visit(&shop.program, &shop.kid).await;
    shop.world.sale(&shop.program, "order-2", "100.00", &click).await;
    assert_eq!(shop.earned().await, ["20.00", "100.00"]);
    shop.world.audit().await;
}

#[tokio::test]
async fn a_tier_reached_in_the_last_hour_of_a_month_is_granted_in_the_next() {
    let shop = Shop::open(&plan("up_only")).await;
    shop.world.wait("2026-11-30T23:30:00Z".parse::<Timestamp>().unwrap().duration_since(shop.world.now()));
    shop.sell("order-1", "500.00").await;
    shop.evaluate().await;
    assert_eq!(shop.tier().await["name"], "gold");
    let change = shop.changes().await[0].clone();
    assert_eq!(change["window"], json!({ "first": "2026-11-01", "last": "2026-11-30" }));
    assert!(text(&change["at"]).starts_with("2026-12-01T00:30"), "{change}");
}

#[tokio::test]
async fn a_sale_turned_down_in_review_and_customers_who_left_do_not_count() {
    let mut by_customers = plan("up_only");
    by_customers["tier_requirements"] = json!({
        "metric": "active_customers",
        "window": { "rolling_days": 30 },
        "tiers": [{ "name": "gold", "at_least": 2 }],
    });
    let shop = Shop::open(&by_customers).await;
    let mut own = sale("order-1", "100.00", Some(&shop.click));
    own["customer"]["email"] = json!("kid@partners.example");
    shop.world.conversion(&shop.program, &own).expect(202).await;
    shop.world.drain().await;
    shop.sell("order-2", "10.00").await;
    let customers = |has, missing| {
        json!({
            "name": "gold", "metric": "active_customers", "at_least": 2, "has": has, "missing": missing,
        })
    };
    assert_eq!(shop.tier().await["next"], customers(2, 0));
    let commissions = shop.world.commissions(&shop.program, &shop.kid).await;
    let held = commissions.iter().find(|commission| commission["status"] == "held").unwrap();
    let path = format!("/admin/commissions/{}/decide", text(&held["id"]));
    shop.world.admin("POST", &path).json(&json!({ "decision": "reject" })).expect(200).await;
    shop.world.drain().await;
    assert_eq!(shop.tier().await["next"], customers(1, 1));
    shop.evaluate().await;
    assert_eq!(shop.tier().await["name"], json!(null));
    shop.sell("order-3", "10.00").await;
    shop.evaluate().await;
    assert_eq!(shop.tier().await["name"], "gold");
    shop.world.audit().await;
}

#[tokio::test]
async fn sales_delivered_twice_and_out_of_order_reach_what_they_would_otherwise() {
    let shop = Shop::open(&plan("up_only")).await;
    shop.world.misbehave(tests::Delivery { twice: true, ..tests::Delivery::default() });
    shop.sell("order-1", "250.00").await;
    shop.sell("order-2", "249.99").await;
    shop.evaluate().await;
    assert_eq!(shop.tier().await["next"], distance("499.99", "0.01"));
    shop.world.refund(&shop.program, "order-2", "refund-1", "249.99").await;
    assert_eq!(shop.tier().await["next"], distance("250.00", "250.00"));
    shop.world.audit().await;
}

#[tokio::test]
async fn only_administrators_see_the_moves_of_a_partner_who_is_there() {
    let shop = Shop::open(&plan("up_only")).await;
    let target =
        |program: &str, partner: &str| format!("/admin/programs/{program}/partners/{partner}/tier-changes");
    let own = target(&shop.program.id, &shop.kid.id);
    let _ = shop.world.partner("kid", "GET", &own).send().await.problem(403, "forbidden");
    let stranger = PartnerId::derive(&["stranger"]).to_string();
    let nowhere = ProgramId::derive(&["nowhere"]).to_string();
    for target in [target(&shop.program.id, &stranger), target(&nowhere, &shop.kid.id)] {
        let _ = shop.world.admin("GET", &target).send().await.problem(404, "not_found");
    }
    let _ = shop.world.admin("GET", &format!("{own}?limit=0")).send().await.problem(422, "validation_failed");
    let _ = shop.world.admin("GET", &format!("{own}?cursor=x")).send().await.problem(400, "invalid_cursor");
}

#[tokio::test]
async fn two_runs_at_once_move_a_partner_once() {
    let shop = Shop::open(&plan("up_only")).await;
    shop.sell("order-1", "500.00").await;
    join_all((0..3).map(|_| shop.world.tick("evaluate-tiers"))).await;
    assert_eq!(shop.changes().await.len(), 1);
}

#[tokio::test]
async fn a_partner_who_cannot_be_read_keeps_nobody_from_the_tier() {
    let shop = Shop::open(&plan("up_only")).await;
    shop.sell("order-1", "500.00").await;
    let (world, program) = (&shop.world, &shop.program);
    let other = world.join(program, "other", None).await;
    let click = world.visit(program, &other).await;
    world.sale(program, "order-2", "500.00", &click).await;
    let rows = world.table.dump().await;
    let torn = rows.iter().find(|row| row.entity() == "day_counters" && row.key().pk.contains(&other.id));
    let mut torn = torn.unwrap().attributes().clone();
    torn.insert("net_revenue".to_owned(), AttributeValue::S("torn".to_owned()));
    let put = world.table.client().put_item().table_name(world.table.name());
    put.set_item(Some(torn)).send().await.unwrap();
    evaluate_tiers::handle(world.store(), world.now()).await.unwrap_err();
    assert_eq!(shop.tier().await["name"], "gold");
}
