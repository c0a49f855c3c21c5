//! What no retry can help is set aside once, with its reason; messages that are redriven do no harm.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use serde_json::{Value, json};
use store::{
    fact::facts_of,
    testing::{Fault, Faults},
};
use tests::{
    World,
    between::Between,
    cloud::Message,
    story::{Partner, Program, plan, program_request, refund, sale, text, usd},
};

const UNKNOWN_PROGRAM: &str = "prg_C2H04S64V5C780R45HNWVP4XQN";
const UNKNOWN_PAYOUT: &str = "pay_KW5HRPSXS9TBJQMEZRJSD01615";

static IDS: AtomicU32 = AtomicU32::new(0);

/// Puts a message into a queue under an id of its own, as sending and redriving do.
fn send(world: &World, queue: &str, group: Option<&str>, body: &str) -> String {
    let id = format!("redriven-{}", IDS.fetch_add(1, Ordering::Relaxed));
    let (body, group) = (body.to_owned(), group.map(str::to_owned));
    let message = Message { id: id.clone(), body, group, receives: 0 };
    world.cloud.lock().queues.entry(queue.to_owned()).or_default().push_back(message);
    id
}

async fn listed(world: &World, query: &str) -> Vec<Value> {
    let page = world.admin("GET", &format!("/admin/parked-messages{query}")).expect(200).await;
    page["data"].as_array().unwrap().clone()
}

/// A sale of 100 dollars as a message of the conversion queue.
fn fact_of(program: &str) -> Value {
    json!({
        "id": "evt_KW5HRPSXS9TBJQMEZRJSD01615",
        "program_id": program,
        "source": "shop",
        "external_id": "order-1",
        "received_at": "2026-11-02T10:00:00Z",
        "fact": { "type": "alias", "alias": "other" },
    })
}

#[tokio::test]
async fn what_can_never_succeed_is_set_aside_once_with_its_reason() {
    let world = World::start().await;
    let wrong_schema = json!({ "program_id": UNKNOWN_PROGRAM, "email": "someone@example.com" }).to_string();
    let payout = json!({ "payout_id": UNKNOWN_PAYOUT }).to_string();
    for (queue, group, body, code, subjects) in [
        ("ConversionQueue", None, "{".to_owned(), "unreadable_message", json!({})),
        (
            "ConversionQueue",
            None,
            wrong_schema.clone(),
            "unreadable_message",
            json!({ "program_id": UNKNOWN_PROGRAM }),
        ),
        (
            "ConversionQueue",
            None,
            fact_of(UNKNOWN_PROGRAM).to_string(),
            "unknown_program",
            json!({ "program_id": UNKNOWN_PROGRAM, "source": "shop", "external_id": "order-1" }),
        ),
        (
            "MaturityQueue",
            Some("a"),
            wrong_schema,
            "unreadable_message",
            json!({ "program_id": UNKNOWN_PROGRAM }),
        ),
        ("PayoutQueue", Some("a"), "[]".to_owned(), "unreadable_message", json!({})),
        ("PayoutQueue", Some("a"), payout, "unknown_payout", json!({ "payout_id": UNKNOWN_PAYOUT })),
    ] {
        let id = send(&world, queue, group, &body);
        world.drain().await;
        // Delivered once more, as standard queues do now and then.
        let again = Message { id, body: body.clone(), group: group.map(str::to_owned), receives: 1 };
        world.cloud.lock().queues.entry(queue.to_owned()).or_default().push_back(again);
        world.drain().await;
        let name = match queue {
            "ConversionQueue" => "conversions",
            "MaturityQueue" => "maturities",
            _ => "payouts",
        };
        let parked = listed(&world, &format!("?queue={name}")).await;
        assert_eq!(parked.len(), 1, "{queue}: {body}: {parked:#?}");
        assert_eq!(parked[0]["code"], code, "{queue}: {body}");
        let mut seen = parked[0]["subjects"].clone();
        seen.as_object_mut().unwrap().remove("conversion_id");
        assert_eq!(seen, subjects, "{queue}: {body}");
        assert!(!parked[0].to_string().contains("someone@example.com"));
        assert_eq!(parked, listed(&world, "").await, "the list of all queues has it too");
        // A retry puts it back on its way, where the same becomes of it under another id.
        let before = text(&parked[0]["id"]);
        let retry = text(&parked[0]["retry"]);
        world.wait(jiff::SignedDuration::from_secs(1));
        world.admin("POST", &retry).expect(202).await;
        world.drain().await;
        let parked = listed(&world, "").await;
        assert_eq!((parked.len(), &parked[0]["code"]), (1, &json!(code)), "{queue}: {body}");
        assert_ne!(text(&parked[0]["id"]), before);
        let discard = text(&parked[0]["discard"]);
        world.admin("POST", &discard).json(&json!({ "reason": "a test" })).expect(200).await;
        assert!(listed(&world, "").await.is_empty());
    }
    assert!(world.pump.dead().is_empty(), "{:?}", world.pump.dead());
    let odd = world.admin("GET", "/admin/parked-messages?queue=ConversionQueue").send().await;
    assert_eq!(odd.problem(422, "validation_failed").faults()[0].0, "/queue");
    for path in ["odd/prk_KW5HRPSXS9TBJQMEZRJSD01615", "refunds/prk_KW5HRPSXS9TBJQMEZRJSD01615", "refunds/1"]
    {
        let path = format!("/admin/parked-messages/{path}");
        let _ = world.admin("POST", &format!("{path}/retry")).send().await.problem(404, "not_found");
        let reason = json!({ "reason": "a test" });
        let _ = world
            .admin("POST", &format!("{path}/discard"))
            .json(&reason)
            .send()
            .await
            .problem(404, "not_found");
    }
}

