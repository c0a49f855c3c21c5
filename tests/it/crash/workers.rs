//! The worker that counts, and the publishers of what was written.

use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use tests::{
    World,
    pump::MISSED_AFTER,
    story::{plan, refund, sale, usd},
    stripe,
};

use super::{
    cases::earned,
    stage::{Case, Stage, case, insist, nothing},
};

const COUNTER: &str = "calculate-commission";

/// The merchant reports facts; each is counted before the next.
pub(crate) async fn report(w: &World, s: &Stage, facts: &[Value]) {
    for fact in facts {
        let reply = insist(w.conversion(&s.program, fact)).await;
        assert_eq!(reply.status, 202, "{}", reply.text);
        w.drain().await;
    }
}

/// Stripe reports events; each is counted before the next.
async fn events(w: &World, s: &Stage, events: &[Value]) {
    for event in events {
        let reply = insist(w.webhook(&s.endpoint, event)).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        w.drain().await;
    }
}

pub(crate) fn sold<'w>(w: &'w World, s: &'w Stage) -> LocalBoxFuture<'w, ()> {
    Box::pin(async move { report(w, s, &[sale("order-0", "100.00", Some(&s.click))]).await })
}

/// A sale in euros, whose rate is not known.
async fn foreign(w: &World, s: &Stage) {
    let mut sale = sale("order-1", "100.00", Some(&s.click));
    sale["amount"]["currency"] = json!("EUR");
    report(w, s, &[sale]).await;
}

async fn rate(w: &World) {
    let rate = json!({ "from": "EUR", "to": "USD", "day": "2026-11-02", "rate": "1.0825", "source": "ECB" });
    let reply = insist(w.admin("POST", "/admin/exchange-rates").json(&json!({ "rates": [rate] }))).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
}

async fn publish_rate(w: &World) {
    rate(w).await;
    w.drain().await;
}

fn sold_abroad<'w>(w: &'w World, s: &'w Stage) -> LocalBoxFuture<'w, ()> {
    Box::pin(foreign(w, s))
}

/// 26.50 are left of a cap, and the next sale is worth 27.00.
fn capped<'w>(w: &'w World, s: &'w Stage) -> LocalBoxFuture<'w, ()> {
    Box::pin(async move {
        let mut plan = plan();
        plan["caps"] = json!([{ "scope": "program", "period": "all_time", "amount": usd("40.00") }]);
        w.publish(&s.program.id, &plan).await;
        report(w, s, &[sale("order-0", "50.00", Some(&s.click))]).await;
    })
}

