//! What a merchant's own systems report: alone, many at once, and by webhook.

mod by_webhook;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::{
    World,
    crashes::{End, Point, Side},
    story::{Partner, Program, refund, sale, text, usd},
};

/// A world with a program, a partner of it and a click on the partner's link.
struct Scene {
    world: World,
    program: Program,
    kid: Partner,
    click: String,
}

impl Scene {
    async fn set() -> Self {
        let world = World::start().await;
        let program = world.program().await;
        let kid = world.join(&program, "kid", None).await;
        let click = world.visit(&program, &kid).await;
        world.settle().await;
        Self { world, program, kid, click }
    }

    fn sale(&self, order: &str, amount: &str) -> Value {
        sale(order, amount, Some(&self.click))
    }

    fn sales(&self, count: usize) -> Vec<Value> {
        (0..count).map(|order| self.sale(&format!("order-{order}"), "10.00")).collect()
    }

    /// Reports a fact alone, and lets it count.
    async fn report(&self, fact: &Value) -> Value {
        let accepted = self.world.conversion(&self.program, fact).expect(202).await;
        self.world.drain().await;
        accepted
    }

    /// Amount and status of the partner's only commission.
    async fn commission(&self) -> (String, String) {
        let commissions = self.world.commissions(&self.program, &self.kid).await;
        assert_eq!(commissions.len(), 1, "{commissions:#?}");
        (text(&commissions[0]["amount"]["amount"]), text(&commissions[0]["status"]))
    }

    async fn commissions(&self) -> usize {
        self.world.commissions(&self.program, &self.kid).await.len()
    }

    /// How many facts the door has taken.
    async fn kept(&self) -> usize {
        let rows = self.world.table.dump().await;
        rows.iter().filter(|row| row.key().pk.starts_with("FCT#")).count()
    }
}

fn results(answer: &Value) -> &Vec<Value> {
    answer["results"].as_array().unwrap()
}

fn indexes(answer: &Value, status: &str) -> Vec<usize> {
    let with_status = results(answer).iter().filter(|result| result["status"] == json!(status));
    with_status.map(|result| usize::try_from(result["index"].as_u64().unwrap()).unwrap()).collect()
}

/// What is wrong in as many ways as there are.
fn bad_facts(scene: &Scene) -> Vec<Value> {
    let with = |name: &str, value: Value| {
        let mut fact = scene.sale("bad", "10.00");
        fact[name] = value;
        fact
    };
    vec![
        json!(7),
        json!([{ "type": "sale" }]),
        json!({}),
        json!({ "type": "gift", "external_id": "bad" }),
        json!({ "type": "sale", "external_id": "bad" }),
        with("amount", usd("-10.00")),
        with("amount", usd("10.001")),
        with("amount", json!(10)),
        with("tax", json!({ "amount": "1.00", "currency": "EUR" })),
        with("click_id", json!("clk_1-clk_2-clk_3")),
        with("country", json!("Germany")),
        with("surprise", json!(true)),
        with("customer", json!({ "id": "" })),
        with("occurred_at", json!("2100-01-01T00:00:00Z")),
        with("splits", json!([{ "partner_id": "ptr_EAR4TF915T49FS3DCGG0RA7JC8", "weight": "1" }])),
        with("lines", json!([{ "product": "boots", "amount": usd("9.00") }])),
        refund("order-0", "bad", "0.00"),
        json!({ "type": "refund", "external_id": "order-0", "amount": usd("1.00") }),
        json!({ "type": "dispute_lost", "external_id": "order-0", "dispute_id": "bad" }),
        json!({ "type": "cancellation", "external_id": "order-0", "refund_id": "bad" }),
        // Known with another amount, from before and from this very batch.
        scene.sale("known", "70.00"),
        scene.sale("order-0", "70.00"),
    ]
}

