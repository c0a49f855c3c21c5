//! Joining a program: applying, being decided on, applying again, recruiting.

use serde_json::{Value, json};
use tests::{
    World,
    issuer::Issuer,
    story::{Program, application, plan, program_request, text},
};

/// A program whose applications an administrator decides on.
async fn reviewed(world: &World, reapplication: &str) -> Program {
    let mut request = program_request();
    request["auto_approve"] = json!(false);
    request["reapplication"] = json!(reapplication);
    request["payout"]["requires_identity"] = json!(true);
    world.program_with(&request, &plan()).await
}

fn decision(program: &Program, partner: &Value, verb: &str) -> String {
    format!("/admin/programs/{}/applications/{}/{verb}", program.id, text(&partner["id"]))
}

#[tokio::test]
async fn an_application_is_approved_on_its_own_conditions() {
    let world = World::start().await;
    let program = reviewed(&world, "allowed").await;
    let body = application(&program.id, "jane", None);
    let jane = world.partner("jane", "POST", "/affiliate/register").json(&body).expect(201).await;
    assert_eq!(jane["agreement"]["status"], "applied");
    let missing: Vec<_> =
        jane["missing"].as_array().unwrap().iter().map(|entry| text(&entry["code"])).collect();
    assert_eq!(missing, ["identity_check", "payout_method"]);

    let list = format!("/admin/programs/{}/applications", program.id);
    let waiting = world.admin("GET", &list).expect(200).await;
    assert_eq!(waiting["data"][0]["partner"]["id"], jane["id"]);

    let path = decision(&program, &jane, "approve");
    let conditions = json!({ "commission_tier": "gold", "revenue_split": "0.30" });
    let agreement = world.admin("POST", &path).json(&conditions).expect(200).await;
    assert_eq!((&agreement["status"], &agreement["revenue_split"]), (&json!("approved"), &json!("0.3")));
    let _ = world.admin("POST", &path).json(&json!({})).send().await.problem(409, "conflict");
    assert_eq!(world.admin("GET", &list).expect(200).await["data"], json!([]));

    let profile = world.partner("jane", "GET", "/affiliate/profile").expect(200).await;
    assert_eq!(profile["agreements"][0]["status"], "approved");
    // The agreement's own rate stands above the plan's.
    let partner = tests::story::Partner { name: "jane".into(), id: text(&jane["id"]), code: String::new() };
    let click = world.visit(&program, &partner).await;
    world.sale(&program, "order-1", "100.00", &click).await;
    assert_eq!(world.amounts(&program, &[partner]).await, ["30.00"]);
    world.audit().await;
}

#[tokio::test]
async fn who_was_rejected_may_apply_again_where_the_program_allows_it() {
    for (reapplication, status) in [("allowed", 200), ("never", 409)] {
        let world = World::start().await;
        let program = reviewed(&world, reapplication).await;
        let body = application(&program.id, "jane", None);
        let jane = world.partner("jane", "POST", "/affiliate/register").json(&body).expect(201).await;
        let reason = json!({ "reason": "The website could not be reached." });
        let path = decision(&program, &jane, "reject");
        let rejected = world.admin("POST", &path).json(&reason).expect(200).await;
        assert_eq!((&rejected["status"], &rejected["reason"]), (&json!("rejected"), &reason["reason"]));

        let accept = format!("/affiliate/agreements/{}/accept", program.id);
        let again = world.partner("jane", "POST", &accept).json(&body["terms"]).expect(status).await;
        if status == 200 {
            assert_eq!((&again["status"], &again["reason"]), (&json!("applied"), &Value::Null));
            world.admin("POST", &decision(&program, &jane, "approve")).json(&json!({})).expect(200).await;
        }
    }
}

#[tokio::test]
async fn the_sponsor_is_settled_on_joining() {
    let world = World::start().await;
    let program = world.program().await;
    let [gran, mum, kid] = world.three_generations(&program).await;
    for (partner, sponsor) in [(&gran, None), (&mum, Some(&gran)), (&kid, Some(&mum))] {
        let profile = world.partner(&partner.name, "GET", "/affiliate/profile").expect(200).await;
        assert_eq!(profile["agreements"][0]["sponsor_id"], json!(sponsor.map(|sponsor| &sponsor.id)));
    }
    // Registering again with another sponsor changes nothing.
    let body = application(&program.id, "kid", Some(&gran.code));
    let same = world.partner("kid", "POST", "/affiliate/register").json(&body).expect(200).await;
    assert_eq!(same["agreement"]["sponsor_id"], json!(mum.id));

    for code in ["0000000000000000000000000A".to_owned(), "short".to_owned()] {
        let body = application(&program.id, "new", Some(&code));
        let reply = world.partner("new", "POST", "/affiliate/register").json(&body).send().await;
        let reply = reply.problem(422, "validation_failed");
        assert_eq!(reply.faults()[0].0, "/sponsor_code");
    }
}

