//! Whose a sale is: clicks, coupons, customers and e-mail addresses, told in any order.

mod clicks;
mod coupons;
mod customers;
mod reports;

use serde_json::{Value, json};
use tests::{
    World,
    story::{Partner, Program, plan, program_request, text},
};

/// A program that attributes by these kinds of touch, in this order.
async fn program_by(world: &World, precedence: &[&str]) -> Program {
    program_with(world, &json!({ "precedence": precedence })).await
}

/// A program with this attribution policy.
async fn program_with(world: &World, policy: &Value) -> Program {
    let mut request = program_request();
    request["attribution"] = policy.clone();
    world.program_with(&request, &plan()).await
}

/// The merchant reports it and it is counted; gives what is known of the conversion then.
async fn count(world: &World, program: &Program, fact: &Value) -> Value {
    let accepted = world.conversion(program, fact).expect(202).await;
    world.drain().await;
    look_up(world, &text(&accepted["conversion_id"])).await
}

async fn look_up(world: &World, conversion: &str) -> Value {
    world.admin("GET", &format!("/admin/conversions/{conversion}")).expect(200).await
}

/// The kind of touch that won and whose it is, or why nobody is credited.
fn outcome(conversion: &Value) -> (Value, Value) {
    let attribution = &conversion["attribution"];
    if attribution["touch"].is_null() {
        (json!("nobody"), attribution["unattributed"].clone())
    } else {
        (attribution["touch"]["kind"].clone(), attribution["touch"]["partner_id"].clone())
    }
}

fn by(kind: &str, partner: &Partner) -> (Value, Value) {
    (json!(kind), json!(partner.id))
}

fn nobody(reason: &str) -> (Value, Value) {
    (json!("nobody"), json!(reason))
}

/// Kind, reason and owner of the touches that did not win.
fn rejected(conversion: &Value) -> Vec<(String, String, Value)> {
    let rejected = conversion["attribution"]["rejected"].as_array().unwrap();
    rejected
        .iter()
        .map(|touch| (text(&touch["kind"]), text(&touch["reason"]), touch["partner_id"].clone()))
        .collect()
}

fn loser(kind: &str, reason: &str, partner: &Partner) -> (String, String, Value) {
    (kind.to_owned(), reason.to_owned(), json!(partner.id))
}