/// Facts that count.
pub(crate) fn facts() -> Vec<Case> {
    vec![
        case("a sale", COUNTER, nothing, sold),
        case("a renewal", COUNTER, sold, |w, s| {
            Box::pin(async move {
                let mut renewal = sale("order-1", "50.00", None);
                renewal["type"] = json!("renewal");
                renewal["customer"]["id"] = json!("customer-of-order-0");
                report(w, s, &[renewal]).await;
            })
        }),
        case("a refund, and a refund of the rest", COUNTER, sold, |w, s| {
            let refunds = [refund("order-0", "r1", "40.00"), refund("order-0", "r2", "60.00")];
            Box::pin(async move { report(w, s, &refunds).await })
        }),
        case("refunds before their sale", COUNTER, nothing, |w, s| {
            Box::pin(async move {
                let early = [refund("order-1", "r1", "40.00"), refund("order-1", "r2", "10.00")];
                report(w, s, &early).await;
                report(w, s, &[sale("order-1", "100.00", Some(&s.click))]).await;
            })
        }),
        case("a refund of matured money", COUNTER, earned, |w, s| {
            Box::pin(async move { report(w, s, &[refund("order-0", "r1", "30.00")]).await })
        }),
        case("a dispute of matured money, lost and won after all", COUNTER, earned, |w, s| {
            let dispute = |stage: &str| {
                let mut body = json!({ "type": format!("dispute_{stage}"), "external_id": "order-0" });
                body["dispute_id"] = json!("d1");
                if stage != "won" {
                    body["amount"] = usd("100.00");
                }
                body
            };
            Box::pin(async move { report(w, s, &["opened", "lost", "won"].map(dispute)).await })
        }),
        case("refunds of more than was paid, and one of them fails", COUNTER, sold, |w, s| {
            let failed = json!({ "type": "refund_failed", "external_id": "order-0", "refund_id": "r1" });
            let told = [refund("order-0", "r1", "70.00"), refund("order-0", "r2", "60.00"), failed];
            Box::pin(async move { report(w, s, &told).await })
        }),
        case("a sale of which a cap allows a part, and its refund", COUNTER, capped, |w, s| {
            let told = [sale("order-1", "100.00", Some(&s.click)), refund("order-1", "r1", "90.00")];
            Box::pin(async move { report(w, s, &told).await })
        }),
        case("an invoice before its session", COUNTER, nothing, |w, s| {
            let invoice = stripe::invoice(w, "in_1", "cus_1", 10_000);
            let session = stripe::subscription_session(w, "cus_1", &s.click);
            Box::pin(async move { events(w, s, &[invoice, session]).await })
        }),
        case("a refund under another id of its invoice", COUNTER, nothing, |w, s| {
            let told = [
                stripe::subscription_session(w, "cus_1", &s.click),
                stripe::refund(w, "pi_1", "re_1", 4_000),
                stripe::invoice(w, "in_1", "cus_1", 10_000),
                stripe::invoice_payment(w, "in_1", "pi_1"),
            ];
            Box::pin(async move { events(w, s, &told).await })
        }),
        case("a sale before its exchange rate", COUNTER, nothing, |w, s| {
            Box::pin(async move {
                foreign(w, s).await;
                publish_rate(w).await;
            })
        }),
        case("a sale that contradicts what is known", COUNTER, sold, |w, s| {
            Box::pin(async move {
                let call = w.conversion(&s.program, &sale("order-0", "70.00", Some(&s.click)));
                let _ = insist(call).await;
                let event = stripe::checkout(w, "pi_1", 1_000, &s.click);
                let other = stripe::checkout(w, "pi_1", 2_000, &s.click);
                events(w, s, &[event, other]).await;
            })
        }),
    ]
}

/// What the stream has lost is overdue.
async fn missed(w: &World) {
    w.wait(MISSED_AFTER);
    w.tick("publish-missed-events").await;
}

/// What was written and is to be told.
pub(crate) fn publishing() -> Vec<Case> {
    const PUBLISHER: &str = "publish-events";
    const MISSED: &str = "publish-missed-events";
    vec![
        case("a sale and its refund are published", PUBLISHER, nothing, |w, s| {
            Box::pin(async move {
                sold(w, s).await;
                report(w, s, &[refund("order-0", "r1", "40.00")]).await;
            })
        }),
        case("a click is published", PUBLISHER, nothing, |w, s| {
            Box::pin(async move { drop(w.click(&s.slug).await) })
        }),
        case("an event with two facts is published", PUBLISHER, nothing, |w, s| {
            let told = [
                stripe::subscription_session(w, "cus_1", &s.click),
                stripe::invoice(w, "in_1", "cus_1", 10_000),
            ];
            Box::pin(async move { events(w, s, &told).await })
        }),
        case("a rate that a sale waits for is published", PUBLISHER, sold_abroad, |w, _| {
            Box::pin(publish_rate(w))
        }),
        case("a payout is published", PUBLISHER, earned, |w, s| {
            Box::pin(async move { drop(w.payout(&s.program, &s.kid).expect(201).await) })
        }),
        case("what the stream lost is published", MISSED, nothing, |w, s| {
            Box::pin(async move {
                let click = w.click(&s.slug).await;
                w.conversion(&s.program, &sale("order-0", "100.00", Some(&click))).expect(202).await;
                w.conversion(&s.program, &refund("order-0", "r1", "40.00")).expect(202).await;
                w.pump.lose_stream(w).await;
                missed(w).await;
            })
        }),
        case("a rate that the stream lost is published", MISSED, sold_abroad, |w, _| {
            Box::pin(async move {
                rate(w).await;
                w.pump.lose_stream(w).await;
                missed(w).await;
            })
        }),
    ]
}
