//! A request repeated under its key is answered the same and has one effect.

use serde_json::{Value, json};
use store::park::{Parked, Queue};
use tests::{
    Call, World,
    contract::Contract,
    story::{DESTINATION, application, plan, program_request, sale, text, usd},
};

/// Sets a message aside that asks for nothing; gives its path.
async fn park(world: &World, id: &str) -> String {
    let parked = Parked {
        queue: Queue::Changes,
        message_id: id.to_owned(),
        body: json!({ "PK": { "S": "gone" }, "SK": { "S": "gone" } }).to_string(),
        code: "odd".to_owned(),
        detail: "odd".to_owned(),
        parked_at: world.now(),
    };
    world.store().park(&parked).await.unwrap();
    format!("/admin/parked-messages/changes/{}", parked.id())
}

/// Every operation that takes an `Idempotency-Key`, with a body that is good and one that differs.
async fn operations(world: &World) -> Vec<(&'static str, Call<'_>, Value)> {
    let program = world.program().await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-0", "100.00", &click).await;
    world.days(31).await;
    world.stripe_account(&kid, "acct_1").await;
    let key = json!({ "program_id": program.id, "name": "checkout", "scopes": ["conversions:write"] });
    let endpoint =
        json!({ "program_id": program.id, "provider": "stripe", "signing_secrets": ["whsec_12345"] });
    let coupon = json!({ "program_id": program.id, "partner_id": kid.id, "code": "SUMMER10" });
    let link = json!({ "program_id": program.id, "destination": DESTINATION });
    let with = |body: &Value, name: &str, value: Value| {
        let mut body = body.clone();
        body[name] = value;
        body
    };
    let rates = |rate: &str| {
        let rate = json!({ "from": "EUR", "to": "USD", "day": "2026-11-02", "rate": rate, "source": "ECB" });
        json!({ "rates": [rate] })
    };
    let program_body = program_request();
    let application = application(&program.id, "new", None);
    let fact = sale("order-1", "10.00", None);
    let payout = json!({ "program_id": program.id });
    let adjustment = json!({ "amount": usd("1.00"), "reason": "a thank-you" });
    let line = text(&world.commissions(&program, &kid).await[0]["id"]);
    let amount = json!({ "amount": "10.00", "currency": "USD" });
    let stripe = world.endpoint(&program).await;
    let endpoint_id = stripe.path.rsplit('/').next().unwrap();
    let secret = json!({ "signing_secret": "whsec_the-next-one" });
    let reason = json!({ "reason": "a test" });
    let [parked, other_parked] = [park(world, "1").await, park(world, "2").await];
    vec![
        (
            "createProgram",
            world.admin("POST", "/admin/programs").json(&program_body),
            with(&program_body, "name", json!("Other")),
        ),
        (
            "publishPlan",
            world
                .admin("POST", &format!("/admin/programs/{}/plans", program.id))
                .json(&json!({ "plan": plan() })),
            json!({ "plan": { "rules": [] } }),
        ),
        (
            "publishExchangeRates",
            world.admin("POST", "/admin/exchange-rates").json(&rates("1.0825")),
            rates("1.0826"),
        ),
        (
            "createApiKey",
            world.admin("POST", "/admin/api-keys").json(&key),
            with(&key, "name", json!("other")),
        ),
        (
            "createCoupon",
            world.admin("POST", "/admin/coupons").json(&coupon),
            with(&coupon, "code", json!("WINTER10")),
        ),
        (
            "createWebhookEndpoint",
            world.admin("POST", "/admin/webhook-endpoints").json(&endpoint),
            with(&endpoint, "signing_secrets", json!(["whsec_54321"])),
        ),
        (
            "rotateWebhookSecret",
            world.admin("POST", &format!("/admin/webhook-endpoints/{endpoint_id}/secrets")).json(&secret),
            with(&secret, "overlap_hours", json!(1)),
        ),
        ("retryParkedMessage", world.admin("POST", &format!("{parked}/retry")), json!({ "x": 1 })),
        (
            "discardParkedMessage",
            world.admin("POST", &format!("{other_parked}/discard")).json(&reason),
            with(&reason, "reason", json!("another")),
        ),
        (
            "generateLink",
            world.partner("kid", "POST", "/affiliate/links/generate").json(&link),
            with(&link, "campaign", json!("x")),
        ),
        (
            "registerPartner",
            world.partner("new", "POST", "/affiliate/register").json(&application),
            with(&application, "country", json!("AT")),
        ),
        ("recordConversion", world.conversion(&program, &fact), with(&fact, "country", json!("DE"))),
        (
            "recordConversions",
            world.conversions(&program, std::slice::from_ref(&fact)),
            json!({ "facts": [with(&fact, "country", json!("DE"))] }),
        ),
        ("requestPayout", world.payout(&program, &kid), with(&payout, "amount", amount)),
        (
            "adjustCommission",
            world.admin("POST", &format!("/admin/commissions/{line}/adjustments")).json(&adjustment),
            with(&adjustment, "amount", usd("2.00")),
        ),
        ("startIdentityCheck", world.partner("kid", "POST", "/affiliate/identity-checks"), json!({ "x": 1 })),
    ]
}

#[tokio::test]
async fn a_repeated_request_gets_the_same_answer_and_another_body_is_refused() {
    let world = World::start().await;
    for (name, call, other) in operations(&world).await {
        let first = call.clone().send().await;
        assert!(matches!(first.status, 200..=202), "{name}: {}", first.text);
        let again = call.clone().send().await;
        assert_eq!((again.status, &again.body), (first.status, &first.body), "{name}");
        assert_eq!(again.header("location"), first.header("location"), "{name}");
        assert_eq!(again.header("idempotent-replayed"), Some("true"), "{name}");
        assert_eq!(first.header("idempotent-replayed"), None, "{name}");
        let reused = call.json(&other).send().await;
        // An invalid body may be found wrong before the key is looked at; both are a 422.
        assert_eq!(reused.status, 422, "{name}: {}", reused.text);
        if !matches!(name, "publishPlan") {
            assert_eq!(reused.code(), "idempotency_key_reused", "{name}: {}", reused.text);
        }
    }
    world.audit().await;
}

#[tokio::test]
async fn a_missing_or_odd_key_is_refused() {
    let world = World::start().await;
    let mut expected: Vec<_> = Contract::get()
        .operations()
        .iter()
        .filter(|operation| {
            let parameters = operation.spec["parameters"].as_array();
            parameters
                .into_iter()
                .flatten()
                .any(|one| one["$ref"] == "#/components/parameters/IdempotencyKey")
        })
        .map(|operation| operation.id.clone())
        .collect();
    let mut tried = Vec::new();
    for (name, call, _) in operations(&world).await {
        let missing = call.clone().without("idempotency-key").send().await;
        let _ = missing.problem(400, "idempotency_key_required");
        for key in ["", " ", "two words", &"x".repeat(256)] {
            let reply = call.clone().key(key).send().await;
            assert_eq!(reply.status, 400, "{name} {key:?}: {}", reply.text);
        }
        tried.push(name.to_owned());
    }
    tried.sort();
    expected.sort();
    assert_eq!(tried, expected, "operations with an Idempotency-Key");
}
