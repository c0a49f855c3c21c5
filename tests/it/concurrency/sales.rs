//! Many sales and refunds at once, counted by as many instances.

use futures_util::future::{join, join_all};
use serde_json::json;
use tests::story::{plan, refund, sale, usd};

use super::{Rush, WRITERS, worth};

/// Requests to the table for each sale or refund, from its report to its figures.
const EACH: usize = 60;

impl Rush {
    /// So many sales are reported, and nothing of them is counted yet.
    async fn report_sales(&self, amount: &str) {
        let sales = (0..WRITERS).map(|n| sale(&format!("order-{n}"), amount, Some(&self.click)));
        let sales: Vec<_> = sales.collect();
        let calls = sales.iter().map(|sale| self.world.conversion(&self.program, sale).expect(202));
        join_all(calls).await;
    }
}

#[tokio::test]
async fn a_cap_of_all_is_granted_to_the_last_cent_and_no_further() {
    let mut plan = plan();
    plan["caps"] = json!([{ "scope": "program", "period": "all_time", "amount": usd("100.00") }]);
    let rush = Rush::with(&plan).await;
    let before = rush.count();
    // Each is worth 9.01: eleven of them, and 0.89 of a twelfth.
    rush.report_sales("33.33").await;
    let ledger = rush.end(before, EACH, "counting under a cap").await;
    assert_eq!(worth(&ledger), 10_000);
    let expense: i128 =
        ledger.balances.iter().filter(|(name, _)| name.contains("/expense")).map(|(_, minor)| minor).sum();
    assert_eq!(expense, -10_000, "{:?}", ledger.balances);

    // What refunds free is granted again, and never more.
    let before = rush.count();
    let refunds = (0..WRITERS).map(|n| refund(&format!("order-{n}"), "r1", "33.33")).collect::<Vec<_>>();
    let more =
        (0..WRITERS).map(|n| sale(&format!("more-{n}"), "33.33", Some(&rush.click))).collect::<Vec<_>>();
    let calls =
        refunds.iter().chain(&more).map(|fact| rush.world.conversion(&rush.program, fact).expect(202));
    join_all(calls).await;
    let ledger = rush.end(before, 2 * EACH, "freeing and counting").await;
    let (old, new): (Vec<_>, Vec<_>) = {
        let records = ledger.commissions.values().map(|(earned, amount, _)| (*earned, *amount));
        records.partition(|(_, amount)| *amount == 0)
    };
    assert!(new.iter().map(|(_, amount)| amount).sum::<i64>() <= 10_000, "{new:?} {old:?}");
    // Whoever comes after all of them finds just what is left.
    let left = 10_000 - worth(&ledger);
    rush.world.sale(&rush.program, "last", "1000.00", &rush.click).await;
    let ledger = rush.world.audit().await;
    assert_eq!(worth(&ledger), 10_000, "{left} were left");
}

#[tokio::test]
async fn slices_of_one_refund_add_up_in_whatever_order_they_are_counted() {
    let rush = Rush::with(&plan()).await;
    rush.world.sale(&rush.program, "order-1", "100.00", &rush.click).await;
    let before = rush.count();
    let slices: Vec<_> = (0..WRITERS).map(|n| refund("order-1", &format!("slice-{n}"), "3.03")).collect();
    join_all(slices.iter().map(|slice| rush.world.conversion(&rush.program, slice).expect(202))).await;
    rush.end(before, EACH, "counting slices").await;
    // 3.04 are left of the sale.
    let [gran, mum, kid] = rush.partners.clone();
    assert_eq!(rush.world.amounts(&rush.program, &[kid, mum, gran]).await, ["0.61", "0.15", "0.06"]);
}

#[tokio::test]
async fn a_sale_and_the_refunds_that_came_before_it_meet() {
    let rush = Rush::with(&plan()).await;
    let before = rush.count();
    let mut facts = vec![sale("order-1", "100.00", Some(&rush.click)); 4];
    facts.extend((4..WRITERS).map(|n| refund("order-1", &format!("slice-{n}"), "2.50")));
    join_all(facts.iter().map(|fact| rush.world.conversion(&rush.program, fact).expect(202))).await;
    rush.end(before, EACH, "counting a sale with its refunds").await;
    let kid = rush.kid().clone();
    assert_eq!(rush.world.amounts(&rush.program, &[kid]).await, ["6.00"], "28 times 2.50 of 100.00");
}

#[tokio::test]
async fn a_goal_that_many_sales_reach_together_is_reached_once() {
    let mut plan = plan();
    plan["bonuses"] = json!([{
        "id": "fast", "metric": "revenue", "window": "month", "at_least": usd("320.00"), "amount": usd("50.00"),
    }]);
    plan["tier_requirements"] = json!({
        "metric": "revenue",
        "window": "month",
        "direction": "up_only",
        "tiers": [{ "name": "gold", "at_least": usd("320.00") }],
    });
    let rush = Rush::with(&plan).await;
    let before = rush.count();
    let (world, program, kid) = (&rush.world, &rush.program, rush.kid());
    rush.report_sales("10.00").await;
    let looks =
        || join_all(["evaluate-bonuses", "evaluate-tiers"].map(|schedule| world.pump.tick(world, schedule)));
    // They look while sales are counted, and when all are, both several times at once.
    join(world.drain(), looks()).await;
    world.settle().await;
    join_all((0..4).map(|_| looks())).await;
    let ledger = rush.end(before, EACH, "selling and looking").await;
    // 2.70 for each sale on three levels, and the bonus.
    assert_eq!(worth(&ledger), 32 * 270 + 5_000);
    let target = format!("/admin/programs/{}/partners/{}/tier-changes", program.id, kid.id);
    let moves = world.admin("GET", &target).expect(200).await;
    assert_eq!(moves["data"].as_array().unwrap().len(), 1, "{moves}");
    let figures = world.dashboard(program, kid).await;
    assert_eq!(figures["totals"]["revenue"], usd("320.00"), "{figures}");
}

#[tokio::test]
async fn what_stream_and_schedule_publish_at_the_same_time_counts_once() {
    let rush = Rush::with(&plan()).await;
    let before = rush.count();
    let world = &rush.world;
    rush.report_sales("10.00").await;
    for _ in 0..3 {
        // By now everything is overdue.
        world.wait(tests::pump::MISSED_AFTER);
        let missed = join_all((0..4).map(|_| world.pump.tick(world, "publish-missed-events")));
        join(world.drain(), missed).await;
    }
    let ledger = rush.end(before, 2 * EACH, "publishing").await;
    assert_eq!(worth(&ledger), 32 * 270);
    assert_eq!(world.dashboard(&rush.program, rush.kid()).await["totals"]["sales"], 32);
}
