//! One account, moved from all sides at once.

use futures_util::future::{join, join_all, join3};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tests::{
    Call, Reply,
    story::{plan, refund, sale, text, usd},
};

use super::{Rush, WRITERS, statuses};

/// Requests to the table for each line that matures, is refunded and adjusted.
const EACH: usize = 40;
/// So many lines are adjusted.
const ADJUSTED: usize = 8;

/// Calls until there is an answer that stands, as every client should.
async fn insist(call: Call<'_>) -> Reply {
    for _ in 0..8 {
        let reply = call.clone().send().await;
        if reply.status < 500 {
            return reply;
        }
    }
    panic!("{} {} does not recover", call.method, call.path);
}

#[tokio::test]
async fn maturity_refunds_and_adjustments_of_one_account_meet() {
    let rush = Rush::with(&plan()).await;
    let (world, program, kid) = (&rush.world, &rush.program, rush.kid());
    for n in 0..WRITERS {
        let order = sale(&format!("order-{n}"), "100.00", Some(&rush.click));
        world.conversion(program, &order).expect(202).await;
    }
    world.settle().await;
    let lines = world.commissions(program, kid).await;
    world.wait(SignedDuration::from_hours(24 * 31));
    let before = rush.count();
    let maturing = async {
        world.pump.tick(world, "evaluate-maturity").await;
        world.drain().await;
    };
    let refunds: Vec<_> = (0..WRITERS).map(|n| refund(&format!("order-{n}"), "refund-1", "50.00")).collect();
    let refunding = async {
        join_all(refunds.iter().map(|fact| world.conversion(program, fact).expect(202))).await;
        world.drain().await;
    };
    let adjust = |line: &Value| {
        let path = format!("/admin/commissions/{}/adjustments", text(&line["id"]));
        insist(world.admin("POST", &path).json(&json!({ "amount": usd("-1.00"), "reason": "a test" })))
    };
    let adjusting = join_all(lines.iter().take(ADJUSTED).map(adjust));
    let ((), (), adjusted) = join3(maturing, refunding, adjusting).await;
    assert_eq!(statuses(&adjusted), [(201, ADJUSTED)]);
    rush.end(before, EACH, "maturing, refunding and adjusting").await;
    world.pump.tick(world, "evaluate-maturity").await;
    world.settle().await;
    // 20.00 less 10.00 each, less 1.00 of eight.
    assert_eq!(world.eligibility(program, kid).await["available"]["amount"], "312.00");
    world.audit().await;
}

#[tokio::test]
async fn one_decision_on_what_is_held_stands() {
    let rush = Rush::with(&plan()).await;
    let (world, program, kid) = (&rush.world, &rush.program, rush.kid());
    let mut own = sale("own", "100.00", Some(&rush.click));
    own["customer"]["email"] = json!("kid@partners.example");
    world.conversion(program, &own).expect(202).await;
    world.settle().await;
    let line = text(&world.commissions(program, kid).await[0]["id"]);
    let path = format!("/admin/commissions/{line}/decide");
    let before = rush.count();
    let decide = |n: usize| {
        let decision = if n.is_multiple_of(2) { "release" } else { "reject" };
        insist(world.admin("POST", &path).json(&json!({ "decision": decision })))
    };
    // A refund comes in between.
    let slice = refund("own", "r1", "50.00");
    let refunding = async {
        world.conversion(program, &slice).expect(202).await;
        world.drain().await;
    };
    let (replies, ()) = join(join_all((0..WRITERS).map(decide)), refunding).await;
    super::assert_one_wins(&replies, 200, "conflict");
    let won = replies.iter().position(|reply| reply.status == 200).unwrap();
    rush.end(before, EACH, "deciding").await;
    let expected = if won.is_multiple_of(2) { ("pending", "10.00") } else { ("rejected", "0.00") };
    let line = &world.commissions(program, kid).await[0];
    assert_eq!((text(&line["status"]).as_str(), text(&line["amount"]["amount"]).as_str()), expected);
}
