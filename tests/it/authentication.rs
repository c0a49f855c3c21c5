//! Who may call what.

use domain::id::{ApiKeyId, ProgramId};
use jiff::SignedDuration;
use runtime::ApiKey;
use serde_json::json;
use store::{
    api_key::ApiKeyRecord,
    idempotency::{Answer, Idempotency, Keep, Once},
};
use tests::{
    Call, World,
    contract::Contract,
    issuer::Issuer,
    story::{Program, sale},
    template::Template,
};

/// Every route that is not open to all, with a path that could exist.
fn closed_routes() -> Vec<(String, String)> {
    let routes = Template::get().functions().iter().filter_map(|function| function.route());
    routes
        .filter(|(_, _, public)| !public)
        .map(|(method, path, _)| {
            let path = path
                .replace("{program_id}", "prg_C2H04S64V5C780R45HNWVP4XQN")
                .replace("{partner_id}", "ptr_EAR4TF915T49FS3DCGG0RA7JC8")
                .replace("{commission_id}", "com_RW59HVJB737GJXNACR6DW6JCNE_01");
            (method.to_owned(), path)
        })
        .collect()
}

/// The smallest request that a route might understand.
fn knock<'w>(world: &'w World, method: &str, path: &str) -> Call<'w> {
    let call = world.call(method, path);
    if method == "GET" { call } else { call.json(&json!({})) }
}

#[tokio::test]
async fn without_a_good_token_no_route_opens() {
    let world = World::start().await;
    let claims = Issuer::claims("jane", Some("jane@partners.example"), &["admin"], world.now());
    let signed = |name: &str, value: serde_json::Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        Issuer::sign(&claims)
    };
    let good = Issuer::sign(&claims);
    let (signed_part, _) = good.rsplit_once('.').unwrap();
    let tokens = [
        "nonsense".to_owned(),
        format!("{signed_part}.AAAA"),
        signed("exp", json!(world.now().as_second() - 61)),
        signed("aud", json!("another-application")),
        signed("iss", json!("https://somebody.example")),
        signed("nbf", json!(world.now().as_second() + 3600)),
        format!("{}.secret", ApiKeyId::derive(&["nobody"])),
    ];
    let routes = closed_routes();
    assert!(routes.len() > 20, "{routes:?}");
    for (method, path) in &routes {
        let reply = knock(&world, method, path).send().await;
        assert_eq!(reply.status, 401, "{method} {path} without a token: {}", reply.text);
        for token in &tokens {
            let reply = knock(&world, method, path).bearer(token).send().await;
            assert_eq!((reply.status, reply.code()), (401, "unauthenticated"), "{method} {path} {token}");
        }
        let reply =
            knock(&world, method, path).header("authorization", "Basic amFuZTpzZWNyZXQ=").send().await;
        assert_eq!((reply.status, reply.code()), (401, "unauthenticated"), "{method} {path}");
    }
}

#[tokio::test]
async fn every_role_stays_on_its_side() {
    let world = World::start().await;
    let program = world.program().await;
    for (method, path) in closed_routes() {
        let is_admin = path.starts_with("/admin/");
        let is_merchant = path.starts_with("/conversions");
        let knock = || knock(&world, &method, &path);
        let token =
            |groups: &[&str]| Issuer::sign(&Issuer::claims("x", Some("x@y.example"), groups, world.now()));
        if is_admin || is_merchant {
            assert_forbidden(knock().bearer(&token(&[]))).await;
        }
        // Administrators may read why a commission is what it is, and end any link.
        if !is_admin && !path.ends_with("/explain") && !path.ends_with("/links/{link_id}/disable") {
            assert_forbidden(knock().bearer(&token(&["admin"]))).await;
        }
        if !is_merchant {
            assert_forbidden(knock().bearer(&program.token)).await;
        }
    }
}

async fn assert_forbidden(call: Call<'_>) {
    let line = format!("{} {}", call.method, call.path);
    let reply = call.send().await;
    assert_eq!((reply.status, reply.code()), (403, "forbidden"), "{line}: {}", reply.text);
}