#[tokio::test]
async fn each_of_a_hundred_facts_gets_what_it_would_have_got_alone() {
    let scene = Scene::set().await;
    scene.report(&scene.sale("known", "50.00")).await;
    let bad = bad_facts(&scene);
    let mut facts = scene.sales(99 - bad.len());
    facts.push(refund("order-0", "refund-1", "4.00"));
    let good = facts.len();
    // Bad ones between good ones.
    for (nth, fact) in bad.iter().enumerate() {
        facts.insert(4 * nth + 3, fact.clone());
    }
    let answer = scene.world.conversions(&scene.program, &facts).expect(200).await;
    assert_eq!((answer["accepted"].clone(), answer["refused"].clone()), (json!(good), json!(bad.len())));
    let expected: Vec<_> = (0..bad.len()).map(|nth| 4 * nth + 3).collect();
    assert_eq!(indexes(&answer, "refused"), expected, "{answer:#}");
    scene.world.drain().await;
    // 78 sales of the batch and the one before it.
    assert_eq!(scene.commissions().await, good - 1 + 1);
    for (index, (fact, result)) in facts.iter().zip(results(&answer)).enumerate() {
        let mut alone = scene.world.conversion(&scene.program, fact).send().await;
        let mut result = result.clone();
        assert_eq!(result["index"], json!(index));
        if result["status"] == "accepted" {
            assert_eq!(alone.status, 202, "{fact}: {}", alone.text);
            alone.body["index"] = json!(index);
            assert_eq!(alone.body, result);
        } else {
            let problem = &mut result["problem"];
            problem["request_id"] = alone.body["request_id"].clone();
            assert_eq!(
                (&alone.body, u64::from(alone.status)),
                (&*problem, problem["status"].as_u64().unwrap())
            );
        }
    }
    scene.world.audit().await;
    assert_eq!(scene.commissions().await, good);
}

#[tokio::test]
async fn a_batch_sent_again_is_answered_the_same_and_counts_once() {
    let scene = Scene::set().await;
    let mut facts = scene.sales(9);
    facts.push(json!({ "type": "sale", "customer": "jane@example.org" }));
    let call = || scene.world.conversions(&scene.program, &facts);
    let first = call().key("batch-1").expect(200).await;
    scene.world.drain().await;
    let again = call().key("batch-1").send().await;
    assert_eq!((again.status, again.header("idempotent-replayed"), &again.body), (200, Some("true"), &first));
    let other = call().key("batch-2").send().await;
    assert_eq!(other.header("idempotent-replayed"), None);
    assert_eq!(results(&other.body)[..9], results(&first)[..9]);
    let changed = scene.world.conversions(&scene.program, &scene.sales(3)).key("batch-1").send().await;
    let _ = changed.problem(422, "idempotency_key_reused");
    // In other company, and alone.
    let mut mixed = scene.sales(12);
    mixed.reverse();
    let mixed = scene.world.conversions(&scene.program, &mixed).expect(200).await;
    assert_eq!(mixed["accepted"], json!(12));
    scene.report(&facts[0]).await;
    scene.world.audit().await;
    assert_eq!((scene.commissions().await, scene.kept().await), (12, 12));
    let rows = scene.world.table.dump().await;
    assert!(!rows.iter().any(|row| format!("{row:?}").contains("jane@")), "an answer quotes what was sent");
}

#[tokio::test]
async fn a_batch_that_was_written_half_counts_once_when_it_comes_again() {
    for (nth, side, end, same_key) in [
        (1, Side::Before, End::CutOff, true),
        (30, Side::Before, End::CutOff, true),
        (30, Side::After, End::Dies, true),
        (55, Side::After, End::Dies, false),
        (60, Side::After, End::CutOff, true),
        // The answer itself: written, and not heard.
        (61, Side::Before, End::CutOff, true),
        (61, Side::After, End::Dies, true),
    ] {
        let scene = Scene::set().await;
        let mut facts = scene.sales(60);
        facts.push(scene.sale("order-1", "99.00"));
        let binary = "record-conversions".to_owned();
        // The fact that differs is tried after all others.
        let nth = if nth > 60 { nth + 1 } else { nth };
        scene.world.crashes.plan(Point { binary, nth, side, end });
        let call = |key: &str| scene.world.conversions(&scene.program, &facts).key(key);
        let lost = call("batch-1").send().await;
        assert!(lost.status >= 500, "{nth}: {}", lost.text);
        assert!(scene.world.crashes.call_off().has_struck, "{nth}");
        assert!(scene.kept().await <= 60);
        // Some of it may have counted already.
        scene.world.drain().await;
        let again = call(if same_key { "batch-1" } else { "batch-2" }).send().await;
        assert_eq!((again.status, &again.body["accepted"]), (200, &json!(60)), "{nth}: {}", again.text);
        assert_eq!(indexes(&again.body, "refused"), [60]);
        let is_replay = again.header("idempotent-replayed").is_some();
        assert_eq!(is_replay, nth == 62 && side == Side::After, "{nth} {side:?}");
        scene.world.audit().await;
        assert_eq!((scene.commissions().await, scene.kept().await), (60, 60), "{nth} {side:?}");
    }
}

