//! Many at once: exact ends, and a bounded number of requests.
//!
//! The emulator takes one request at a time and never reports a conflict by itself, so conflicts
//! and throttling are put between the functions and the table.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use futures_util::future::join_all;
use serde_json::json;
use store::testing::{Fault, Faults};
use tests::{
    Reply, World,
    between::Between,
    issuer::Issuer,
    story::{application, refund, sale},
};

/// So many do the same at once.
const WRITERS: usize = 32;
/// Every so many writes meet another one, or a busy table.
const CONFLICT_EVERY: usize = 4;
/// Requests to the table that one caller may cost, repeats and second looks included.
const REQUESTS_EACH: usize = 30;

/// A world whose table is contended, and the count of requests to it.
async fn contended() -> (World, Arc<AtomicUsize>) {
    let mut world = World::start().await;
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    world.between = Between::new(move |_, http| {
        let counted = Arc::clone(&counted);
        let faults = Faults::new(move |operation| {
            let number = counted.fetch_add(1, Ordering::Relaxed);
            match operation {
                "TransactWriteItems" if number.is_multiple_of(CONFLICT_EVERY) => Some(Fault::conflict(2)),
                "PutItem" | "UpdateItem" if number.is_multiple_of(CONFLICT_EVERY) => Some(Fault::throttled()),
                _ => None,
            }
        });
        faults.over(http)
    });
    (world, requests)
}

fn assert_bounded(requests: &AtomicUsize, before: usize, what: &str) {
    let each = (requests.load(Ordering::Relaxed) - before) / WRITERS;
    assert!(each <= REQUESTS_EACH, "{what}: {each} requests each");
}

/// How many were answered with each status.
fn statuses(replies: &[Reply]) -> Vec<(u16, usize)> {
    let mut all: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    all.sort_unstable();
    let count = |status: u16| all.iter().filter(|other| **other == status).count();
    let mut counts: Vec<_> = all.iter().map(|status| (*status, count(*status))).collect();
    counts.dedup();
    counts
}

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
    assert_bounded(&requests, before, "registering");
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
    assert_bounded(&requests, before, "recruiting");
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
    assert_bounded(&requests, before, "requesting a payout");
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
    assert_bounded(&requests, before, "reporting");
    world.audit().await;
}

#[tokio::test]
async fn maturity_and_refunds_of_one_account_meet() {
    let (world, requests) = contended().await;
    let program = world.program().await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    for n in 0..WRITERS {
        let order = sale(&format!("order-{n}"), "100.00", Some(&click));
        world.conversion(&program, &order).expect(202).await;
    }
    world.settle().await;
    world.wait(jiff::SignedDuration::from_hours(24 * 31));
    let before = requests.load(Ordering::Relaxed);
    let maturing = world.pump.tick(&world, "evaluate-maturity");
    let refunding = join_all((0..WRITERS).map(|n| {
        let fact = refund(&format!("order-{n}"), "refund-1", "50.00");
        world.conversion(&program, &fact).expect(202)
    }));
    let ((), accepted) = futures_util::future::join(maturing, refunding).await;
    assert!(accepted.iter().all(|reply| reply["conversion_id"] != json!(null)));
    world.settle().await;
    assert_bounded(&requests, before, "maturing and refunding");
    assert_eq!(world.eligibility(&program, &kid).await["available"]["amount"], "320.00");
    world.audit().await;
}