/// A program without a plan, and a sale there that was set aside for it.
async fn without_plan(world: &World) -> (Program, Partner, Value) {
    let program = world.admin("POST", "/admin/programs").json(&program_request()).expect(201).await;
    let id = text(&program["id"]);
    let program = Program { token: world.api_key(&id).await, id };
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    let mut fact = sale("order-1", "100.00", Some(&click));
    fact["occurred_at"] = json!(world.now() + jiff::SignedDuration::from_secs(60));
    world.conversion(&program, &fact).expect(202).await;
    world.drain().await;
    let [parked] = <[Value; 1]>::try_from(listed(world, "?queue=conversions").await).unwrap();
    assert_eq!(parked["code"], "no_plan_in_force");
    (program, kid, parked)
}

#[tokio::test]
async fn once_its_cause_is_gone_a_parked_sale_is_retried_and_counts_once() {
    let world = World::start().await;
    let (program, kid, parked) = without_plan(&world).await;
    world.publish(&program.id, &plan()).await;
    let call = world.admin("POST", &text(&parked["retry"])).key("one");
    // It leaves the list only when the queue has it.
    world.cloud.lock().broken_queues = true;
    let _ = call.clone().send().await.problem(503, "unavailable");
    assert_eq!(listed(&world, "").await, std::slice::from_ref(&parked));
    world.cloud.lock().broken_queues = false;
    let done = call.clone().expect(202).await;
    assert_eq!((&done["id"], &done["outcome"]), (&parked["id"], &json!("retried")));
    let again = call.send().await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (202, Some("true")));
    world.drain().await;
    assert!(listed(&world, "").await.is_empty());
    assert_eq!(world.amounts(&program, &[kid]).await, ["20.00"]);
    let _ = world.admin("POST", &text(&parked["retry"])).send().await.problem(404, "not_found");
    world.audit().await;
}

#[tokio::test]
async fn a_retry_that_dies_after_handing_over_is_repeated_and_counts_once() {
    for fault in [|| Fault::RequestLost, || Fault::AnswerLost] {
        let mut world = World::start().await;
        let dies = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&dies);
        world.between = Between::new(move |binary, http| {
            let (seen, hits) = (Arc::clone(&seen), binary == "retry-parked-message");
            let fails = move |operation: &str| {
                (hits && operation == "TransactWriteItems" && seen.load(Ordering::Relaxed)).then(fault)
            };
            Faults::new(fails).over(http)
        });
        let (program, kid, parked) = without_plan(&world).await;
        world.publish(&program.id, &plan()).await;
        let call = world.admin("POST", &text(&parked["retry"])).key("one");
        dies.store(true, Ordering::Relaxed);
        let died = call.clone().send().await;
        assert!(matches!(died.status, 202 | 503), "{}", died.text);
        world.drain().await;
        assert_eq!(
            world.amounts(&program, std::slice::from_ref(&kid)).await,
            ["20.00"],
            "it was handed over"
        );
        dies.store(false, Ordering::Relaxed);
        call.expect(202).await;
        world.drain().await;
        assert!(listed(&world, "").await.is_empty());
        assert_eq!(world.amounts(&program, &[kid]).await, ["20.00"]);
        world.audit().await;
    }
}

