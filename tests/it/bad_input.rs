//! What is sent wrong is answered with what is wrong.

use serde_json::{Value, json};
use tests::{
    World,
    contract::Contract,
    story::{program_request, sale, usd},
};

#[tokio::test]
async fn a_body_is_json_of_a_reasonable_size() {
    let world = World::start().await;
    let program = world.program().await;
    let call = || world.call("POST", "/conversions").bearer(&program.token);
    let huge = json!({ "padding": "x".repeat(256 * 1024) });
    let _ = call().json(&huge).send().await.problem(413, "body_too_large");
    let twice = format!("{0} {0}", sale("order-1", "10.00", None));
    for body in ["", "{", "{\"type\":\"sale\"", "not json", &twice] {
        let reply = call().text("application/json", body).send().await;
        assert_eq!((reply.status, reply.code()), (400, "unreadable_body"), "{body}: {}", reply.text);
    }
    let body = sale("order-1", "10.00", None).to_string();
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/xml"] {
        let reply = call().text(content_type, &body).send().await;
        let _ = reply.problem(415, "unsupported_media_type");
    }
    let _ = call()
        .text("application/json", &body)
        .without("content-type")
        .send()
        .await
        .problem(415, "unsupported_media_type");
    call().text("application/json; charset=utf-8", &body).in_base64().expect(202).await;
}

/// A partner who has joined no program.
const NOBODY: &str = "ptr_EAR4TF915T49FS3DCGG0RA7JC8";

#[tokio::test]
async fn a_wrong_field_is_named() {
    let world = World::start().await;
    let program = world.program().await;
    for (name, value, pointer) in [
        ("amount", json!({ "amount": "10.00", "currency": "XYZ" }), "/amount/currency"),
        ("tax", json!({ "amount": "1.00", "currency": "EUR" }), "/tax/currency"),
        ("amount", usd("10.001"), "/amount"),
        ("amount", usd("-10.00"), "/amount"),
        ("amount", json!({ "amount": 10, "currency": "USD" }), "/amount/amount"),
        ("amount", json!("10.00"), "/amount"),
        ("amount", json!(["10.00", "USD"]), "/amount"),
        ("customer", json!(["customer-1"]), "/customer"),
        ("surprise", json!(1), "/surprise"),
        ("type", json!("gift"), "/type"),
        ("click_id", json!("clk_1"), "/click_id"),
        ("country", json!("Germany"), "/country"),
        ("customer", json!({ "id": "c", "email": "not-an-address" }), "/customer/email"),
        ("occurred_at", json!("2027-01-01T00:00:00Z"), "/occurred_at"),
        ("occurred_at", json!("yesterday"), "/occurred_at"),
        ("tax", usd("11.00"), "/amount"),
        ("coupon", json!(""), "/coupon"),
        ("lines", json!([{ "product": "boots", "amount": usd("9.99") }]), "/lines"),
        (
            "lines",
            json!([{ "product": "boots", "quantity": 0, "amount": usd("10.00") }]),
            "/lines/0/quantity",
        ),
        ("lines", json!([{ "sku": "boots", "amount": usd("10.00") }]), "/lines/0/sku"),
        ("splits", json!([{ "partner_id": "ptr_1", "weight": "1" }]), "/splits/0/partner_id"),
        ("splits", json!([{ "partner_id": NOBODY, "weight": "1.5" }]), "/splits/0/weight"),
        ("splits", json!([{ "partner_id": NOBODY, "weight": "0.5" }]), "/splits"),
        ("splits", json!([{ "partner_id": NOBODY, "weight": "1" }]), "/splits/0/partner_id"),
        ("external_id", json!(""), "/external_id"),
    ] {
        let mut fact = sale("order-1", "10.00", None);
        fact[name] = value.clone();
        let reply = world.conversion(&program, &fact).send().await;
        assert_eq!(
            (reply.status, reply.code()),
            (422, "validation_failed"),
            "{name}={value}: {}",
            reply.text
        );
        let faults = reply.faults();
        assert!(
            faults.iter().any(|(at, _)| at.starts_with(pointer)),
            "{name}={value}: {faults:?}, not {pointer}"
        );
    }
    world.audit().await;
}

