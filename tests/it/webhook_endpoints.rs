//! Addresses for webhooks as administrators keep them: secrets that follow one another, what comes to
//! an address, and events that are sent on again.

use jiff::SignedDuration;
use providers::webhook;
use serde_json::{Value, json};
use store::park::{Parked, Queue};
use tests::{
    World,
    contract::Contract,
    story::{Program, text},
    stripe::{self, Endpoint},
};

/// The id of an endpoint.
fn id(endpoint: &Endpoint) -> &str {
    endpoint.path.rsplit('/').next().unwrap()
}

fn secrets(endpoint: &Endpoint) -> String {
    format!("/admin/webhook-endpoints/{}/secrets", id(endpoint))
}

fn signed_with(endpoint: &Endpoint, secret: &str) -> Endpoint {
    Endpoint { secret: secret.to_owned(), ..endpoint.clone() }
}

/// The status of a delivery signed with a secret.
async fn status(world: &World, endpoint: &Endpoint, secret: &str) -> u16 {
    let event = stripe::recorded(world, "invoice.paid");
    world.webhook(&signed_with(endpoint, secret), &event).send().await.status
}

async fn endpoints(world: &World, program: &Program) -> Vec<Value> {
    let target = format!("/admin/webhook-endpoints?program_id={}", program.id);
    world.admin("GET", &target).expect(200).await["data"].as_array().unwrap().clone()
}

async fn events(world: &World, endpoint: &Endpoint, query: &str) -> Value {
    let target = format!("/admin/webhook-events?endpoint_id={}{query}", id(endpoint));
    world.admin("GET", &target).expect(200).await
}

async fn replay(world: &World, endpoint: &Endpoint, event: &str) -> tests::Reply {
    world.admin("POST", &format!("/admin/webhook-events/{}/{event}/replay", id(endpoint))).send().await
}

#[tokio::test]
async fn every_sender_has_endpoints_and_all_of_them_are_named() {
    let world = World::start().await;
    let program = world.program().await;
    let make = |provider: &str, secrets: Value| {
        let body = json!({ "program_id": program.id, "provider": provider, "signing_secrets": secrets });
        world.admin("POST", "/admin/webhook-endpoints").json(&body)
    };
    let odd = make("acme", json!(["whsec_for-tests-only"])).send().await.problem(422, "validation_failed");
    let names: Vec<_> = webhook::names().collect();
    let detail = format!("the providers known are: {}", names.join(", "));
    assert_eq!(odd.body["errors"][0]["detail"], detail);
    let schema = &Contract::get().document["components"]["schemas"]["WebhookProvider"]["enum"];
    assert_eq!(*schema, json!(names), "WebhookProvider in openapi.yaml and the senders known");
    for (secrets, pointer) in [
        (json!([]), "/signing_secrets"),
        (json!(["whsec_1", "whsec_2", "whsec_3"]), "/signing_secrets"),
        (json!(["sk_live_from-the-wrong-place"]), "/signing_secrets/0"),
        (json!(["whsec_for-tests-only", "whsec_for-tests-only"]), "/signing_secrets/1"),
    ] {
        let refused = make("stripe", secrets.clone()).send().await.problem(422, "validation_failed");
        assert!(refused.faults().iter().any(|(at, _)| at == pointer), "{secrets}: {}", refused.text);
        assert!(!refused.text.contains("sk_live"), "a secret is not repeated");
    }
}

#[tokio::test]
async fn a_secret_is_replaced_without_a_webhook_being_refused() {
    let world = World::start().await;
    let program = world.program().await;
    let endpoint = world.endpoint(&program).await;
    let (old, new, third) = (endpoint.secret.as_str(), "whsec_the-second-one", "whsec_the-third-one");
    let rotate = |body: Value| world.admin("POST", &secrets(&endpoint)).json(&body);
    let made = rotate(json!({ "signing_secret": new })).expect(201).await;
    assert_eq!(made["secrets"][0]["expires_at"], json!(world.now() + SignedDuration::from_hours(24)));
    assert_eq!(made["secrets"][1], json!({ "number": 2, "added_at": world.now(), "expires_at": null }));
    assert!(!made.to_string().contains("whsec"), "secrets are never shown again");
    assert_eq!([status(&world, &endpoint, old).await, status(&world, &endpoint, new).await], [200, 200]);
    world.wait(SignedDuration::from_hours(24) - SignedDuration::from_secs(1));
    assert_eq!([status(&world, &endpoint, old).await, status(&world, &endpoint, new).await], [200, 200]);
    world.wait(SignedDuration::from_secs(1));
    assert_eq!([status(&world, &endpoint, old).await, status(&world, &endpoint, new).await], [401, 200]);
    assert_eq!(endpoints(&world, &program).await[0]["secrets"].as_array().unwrap().len(), 1);

    // A leak: nothing that was live stays so.
    rotate(json!({ "signing_secret": third, "overlap_hours": 0 })).expect(201).await;
    assert_eq!([status(&world, &endpoint, new).await, status(&world, &endpoint, third).await], [401, 200]);
    let rows = world.table.dump().await;
    assert!(!format!("{rows:?}").contains("whsec"), "nothing of a secret is readable in the table");
    world.audit().await;
}