#[tokio::test]
async fn the_note_of_a_refund_beyond_its_charge_can_only_be_discarded_with_a_reason() {
    let world = World::start().await;
    let program = world.program().await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-1", "100.00", &click).await;
    for id in ["refund-1", "refund-2"] {
        world.conversion(&program, &refund("order-1", id, "60.00")).expect(202).await;
        world.drain().await;
    }
    let [parked] = <[Value; 1]>::try_from(listed(&world, "?queue=refunds").await).unwrap();
    assert_eq!(parked["code"], "refunds_exceed_charge");
    assert_eq!(parked["subjects"]["refund_id"], "refund-2");
    assert_eq!(parked["retry"], Value::Null);
    let discard = text(&parked["discard"]);
    let retry = discard.replace("/discard", "/retry");
    let _ = world.admin("POST", &retry).send().await.problem(409, "conflict");
    for body in [json!({ "reason": " " }), json!({}), json!({ "reason": "x".repeat(501) })] {
        let _ = world.admin("POST", &discard).json(&body).send().await.problem(422, "validation_failed");
    }
    let reason = json!({ "reason": "The shop refunded twice." });
    let call = world.admin("POST", &discard).key("one").json(&reason);
    let done = call.clone().expect(200).await;
    assert_eq!(call.expect(200).await, done);
    assert!(listed(&world, "").await.is_empty());
    let rows = world.table.dump().await;
    let record = rows.iter().find(|row| row.entity() == "resolved_message").unwrap();
    assert_eq!(record.text("reason"), Some("The shop refunded twice."));
    assert_eq!(record.text("by"), Some("root"));
    let _ = world.admin("POST", &discard).json(&reason).send().await.problem(404, "not_found");
    assert_eq!(world.amounts(&program, &[kid]).await, ["0.00"]);
    world.audit().await;
}

#[tokio::test]
async fn a_parked_change_of_the_table_is_carried_out_when_it_is_retried() {
    let world = World::start().await;
    let program = world.program().await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    world.drain().await;
    world.conversion(&program, &sale("order-1", "100.00", Some(&click))).expect(202).await;
    world.pump.lose_stream(&world).await;
    let rows = world.table.dump().await;
    let waiting = rows.iter().find(|row| row.entity() == "fact").unwrap().key();
    let key = |pk: &str, sk: &str| json!({ "PK": { "S": pk }, "SK": { "S": sk } }).to_string();
    for (sequence, body) in [("1", key(&waiting.pk, &waiting.sk)), ("2", key("FCT#gone", "#"))] {
        let parked = store::park::Parked {
            queue: store::park::Queue::Changes,
            message_id: sequence.to_owned(),
            body,
            code: "odd".to_owned(),
            detail: "odd".to_owned(),
            parked_at: world.now(),
        };
        world.store().park(&parked).await.unwrap();
    }
    for parked in listed(&world, "?queue=changes").await {
        world.admin("POST", &text(&parked["retry"])).expect(202).await;
    }
    world.drain().await;
    assert_eq!(world.amounts(&program, &[kid]).await, ["20.00"]);
    assert!(listed(&world, "").await.is_empty());
    world.audit().await;
}

#[tokio::test]
async fn the_list_goes_on_page_by_page() {
    let world = World::start().await;
    for n in 0..5 {
        send(&world, "ConversionQueue", None, &format!("{n}"));
        send(&world, "PayoutQueue", Some("a"), &format!("{n}"));
        world.drain().await;
        world.wait(jiff::SignedDuration::from_secs(1));
    }
    let (mut times, mut query) = (Vec::new(), "?limit=3".to_owned());
    loop {
        let page = world.admin("GET", &format!("/admin/parked-messages{query}")).expect(200).await;
        times.extend(page["data"].as_array().unwrap().iter().map(|parked| text(&parked["parked_at"])));
        let Some(next) = page["next_cursor"].as_str() else { break };
        query = format!("?limit=3&cursor={next}");
    }
    assert_eq!(times.len(), 10);
    assert!(times.is_sorted_by(|one, next| one >= next), "{times:?}");
}