#[tokio::test]
async fn no_request_takes_a_field_that_the_contract_does_not_name() {
    let world = World::start().await;
    let program = world.program().await;
    world.join(&program, "kid", None).await;
    for operation in Contract::get().operations() {
        let path = operation
            .path
            .replace("{program_id}", &program.id)
            .replace("{partner_id}", "ptr_EAR4TF915T49FS3DCGG0RA7JC8")
            .replace("{commission_id}", "com_RW59HVJB737GJXNACR6DW6JCNE_01")
            .replace("{endpoint_id}", "whe_RW59HVJB737GJXNACR6DW6JCNE")
            .replace("{queue}", "refunds")
            .replace("{message_id}", "prk_RW59HVJB737GJXNACR6DW6JCNE");
        let content = &operation.spec["requestBody"]["content"]["application/json"];
        if content.is_null() || operation.id == "receiveWebhook" {
            continue;
        }
        let example = content["example"].clone();
        let mut body = if example.is_null() { first_example(&content["examples"]) } else { example };
        body["surprise"] = json!(true);
        let call = match operation.path.as_str() {
            path_ if path_.starts_with("/admin/") => world.admin(&operation.method, &path),
            path_ if path_.starts_with("/conversions") => world.call("POST", &path).bearer(&program.token),
            _ => world.partner("kid", &operation.method, &path),
        };
        let reply = call.json(&body).send().await;
        assert_eq!(
            (reply.status, reply.code()),
            (422, "validation_failed"),
            "{}: {}",
            operation.id,
            reply.text
        );
        assert_eq!(reply.faults()[0].0, "/surprise", "{}: {}", operation.id, reply.text);
    }
}

fn first_example(examples: &Value) -> Value {
    examples.as_object().unwrap().values().next().unwrap()["value"].clone()
}

#[tokio::test]
async fn a_plan_that_cannot_be_is_refused_with_everything_wrong_in_it() {
    let world = World::start().await;
    let program = world.program().await;
    let path = format!("/admin/programs/{}/plans", program.id);
    let plan = json!({
        "rules": [
            { "id": "a", "reward": { "type": "flat", "amount": { "amount": "5.00", "currency": "EUR" } } },
            { "id": "a", "reward": { "type": "percent", "rate": "0.2" } },
        ],
        "hold_days": 400,
    });
    let reply = world.admin("POST", &path).json(&json!({ "plan": plan })).send().await;
    let reply = reply.problem(422, "validation_failed");
    assert!(reply.faults().len() >= 3, "{:?}", reply.faults());
    assert!(reply.faults().iter().all(|(pointer, _)| pointer.starts_with("/plan/")), "{:?}", reply.faults());
    let unknown = "/admin/programs/prg_C2H04S64V5C780R45HNWVP4XQN/plans";
    let plan =
        json!({ "plan": { "rules": [{ "id": "a", "reward": { "type": "percent", "rate": "0.2" } }] } });
    let _ = world.admin("POST", unknown).json(&plan).send().await.problem(404, "not_found");
    let past = json!({ "plan": plan["plan"], "effective_from": "2026-01-01T00:00:00Z" });
    let _ = world.admin("POST", &path).json(&past).send().await.problem(422, "validation_failed");
}

#[tokio::test]
async fn a_program_that_cannot_be_is_refused_with_everything_wrong_in_it() {
    let world = World::start().await;
    let mut request = program_request();
    request["name"] = json!("");
    request["payout"]["minimum"] = json!({ "amount": "10.00", "currency": "EUR" });
    request["link_hosts"] = json!(["not a host"]);
    request["terms"]["sha256"] = json!("abc");
    let reply = world.admin("POST", "/admin/programs").json(&request).send().await;
    let reply = reply.problem(422, "validation_failed");
    assert!(reply.faults().len() >= 4, "{:?}", reply.faults());
}
