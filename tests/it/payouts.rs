//! Money leaves at most once, and what could not be paid comes back.

use futures_util::future::join;
use payment_world::{Outcome, Script};
use serde_json::{Value, json};
use tests::{
    Reply, World,
    story::{Partner, Program, plan, program_request, text, usd},
    stripe,
};

const ACCOUNT: &str = "acct_1PqXjmLkdIwHu7ix";

/// A partner with 20.00 USD to be paid out.
pub(crate) async fn earned(world: &World) -> (Program, Partner) {
    let program = world.program().await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-1", "100.00", &click).await;
    world.days(31).await;
    world.stripe_account(&kid, ACCOUNT).await;
    (program, kid)
}

pub(crate) fn codes(blockers: &Value) -> Vec<String> {
    let mut codes: Vec<_> =
        blockers.as_array().unwrap().iter().map(|blocker| text(&blocker["code"])).collect();
    codes.sort();
    codes
}

#[tokio::test]
async fn a_payout_is_reserved_paid_and_marks_its_commissions() {
    let world = World::start().await;
    let (program, kid) = earned(&world).await;
    assert_eq!(world.eligibility(&program, &kid).await["eligible"], true);
    let reply = world.payout(&program, &kid).send().await;
    assert_eq!((reply.status, &reply.body["status"]), (201, &json!("requested")), "{}", reply.text);
    let figures = world.dashboard(&program, &kid).await;
    assert_eq!(
        (&figures["balances"]["available"], &figures["balances"]["transit"]),
        (&usd("0.00"), &usd("20.00"))
    );
    world.settle().await;
    let payout = world.payouts(&program, &kid).await[0].clone();
    assert_eq!((&payout["status"], &payout["amount"]), (&json!("paid"), &usd("20.00")));
    let line = world.commissions(&program, &kid).await[0].clone();
    assert_eq!(
        (&line["status"], &line["payout_id"], &line["payout_date"]),
        (&json!("paid"), &payout["id"], &payout["paid_at"])
    );
    assert_eq!(world.dashboard(&program, &kid).await["balances"]["paid"], usd("20.00"));
    let payments = world.payments.lock().payments();
    assert_eq!((payments.len(), payments[0].amount, payments[0].destination.as_str()), (1, 2000, ACCOUNT));
    world.audit().await;
}

#[tokio::test]
async fn paypal_pays_in_its_own_time() {
    let world = World::start().await;
    let (program, kid) = earned(&world).await;
    let method = json!({ "provider": "paypal", "email": "kid@paypal.example" });
    world.partner("kid", "PUT", "/affiliate/payout-method").json(&method).expect(200).await;
    world.payout(&program, &kid).expect(201).await;
    world.drain().await;
    for _ in 0..4 {
        world.pass(jiff::SignedDuration::from_mins(10)).await;
    }
    assert_eq!(world.payouts(&program, &kid).await[0]["status"], "paid");
    world.audit().await;
}

#[tokio::test]
async fn paypal_is_not_asked_when_it_may_have_forgotten() {
    let world = World::start().await;
    let (program, kid) = earned(&world).await;
    let method = json!({ "provider": "paypal", "email": "kid@paypal.example" });
    world.partner("kid", "PUT", "/affiliate/payout-method").json(&method).expect(200).await;
    world.payments.lock().script(Script::next(Outcome::AnswerLost)).unwrap();
    world.payout(&program, &kid).expect(201).await;
    world.drain().await;
    world.wait(jiff::SignedDuration::from_hours(24 * 31));
    world.settle().await;
    assert_ne!(world.payouts(&program, &kid).await[0]["status"], "paid");
    let payments = world.payments.lock().payments();
    assert_eq!((payments.len(), payments[0].applied), (1, 1));
    let parked = world.parked().await;
    assert!(matches!(&parked[..], [one] if one.starts_with("payout_outcome_unproven")), "{parked:?}");
}

#[tokio::test]
async fn everything_in_the_way_is_named() {
    let world = World::start().await;
    let mut request = program_request();
    request["auto_approve"] = json!(false);
    request["payout"]["requires_identity"] = json!(true);
    request["payout"]["method_rest_days"] = json!(3);
    let program = world.program_with(&request, &plan()).await;
    let kid = world.join(&program, "kid", None).await;
    let blockers = world.eligibility(&program, &kid).await;
    let all = ["agreement_not_active", "below_minimum", "identity_not_verified", "no_payout_method"];
    assert_eq!(codes(&blockers["blockers"]), all);
    let refused = world.payout(&program, &kid).send().await.problem(409, "payout_blocked");
    assert_eq!(codes(&refused.body["blockers"]), all);

    let path = format!("/admin/programs/{}/applications/{}/approve", program.id, kid.id);
    world.admin("POST", &path).json(&json!({})).expect(200).await;
    world.stripe_account(&kid, ACCOUNT).await;
    let blockers = world.eligibility(&program, &kid).await;
    assert_eq!(
        codes(&blockers["blockers"]),
        ["below_minimum", "identity_not_verified", "payout_method_too_new"]
    );
    let new = blockers["blockers"]
        .as_array()
        .unwrap()
        .iter()
        .find(|blocker| blocker["code"] == "payout_method_too_new");
    assert_eq!(new.unwrap()["clears_at"], "2026-11-05T10:00:00Z");
}

