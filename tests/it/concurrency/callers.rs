//! Many callers at once: one wins where there is one thing to have, and all where there is enough.

use std::sync::atomic::Ordering;

use futures_util::future::join_all;
use serde_json::json;
use tests::{
    issuer::Issuer,
    story::{DESTINATION, application, plan, program_request, refund, sale, text},
};

use super::{WRITERS, assert_bounded, assert_one_wins, contended, statuses};

#[tokio::test]
async fn one_address_registers_one_partner() {
    let (world, requests) = contended().await;
    let program = world.program().await;
    let before = requests.load(Ordering::Relaxed);
    let calls = (0..WRITERS).map(|n| {
        let subject = format!("subject-{n}");
        let token = Issuer::sign(&Issuer::claims(&subject, Some("jane@partners.example"), &[], world.now()));
        let body = application(&program.id, "jane", None);
        world.call("POST", "/affiliate/register").bearer(&token).json(&body).send()
    });
    let replies = join_all(calls).await;
    assert_eq!(statuses(&replies), [(201, 1), (409, WRITERS - 1)]);
    assert!(replies.iter().all(|reply| reply.status == 201 || reply.code() == "email_taken"));
    assert_bounded(&requests, before, 30, "registering");
    world.audit().await;
}

#[tokio::test]
async fn one_sponsor_recruits_everybody_at_once() {
    let (world, requests) = contended().await;
    let program = world.program().await;
    let gran = world.join(&program, "gran", None).await;
    let before = requests.load(Ordering::Relaxed);
    let replies = join_all((0..WRITERS).map(|n| {
        let name = format!("kid-{n}");
        let body = application(&program.id, &name, Some(&gran.code));
        world.partner(&name, "POST", "/affiliate/register").json(&body).send()
    }))
    .await;
    assert_eq!(statuses(&replies), [(201, WRITERS)]);
    assert_bounded(&requests, before, 30, "recruiting");
    let target = format!("/affiliate/referrals?program_id={}&limit=100", program.id);
    let recruits = world.partner("gran", "GET", &target).expect(200).await;
    assert_eq!(recruits["data"].as_array().unwrap().len(), WRITERS);
    world.audit().await;
}

#[tokio::test]
async fn one_balance_is_paid_out_once() {
    let (world, requests) = contended().await;
    let program = world.program().await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-1", "100.00", &click).await;
    world.days(31).await;
    world.stripe_account(&kid, "acct_kid").await;
    let before = requests.load(Ordering::Relaxed);
    let replies = join_all((0..WRITERS).map(|_| world.payout(&program, &kid).send())).await;
    let made = replies.iter().filter(|reply| reply.status == 201).count();
    assert_eq!(made, 1, "{:?}", statuses(&replies));
    assert!(replies.iter().all(|reply| matches!(reply.status, 201 | 409 | 503)), "{:?}", statuses(&replies));
    assert_bounded(&requests, before, 30, "requesting a payout");
    world.settle().await;
    let payments = world.payments.lock().payments();
    assert_eq!(payments.len(), 1);
    world.audit().await;
}

#[tokio::test]
async fn one_charge_and_its_refunds_count_once_however_often_they_are_reported() {
    let (world, requests) = contended().await;
    let program = world.program().await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    let before = requests.load(Ordering::Relaxed);
    let facts: Vec<_> = (0..WRITERS)
        .map(|n| match n % 4 {
            0 => sale("order-1", "100.00", Some(&click)),
            n => refund("order-1", &format!("refund-{n}"), "10.00"),
        })
        .collect();
    let replies = join_all(facts.iter().map(|fact| world.conversion(&program, fact).send())).await;
    assert!(replies.iter().all(|reply| matches!(reply.status, 202 | 503)), "{:?}", statuses(&replies));
    world.settle().await;
    assert_eq!(world.amounts(&program, &[kid]).await, ["14.00"]);
    assert_bounded(&requests, before, 30, "reporting");
    world.audit().await;
}