/// Every message that the workers of this story get, in their queues' order.
fn messages(world: &World, payout: &Value, facts: &[String]) -> Vec<(&'static str, Option<String>, String)> {
    let mut all: Vec<_> = facts.iter().map(|fact| ("ConversionQueue", None, fact.clone())).collect();
    let maturity = |lines: &[Value]| lines.iter().map(|line| line["id"].clone()).collect::<Vec<_>>();
    let lines = payout["lines"].as_array().unwrap();
    let reached = json!({
        "program_id": payout["program_id"],
        "partner_id": payout["partner_id"],
        "currency": "USD",
        "commission_ids": maturity(lines),
    });
    all.push(("MaturityQueue", Some("account".to_owned()), reached.to_string()));
    let due = json!({ "payout_id": payout["id"] });
    all.push(("PayoutQueue", Some("account".to_owned()), due.to_string()));
    assert!(world.cloud.lock().queues.values().all(std::collections::VecDeque::is_empty));
    all
}

#[tokio::test]
async fn messages_redriven_under_new_ids_change_nothing() {
    let world = World::start().await;
    let program = world.program().await;
    let [_, _, kid] = world.three_generations(&program).await;
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-1", "100.00", &click).await;
    world.refund(&program, "order-1", "refund-1", "10.00").await;
    let rows = world.table.dump().await;
    let facts = rows.into_iter().flat_map(|row| facts_of(row).unwrap());
    let facts: Vec<_> = facts.map(|fact| serde_json::to_string(&fact).unwrap()).collect();
    assert_eq!(facts.len(), 2);
    world.days(31).await;
    world.stripe_account(&kid, "acct_kid").await;
    let payout = world.payout(&program, &kid).expect(201).await;
    world.settle().await;
    assert_eq!(world.payouts(&program, &kid).await[0]["status"], "paid");
    let subject = json!({
        "id": payout["id"],
        "program_id": program.id,
        "partner_id": kid.id,
        "lines": world.commissions(&program, &kid).await,
    });
    let before = world.audit().await;
    let payments = world.payments.lock().payments();
    for _ in 0..2 {
        for (queue, group, body) in messages(&world, &subject, &facts) {
            send(&world, queue, group.as_deref(), &body);
        }
        world.drain().await;
    }
    assert_eq!(world.audit().await, before);
    assert_eq!(world.payments.lock().payments(), payments, "nobody is paid twice");
    assert!(world.parked().await.is_empty(), "{:?}", world.parked().await);
    assert!(world.pump.dead().is_empty());
}

/// The workers cannot reach the table, until every message has ended in its dead-letter queue. Then
/// it is redriven, as `aws sqs start-message-move-task` does.
#[tokio::test]
async fn what_ended_in_a_dead_letter_queue_counts_once_when_it_is_redriven() {
    let mut world = World::start().await;
    let is_away = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&is_away);
    world.between = Between::new(move |binary, http| {
        let workers = ["calculate-commission", "mature-commissions", "execute-payout"];
        let (seen, hits) = (Arc::clone(&seen), workers.contains(&binary));
        let fails = move |operation: &str| {
            // A worker that starts meanwhile gets its secrets all the same.
            let is_table = operation != "GetSecretValue";
            (hits && is_table && seen.load(Ordering::Relaxed)).then(Fault::throttled)
        };
        Faults::new(fails).over(http)
    });
    let program = world.program().await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    world.drain().await;
    let away = |away: bool| is_away.store(away, Ordering::Relaxed);
    let redrive = async |queue: &str| {
        let dead = world.pump.forgive();
        assert!(!dead.is_empty(), "nothing ended in the dead-letter queue of {queue}");
        away(false);
        for _ in 0..2 {
            for message in &dead {
                let (from, body) = message.split_once(": ").unwrap();
                assert_eq!(from, queue);
                send(&world, queue, (queue != "ConversionQueue").then_some("account"), body);
            }
            world.drain().await;
        }
    };
    away(true);
    world.conversion(&program, &sale("order-1", "100.00", Some(&click))).expect(202).await;
    world.drain().await;
    redrive("ConversionQueue").await;
    assert_eq!(world.amounts(&program, std::slice::from_ref(&kid)).await, ["20.00"]);
    world.wait(jiff::SignedDuration::from_hours(31 * 24));
    away(true);
    world.tick("evaluate-maturity").await;
    redrive("MaturityQueue").await;
    assert_eq!(world.eligibility(&program, &kid).await["available"], usd("20.00"));
    world.stripe_account(&kid, "acct_kid").await;
    away(true);
    world.payout(&program, &kid).expect(201).await;
    world.drain().await;
    redrive("PayoutQueue").await;
    world.settle().await;
    assert_eq!(world.payouts(&program, &kid).await[0]["status"], "paid");
    assert_eq!(world.payouts(&program, &kid).await.len(), 1);
    world.audit().await;
    assert!(world.parked().await.is_empty(), "{:?}", world.parked().await);
}