#[tokio::test]
async fn a_verified_identity_clears_the_way() {
    let world = World::start().await;
    let mut request = program_request();
    request["payout"]["requires_identity"] = json!(true);
    let program = world.program_with(&request, &plan()).await;
    let kid = world.join(&program, "kid", None).await;
    let endpoint = world.endpoint(&program).await;
    let secret = endpoint.secret.clone();
    let to = payment_world::Endpoint {
        url: format!("http://api.acme.example{}", endpoint.path),
        secret,
        duplicate: true,
        reorder: true,
        wrong_signature: false,
    };
    world.payments.lock().set_endpoint(to).unwrap();
    let started = world.partner("kid", "POST", "/affiliate/identity-checks").expect(201).await;
    let decision = payment_world::Decision { outcome: payment_world::Verification::Verified, code: None };
    world.payments.lock().decide(started["session_id"].as_str().unwrap(), &decision).unwrap();
    let deliveries = world.payments.lock().deliveries();
    assert!(deliveries.len() >= 4, "{deliveries:?}");
    for delivery in deliveries {
        let call = world.call("POST", &endpoint.path).without("idempotency-key");
        let call =
            call.text("application/json", &delivery.body).header("stripe-signature", &delivery.signature);
        call.expect(200).await;
    }
    let profile = world.partner("kid", "GET", "/affiliate/profile").expect(200).await;
    assert_eq!(profile["identity"]["status"], "verified");
    assert_eq!(
        codes(&world.eligibility(&program, &kid).await["blockers"]),
        ["below_minimum", "no_payout_method"]
    );
    let _ = world.partner("kid", "POST", "/affiliate/identity-checks").send().await.problem(409, "conflict");
}

#[tokio::test]
async fn of_two_requests_at_once_one_is_paid() {
    let world = World::start().await;
    let (program, kid) = earned(&world).await;
    let (one, other) = join(world.payout(&program, &kid).send(), world.payout(&program, &kid).send()).await;
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409], "{} {}", one.text, other.text);
    let lost: Reply = if one.status == 409 { one } else { other };
    let _ = lost.problem(409, "payout_blocked");
    world.settle().await;
    assert_eq!(world.payouts(&program, &kid).await.len(), 1);
    assert_eq!(world.payments.lock().payments().len(), 1);
    world.audit().await;
}

#[tokio::test]
async fn a_lost_answer_never_pays_twice() {
    for outcome in [
        Outcome::AnswerLost,
        Outcome::RequestLost,
        Outcome::ErrorAfterApplying,
        Outcome::RateLimited,
        Outcome::Unavailable,
    ] {
        let world = World::start().await;
        let (program, kid) = earned(&world).await;
        world.payments.lock().script(Script::next(outcome)).unwrap();
        world.payout(&program, &kid).expect(201).await;
        world.drain().await;
        for _ in 0..3 {
            world.pass(jiff::SignedDuration::from_mins(10)).await;
        }
        assert_eq!(world.payouts(&program, &kid).await[0]["status"], "paid", "{outcome:?}");
        let payments = world.payments.lock().payments();
        assert_eq!((payments.len(), payments[0].applied), (1, 1), "{outcome:?}");
        world.audit().await;
    }
}

#[tokio::test]
async fn a_call_that_arrives_late_pays_once() {
    let world = World::start().await;
    let (program, kid) = earned(&world).await;
    let late = Script { seconds: Some(600), ..Script::next(Outcome::Late) };
    world.payments.lock().script(late).unwrap();
    world.payout(&program, &kid).expect(201).await;
    world.drain().await;
    for _ in 0..4 {
        world.pass(jiff::SignedDuration::from_mins(10)).await;
    }
    assert_eq!(world.payouts(&program, &kid).await[0]["status"], "paid");
    assert_eq!(world.payments.lock().payments()[0].applied, 1);
    world.audit().await;
}

