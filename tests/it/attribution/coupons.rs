//! Codes: whose they are, and what they are worth beside other touches.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::json;
use store::testing::{Fault, Faults};
use tests::{
    World,
    between::Between,
    story::{sale, text},
};

use super::{by, count, loser, nobody, outcome, program_by, program_with, rejected};

#[tokio::test]
async fn a_code_credits_its_owner_however_it_is_typed() {
    let world = World::start().await;
    let program = world.program().await;
    let ada = world.join(&program, "ada", None).await;
    world.coupon(&program, &ada, "Summer 10").await;
    for (order, code, expected) in [
        ("order-1", "SUMMER 10", by("coupon", &ada)),
        ("order-2", " summer 10 ", by("coupon", &ada)),
        ("order-3", "WINTER", nobody("no_touch")),
        ("order-4", "a\u{200b}b", nobody("no_touch")),
    ] {
        let mut fact = sale(order, "100.00", None);
        fact["coupon"] = json!(code);
        assert_eq!(outcome(&count(&world, &program, &fact).await), expected, "{code}");
    }
    let commissions = world.commissions(&program, &ada).await;
    assert_eq!(commissions.len(), 2);
    let target = format!("/affiliate/commissions/{}/explain", text(&commissions[0]["id"]));
    let told = world.partner("ada", "GET", &target).expect(200).await;
    assert!(text(&told["sentences"][0]).contains("used your code Summer 10"), "{}", told["sentences"]);
    world.audit().await;
}

#[tokio::test]
async fn a_code_belongs_to_one_partner_for_good() {
    let world = World::start().await;
    let (program, other) = (world.program().await, world.program().await);
    let ada = world.join(&program, "ada", None).await;
    let bob = world.join(&program, "bob", None).await;
    let make = |partner: &str, code: &str| {
        let body =
            json!({ "program_id": program.id, "partner_id": partner, "code": code, "campaign": "sun" });
        world.admin("POST", "/admin/coupons").json(&body)
    };
    let key = world.fresh("key");
    let coupon = make(&ada.id, "SUMMER10").key(&key).expect(201).await;
    assert_eq!(make(&ada.id, "SUMMER10").key(&key).expect(201).await, coupon, "the same request");
    let id = text(&coupon["id"]);
    for partner in [&ada, &bob] {
        let _ = make(&partner.id, "summer10").send().await.problem(409, "coupon_taken");
    }
    let disable = || world.admin("POST", &format!("/admin/coupons/{id}/disable"));
    let disabled = disable().expect(200).await;
    assert!(disabled["disabled_at"].is_string());
    world.wait(SignedDuration::from_mins(1));
    assert_eq!(disable().expect(200).await, disabled, "once is enough");
    let _ = make(&bob.id, "Summer10").send().await.problem(409, "coupon_taken");

    // Another program's codes are its own.
    let carl = world.join(&other, "carl", None).await;
    world.coupon(&other, &carl, "SUMMER10").await;
    let _ = make(&carl.id, "AUTUMN").send().await.problem(404, "not_found");
    for (code, fault) in [("", "/code"), ("a\tb", "/code"), (&*"x".repeat(101), "/code")] {
        let reply = make(&ada.id, code).send().await;
        assert_eq!(reply.faults(), [(fault.to_owned(), "invalid".to_owned())], "{}", reply.text);
    }
    world.coupon(&program, &bob, "BOB").await;
    world.wait(SignedDuration::from_mins(1));
    world.coupon(&program, &ada, "promo_1MOEfl2eZvKYlo2C1aHCMZ7Q").await;

    let codes = |page: serde_json::Value| -> Vec<String> {
        page["data"].as_array().unwrap().iter().map(|coupon| text(&coupon["code"])).collect()
    };
    let target = format!("/admin/coupons?program_id={}", program.id);
    assert_eq!(codes(world.admin("GET", &target).expect(200).await).len(), 3);
    let of_ada = world.admin("GET", &format!("{target}&partner_id={}", ada.id)).expect(200).await;
    assert_eq!(codes(of_ada.clone()), ["promo_1MOEfl2eZvKYlo2C1aHCMZ7Q", "SUMMER10"]);
    let own = |name| world.partner(name, "GET", &format!("/affiliate/coupons?program_id={}", program.id));
    assert_eq!(own("ada").expect(200).await, of_ada);
    assert_eq!(codes(own("bob").expect(200).await), ["BOB"]);
    let _ = own("carl").send().await.problem(404, "not_found");
    let _ = world.partner("ada", "GET", &target).send().await.problem(403, "forbidden");
}

#[tokio::test]
async fn of_many_who_want_one_code_one_gets_it() {
    let world = World::start().await;
    let program = world.program().await;
    let mut partners = Vec::new();
    for number in 0..8 {
        partners.push(world.join(&program, &format!("partner-{number}"), None).await);
    }
    let calls = partners.iter().enumerate().map(|(number, partner)| {
        let code = if number % 2 == 0 { "FLASH" } else { "flash" };
        let body = json!({ "program_id": program.id, "partner_id": partner.id, "code": code });
        world.admin("POST", "/admin/coupons").json(&body).send()
    });
    let replies = join_all(calls).await;
    let made: Vec<_> = replies.iter().filter(|reply| reply.status == 201).collect();
    assert_eq!(made.len(), 1);
    assert_eq!(replies.iter().filter(|reply| reply.code() == "coupon_taken").count(), 7);
    let mut fact = sale("order-1", "100.00", None);
    fact["coupon"] = json!("Flash");
    let conversion = count(&world, &program, &fact).await;
    assert_eq!(outcome(&conversion).1, made[0].body["partner_id"]);
}

