//! Functions behind queues, the stream and the clock. One message or record an invocation, so that
//! a figure is that of one piece of work; a batch shares what an invocation costs by itself.

use ::tests::{
    story::{plan, sale, text, usd},
    stream::Stream,
};
use domain::conversion::FactReceived;
use serde_json::json;
use store::fact::facts_of;

use super::{
    Cast, FEW, MANY, Scene, with_tier,
    writes::{payable, stripe_account},
};
use crate::sample::Sample;

/// Accepts sales that nothing has counted yet.
async fn accept_sales(cast: &Cast, count: usize) {
    let click = cast.world.visit(&cast.program, &cast.kid).await;
    cast.world.drain().await;
    for _ in 0..count {
        let body = sale(&cast.world.fresh("order"), "100.00", Some(&click));
        cast.world.conversion(&cast.program, &body).expect(202).await;
    }
}

pub(super) async fn audit_ledger() -> Scene {
    let cast = Cast::new().await;
    cast.sales(10).await;
    cast.world.settle().await;
    let event = Sample::of(&cast.world, "audit-ledger").event();
    cast.scene("a program with ten sales", vec![event; FEW])
}

pub(super) async fn calculate_commission() -> Scene {
    let cast = Cast::new().await;
    accept_sales(&cast, MANY).await;
    let rows = cast.world.table.dump().await;
    let facts: Vec<FactReceived> = rows.into_iter().flat_map(|row| facts_of(row).unwrap()).collect();
    let event = |fact| {
        let message = serde_json::to_value(fact).unwrap();
        Sample::of(&cast.world, "calculate-commission").message(&message).event()
    };
    let events = facts.iter().map(event).collect();
    cast.scene("one sale with a new customer, three levels", events)
}

pub(super) async fn publish_events() -> Scene {
    let cast = Cast::new().await;
    accept_sales(&cast, MANY).await;
    let records = Stream::of(&cast.world.table).read().await;
    let is_fact = |record: &serde_json::Value| {
        let key = &record["dynamodb"]["Keys"]["PK"]["S"];
        record["eventName"] == "INSERT" && key.as_str().is_some_and(|key| key.starts_with("FCT#"))
    };
    let facts = records.into_iter().filter(is_fact);
    let events = facts.map(|record| json!({ "Records": [record] })).collect();
    cast.scene("one sale, to the queue", events)
}

pub(super) async fn publish_missed_events() -> Scene {
    let cast = Cast::new().await;
    cast.sales(1).await;
    cast.world.settle().await;
    let event = Sample::of(&cast.world, "publish-missed-events").event();
    cast.again("looks, and finds nothing missed", event)
}

pub(super) async fn evaluate_bonuses() -> Scene {
    let cast = Cast::new().await;
    let mut terms = plan();
    terms["bonuses"] = json!([{
        "id": "fast", "metric": "revenue", "window": "month", "at_least": usd("5000.00"), "amount": usd("50.00"),
    }]);
    let cast = cast.selling_under(&terms).await;
    let event = Sample::of(&cast.world, "evaluate-bonuses").event();
    cast.again("looks at three partners, and finds nothing to book", event)
}

pub(super) async fn evaluate_tiers() -> Scene {
    let cast = Cast::new().await;
    let cast = cast.selling_under(&with_tier("5000.00")).await;
    let event = Sample::of(&cast.world, "evaluate-tiers").event();
    cast.again("looks at three partners, and finds nobody to move", event)
}

pub(super) async fn evaluate_maturity() -> Scene {
    let cast = Cast::new().await;
    cast.sales(10).await;
    let event = Sample::of(&cast.world, "evaluate-maturity").event();
    cast.again("finds thirty due lines of three accounts", event)
}

pub(super) async fn mature_commissions() -> Scene {
    let cast = Cast::new().await;
    let click = cast.world.visit(&cast.program, &cast.kid).await;
    let mut events = Vec::new();
    for _ in 0..FEW {
        let order = cast.world.fresh("order");
        let conversion = cast.world.sale(&cast.program, &order, "100.00", &click).await;
        let message = json!({
            "program_id": cast.program.id,
            "partner_id": cast.kid.id,
            "currency": "USD",
            "commission_ids": [conversion.replace("cnv_", "com_") + "_01"],
        });
        events.push(Sample::of(&cast.world, "mature-commissions").message(&message).event());
    }
    cast.scene("one line", events)
}

pub(super) async fn execute_payout() -> Scene {
    let cast = Cast::new().await;
    let mut events = Vec::new();
    for partner in payable(&cast, FEW, stripe_account).await {
        let payout = cast.world.payout(&cast.program, &partner).expect(201).await;
        let message = json!({ "payout_id": text(&payout["id"]) });
        events.push(Sample::of(&cast.world, "execute-payout").message(&message).event());
    }
    cast.scene("one transfer by Stripe", events)
}

pub(super) async fn reconcile_payouts() -> Scene {
    let cast = Cast::new().await;
    cast.world.settle().await;
    let event = Sample::of(&cast.world, "reconcile-payouts").event();
    cast.again("looks, and finds nothing open", event)
}