#[tokio::test]
async fn a_refusal_gives_the_amount_back() {
    let world = World::start().await;
    let (program, kid) = earned(&world).await;
    let refuse = Script { code: Some("balance_insufficient".into()), ..Script::next(Outcome::Refuse) };
    world.payments.lock().script(refuse).unwrap();
    world.payout(&program, &kid).expect(201).await;
    world.settle().await;
    let payout = world.payouts(&program, &kid).await[0].clone();
    assert_eq!((&payout["status"], &payout["failure"]), (&json!("failed"), &json!("balance_insufficient")));
    assert_eq!(world.eligibility(&program, &kid).await["available"], usd("20.00"));
    world.payout(&program, &kid).expect(201).await;
    world.settle().await;
    assert_eq!(world.payouts(&program, &kid).await[0]["status"], "paid");
    world.audit().await;
}

#[tokio::test]
async fn a_refund_after_the_payout_is_a_debt_that_later_sales_net() {
    let world = World::start().await;
    let (program, kid) = earned(&world).await;
    world.payout(&program, &kid).expect(201).await;
    world.settle().await;
    world.refund(&program, "order-1", "refund-1", "100.00").await;
    let standing = world.eligibility(&program, &kid).await;
    assert_eq!((&standing["available"], &standing["debt"]), (&usd("-20.00"), &usd("20.00")));
    assert_eq!(codes(&standing["blockers"]), ["negative_balance"]);
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-2", "200.00", &click).await;
    world.days(31).await;
    assert_eq!(world.eligibility(&program, &kid).await["available"], usd("20.00"));
    world.payout(&program, &kid).expect(201).await;
    world.settle().await;
    assert_eq!(world.payments.lock().payments().iter().map(|payment| payment.amount).sum::<i64>(), 4000);
    world.audit().await;
}

#[tokio::test]
async fn an_amount_stays_between_the_minimum_and_what_is_there() {
    let world = World::start().await;
    let (program, kid) = earned(&world).await;
    let ask = |amount: Value| {
        let body = json!({ "program_id": program.id, "amount": amount });
        world.partner(&kid.name, "POST", "/affiliate/payout/request").json(&body)
    };
    for (amount, fault) in [
        (usd("9.99"), ("/amount", "below_minimum")),
        (usd("20.01"), ("/amount", "exceeds_available")),
        (json!({ "amount": "15.00", "currency": "EUR" }), ("/amount/currency", "wrong_currency")),
    ] {
        let reply = ask(amount).send().await.problem(422, "validation_failed");
        assert_eq!(reply.faults(), [(fault.0.to_owned(), fault.1.to_owned())]);
    }
    ask(usd("12.50")).expect(201).await;
    world.settle().await;
    assert_eq!(world.eligibility(&program, &kid).await["available"], usd("7.50"));
    // A part of what is earned covers no commission whole.
    assert_eq!(world.commissions(&program, &kid).await[0]["status"], "approved");
    world.audit().await;
}

#[tokio::test]
async fn a_payout_on_its_way_blocks_another_and_keeps_its_method() {
    let world = World::start().await;
    let (program, kid) = earned(&world).await;
    let body = json!({ "program_id": program.id, "amount": usd("10.00") });
    world.partner("kid", "POST", "/affiliate/payout/request").json(&body).expect(201).await;
    world.stripe_account(&kid, "acct_another").await;
    let refused = world.payout(&program, &kid).send().await.problem(409, "payout_blocked");
    assert_eq!(codes(&refused.body["blockers"]), ["payout_open"]);
    world.settle().await;
    assert_eq!(world.payments.lock().payments()[0].destination, ACCOUNT);
    let _ = stripe::recorded(&world, "refund.created");
    world.audit().await;
}

#[tokio::test]
async fn what_nobody_claims_at_paypal_comes_back() {
    let world = World::start().await;
    let (program, kid) = earned(&world).await;
    let method = json!({ "provider": "paypal", "email": "nobody@paypal.example" });
    world.partner("kid", "PUT", "/affiliate/payout-method").json(&method).expect(200).await;
    let item = payment_world::ItemResult {
        status: payment_world::ItemStatus::Unclaimed,
        error: Some("RECEIVER_UNREGISTERED".into()),
    };
    world.payments.lock().script(Script { item, ..Script::next(Outcome::Succeed) }).unwrap();
    world.payout(&program, &kid).expect(201).await;
    for days in [0, 1, 1, 29] {
        world.days(days).await;
        world.pass(jiff::SignedDuration::from_mins(10)).await;
    }
    assert_eq!(world.payouts(&program, &kid).await[0]["status"], "failed");
    assert_eq!(world.eligibility(&program, &kid).await["available"], usd("20.00"));
    world.audit().await;
}
