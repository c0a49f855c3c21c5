//! One story that calls everything there is.

use std::collections::BTreeSet;

use serde_json::json;
use tests::{
    World,
    contract::Contract,
    story::{application, plan, program_request, text, usd},
    stripe,
};

#[tokio::test]
async fn every_operation_of_the_contract_is_called() {
    let world = World::start().await;
    let mut request = program_request();
    request["auto_approve"] = json!(false);
    let program = world.program_with(&request, &plan()).await;
    let endpoint = world.endpoint(&program).await;

    let ada = world.join(&program, "ada", None).await;
    let bob = world.join(&program, "bob", None).await;
    let applications = format!("/admin/programs/{}/applications", program.id);
    assert_eq!(world.admin("GET", &applications).expect(200).await["data"].as_array().unwrap().len(), 2);
    let approve = format!("{applications}/{}/approve", ada.id);
    world.admin("POST", &approve).json(&json!({})).expect(200).await;
    let reject = format!("{applications}/{}/reject", bob.id);
    world.admin("POST", &reject).json(&json!({ "reason": "no website" })).expect(200).await;
    let accept = format!("/affiliate/agreements/{}/accept", program.id);
    let terms = application(&program.id, "bob", None)["terms"].clone();
    world.partner("bob", "POST", &accept).json(&terms).expect(200).await;
    world.partner("ada", "PATCH", "/affiliate/profile").json(&json!({ "country": "AT" })).expect(200).await;
    world.partner("ada", "POST", "/affiliate/identity-checks").expect(201).await;
    world.stripe_account(&ada, "acct_ada").await;

    let click = world.visit(&program, &ada).await;
    world.webhook(&endpoint, &stripe::checkout(&world, "pi_1", 10_000, &click)).expect(200).await;
    world.sale(&program, "order-1", "50.00", &click).await;
    let mut own = tests::story::sale("order-2", "10.00", Some(&click));
    own["customer"]["email"] = json!("ada@partners.example");
    world.conversion(&program, &own).expect(202).await;
    world.drain().await;
    let commissions = world.commissions(&program, &ada).await;
    let held = commissions.iter().find(|line| line["status"] == "held").unwrap();
    let path = format!("/admin/commissions/{}/decide", text(&held["id"]));
    world.admin("POST", &path).json(&json!({ "decision": "reject" })).expect(200).await;
    let adjust = format!("/admin/commissions/{}/adjustments", text(&commissions[0]["id"]));
    let thanks = json!({ "amount": usd("1.00"), "reason": "a thank-you" });
    world.admin("POST", &adjust).json(&thanks).expect(201).await;
    let explain = format!("/affiliate/commissions/{}/explain", text(&commissions[0]["id"]));
    world.partner("ada", "GET", &explain).expect(200).await;

    world.days(31).await;
    world.eligibility(&program, &ada).await;
    world.payout(&program, &ada).expect(201).await;
    world.settle().await;
    assert_eq!(world.payouts(&program, &ada).await[0]["status"], "paid");
    world.dashboard(&program, &ada).await;
    for target in ["/affiliate/links", "/affiliate/referrals"] {
        world.partner("ada", "GET", &format!("{target}?program_id={}", program.id)).expect(200).await;
    }
    world.partner("ada", "GET", "/affiliate/profile").expect(200).await;
    let moves = format!("/admin/programs/{}/partners/{}/tier-changes", program.id, ada.id);
    world.admin("GET", &moves).expect(200).await;
    let rate = json!({ "from": "EUR", "to": "USD", "day": "2026-11-02", "rate": "1.0825", "source": "ECB" });
    world.admin("POST", "/admin/exchange-rates").json(&json!({ "rates": [rate] })).expect(201).await;
    for target in ["?from=EUR&to=USD", "/missing"] {
        world.admin("GET", &format!("/admin/exchange-rates{target}")).expect(200).await;
    }
    let programs = format!("/admin/programs/{}", program.id);
    let replayed = world.admin("POST", &format!("{programs}/replay")).json(&json!({})).expect(200).await;
    assert_eq!(replayed["first_difference"], json!(null), "{replayed:#}");
    let question = json!({ "plan": plan(), "from": "2026-11-01", "to": "2026-11-30" });
    world.admin("POST", &format!("{programs}/plans/simulate")).json(&question).expect(200).await;
    world.audit().await;

    let coupon = json!({ "program_id": program.id, "partner_id": ada.id, "code": "SUMMER10" });
    let coupon = world.admin("POST", "/admin/coupons").json(&coupon).expect(201).await;
    world.admin("GET", &format!("/admin/coupons?program_id={}", program.id)).expect(200).await;
    world.partner("ada", "GET", &format!("/affiliate/coupons?program_id={}", program.id)).expect(200).await;
    let disable = format!("/admin/coupons/{}/disable", text(&coupon["id"]));
    world.admin("POST", &disable).expect(200).await;
    let links = format!("/affiliate/links?program_id={}", program.id);
    let link = text(&world.partner("ada", "GET", &links).expect(200).await["data"][0]["id"]);
    let qr_code = world.partner("ada", "GET", &format!("/affiliate/links/{link}/qr-code")).send().await;
    assert_eq!(qr_code.status, 200, "{}", qr_code.text);
    world.partner("ada", "POST", &format!("/affiliate/links/{link}/disable")).expect(200).await;
    let batch = json!({ "facts": [tests::story::sale("order-3", "10.00", None)] });
    world.call("POST", "/conversions/batch").bearer(&program.token).json(&batch).expect(200).await;
    world.drain().await;
    let conversion = text(&commissions[0]["conversion_id"]);
    world.admin("GET", &format!("/admin/conversions/{conversion}")).expect(200).await;

    let endpoint_id = endpoint.path.rsplit('/').next().unwrap();
    let secrets = format!("/admin/webhook-endpoints/{endpoint_id}/secrets");
    let secret = json!({ "signing_secret": "whsec_the-next-one" });
    world.admin("POST", &secrets).json(&secret).expect(201).await;
    let endpoints = format!("/admin/webhook-endpoints?program_id={}", program.id);
    assert_eq!(world.admin("GET", &endpoints).expect(200).await["data"][0]["received"], 1);
    let events = format!("/admin/webhook-events?endpoint_id={endpoint_id}");
    let event = text(&world.admin("GET", &events).expect(200).await["data"][0]["id"]);
    let replay = format!("/admin/webhook-events/{endpoint_id}/{event}/replay");
    world.admin("POST", &replay).expect(202).await;
    for refund in ["refund-1", "refund-2"] {
        world.refund(&program, "order-1", refund, "50.00").await;
    }
    let parked = world.admin("GET", "/admin/parked-messages").expect(200).await["data"][0].clone();
    let discard = json!({ "reason": "the shop knows" });
    world.admin("POST", &text(&parked["discard"])).json(&discard).expect(200).await;
    let change = store::park::Parked {
        queue: store::park::Queue::Changes,
        message_id: "1".to_owned(),
        body: "{}".to_owned(),
        code: "odd".to_owned(),
        detail: "odd".to_owned(),
        parked_at: world.now(),
    };
    world.store().park(&change).await.unwrap();
    world.admin("POST", &format!("/admin/parked-messages/changes/{}/retry", change.id())).expect(202).await;
    world.audit().await;

    let all: BTreeSet<_> =
        Contract::get().operations().iter().map(|operation| operation.id.clone()).collect();
    let called = world.gateway.called();
    let missed: Vec<_> = all.difference(&called).collect();
    assert!(missed.is_empty(), "no journey calls {missed:?}: extend this one");
}