#[tokio::test]
async fn a_key_opens_only_while_it_lives_and_only_what_it_may() {
    let world = World::start().await;
    let program = world.program().await;
    let fact = sale("order-1", "10.00", None);
    let with = |token: &str| world.call("POST", "/conversions").bearer(token).json(&fact);
    let (id, secret) = program.token.split_once('.').unwrap();
    let wrong = format!("{id}.{}", secret.replace(secret.chars().next().unwrap(), "~"));
    let _ = with(&wrong).send().await.problem(401, "unauthenticated");
    let revoked = planted(&world, &program, "revoked", &["conversions:write"], true).await;
    let _ = with(&revoked).send().await.problem(401, "unauthenticated");
    let scopeless = planted(&world, &program, "scopeless", &[], false).await;
    let _ = with(&scopeless).send().await.problem(403, "forbidden");
    with(&program.token).expect(202).await;
    // Two keys live side by side while one replaces the other.
    let second = world.api_key(&program.id).await;
    assert_ne!(second, program.token);
    with(&second).expect(202).await;
}

/// A key as it could stand in the table; nothing in the API makes one like it.
async fn planted(world: &World, program: &Program, name: &str, scopes: &[&str], is_revoked: bool) -> String {
    let key = ApiKey::issue(&world.keyring(), ApiKeyId::derive(&[name]));
    let now = world.now();
    let record = ApiKeyRecord {
        id: key.id().clone(),
        program_id: program.id.parse::<ProgramId>().unwrap(),
        name: name.to_owned(),
        digest: key.digest(),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        created_at: now,
        revoked_at: is_revoked.then_some(now),
    };
    let request = Idempotency {
        caller: "admin:root".to_owned(),
        operation: "plant",
        key: name.to_owned(),
        request_hash: String::new(),
    };
    let answer = Answer { status: 201, location: None, body: String::new() };
    let once = Once { request: &request, answer: &answer, keep: Keep::Week, now };
    world.store().create_api_key(&record, once).await.unwrap();
    key.token()
}

#[tokio::test]
async fn what_belongs_to_another_is_not_there() {
    let world = World::start().await;
    let (program, other) = (world.program().await, world.program().await);
    let ada = world.join(&program, "ada", None).await;
    world.join(&other, "bob", None).await;
    let click = world.visit(&program, &ada).await;
    world.sale(&program, "order-1", "100.00", &click).await;
    let commission = world.commissions(&program, &ada).await[0]["id"].as_str().unwrap().to_owned();
    let query = format!("?program_id={}", program.id);
    for target in [
        format!("/affiliate/commissions/{commission}/explain"),
        format!("/affiliate/links{query}"),
        format!("/affiliate/commissions{query}"),
        format!("/affiliate/dashboard{query}"),
        format!("/affiliate/referrals{query}"),
        format!("/affiliate/payouts{query}"),
        format!("/affiliate/payout/eligibility{query}"),
    ] {
        let reply = world.partner("bob", "GET", &target).send().await;
        assert_eq!((reply.status, reply.code()), (404, "not_found"), "{target}");
    }
    let payout =
        world.partner("bob", "POST", "/affiliate/payout/request").json(&json!({ "program_id": program.id }));
    let _ = payout.send().await.problem(404, "not_found");
    let link = json!({ "program_id": program.id, "destination": "https://shop.acme.example/" });
    let link = world.partner("bob", "POST", "/affiliate/links/generate").json(&link);
    let _ = link.send().await.problem(404, "not_found");
    // The other program's key knows nothing of this program's clicks.
    world.sale(&other, "order-1", "100.00", &click).await;
    assert_eq!(world.commissions(&program, &ada).await.len(), 1);
    world.audit().await;
}

#[tokio::test]
async fn a_token_that_has_just_expired_is_given_a_minute() {
    let world = World::start().await;
    let program = world.program().await;
    world.join(&program, "jane", None).await;
    let token = Issuer::sign(&Issuer::claims("jane", None, &[], world.now()));
    let read = || world.call("GET", "/affiliate/profile").bearer(&token);
    read().expect(200).await;
    world.wait(SignedDuration::from_secs(3600 + 59));
    read().expect(200).await;
    world.wait(SignedDuration::from_secs(1));
    let _ = read().send().await.problem(401, "unauthenticated");
    assert!(Contract::get().operations().len() > 20);
}
