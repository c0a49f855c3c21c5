//! Sales and refunds become commissions, once each, whatever way they come.

use serde_json::json;
use tests::{
    World,
    story::{refund, sale, text, usd},
};

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
    assert_eq!(world.commissions(&program, &kid).await[0]["status"], "reversed");
    let ledger = world.audit().await;
    assert!(ledger.balances.is_empty(), "a full refund leaves nothing: {:?}", ledger.balances);
}

#[tokio::test]
async fn a_refund_that_comes_before_its_sale_ends_in_the_same_ledger() {
    let mut ledgers = Vec::new();
    for refund_first in [false, true] {
        let world = World::start().await;
        let program = world.program().await;
        let kid = world.join(&program, "kid", None).await;
        let click = world.visit(&program, &kid).await;
        let mut facts = [sale("order-1", "100.00", Some(&click)), refund("order-1", "refund-1", "40.00")];
        if refund_first {
            facts.reverse();
        }
        for fact in &facts {
            world.conversion(&program, fact).expect(202).await;
            world.drain().await;
        }
        assert_eq!(world.amounts(&program, &[kid]).await, ["12.00"]);
        ledgers.push(world.audit().await);
    }
    assert_eq!(ledgers[0], ledgers[1]);
}

#[tokio::test]
async fn the_same_sale_reported_again_counts_once_and_another_amount_is_refused() {
    let world = World::start().await;
    let program = world.program().await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    let fact = sale("order-1", "100.00", Some(&click));
    let first = world.conversion(&program, &fact).expect(202).await;
    for _ in 0..3 {
        // Another idempotency key each time: it is the fact that is known.
        assert_eq!(world.conversion(&program, &fact).expect(202).await, first);
        world.drain().await;
    }
    let other = sale("order-1", "120.00", Some(&click));
    let refused = world.conversion(&program, &other).send().await;
    let _ = refused.problem(409, "conflict");
    assert_eq!(world.amounts(&program, &[kid]).await, ["20.00"]);
    world.audit().await;
}

#[tokio::test]
async fn a_sale_that_nobody_brought_is_kept_with_the_reason() {
    let world = World::start().await;
    let program = world.program().await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    // The last character belongs to the signature of the click.
    let last = if click.ends_with('0') { '1' } else { '0' };
    let forged = format!("{}{last}", &click[..click.len() - 1]);
    for (order, click, reason) in [("order-1", None, "no_touch"), ("order-2", Some(&forged), "forged_click")]
    {
        let fact = sale(order, "100.00", click.map(String::as_str));
        let accepted = world.conversion(&program, &fact).expect(202).await;
        world.drain().await;
        let id = text(&accepted["conversion_id"]).parse().unwrap();
        let record = world.store().conversion(&id).await.unwrap();
        let attribution = &record.conversion().unwrap().value.attribution;
        assert_eq!(serde_json::to_value(&attribution.outcome).unwrap(), json!({ "unattributed": reason }));
    }
    assert!(world.commissions(&program, &kid).await.is_empty());
    assert!(world.audit().await.balances.is_empty());
}

#[tokio::test]
async fn a_click_counts_until_the_window_is_over_and_not_a_moment_longer() {
    let world = World::start().await;
    let program = world.program().await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    let clicked_at = world.now();
    world.days(61).await;
    let window = jiff::SignedDuration::from_hours(60 * 24);
    let end = clicked_at.checked_add(window).unwrap();
    let last = end.checked_sub(jiff::SignedDuration::from_millis(1)).unwrap();
    for (order, at) in [("late", end), ("in-time", last)] {
        let mut fact = sale(order, "100.00", Some(&click));
        fact["occurred_at"] = json!(at);
        world.conversion(&program, &fact).expect(202).await;
        world.drain().await;
    }
    let commissions = world.commissions(&program, &kid).await;
    assert_eq!(commissions.len(), 1, "{commissions:#?}");
    assert_eq!(commissions[0]["occurred_at"], json!(last));
    world.audit().await;
}