#[tokio::test]
async fn one_code_is_one_coupon() {
    let (world, requests) = contended().await;
    let program = world.program().await;
    let mut partners = Vec::new();
    for n in 0..4 {
        partners.push(world.join(&program, &format!("kid-{n}"), None).await);
    }
    let before = requests.load(Ordering::Relaxed);
    let replies = join_all((0..WRITERS).map(|n| {
        let body = json!({ "program_id": program.id, "partner_id": partners[n % 4].id, "code": "SUMMER10" });
        world.admin("POST", "/admin/coupons").json(&body).send()
    }))
    .await;
    assert_one_wins(&replies, 201, "coupon_taken");
    assert_bounded(&requests, before, 15, "creating a coupon");
    let target = format!("/admin/coupons?program_id={}", program.id);
    assert_eq!(world.admin("GET", &target).expect(200).await["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_last_links_are_given_out_once() {
    const LIMIT: usize = 5;
    let (world, requests) = contended().await;
    let mut request = program_request();
    request["links"] = json!({ "limit_per_partner": LIMIT });
    let program = world.program_with(&request, &plan()).await;
    let kid = world.join(&program, "kid", None).await;
    let before = requests.load(Ordering::Relaxed);
    let make = || {
        let body = json!({ "program_id": program.id, "destination": DESTINATION });
        world.partner(&kid.name, "POST", "/affiliate/links/generate").json(&body).send()
    };
    let replies = join_all((0..WRITERS).map(|_| make())).await;
    assert_eq!(statuses(&replies), [(201, LIMIT), (409, WRITERS - LIMIT)]);
    let refused = replies.iter().filter(|reply| reply.status == 409);
    assert!(refused.clone().all(|reply| reply.code() == "link_limit_reached"), "{:?}", statuses(&replies));
    // Each that is disabled makes room for one, however many ask.
    let made = replies.iter().find(|reply| reply.status == 201).unwrap();
    let path = format!("/affiliate/links/{}/disable", text(&made.body["id"]));
    let disabled = join_all((0..WRITERS).map(|_| world.partner(&kid.name, "POST", &path).send())).await;
    assert_eq!(statuses(&disabled), [(200, WRITERS)]);
    let replies = join_all((0..WRITERS).map(|_| make())).await;
    assert_eq!(statuses(&replies), [(201, 1), (409, WRITERS - 1)]);
    assert_bounded(&requests, before, 60, "making links");
}

#[tokio::test]
async fn of_two_secrets_at_once_one_is_taken() {
    let (world, requests) = contended().await;
    let program = world.program().await;
    let endpoint = world.endpoint(&program).await;
    let path = format!("/admin/webhook-endpoints/{}/secrets", endpoint.path.rsplit('/').next().unwrap());
    let before = requests.load(Ordering::Relaxed);
    let rotate = |secret: &str| world.admin("POST", &path).json(&json!({ "signing_secret": secret }));
    let names = ["whsec_the-one-secret", "whsec_the-other-secret"];
    let replies = join_all(names.iter().map(|secret| rotate(secret).send())).await;
    let [won] = <[&tests::Reply; 1]>::try_from(
        replies.iter().filter(|reply| reply.status == 201).collect::<Vec<_>>(),
    )
    .unwrap();
    // Whoever sees the two that are live now has to say which of them is to stay.
    assert!(replies.iter().all(|reply| *reply == *won || matches!(reply.status, 409 | 422)));
    assert_bounded(&requests, before, 15, "rotating");
    // The one before stays live beside it; the loser's is nobody's.
    for (secret, reply) in names.iter().zip(&replies) {
        let event = tests::stripe::recorded(&world, "invoice.paid");
        let signed = tests::stripe::Endpoint { secret: (*secret).to_owned(), ..endpoint.clone() };
        let status = world.webhook(&signed, &event).send().await.status;
        assert_eq!(status, if reply.status == 201 { 200 } else { 401 });
    }
    let event = tests::stripe::recorded(&world, "invoice.paid");
    world.webhook(&endpoint, &event).expect(200).await;
}

#[tokio::test]
async fn one_plan_at_a_time_is_published() {
    let (world, requests) = contended().await;
    let program = world.program().await;
    let path = format!("/admin/programs/{}/plans", program.id);
    let before = requests.load(Ordering::Relaxed);
    let replies = join_all((0..WRITERS).map(|n| {
        let mut plan = plan();
        plan["hold_days"] = json!(n);
        world.admin("POST", &path).json(&json!({ "plan": plan })).send()
    }))
    .await;
    assert_bounded(&requests, before, 15, "publishing");
    // Whoever has seen the latest one may follow it; no number is given twice, and none is left out.
    let (won, lost): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 201);
    assert!(lost.iter().all(|reply| (reply.status, reply.code()) == (409, "conflict")), "{lost:#?}");
    let plans = world.store().plans(&program.id.parse().unwrap()).await.unwrap();
    let mut versions: Vec<_> = won.iter().map(|reply| reply.body["version"].as_u64().unwrap()).collect();
    versions.sort_unstable();
    let kept: Vec<_> = plans.iter().skip(1).map(|version| u64::from(version.version)).collect();
    assert_eq!(kept, versions);
    assert_eq!(versions, (2..2 + versions.len() as u64).collect::<Vec<_>>());
    for reply in won {
        let kept = plans.iter().find(|version| reply.body["version"] == version.version).unwrap();
        assert_eq!(reply.body["plan"]["hold_days"], kept.plan.hold_days);
    }
}
