//! Stripe's events: by this door too every fact counts once.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use serde_json::json;
use store::testing::{Fault, Faults};
use tests::{World, between::Between, story, stripe};

#[tokio::test]
async fn a_payment_and_its_refund_come_by_webhook() {
    let world = World::start().await;
    let program = world.program().await;
    let [gran, mum, kid] = world.three_generations(&program).await;
    let family = [kid.clone(), mum, gran];
    let click = world.visit(&program, &kid).await;
    let endpoint = world.endpoint(&program).await;
    let payment = stripe::checkout(&world, "pi_1", 10_000, &click);
    assert_eq!(world.webhook(&endpoint, &payment).expect(200).await, json!({ "received": true }));
    world.drain().await;
    assert_eq!(world.amounts(&program, &family).await, ["20.00", "5.00", "2.00"]);
    world.webhook(&endpoint, &stripe::refund(&world, "pi_1", "re_1", 4_000)).expect(200).await;
    world.drain().await;
    assert_eq!(world.amounts(&program, &family).await, ["12.00", "3.00", "1.20"]);
    world.webhook(&endpoint, &stripe::refund(&world, "pi_1", "re_2", 6_000)).expect(200).await;
    world.drain().await;
    assert!(world.audit().await.balances.is_empty());
}

#[tokio::test]
async fn ten_deliveries_and_the_same_sale_by_api_are_one_conversion() {
    let world = World::start().await;
    let program = world.program().await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    let endpoint = world.endpoint(&program).await;
    let payment = stripe::checkout(&world, "pi_1", 10_000, &click);
    for delivery in 0..10 {
        let call = world.webhook(&endpoint, &payment);
        let call = if delivery % 2 == 0 { call } else { call.in_base64() };
        call.expect(200).await;
        world.drain().await;
    }
    let mut fact = story::sale("pi_1", "100.00", Some(&click));
    fact["source"] = json!("stripe");
    world.conversion(&program, &fact).expect(202).await;
    world.drain().await;
    assert_eq!(world.amounts(&program, &[kid]).await, ["20.00"]);
    world.audit().await;
}

#[tokio::test]
async fn a_bad_signature_is_refused_without_detail() {
    let world = World::start().await;
    let program = world.program().await;
    let endpoint = world.endpoint(&program).await;
    let event = stripe::recorded(&world, "invoice.paid");
    let good = world.webhook(&endpoint, &event);
    let stale = payment_world::sign(&endpoint.secret, world.now().as_second() - 301, &event.to_string());
    let foreign = payment_world::sign("whsec_another-secret", world.now().as_second(), &event.to_string());
    for call in [
        good.clone().without("stripe-signature"),
        good.clone().header("stripe-signature", "t=1,v1=00"),
        good.clone().header("stripe-signature", "nonsense"),
        good.clone().header("stripe-signature", &stale),
        good.clone().header("stripe-signature", &foreign),
    ] {
        let reply = call.send().await.problem(401, "invalid_signature");
        assert_eq!(reply.body.get("detail"), None);
    }
    for path in [
        "/webhooks/paypal/whe_KW5HRPSXS9TBJQMEZRJSD01615",
        "/webhooks/stripe/whe_KW5HRPSXS9TBJQMEZRJSD01615",
        "/webhooks/stripe/nobody",
    ] {
        let mut call = good.clone();
        path.clone_into(&mut call.path);
        let _ = call.send().await.problem(404, "not_found");
    }
    good.expect(200).await;
}

#[tokio::test]
async fn a_kind_of_event_that_means_nothing_is_kept_and_acknowledged() {
    let world = World::start().await;
    let program = world.program().await;
    let endpoint = world.endpoint(&program).await;
    let event = json!({ "id": "evt_odd", "object": "event", "type": "customer.created", "created": world.now().as_second(), "data": { "object": {} } });
    world.webhook(&endpoint, &event).expect(200).await;
    let rows = world.table.dump().await;
    assert!(rows.iter().any(|row| row.key().pk.starts_with("WHK#") && row.key().pk.ends_with("evt_odd")));
    world.audit().await;
}

#[tokio::test]
async fn an_invoice_that_comes_before_its_session_is_attributed_all_the_same() {
    for session_first in [true, false] {
        let world = World::start().await;
        let program = world.program().await;
        let kid = world.join(&program, "kid", None).await;
        let click = world.visit(&program, &kid).await;
        let endpoint = world.endpoint(&program).await;
        let mut events = [
            stripe::subscription_session(&world, "cus_1", &click),
            stripe::invoice(&world, "in_1", "cus_1", 10_000),
        ];
        if !session_first {
            events.reverse();
        }
        for event in &events {
            world.webhook(&endpoint, event).expect(200).await;
            world.drain().await;
        }
        assert_eq!(world.amounts(&program, &[kid]).await, ["20.00"], "session first: {session_first}");
        world.audit().await;
    }
}

#[tokio::test]
async fn a_refund_that_names_only_the_payment_intent_finds_its_invoice() {
    // Whatever of the three comes first.
    for order in [[0, 1, 2], [2, 0, 1], [2, 1, 0], [1, 2, 0], [0, 2, 1]] {
        let world = World::start().await;
        let program = world.program().await;
        let kid = world.join(&program, "kid", None).await;
        let click = world.visit(&program, &kid).await;
        let endpoint = world.endpoint(&program).await;
        world.webhook(&endpoint, &stripe::subscription_session(&world, "cus_1", &click)).expect(200).await;
        let events = [
            stripe::invoice(&world, "in_1", "cus_1", 10_000),
            stripe::invoice_payment(&world, "in_1", "pi_1"),
            stripe::refund(&world, "pi_1", "re_1", 4_000),
        ];
        for index in order {
            world.webhook(&endpoint, &events[index]).expect(200).await;
            world.drain().await;
        }
        assert_eq!(world.amounts(&program, &[kid]).await, ["12.00"], "{order:?}");
        world.audit().await;
    }
}

#[tokio::test]
async fn while_the_table_is_away_nothing_is_acknowledged_and_the_repeat_counts_once() {
    for fault in [|| Fault::RequestLost, || Fault::AnswerLost, Fault::throttled] {
        let mut world = World::start().await;
        let is_away = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&is_away);
        world.between = Between::new(move |binary, http| {
            let (seen, hits) = (Arc::clone(&seen), binary == "receive-webhook");
            let is_hit = move |operation: &str| {
                let is_table = operation != "GetSecretValue";
                (hits && is_table && seen.load(Ordering::Relaxed)).then(fault)
            };
            Faults::new(is_hit).over(http)
        });
        let program = world.program().await;
        let kid = world.join(&program, "kid", None).await;
        let click = world.visit(&program, &kid).await;
        let endpoint = world.endpoint(&program).await;
        let payment = stripe::checkout(&world, "pi_1", 10_000, &click);
        is_away.store(true, Ordering::Relaxed);
        for _ in 0..2 {
            let reply = world.webhook(&endpoint, &payment).send().await.problem(503, "unavailable");
            assert!(reply.header("retry-after").is_some());
        }
        world.settle().await;
        is_away.store(false, Ordering::Relaxed);
        for _ in 0..2 {
            world.webhook(&endpoint, &payment).expect(200).await;
        }
        world.drain().await;
        assert_eq!(world.amounts(&program, &[kid]).await, ["20.00"]);
        world.audit().await;
    }
}