#[tokio::test]
async fn what_is_no_batch_is_refused_as_a_whole() {
    let scene = Scene::set().await;
    for (body, pointer) in [
        (json!({ "facts": [] }), "/facts"),
        (json!({ "facts": scene.sales(101) }), "/facts"),
        (json!({ "facts": {} }), "/facts"),
        (json!({ "conversions": scene.sales(1) }), "/conversions"),
        (json!(scene.sales(1)), ""),
    ] {
        let call = scene.world.call("POST", "/conversions/batch").bearer(&scene.program.token).json(&body);
        let reply = call.send().await;
        let problem = reply.problem(422, "validation_failed");
        assert_eq!(problem.body["errors"][0]["pointer"], json!(pointer));
    }
    let call = scene.world.conversions(&scene.program, &scene.sales(1)).without("idempotency-key");
    let _ = call.send().await.problem(400, "idempotency_key_required");
    let mut large = scene.sale("large", "1.00");
    large["metadata"] = json!({ "text": "x".repeat(256 * 1024) });
    let _ = scene.world.conversions(&scene.program, &[large]).send().await.problem(413, "body_too_large");
    assert_eq!(scene.kept().await, 0);
}

#[tokio::test]
async fn an_answer_too_long_to_be_kept_is_worked_out_again() {
    let scene = Scene::set().await;
    let line = json!({ "product": "", "quantity": 0, "amount": usd("-1") });
    let mut bad = scene.sale("bad", "10.00");
    bad["lines"] = json!(vec![line; 100]);
    let mut facts = vec![bad; 20];
    facts.push(scene.sale("order-1", "10.00"));
    for _ in 0..2 {
        let reply = scene.world.conversions(&scene.program, &facts).key("batch-1").send().await;
        assert_eq!((reply.status, &reply.body["refused"]), (200, &json!(20)));
        assert!(reply.text.len() > 400 * 1024, "{}", reply.text.len());
        assert_eq!(reply.header("idempotent-replayed"), None);
        scene.world.drain().await;
    }
    scene.world.audit().await;
    assert_eq!((scene.commissions().await, scene.kept().await), (1, 1));
}

/// Each type of fact after a sale of 100.00, with the commission after it.
#[tokio::test]
async fn money_back_is_held_taken_and_given_back() {
    let scene = Scene::set().await;
    scene.report(&scene.sale("order-1", "100.00")).await;
    let told = |kind: &str, id: &str, amount: Option<&str>| {
        let mut fact = json!({ "type": kind, "external_id": "order-1" });
        let name = kind.split('_').next().unwrap();
        let name = if name == "reinstatement" { "cancellation" } else { name };
        fact[format!("{name}_id")] = json!(id);
        if let Some(amount) = amount {
            fact["amount"] = usd(amount);
        }
        fact
    };
    for (fact, amount) in [
        (told("refund", "a", Some("25.00")), "15.00"),
        (told("refund", "b", Some("25.00")), "10.00"),
        (told("refund_failed", "a", None), "15.00"),
        (told("dispute_opened", "d", Some("75.00")), "15.00"),
        (told("dispute_lost", "d", Some("50.00")), "5.00"),
        (told("dispute_won", "d", None), "15.00"),
        (told("cancellation", "c", None), "0.00"),
        (told("reinstatement", "c", None), "15.00"),
        (told("cancellation", "c2", Some("25.00")), "10.00"),
        // Told late, it changes nothing: the refund of this id has failed.
        (told("refund", "a", Some("25.00")), "10.00"),
        (told("dispute_opened", "d2", None), "10.00"),
    ] {
        let first = scene.report(&fact).await;
        assert_eq!(scene.report(&fact).await, first, "{fact}");
        assert_eq!(scene.commission().await.0, amount, "{fact}");
        let mut other = fact.clone();
        other["amount"] = usd("1.23");
        let _ = scene.world.conversion(&scene.program, &other).send().await.problem(409, "conflict");
    }
    // A dispute is open: nothing of the sale can be paid out, however long it is.
    scene.world.days(60).await;
    let eligibility = scene.world.eligibility(&scene.program, &scene.kid).await;
    assert_eq!(eligibility["available"]["amount"], json!("0.00"), "{eligibility:#}");
    scene.report(&told("dispute_won", "d2", None)).await;
    scene.world.days(1).await;
    let eligibility = scene.world.eligibility(&scene.program, &scene.kid).await;
    assert_eq!(eligibility["available"]["amount"], json!("10.00"), "{eligibility:#}");
    scene.world.audit().await;
}