#[tokio::test]
async fn of_two_live_secrets_the_request_says_which_one_stays() {
    let world = World::start().await;
    let program = world.program().await;
    let endpoint = world.endpoint(&program).await;
    let (old, mistyped, right) = (endpoint.secret.as_str(), "whsec_mistyped", "whsec_typed-right");
    let rotate = |body: Value| world.admin("POST", &secrets(&endpoint)).json(&body);
    rotate(json!({ "signing_secret": mistyped, "overlap_hours": 168 })).expect(201).await;
    for (body, pointer) in [
        (json!({ "signing_secret": right }), "/keep"),
        (json!({ "signing_secret": right, "keep": 3 }), "/keep"),
        (json!({ "signing_secret": old, "keep": 1 }), "/signing_secret"),
        (json!({ "signing_secret": "short", "keep": 1 }), "/signing_secret"),
        (json!({ "signing_secret": right, "keep": 1, "overlap_hours": 169 }), "/overlap_hours"),
        (json!({ "signing_secret": right, "keep": 1, "overlap_hours": -1 }), "/overlap_hours"),
    ] {
        let refused = rotate(body.clone()).send().await.problem(422, "validation_failed");
        assert_eq!(refused.faults()[0].0, pointer, "{body}: {}", refused.text);
    }
    rotate(json!({ "signing_secret": right, "keep": 1 })).expect(201).await;
    let seen = [
        status(&world, &endpoint, old).await,
        status(&world, &endpoint, mistyped).await,
        status(&world, &endpoint, right).await,
    ];
    assert_eq!(seen, [200, 401, 200]);
    let unknown = "/admin/webhook-endpoints/whe_KW5HRPSXS9TBJQMEZRJSD01615/secrets";
    let body = json!({ "signing_secret": right });
    let _ = world.admin("POST", unknown).json(&body).send().await.problem(404, "not_found");
}

#[tokio::test]
async fn the_list_tells_how_endpoints_are_used() {
    let world = World::start().await;
    world.misbehave(tests::Delivery { seed: 1, shuffled: true, delayed: true, twice: true });
    let program = world.program().await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    let endpoint = world.endpoint(&program).await;
    let unused = &endpoints(&world, &program).await[0];
    assert_eq!((&unused["received"], &unused["last_received_at"]), (&json!(0), &Value::Null));
    assert_eq!((&unused["failed"], &unused["last_failure"]), (&json!(0), &Value::Null));
    for n in 0..3 {
        let event = stripe::checkout(&world, &format!("pi_{n}"), 10_000, &click);
        for _ in 0..2 {
            world.webhook(&endpoint, &event).expect(200).await;
        }
        world.wait(SignedDuration::from_secs(1));
    }
    let last = world.now() - SignedDuration::from_secs(1);
    world.settle().await;
    let first_refusal = world.now();
    for second in 0..90 {
        assert_eq!(status(&world, &endpoint, "whsec_of-somebody-else").await, 401, "{second}");
        world.wait(SignedDuration::from_secs(1));
    }
    let used = &endpoints(&world, &program).await[0];
    assert_eq!((&used["received"], &used["last_received_at"]), (&json!(3), &json!(last)), "{used:#}");
    let at = first_refusal + SignedDuration::from_secs(60);
    assert_eq!(
        (&used["failed"], &used["last_failure"]["reason"]),
        (&json!(2), &json!("mismatch")),
        "{used:#}"
    );
    assert_eq!(text(&used["last_failure"]["at"]).parse::<jiff::Timestamp>().unwrap(), at);
    let _ = world
        .admin("GET", "/admin/webhook-endpoints?program_id=prg_C2H04S64V5C780R45HNWVP4XQN")
        .send()
        .await
        .problem(404, "not_found");
    world.audit().await;
}

