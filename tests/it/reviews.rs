//! A sale to oneself is held until an administrator has decided.

use serde_json::{Value, json};
use tests::{
    World,
    story::{Partner, Program, sale, text},
};

/// The partner buys through the own link, under the own address.
async fn own_purchase(world: &World) -> (Program, [Partner; 3]) {
    let program = world.program().await;
    let family = world.three_generations(&program).await;
    let click = world.visit(&program, &family[2]).await;
    let mut fact = sale("order-1", "100.00", Some(&click));
    fact["customer"]["email"] = json!("Kid@Partners.Example");
    world.conversion(&program, &fact).expect(202).await;
    world.drain().await;
    (program, family)
}

async fn statuses(world: &World, program: &Program, family: &[Partner]) -> Vec<Value> {
    let mut statuses = Vec::new();
    for partner in family {
        statuses.push(world.commissions(program, partner).await[0]["status"].clone());
    }
    statuses
}

#[tokio::test]
async fn a_held_sale_waits_and_goes_on_when_released() {
    let world = World::start().await;
    let (program, family) = own_purchase(&world).await;
    assert_eq!(statuses(&world, &program, &family).await, ["held", "held", "held"]);
    let held = world.commissions(&program, &family[2]).await[0].clone();
    assert_eq!(held["hold_reason"], "self_referral");
    world.days(31).await;
    assert_eq!(statuses(&world, &program, &family).await, ["held", "held", "held"]);

    let path = format!("/admin/commissions/{}/decide", text(&held["id"]));
    let decided = world.admin("POST", &path).json(&json!({ "decision": "release" })).expect(200).await;
    assert_eq!(decided["commissions"].as_array().unwrap().len(), 3);
    let again = world.admin("POST", &path).json(&json!({ "decision": "reject" })).send().await;
    let _ = again.problem(409, "conflict");
    world.days(1).await;
    assert_eq!(statuses(&world, &program, &family).await, ["approved", "approved", "approved"]);
    world.audit().await;
}

#[tokio::test]
async fn a_rejected_sale_earns_nobody() {
    let world = World::start().await;
    let (program, family) = own_purchase(&world).await;
    let held = world.commissions(&program, &family[2]).await[0].clone();
    let path = format!("/admin/commissions/{}/decide", text(&held["id"]));
    world.admin("POST", &path).json(&json!({ "decision": "reject" })).expect(200).await;
    world.refund(&program, "order-1", "refund-1", "100.00").await;
    world.days(31).await;
    assert_eq!(statuses(&world, &program, &family).await, ["rejected", "rejected", "rejected"]);
    assert!(world.audit().await.balances.is_empty());
    world
        .partner("kid", "GET", &format!("/affiliate/commissions/{}/explain", text(&held["id"])))
        .expect(200)
        .await;
    let unknown = "/admin/commissions/com_RW59HVJB737GJXNACR6DW6JCNE_01/decide";
    let _ = world
        .admin("POST", unknown)
        .json(&json!({ "decision": "release" }))
        .send()
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn a_refund_counts_while_a_sale_is_held() {
    let world = World::start().await;
    let (program, family) = own_purchase(&world).await;
    world.refund(&program, "order-1", "refund-1", "40.00").await;
    let held = world.commissions(&program, &family[2]).await[0].clone();
    let path = format!("/admin/commissions/{}/decide", text(&held["id"]));
    world.admin("POST", &path).json(&json!({ "decision": "release" })).expect(200).await;
    world.days(31).await;
    assert_eq!(statuses(&world, &program, &family).await, ["approved", "approved", "approved"]);
    assert_eq!(world.eligibility(&program, &family[2]).await["available"]["amount"], "12.00");
    world.audit().await;
}
