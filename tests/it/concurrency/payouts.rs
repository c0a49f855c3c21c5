//! Money that leaves while everybody is at it.

use futures_util::future::{join, join_all};
use jiff::SignedDuration;
use payment_world::{Outcome, Script};
use serde_json::{Value, json};
use tests::{
    story::{plan, refund, sale, usd},
    stream::Stream,
};

use super::{Rush, WRITERS, statuses};

/// Requests to the table for each call or instance, with all that follows from it.
const EACH: usize = 50;
/// So many instances have the same message.
const INSTANCES: usize = 8;

/// 20.00 can be paid out for each of so many sales.
async fn earned(sales: usize) -> Rush {
    let rush = Rush::with(&plan()).await;
    let (world, program) = (&rush.world, &rush.program);
    for n in 0..sales {
        let order = sale(&format!("order-{n}"), "100.00", Some(&rush.click));
        world.conversion(program, &order).expect(202).await;
    }
    world.settle().await;
    world.days(31).await;
    world.stripe_account(rush.kid(), "acct_kid").await;
    rush
}

/// The balances of an account, one after the other: available, transit, the payout that is open.
async fn balances(rush: &Rush) -> Vec<(i64, i64, Option<String>)> {
    let records = Stream::of(&rush.world.table).read().await;
    let images = records.iter().map(|record| &record["dynamodb"]["NewImage"]);
    let of_kid = |image: &&Value| {
        let pk = image["PK"]["S"].as_str().unwrap_or_default();
        image["entity"]["S"] == "balance" && pk.contains(&rush.kid().id)
    };
    let number = |value: &Value| value["N"].as_str().map_or(0, |text| text.parse().unwrap());
    let balances = images.filter(of_kid).map(|image| {
        let open = image["open_payout"]["S"].as_str().map(str::to_owned);
        (number(&image["available"]), number(&image["transit"]), open)
    });
    balances.collect()
}

#[tokio::test]
async fn a_payout_takes_what_is_there_while_refunds_take_it_away() {
    let rush = earned(WRITERS).await;
    let (world, program, kid) = (&rush.world, &rush.program, rush.kid());
    let before = rush.count();
    let refunds: Vec<_> = (0..WRITERS).map(|n| refund(&format!("order-{n}"), "r1", "50.00")).collect();
    let refunding = async {
        join_all(refunds.iter().map(|fact| world.conversion(program, fact).expect(202))).await;
        world.drain().await;
    };
    let asking = async {
        let mut replies = Vec::new();
        for _ in 0..4 {
            replies.extend(join_all((0..INSTANCES).map(|_| world.payout(program, kid).send())).await);
            tokio::task::yield_now().await;
        }
        replies
    };
    let (replies, ()) = join(asking, refunding).await;
    assert!(replies.iter().all(|reply| matches!(reply.status, 201 | 409 | 503)), "{:?}", statuses(&replies));
    assert!(replies.iter().any(|reply| reply.status == 201), "{:?}", statuses(&replies));
    rush.end(before, EACH, "asking while refunds are counted").await;

    // Each payout took what was there at its time: it left nothing below zero.
    let mut last = (0, 0, None);
    let mut payouts = 0;
    for now in balances(&rush).await {
        if now.2.is_some() && last.2 != now.2 {
            payouts += 1;
            assert_eq!((last.0 + last.1, now.2.is_some()), (now.0 + now.1, true), "{last:?} {now:?}");
            assert!(now.0 >= 0 && now.1 > 0, "a payout took more than there was: {last:?} {now:?}");
        }
        last = now;
    }
    assert!(payouts >= 1);
    let paid: i64 = world.payments.lock().payments().iter().map(|payment| payment.amount).sum();
    // What was refunded after it was paid is a debt.
    assert_eq!((last.0 + paid, last.1), (32_000, 0), "half of 640.00 is left");
}

/// Several instances have the message of one payout at once; gives what providers have paid.
async fn paid_by_many(rush: &Rush, scripts: &[Script]) -> i64 {
    let (world, program, kid) = (&rush.world, &rush.program, rush.kid());
    for script in scripts {
        world.payments.lock().script(script.clone()).unwrap();
    }
    let before = rush.count();
    world.payout(program, kid).expect(201).await;
    world.pump.publish(world).await;
    world.pump.hand_out_at_once(world, "PayoutQueue", INSTANCES).await;
    for _ in 0..6 {
        world.wait(SignedDuration::from_mins(10));
        world.pump.tick(world, "reconcile-payouts").await;
        let is_waiting = world.cloud.lock().queues.get("PayoutQueue").is_some_and(|queue| !queue.is_empty());
        if is_waiting {
            world.pump.hand_out_at_once(world, "PayoutQueue", INSTANCES).await;
        }
    }
    rush.end(before, EACH, "paying").await;
    let payouts = world.payouts(program, kid).await;
    assert_eq!((payouts.len(), &payouts[0]["status"]), (1, &json!("paid")), "{payouts:#?}");
    let payments = world.payments.lock().payments();
    assert!(payments.iter().all(|payment| payment.applied == 1), "{payments:#?}");
    payments.iter().map(|payment| payment.amount).sum()
}

#[tokio::test]
async fn a_payout_that_many_instances_have_is_paid_once_by_stripe() {
    for outcome in [Outcome::Succeed, Outcome::AnswerLost, Outcome::RequestLost, Outcome::Unavailable] {
        let rush = earned(1).await;
        assert_eq!(paid_by_many(&rush, &[Script::next(outcome)]).await, 2_000, "{outcome:?}");
    }
    let rush = earned(1).await;
    let late = Script { seconds: Some(900), times: 2, ..Script::next(Outcome::Late) };
    assert_eq!(paid_by_many(&rush, &[late]).await, 2_000);
}

#[tokio::test]
async fn a_payout_that_many_instances_have_is_paid_once_by_paypal() {
    for outcome in [Outcome::Succeed, Outcome::AnswerLost, Outcome::RequestLost] {
        let rush = earned(1).await;
        let method = json!({ "provider": "paypal", "email": "kid@paypal.example" });
        let kid = rush.kid();
        rush.world.partner(&kid.name, "PUT", "/affiliate/payout-method").json(&method).expect(200).await;
        assert_eq!(paid_by_many(&rush, &[Script::next(outcome)]).await, 2_000, "{outcome:?}");
        assert_eq!(rush.world.eligibility(&rush.program, kid).await["available"], usd("0.00"));
    }
}