#[tokio::test]
async fn events_are_listed_the_latest_first_with_what_they_told() {
    let world = World::start().await;
    let program = world.program().await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    let (endpoint, other) = (world.endpoint(&program).await, world.endpoint(&program).await);
    let mut sent = Vec::new();
    for n in 0..5 {
        let mut event = stripe::checkout(&world, &format!("pi_{n}"), 10_000, &click);
        event["data"]["object"]["customer_details"]["email"] = json!("buyer@example.com");
        world.webhook(&endpoint, &event).expect(200).await;
        sent.insert(0, text(&event["id"]));
        world.wait(SignedDuration::from_secs(1));
    }
    let idle = json!({ "id": "evt_idle", "object": "event", "type": "customer.created", "created": world.now().as_second(), "data": { "object": {} } });
    world.webhook(&endpoint, &idle).expect(200).await;
    sent.insert(0, "evt_idle".to_owned());
    let waiting = events(&world, &endpoint, &format!("&event_id={}", sent[1])).await;
    assert_eq!(waiting["data"][0]["status"], "waiting");
    world.drain().await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = events(&world, &endpoint, &format!("&limit=4{cursor}")).await;
        seen.extend(page["data"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.iter().map(|event| text(&event["id"])).collect::<Vec<_>>(), sent);
    assert_eq!((&seen[0]["status"], &seen[0]["facts"]), (&json!("recorded"), &json!([])));
    assert_eq!((&seen[1]["status"], &seen[1]["facts"][0]["type"]), (&json!("sent"), &json!("charge")));
    assert_eq!(seen[1]["facts"][0]["external_id"], "pi_4");
    assert!(!format!("{seen:?}").contains("buyer@example.com"));
    let unknown = events(&world, &endpoint, "&event_id=evt_unknown").await;
    assert_eq!(unknown, json!({ "data": [], "next_cursor": null }));
    assert_eq!(events(&world, &other, "").await["data"], json!([]));
    world.audit().await;
}

#[tokio::test]
async fn an_event_is_replayed_harmlessly() {
    let world = World::start().await;
    let program = world.program().await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    let endpoint = world.endpoint(&program).await;
    let event = stripe::checkout(&world, "pi_1", 10_000, &click);
    world.webhook(&endpoint, &event).expect(200).await;
    world.drain().await;
    let ledger = world.audit().await;
    for _ in 0..3 {
        let reply = replay(&world, &endpoint, &text(&event["id"])).await;
        assert_eq!((reply.status, &reply.body["status"]), (202, &json!("waiting")), "{}", reply.text);
        world.drain().await;
    }
    let shown = &events(&world, &endpoint, "").await["data"][0];
    assert_eq!((&shown["status"], &shown["sent_at"]), (&json!("sent"), &json!(world.now())));
    assert_eq!(endpoints(&world, &program).await[0]["received"], 1, "a replay is not one more event");
    assert_eq!(world.audit().await, ledger);
    for (event, status) in [("evt_unknown", 404), (&text(&event["id"]), 202)] {
        assert_eq!(replay(&world, &endpoint, event).await.status, status);
    }
}

/// An event that could not be read when it came and can be now: a correction of how it is read cannot
/// be had in a test, so that what was set aside is put there by hand.
#[tokio::test]
async fn a_parked_event_that_can_be_read_now_counts_as_of_when_it_came() {
    let world = World::start().await;
    let program = world.program().await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    let endpoint = world.endpoint(&program).await;
    let event = stripe::checkout(&world, "pi_1", 10_000, &click);
    let message_id = format!("{}/{}", id(&endpoint), text(&event["id"]));
    let kept = format!("[[\"content-type\",\"application/json\"]]\n{event}");
    let parked = Parked {
        queue: Queue::Webhooks,
        body: world.keyring().seal(&message_id, kept.as_bytes()).unwrap(),
        message_id,
        code: "unreadable_event".to_owned(),
        detail: "the object is not as documented".to_owned(),
        parked_at: world.now(),
    };
    world.store().park(&parked).await.unwrap();
    let came = world.now();
    world.wait(SignedDuration::from_hours(48));
    let listed = world.admin("GET", "/admin/parked-messages?queue=webhooks").expect(200).await;
    let entry = &listed["data"][0];
    assert_eq!(entry["subjects"], json!({ "endpoint_id": id(&endpoint), "event_id": event["id"] }));
    for _ in 0..2 {
        let reply = world.admin("POST", &text(&entry["retry"])).send().await;
        assert_eq!(reply.status, 202, "{}", reply.text);
        assert_eq!(reply.body["received_at"], json!(came));
        world.drain().await;
    }
    assert_eq!(world.amounts(&program, &[kid]).await, ["20.00"]);
    assert!(world.parked().await.is_empty());
    world.audit().await;
}

#[tokio::test]
async fn an_event_that_still_cannot_be_read_stays_parked_with_its_body_sealed() {
    let world = World::start().await;
    let program = world.program().await;
    let endpoint = world.endpoint(&program).await;
    let mut event = stripe::recorded(&world, "invoice.paid");
    event["data"]["object"]["amount_paid"] = json!("a lot");
    event["data"]["object"]["customer_email"] = json!("buyer@example.com");
    for _ in 0..2 {
        world.webhook(&endpoint, &event).expect(200).await;
    }
    let reply = replay(&world, &endpoint, &text(&event["id"])).await.problem(409, "conflict");
    assert!(text(&reply.body["detail"]).contains("still cannot be read"), "{}", reply.text);
    let listed = world.admin("GET", "/admin/parked-messages").expect(200).await;
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    assert_eq!(listed["data"][0]["code"], "unreadable_event");
    let path = text(&listed["data"][0]["discard"]).replace("/discard", "/retry");
    let refused = world.admin("POST", &path).send().await.problem(409, "conflict");
    assert!(text(&refused.body["detail"]).contains("/replay"), "{}", refused.text);
    assert!(!format!("{:?}", world.table.dump().await).contains("buyer@example.com"));
    assert!(!listed.to_string().contains("a lot"));
    world.audit().await;
}

/// The sender is asked to send an event again that was taken for one of no concern.
#[tokio::test]
async fn an_event_that_was_misread_counts_when_its_sender_sends_it_again() {
    let world = World::start().await;
    let program = world.program().await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    let endpoint = world.endpoint(&program).await;
    let event = stripe::checkout(&world, "pi_1", 10_000, &click);
    let misread = store::webhook::WebhookEvent {
        endpoint_id: id(&endpoint).parse().unwrap(),
        event_id: text(&event["id"]),
        kind: text(&event["type"]),
        received_at: world.now(),
        facts: Vec::new(),
        sent_at: None,
    };
    world.store().record_webhook_event(&misread).await.unwrap();
    world.drain().await;
    for _ in 0..3 {
        world.webhook(&endpoint, &event).expect(200).await;
        world.drain().await;
    }
    assert_eq!(world.amounts(&program, &[kid]).await, ["20.00"]);
    world.audit().await;
}

/// An event of a sale is written with its row of the list and its marker, then sent on, then counted;
/// neither the endpoint nor anything else that another event writes too is among what the webhook writes.
#[tokio::test]
async fn an_event_costs_three_units_to_keep_three_to_send_on_and_one_to_count() {
    let world = World::start().await;
    let program = world.program().await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    let endpoint = world.endpoint(&program).await;
    let sale = stripe::checkout(&world, "pi_1", 10_000, &click);
    world.webhook(&endpoint, &sale).expect(200).await;
    let endpoint_id = id(&endpoint).parse().unwrap();
    let kept = world.store().webhook_event(&endpoint_id, &text(&sale["id"])).await.unwrap().unwrap().event;
    let (store, meter) = world.table.metered();
    let event = store::webhook::WebhookEvent { event_id: "evt_measured".to_owned(), ..kept.clone() };
    let idle =
        store::webhook::WebhookEvent { event_id: "evt_idle".to_owned(), facts: Vec::new(), ..kept.clone() };
    let mut writes = Vec::new();
    store.record_webhook_event(&event).await.unwrap();
    writes.push(meter.take().total_writes().to_string());
    let rows = world.table.dump().await;
    let row = rows.into_iter().find(|row| row.text("event_id") == Some("evt_measured")).unwrap();
    store.facts_sent(row, world.now()).await.unwrap();
    writes.push(meter.take().total_writes().to_string());
    store.count_webhook_event(&event).await.unwrap();
    writes.push(meter.take().total_writes().to_string());
    store.record_webhook_event(&idle).await.unwrap();
    writes.push(meter.take().total_writes().to_string());
    if world.table.counts_units() {
        assert_eq!(writes, ["3", "3", "1", "2"]);
    }
}
