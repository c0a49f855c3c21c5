//! Money that becomes available, and leaves.

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::LocalBoxFuture;
use jiff::{SignedDuration, Timestamp};
use payment_world::{ItemResult, ItemStatus, Outcome, Script};
use serde_json::json;
use tests::{
    World,
    story::{plan, refund, text, usd},
};

use super::{
    cases::earned,
    stage::{Case, Stage, case, insist},
    workers::{report, sold},
};

/// So often a payout is looked after before it has come to an end.
const LOOKS: usize = 6;

/// Time goes by and the payout goes on, until it has come to an end; what is under way by then arrives all the same.
async fn wait_for_payout(w: &World, payout: &str, each: SignedDuration) {
    w.drain().await;
    let mut looks = 0;
    while is_due(w, payout).await {
        assert!(looks < LOOKS, "payout {payout} finds no rest");
        w.wait(each);
        w.tick("reconcile-payouts").await;
        looks += 1;
    }
    w.wait(SignedDuration::from_hours(1));
}

/// Is there a next step of the payout within hours? After its end it is looked at days later.
async fn is_due(w: &World, payout: &str) -> bool {
    let key = |text: &str| AttributeValue::S(text.to_owned());
    let get = w.table.client().get_item().table_name(w.table.name()).consistent_read(true);
    let get = get.key("PK", key(&format!("PAY#{payout}"))).key("SK", key("#META"));
    let item = get.send().await.unwrap().item.unwrap();
    let due = item.get("GSI2SK").map(|sk| sk.as_s().unwrap().split('#').next().unwrap().to_owned());
    let due: Option<Timestamp> = due.map(|due| due.parse().unwrap());
    due.is_some_and(|due| due < w.now() + SignedDuration::from_hours(3))
}

/// A payout whose order meets with this at its provider.
async fn pay(w: &World, s: &Stage, script: Script, each: SignedDuration) {
    w.payments.lock().script(script).unwrap();
    let reply = insist(w.payout(&s.program, &s.kid)).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    wait_for_payout(w, &text(&reply.body["id"]), each).await;
}

const MINUTES: SignedDuration = SignedDuration::from_mins(10);

fn meets<'w>(w: &'w World, s: &'w Stage, outcome: Outcome) -> LocalBoxFuture<'w, ()> {
    Box::pin(pay(w, s, Script::next(outcome), MINUTES))
}

/// The order arrives so many minutes after it was sent.
fn late<'w>(w: &'w World, s: &'w Stage, minutes: u32) -> LocalBoxFuture<'w, ()> {
    let script = Script { seconds: Some(60 * minutes), ..Script::next(Outcome::Late) };
    Box::pin(pay(w, s, script, MINUTES))
}

fn refused<'w>(w: &'w World, s: &'w Stage) -> LocalBoxFuture<'w, ()> {
    let script = Script { code: Some("balance_insufficient".to_owned()), ..Script::next(Outcome::Refuse) };
    Box::pin(pay(w, s, script, MINUTES))
}

/// It is accepted within minutes, and comes back after thirty days.
fn unclaimed<'w>(w: &'w World, s: &'w Stage) -> LocalBoxFuture<'w, ()> {
    let item = ItemResult { status: ItemStatus::Unclaimed, error: Some("RECEIVER_UNREGISTERED".into()) };
    Box::pin(async move {
        w.payments.lock().script(Script { item, ..Script::next(Outcome::Succeed) }).unwrap();
        let payout = insist(w.payout(&s.program, &s.kid)).await;
        w.drain().await;
        for _ in 0..2 {
            w.wait(MINUTES);
            w.tick("reconcile-payouts").await;
        }
        wait_for_payout(w, &text(&payout.body["id"]), SignedDuration::from_hours(24 * 11)).await;
    })
}

fn earned_with_paypal<'w>(w: &'w World, s: &'w Stage) -> LocalBoxFuture<'w, ()> {
    Box::pin(async move {
        earned(w, s).await;
        let method = json!({ "provider": "paypal", "email": "kid@paypal.example" });
        w.partner("kid", "PUT", "/affiliate/payout-method").json(&method).expect(200).await;
    })
}

fn paid<'w>(w: &'w World, s: &'w Stage) -> LocalBoxFuture<'w, ()> {
    Box::pin(async move {
        earned(w, s).await;
        meets(w, s, Outcome::Succeed).await;
    })
}

/// PayPal takes it on, and does not pay it.
fn failed<'w>(w: &'w World, s: &'w Stage) -> LocalBoxFuture<'w, ()> {
    Box::pin(async move {
        earned_with_paypal(w, s).await;
        let item = ItemResult { status: ItemStatus::Failed, error: None };
        pay(w, s, Script { item, ..Script::next(Outcome::Succeed) }, MINUTES).await;
    })
}

/// The next look at the payout, a day later.
async fn look(w: &World, s: &Stage) {
    let payout = text(&w.payouts(&s.program, &s.kid).await[0]["id"]);
    w.wait(SignedDuration::from_hours(24));
    w.tick("reconcile-payouts").await;
    wait_for_payout(w, &payout, MINUTES).await;
}