#[tokio::test]
async fn facts_of_one_sale_in_one_batch_end_as_if_told_one_by_one() {
    let mut ledgers = Vec::new();
    for reversed in [false, true] {
        let scene = Scene::set().await;
        let mut facts = vec![
            scene.sale("order-1", "100.00"),
            refund("order-1", "a", "25.00"),
            json!({ "type": "refund_failed", "external_id": "order-1", "refund_id": "a" }),
            json!({ "type": "dispute_opened", "external_id": "order-1", "dispute_id": "d" }),
            json!({ "type": "dispute_lost", "external_id": "order-1", "dispute_id": "d", "amount": usd("40.00") }),
        ];
        if reversed {
            facts.reverse();
        }
        let answer = scene.world.conversions(&scene.program, &facts).expect(200).await;
        assert_eq!(answer["refused"], json!(0), "{answer:#}");
        let conversions: BTreeSet<_> =
            results(&answer).iter().map(|result| text(&result["conversion_id"])).collect();
        assert_eq!(conversions.len(), 1);
        scene.world.drain().await;
        assert_eq!(scene.commission().await.0, "12.00");
        ledgers.push(scene.world.audit().await);
    }
    assert_eq!(ledgers[0], ledgers[1]);
}

#[tokio::test]
async fn a_sale_of_nothing_is_kept_and_earns_nothing() {
    let scene = Scene::set().await;
    scene.report(&scene.sale("free", "0.00")).await;
    assert_eq!(scene.commissions().await, 0);
    // Nor by a plan that pays for each sale.
    let flat = json!({ "type": "flat", "amount": usd("5.00") });
    scene.world.publish(&scene.program.id, &json!({ "rules": [{ "id": "flat", "reward": flat }] })).await;
    scene.report(&scene.sale("free-too", "0.00")).await;
    assert_eq!(scene.commissions().await, 0);
    assert!(scene.world.audit().await.balances.is_empty());
    let mut negative = scene.sale("negative", "0.00");
    negative["amount"] = usd("-0.01");
    let reply = scene.world.conversion(&scene.program, &negative).send().await;
    let problem = reply.problem(422, "validation_failed");
    let detail = text(&problem.body["errors"][0]["detail"]);
    assert!(detail.contains("as a refund"), "{detail}");
}

#[tokio::test]
async fn a_charge_by_api_and_by_webhook_is_one_whichever_comes_first() {
    let mut ledgers = Vec::new();
    for webhook_first in [false, true] {
        let scene = Scene::set().await;
        let endpoint = scene.world.standard_endpoint(&scene.program).await;
        let facts = [scene.sale("order-1", "100.00"), refund("order-1", "a", "40.00")];
        for fact in &facts {
            for by_webhook in [webhook_first, !webhook_first] {
                if by_webhook {
                    // The same event twice, and the same fact in another event.
                    for id in ["msg_1", "msg_1", "msg_2"] {
                        let id = format!("{id}_{}", text(&fact["type"]));
                        scene.world.standard_webhook(&endpoint, &id, fact).expect(200).await;
                        scene.world.drain().await;
                    }
                } else {
                    scene.report(fact).await;
                }
            }
        }
        assert_eq!(scene.commission().await.0, "12.00");
        assert!(scene.world.parked().await.is_empty());
        ledgers.push(scene.world.audit().await);
    }
    assert_eq!(ledgers[0], ledgers[1]);
}
