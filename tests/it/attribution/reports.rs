//! One charge told by more than one door.

use serde_json::{Value, json};
use tests::{
    World,
    story::{refund, sale, text},
};

use super::{by, count, look_up, nobody, outcome, program_by};

const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

/// The charge as three doors tell it, one of which knows what ties it to a partner.
async fn told_in_every_order(telling: fn(&str) -> [Value; 3], kind: &str, bind_first: bool) {
    let mut ledgers = Vec::new();
    for order in ORDERS {
        let world = World::start().await;
        let program = world.program().await;
        let ada = world.join(&program, "ada", None).await;
        let click = world.visit(&program, &ada).await;
        world.coupon(&program, &ada, "SUMMER10").await;
        if bind_first {
            let mut lead = sale("lead-1", "0.00", Some(&click));
            lead["type"] = json!("lead");
            lead.as_object_mut().unwrap().remove("amount");
            lead["customer"]["id"] = json!("known");
            count(&world, &program, &lead).await;
        }
        let reports = telling(&click);
        let mut last = Value::Null;
        for place in order {
            last = count(&world, &program, &reports[place]).await;
            if place == 0 {
                world.refund(&program, "order-1", "refund-1", "40.00").await;
            }
        }
        assert_eq!(outcome(&last), by(kind, &ada), "{order:?}");
        let last = look_up(&world, &text(&last["id"])).await;
        assert_eq!(last["commissions"][0]["amount"]["amount"], "12.00", "{order:?}");
        assert_eq!(last["refunds"][0]["state"], "counted");
        ledgers.push(world.audit().await);
        assert_eq!(ledgers[0], ledgers[ledgers.len() - 1], "{order:?}");
    }
}

#[tokio::test]
async fn a_click_may_come_with_any_report() {
    let telling = |click: &str| {
        let mut code = sale("order-1", "100.00", None);
        code["coupon"] = json!("THE-SHOPS-OWN");
        [sale("order-1", "100.00", None), code, sale("order-1", "100.00", Some(click))]
    };
    told_in_every_order(telling, "click", false).await;
}

#[tokio::test]
async fn a_code_may_come_with_any_report_whatever_the_others_call_it() {
    let telling = |_: &str| {
        let with = |code: &str| {
            let mut report = sale("order-1", "100.00", None);
            report["coupon"] = json!(code);
            report
        };
        [sale("order-1", "100.00", None), with("promo_1MOEfl2eZvKYlo2C1aHCMZ7Q"), with("summer10")]
    };
    told_in_every_order(telling, "coupon", false).await;
}

#[tokio::test]
async fn the_customer_may_be_known_by_one_report_only() {
    let telling = |_: &str| {
        let mut known = sale("order-1", "100.00", None);
        known["customer"]["id"] = json!("known");
        let mut other = sale("order-1", "100.00", None);
        other["customer"]["id"] = json!("another");
        [sale("order-1", "100.00", None), other, known]
    };
    told_in_every_order(telling, "customer", true).await;
}

#[tokio::test]
async fn a_customer_whom_an_earlier_report_named_may_be_tied_later() {
    let world = World::start().await;
    let program = world.program().await;
    let ada = world.join(&program, "ada", None).await;
    let click = world.visit(&program, &ada).await;
    world.days(1).await;
    let report = |customer: &str| {
        let mut report = sale("order-1", "100.00", None);
        report["customer"]["id"] = json!(customer);
        report
    };
    count(&world, &program, &report("cus_9")).await;
    let known = count(&world, &program, &report("user-7")).await;
    assert_eq!(outcome(&known), nobody("no_touch"));
    let mut lead = sale("lead-1", "0.00", Some(&click));
    lead["type"] = json!("lead");
    lead.as_object_mut().unwrap().remove("amount");
    lead["customer"]["id"] = json!("cus_9");
    count(&world, &program, &lead).await;
    let known = look_up(&world, &text(&known["id"])).await;
    // The lead is told of a time after the sale, but its click was before it.
    assert_eq!(outcome(&known), by("customer", &ada));
    world.audit().await;
}

#[tokio::test]
async fn what_was_credited_once_does_not_move() {
    let world = World::start().await;
    let program = program_by(&world, &["coupon", "click"]).await;
    let ada = world.join(&program, "ada", None).await;
    let bob = world.join(&program, "bob", None).await;
    world.coupon(&program, &bob, "SUMMER10").await;
    let click = world.visit(&program, &ada).await;
    count(&world, &program, &sale("order-1", "100.00", Some(&click))).await;
    let mut again = sale("order-1", "100.00", None);
    again["coupon"] = json!("SUMMER10");
    let known = count(&world, &program, &again).await;
    assert_eq!(outcome(&known), by("click", &ada));
    assert!(world.commissions(&program, &bob).await.is_empty());
    world.audit().await;
}

#[tokio::test]
async fn what_is_no_charge_is_not_found_and_the_answer_says_what_it_is() {
    let world = World::start().await;
    let program = world.program().await;
    let fact = refund("order-1", "refund-1", "10.00");
    let accepted = world.conversion(&program, &fact).expect(202).await;
    world.drain().await;
    let target = |id: &str| format!("/admin/conversions/{id}");
    let waiting = world.admin("GET", &target(&text(&accepted["conversion_id"]))).send().await;
    assert!(waiting.problem(404, "not_found").text.contains("wait for it"));
    for id in ["cnv_RW59HVJB737GJXNACR6DW6JCNE", "cnv_1"] {
        let _ = world.admin("GET", &target(id)).send().await.problem(404, "not_found");
    }
    let _ = world.partner("ada", "GET", &target("cnv_1")).send().await.problem(403, "forbidden");
}
