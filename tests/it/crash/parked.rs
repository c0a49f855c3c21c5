//! What was set aside, and what administrators do with it.

use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use store::park::{Parked, Queue};
use tests::{
    World,
    cloud::Message,
    story::{Program, plan, program_request, refund, sale, text},
    stripe,
};

use super::{
    stage::{Case, Stage, case, done},
    workers::report,
};

const RETRY: &str = "retry-parked-message";
const REPLAY: &str = "replay-webhook-event";

/// The path of what can be done with the one message that was set aside.
async fn path(w: &World, what: &str) -> String {
    let page = w.admin("GET", "/admin/parked-messages").expect(200).await;
    let [parked] = <[Value; 1]>::try_from(page["data"].as_array().unwrap().clone()).unwrap();
    text(&parked[what])
}

fn retry<'w>(w: &'w World, _: &'w Stage) -> LocalBoxFuture<'w, ()> {
    Box::pin(async move {
        let path = path(w, "retry").await;
        done(w.admin("POST", &path)).await;
    })
}

/// A message that its worker sets aside, now and when it is retried.
async fn park_message(w: &World, queue: &str, body: &str) {
    let (id, group) = ("odd".to_owned(), Some("account".to_owned()));
    let message = Message { id, body: body.to_owned(), group, receives: 0 };
    w.cloud.lock().queues.entry(queue.to_owned()).or_default().push_back(message);
    w.drain().await;
}

/// Sets aside what cannot be made to fail in a test.
async fn park(w: &World, queue: Queue, message_id: String, body: String) {
    let (code, detail, parked_at) = ("odd".to_owned(), "odd".to_owned(), w.now());
    w.store().park(&Parked { queue, message_id, body, code, detail, parked_at }).await.unwrap();
}

/// A sale that had no plan to be priced by, and the plan.
fn without_plan<'w>(w: &'w World, _: &'w Stage) -> LocalBoxFuture<'w, ()> {
    Box::pin(async move {
        let program = w.admin("POST", "/admin/programs").json(&program_request()).expect(201).await;
        let id = text(&program["id"]);
        let program = Program { token: w.api_key(&id).await, id };
        let body = tests::story::application(&program.id, "new", None);
        w.partner("new", "POST", "/affiliate/register").json(&body).expect(201).await;
        let link = json!({ "program_id": program.id, "destination": tests::story::DESTINATION });
        let link = w.partner("new", "POST", "/affiliate/links/generate").json(&link).expect(201).await;
        let click = w.click(&text(&link["slug"])).await;
        let mut fact = sale("order-1", "100.00", Some(&click));
        fact["occurred_at"] = json!(w.now() + jiff::SignedDuration::from_secs(60));
        w.conversion(&program, &fact).expect(202).await;
        w.drain().await;
        w.publish(&program.id, &plan()).await;
        w.drain().await;
    })
}

/// A change of the table that was set aside before it was carried out.
fn change<'w>(w: &'w World, s: &'w Stage) -> LocalBoxFuture<'w, ()> {
    Box::pin(async move {
        w.conversion(&s.program, &sale("order-1", "100.00", Some(&s.click))).expect(202).await;
        w.pump.lose_stream(w).await;
        let rows = w.table.dump().await;
        let waiting = rows.iter().find(|row| row.entity() == "fact").unwrap().key();
        let key = json!({ "PK": { "S": waiting.pk }, "SK": { "S": waiting.sk } }).to_string();
        park(w, Queue::Changes, "1".to_owned(), key).await;
    })
}

/// A change of which the figures have not heard.
fn change_of_figures<'w>(w: &'w World, s: &'w Stage) -> LocalBoxFuture<'w, ()> {
    Box::pin(async move {
        let click = w.click(&s.slug).await;
        w.pump.lose_stream(w).await;
        let key = json!({ "PK": { "S": format!("CLK#{click}") }, "SK": { "S": "#" } }).to_string();
        park(w, Queue::Changes, "1".to_owned(), key).await;
    })
}

/// A change after which a payout is to be sent.
fn change_of_payout<'w>(w: &'w World, s: &'w Stage) -> LocalBoxFuture<'w, ()> {
    Box::pin(async move {
        super::cases::earned(w, s).await;
        let payout = w.payout(&s.program, &s.kid).expect(201).await;
        w.pump.lose_stream(w).await;
        let pk = format!("PAY#{}", text(&payout["id"]));
        let key = json!({ "PK": { "S": pk }, "SK": { "S": "#META" } }).to_string();
        park(w, Queue::Changes, "1".to_owned(), key).await;
    })
}

fn refunded_twice<'w>(w: &'w World, s: &'w Stage) -> LocalBoxFuture<'w, ()> {
    let told = ["r1", "r2"].map(|id| refund("order-1", id, "60.00"));
    Box::pin(async move {
        report(w, s, &[sale("order-1", "100.00", Some(&s.click))]).await;
        report(w, s, &told).await;
    })
}

const EVENT: &str = "evt_of-the-case";

fn event(w: &World, s: &Stage) -> Value {
    let mut event = stripe::checkout(w, "pi_1", 10_000, &s.click);
    event["id"] = json!(EVENT);
    event
}

fn received<'w>(w: &'w World, s: &'w Stage) -> LocalBoxFuture<'w, ()> {
    Box::pin(async move {
        w.webhook(&s.endpoint, &event(w, s)).expect(200).await;
        w.drain().await;
    })
}

/// An event that can be read now.
fn unread<'w>(w: &'w World, s: &'w Stage) -> LocalBoxFuture<'w, ()> {
    Box::pin(async move {
        let message_id = format!("{}/{EVENT}", s.endpoint.path.rsplit('/').next().unwrap());
        let kept = format!("[[\"content-type\",\"application/json\"]]\n{}", event(w, s));
        let sealed = w.keyring().seal(&message_id, kept.as_bytes()).unwrap();
        park(w, Queue::Webhooks, message_id, sealed).await;
    })
}

fn replay<'w>(w: &'w World, s: &'w Stage) -> LocalBoxFuture<'w, ()> {
    let endpoint = s.endpoint.path.rsplit('/').next().unwrap();
    Box::pin(done(w.admin("POST", &format!("/admin/webhook-events/{endpoint}/{EVENT}/replay"))))
}

/// What was set aside goes on its way, or is given up.
pub(crate) fn parked() -> Vec<Case> {
    vec![
        case("a sale that was set aside is retried", RETRY, without_plan, retry),
        case(
            "a maturity that was set aside is retried",
            RETRY,
            |w, _| Box::pin(park_message(w, "MaturityQueue", "{}")),
            retry,
        ),
        case(
            "a payout that was set aside is retried",
            RETRY,
            |w, _| Box::pin(park_message(w, "PayoutQueue", "{}")),
            retry,
        ),
        case("a fact that was set aside is published", RETRY, change, retry),
        case("a click that was set aside is counted", RETRY, change_of_figures, retry),
        case("a payout that nobody was told of is published", RETRY, change_of_payout, |w, s| {
            Box::pin(async move {
                retry(w, s).await;
                // What else the stream has lost.
                w.settle().await;
            })
        }),
        case("a message is discarded", "discard-parked-message", refunded_twice, |w, _| {
            Box::pin(async move {
                let path = path(w, "discard").await;
                done(w.admin("POST", &path).json(&json!({ "reason": "settled by hand" }))).await;
            })
        }),
        case("an event is replayed", REPLAY, received, replay),
        case("an event is read that could not be", REPLAY, unread, replay),
    ]
}