#[tokio::test]
async fn tax_and_shipping_earn_nothing() {
    let world = World::start().await;
    let program = world.program().await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    let mut fact = sale("order-1", "124.00", Some(&click));
    fact["tax"] = usd("19.00");
    fact["shipping"] = usd("5.00");
    world.conversion(&program, &fact).expect(202).await;
    world.drain().await;
    assert_eq!(world.amounts(&program, &[kid]).await, ["20.00"]);
    world.audit().await;
}

#[tokio::test]
async fn a_customer_stays_with_the_partner_who_brought_it() {
    let world = World::start().await;
    let program = world.program().await;
    let ada = world.join(&program, "ada", None).await;
    let bob = world.join(&program, "bob", None).await;
    let click = world.visit(&program, &ada).await;
    let other_click = world.visit(&program, &bob).await;
    for (kind, order, click) in [
        ("sale", "first", Some(&click)),
        ("renewal", "second", None),
        ("renewal", "third", Some(&other_click)),
    ] {
        let mut fact = sale(order, "100.00", click.map(String::as_str));
        fact["type"] = json!(kind);
        fact["customer"] = json!({ "id": "customer-7" });
        world.conversion(&program, &fact).expect(202).await;
        world.drain().await;
    }
    assert_eq!(world.commissions(&program, &ada).await.len(), 3);
    assert!(world.commissions(&program, &bob).await.is_empty());
    world.audit().await;
}

#[tokio::test]
async fn a_new_plan_prices_later_sales_only() {
    let world = World::start().await;
    let program = world.program().await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-1", "100.00", &click).await;
    world.wait(jiff::SignedDuration::from_mins(1));
    let plan = json!({ "rules": [{ "id": "better", "reward": { "type": "percent", "rate": "0.5" } }] });
    assert_eq!(world.publish(&program.id, &plan).await["version"], 2);
    world.sale(&program, "order-2", "100.00", &click).await;
    world.refund(&program, "order-1", "refund-1", "50.00").await;
    let amounts: Vec<_> =
        world.commissions(&program, &kid).await.iter().map(|line| text(&line["amount"]["amount"])).collect();
    assert_eq!(amounts, ["50.00", "10.00"]);
    world.audit().await;
}

#[tokio::test]
async fn more_than_was_paid_is_never_refunded() {
    let world = World::start().await;
    let program = world.program().await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-1", "100.00", &click).await;
    world.refund(&program, "order-1", "refund-1", "70.00").await;
    world.refund(&program, "order-1", "refund-2", "40.00").await;
    assert_eq!(world.amounts(&program, &[kid]).await, ["0.00"]);
    let parked = world.parked().await;
    assert_eq!(parked.len(), 1, "{parked:?}");
    assert!(parked[0].contains("refunds_exceed_charge"), "{parked:?}");
    world.audit().await;
}

#[tokio::test]
async fn an_explanation_tells_terms_touch_and_bookings() {
    let world = World::start().await;
    let program = world.program().await;
    let [gran, _, kid] = world.three_generations(&program).await;
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-1", "100.00", &click).await;
    world.refund(&program, "order-1", "refund-1", "40.00").await;
    let id = text(&world.commissions(&program, &kid).await[0]["id"]);
    let target = format!("/affiliate/commissions/{id}/explain");
    let told = world.partner("kid", "GET", &target).expect(200).await;
    assert_eq!(told["terms"]["rule_id"], "standard");
    assert_eq!(told["attribution"]["touch"]["reference"], json!(click));
    assert_eq!(told["ledger"].as_array().unwrap().len(), 2, "{}", told["ledger"]);
    assert_eq!(world.admin("GET", &target).expect(200).await["commission"], told["commission"]);
    // A sponsor earns by another commission and sees only its own.
    let _ = world.partner(&gran.name, "GET", &target).send().await.problem(404, "not_found");
    let own = text(&world.commissions(&program, &gran).await[0]["id"]);
    world.partner(&gran.name, "GET", &format!("/affiliate/commissions/{own}/explain")).expect(200).await;
}