#[tokio::test]
async fn the_same_applicant_again_is_the_same_partner() {
    let world = World::start().await;
    let program = world.program().await;
    let body = application(&program.id, "jane", None);
    let first = world.partner("jane", "POST", "/affiliate/register").json(&body).expect(201).await;
    let mut other = application(&program.id, "janet", None);
    other["country"] = json!("AT");
    let again = world.partner("jane", "POST", "/affiliate/register").json(&other).expect(200).await;
    assert_eq!(again, first);
    // A further program is joined in the same way, as the same partner.
    let second = world.program().await;
    let body = application(&second.id, "jane", None);
    let joined = world.partner("jane", "POST", "/affiliate/register").json(&body).expect(201).await;
    assert_eq!(joined["id"], first["id"]);
    let profile = world.partner("jane", "GET", "/affiliate/profile").expect(200).await;
    assert_eq!(profile["agreements"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_address_belongs_to_one_partner() {
    let world = World::start().await;
    let program = world.program().await;
    world.join(&program, "jane", None).await;
    let register = |subject: &str, email: Option<&str>| {
        let token = Issuer::sign(&Issuer::claims(subject, email, &[], world.now()));
        let body = application(&program.id, subject, None);
        world.call("POST", "/affiliate/register").bearer(&token).json(&body)
    };
    let taken = register("thief", Some("Jane@Partners.Example")).send().await;
    let _ = taken.problem(409, "email_taken");
    let nameless = register("nameless", None).send().await.problem(422, "validation_failed");
    assert_eq!(nameless.faults(), [(String::new(), "email_not_verified".to_owned())]);
    let _ = world.partner("thief", "GET", "/affiliate/profile").send().await.problem(404, "not_found");
}

#[tokio::test]
async fn outdated_terms_are_answered_with_the_current_ones() {
    let world = World::start().await;
    let program = world.program().await;
    let mut body = application(&program.id, "jane", None);
    body["terms"]["version"] = json!("2025-12");
    let reply = world.partner("jane", "POST", "/affiliate/register").json(&body).send().await;
    let reply = reply.problem(409, "terms_outdated");
    assert_eq!(reply.body["terms"]["version"], "2026-01");
    world.join(&program, "jane", None).await;
    let accept = format!("/affiliate/agreements/{}/accept", program.id);
    let reply = world.partner("jane", "POST", &accept).json(&body["terms"]).send().await;
    let _ = reply.problem(409, "terms_outdated");
}

#[tokio::test]
async fn an_application_names_everything_that_is_wrong() {
    let world = World::start().await;
    let program = world.program().await;
    let mut body = application(&program.id, "", Some("short"));
    body["country"] = json!("germany");
    body["website"] = json!("ftp://jane.example");
    body["terms"]["sha256"] = json!("abc");
    let reply = world.partner("jane", "POST", "/affiliate/register").json(&body).send().await;
    let reply = reply.problem(422, "validation_failed");
    let pointers: Vec<_> = reply.faults().into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(pointers, ["/country", "/name", "/sponsor_code", "/terms/sha256", "/website"]);
}

#[tokio::test]
async fn a_profile_is_changed_field_by_field() {
    let world = World::start().await;
    let program = world.program().await;
    world.join(&program, "jane", None).await;
    let change = |body: Value| world.partner("jane", "PATCH", "/affiliate/profile").json(&body);
    let changed = change(json!({ "country": "AT", "website": null })).expect(200).await;
    assert_eq!(
        (&changed["country"], &changed["website"], &changed["name"]),
        (&json!("AT"), &Value::Null, &json!("jane"))
    );
    assert_eq!(world.partner("jane", "GET", "/affiliate/profile").expect(200).await, changed);
    let _ =
        change(json!({ "email": "other@partners.example" })).send().await.problem(422, "validation_failed");
    let _ = change(json!({ "name": "" })).send().await.problem(422, "validation_failed");
}