#[tokio::test]
async fn a_code_whose_disabling_was_not_confirmed_is_disabled() {
    let mut world = World::start().await;
    let is_lost = Arc::new(AtomicBool::new(false));
    let lost = Arc::clone(&is_lost);
    world.between = Between::new(move |binary, http| {
        let (lost, is_it) = (Arc::clone(&lost), binary == "disable-coupon");
        let once = move |operation: &str| {
            let is_write = operation != "GetItem" && operation != "GetSecretValue";
            (is_it && is_write && !lost.swap(true, Ordering::Relaxed)).then_some(Fault::AnswerLost)
        };
        Faults::new(once).over(http)
    });
    let program = world.program().await;
    let ada = world.join(&program, "ada", None).await;
    let id = world.coupon(&program, &ada, "SUMMER10").await;
    let disabled = world.admin("POST", &format!("/admin/coupons/{id}/disable")).expect(200).await;
    assert_eq!(disabled["disabled_at"], json!(world.now()));
    assert!(is_lost.load(Ordering::Relaxed), "no answer was lost");
}

#[tokio::test]
async fn a_code_counts_from_its_creation_until_it_is_disabled() {
    let world = World::start().await;
    let program = world.program().await;
    let ada = world.join(&program, "ada", None).await;
    world.days(1).await;
    let created = world.now();
    let id = world.coupon(&program, &ada, "SUMMER10").await;
    world.days(1).await;
    let disabled = world.now();
    world.admin("POST", &format!("/admin/coupons/{id}/disable")).expect(200).await;
    world.days(1).await;
    let millisecond = SignedDuration::from_millis(1);
    for (order, at, expected) in [
        ("too-early", created - millisecond, nobody("no_valid_touch")),
        ("first", created, by("coupon", &ada)),
        ("last", disabled - millisecond, by("coupon", &ada)),
        ("too-late", disabled, nobody("no_valid_touch")),
    ] {
        let mut fact = sale(order, "100.00", None);
        fact["coupon"] = json!("SUMMER10");
        fact["occurred_at"] = json!(at);
        let conversion = count(&world, &program, &fact).await;
        assert_eq!(outcome(&conversion), expected, "{order}");
        if expected.0 == "nobody" {
            assert_eq!(rejected(&conversion), [loser("coupon", "coupon_inactive", &ada)]);
        }
    }
    world.audit().await;
}

#[tokio::test]
async fn between_a_code_and_a_click_the_policy_decides_and_the_loser_is_told_to_administrators_only() {
    let world = World::start().await;
    for (order, winner) in [(["coupon", "click"], "ada"), (["click", "coupon"], "bob")] {
        let program = program_by(&world, &order).await;
        let ada = world.join(&program, "ada", None).await;
        let bob = world.join(&program, "bob", None).await;
        world.coupon(&program, &ada, "SUMMER10").await;
        let mut fact = sale("order-1", "100.00", Some(&world.visit(&program, &bob).await));
        fact["coupon"] = json!("SUMMER10");
        let conversion = count(&world, &program, &fact).await;
        let (credited, kind, lost, other) =
            if winner == "ada" { (&ada, "coupon", &bob, "click") } else { (&bob, "click", &ada, "coupon") };
        assert_eq!(outcome(&conversion), by(kind, credited));
        assert_eq!(rejected(&conversion), [loser(other, "outranked", lost)]);

        let line = &world.commissions(&program, credited).await[0];
        let target = format!("/affiliate/commissions/{}/explain", text(&line["id"]));
        let told = world.partner(winner, "GET", &target).expect(200).await;
        let hidden = json!([
            { "kind": other, "reason": "outranked", "reference": null, "partner_id": null, "at": null }
        ]);
        assert_eq!(told["attribution"]["rejected"], hidden);
        let all = world.admin("GET", &target).expect(200).await;
        assert_eq!(all["attribution"]["rejected"], conversion["attribution"]["rejected"]);
        assert_eq!(all["attribution"]["rejected"][0]["partner_id"], json!(lost.id));
    }
}

#[tokio::test]
async fn a_plan_may_have_a_policy_of_its_own() {
    let world = World::start().await;
    let program = program_with(&world, &json!({ "precedence": ["click"] })).await;
    let ada = world.join(&program, "ada", None).await;
    let bob = world.join(&program, "bob", None).await;
    world.coupon(&program, &ada, "SUMMER10").await;
    let click = world.visit(&program, &bob).await;
    let mut fact = sale("order-1", "100.00", Some(&click));
    fact["coupon"] = json!("SUMMER10");
    let before = world.now();
    let conversion = count(&world, &program, &fact).await;
    assert_eq!(outcome(&conversion), by("click", &bob));
    assert_eq!(rejected(&conversion), [loser("coupon", "kind_not_allowed", &ada)]);

    world.wait(SignedDuration::from_mins(1));
    let mut plan = tests::story::plan();
    plan["attribution"] = json!({ "precedence": ["coupon"] });
    world.publish(&program.id, &plan).await;
    fact["external_id"] = json!("order-2");
    fact["customer"]["id"] = json!("second");
    assert_eq!(outcome(&count(&world, &program, &fact).await), by("coupon", &ada));
    // A sale of before is decided by what held then, however late it is told.
    fact["external_id"] = json!("order-3");
    fact["customer"]["id"] = json!("third");
    fact["occurred_at"] = json!(before);
    assert_eq!(outcome(&count(&world, &program, &fact).await), by("click", &bob));
    world.audit().await;
}