fn comes_back<'w>(w: &'w World, s: &'w Stage) -> LocalBoxFuture<'w, ()> {
    Box::pin(async move {
        let transfer = w.payments.lock().payments()[0].id.clone();
        w.payments.lock().reverse_transfer(&transfer).unwrap();
        look(w, s).await;
        assert_eq!(w.payouts(&s.program, &s.kid).await[0]["status"], "returned");
    })
}

fn is_paid_after_all<'w>(w: &'w World, s: &'w Stage) -> LocalBoxFuture<'w, ()> {
    Box::pin(async move {
        let item = w.payments.lock().payments()[0].id.clone();
        let paid = ItemResult { status: ItemStatus::Success, error: None };
        w.payments.lock().move_item(&item, paid).unwrap();
        look(w, s).await;
        assert_eq!(w.payouts(&s.program, &s.kid).await[0]["status"], "paid");
    })
}

/// The sale of 100.00 reaches a bonus of the plan.
fn bonus_reached<'w>(w: &'w World, s: &'w Stage) -> LocalBoxFuture<'w, ()> {
    Box::pin(async move {
        let mut plan = plan();
        plan["bonuses"] = json!([{
            "id": "first", "metric": "revenue", "window": "month", "at_least": usd("100.00"), "amount": usd("5.00"),
        }]);
        w.publish(&s.program.id, &plan).await;
        sold(w, s).await;
        w.settle().await;
    })
}

/// It was granted and has matured, and then a refund came.
fn bonus_missed<'w>(w: &'w World, s: &'w Stage) -> LocalBoxFuture<'w, ()> {
    Box::pin(async move {
        bonus_reached(w, s).await;
        w.pump.tick(w, "evaluate-bonuses").await;
        w.days(31).await;
        report(w, s, &[refund("order-0", "r1", "1.00")]).await;
        w.settle().await;
    })
}

/// The sale of 100.00 reaches a tier of the plan.
fn tier_reached<'w>(w: &'w World, s: &'w Stage) -> LocalBoxFuture<'w, ()> {
    Box::pin(async move {
        let mut plan = plan();
        plan["tier_requirements"] = json!({
            "metric": "revenue",
            "window": "month",
            "direction": "up_only",
            "tiers": [{ "name": "gold", "at_least": usd("100.00") }],
        });
        w.publish(&s.program.id, &plan).await;
        sold(w, s).await;
        w.settle().await;
    })
}

fn bonuses<'w>(w: &'w World, _: &'w Stage) -> LocalBoxFuture<'w, ()> {
    Box::pin(w.pump.tick(w, "evaluate-bonuses"))
}

/// Money that becomes available, and leaves.
pub(crate) fn money() -> Vec<Case> {
    const PAYER: &str = "execute-payout";
    vec![
        case("a bonus is granted", "evaluate-bonuses", bonus_reached, bonuses),
        case("a bonus is taken back", "evaluate-bonuses", bonus_missed, bonuses),
        case("a partner moves to another tier", "evaluate-tiers", tier_reached, |w, _| {
            Box::pin(w.pump.tick(w, "evaluate-tiers"))
        }),
        case("due commissions are found", "evaluate-maturity", sold, |w, _| Box::pin(w.days(31))),
        case("due commissions mature", "mature-commissions", sold, |w, _| Box::pin(w.days(31))),
        case("a payout that nobody was told of", "reconcile-payouts", earned, |w, s| {
            Box::pin(async move {
                let payout = w.payout(&s.program, &s.kid).expect(201).await;
                w.pump.lose_stream(w).await;
                wait_for_payout(w, &text(&payout["id"]), MINUTES).await;
                w.settle().await;
            })
        }),
        case("a payout by Stripe", PAYER, earned, |w, s| meets(w, s, Outcome::Succeed)),
        case("a payout that Stripe refuses", PAYER, earned, refused),
        case("a payout of which Stripe's answer is lost", PAYER, earned, |w, s| {
            meets(w, s, Outcome::AnswerLost)
        }),
        case("a payout that arrives late, and before it is looked up", PAYER, earned, |w, s| late(w, s, 5)),
        case("a payout that arrives after it was sent again", PAYER, earned, |w, s| late(w, s, 15)),
        // Stripe says the same of a key for a day: whether it was paid cannot be told from it.
        case("a payout of which nobody can tell what became", PAYER, earned, |w, s| {
            let script = Script::next(Outcome::ErrorWithoutApplying);
            Box::pin(pay(w, s, script, SignedDuration::from_hours(7)))
        }),
        case("a payout by PayPal", PAYER, earned_with_paypal, |w, s| meets(w, s, Outcome::Succeed)),
        case("a payout that nobody claims at PayPal", PAYER, earned_with_paypal, unclaimed),
        case("a payout of which PayPal's answer is lost", PAYER, earned_with_paypal, |w, s| {
            meets(w, s, Outcome::AnswerLost)
        }),
        case("a payout that arrives at PayPal after it was sent again", PAYER, earned_with_paypal, |w, s| {
            late(w, s, 15)
        }),
        case("a payout whose money comes back", PAYER, paid, comes_back),
        case("a payout that failed and is paid after all", PAYER, failed, is_paid_after_all),
    ]
}
