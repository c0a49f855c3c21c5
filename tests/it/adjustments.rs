//! Adjustments: an administrator adds to a commission, or takes from it, and says why.

use serde_json::{Value, json};
use tests::{
    Call, World,
    story::{Partner, Program, text, usd},
};

/// A partner who has earned 20.00 by a sale of 100.00; gives the commission's id.
async fn earned(world: &World) -> (Program, Partner, String) {
    let program = world.program().await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-1", "100.00", &click).await;
    let line = world.commissions(&program, &kid).await[0].clone();
    (program, kid, text(&line["id"]))
}

fn adjust<'w>(world: &'w World, line: &str, amount: &str, reason: &str) -> Call<'w> {
    let body = json!({ "amount": usd(amount), "reason": reason });
    world.admin("POST", &format!("/admin/commissions/{line}/adjustments")).json(&body)
}

async fn explanation(world: &World, line: &str) -> Value {
    world.partner("kid", "GET", &format!("/affiliate/commissions/{line}/explain")).expect(200).await
}

#[tokio::test]
async fn adjustments_stand_beside_what_a_refund_leaves() {
    let world = World::start().await;
    let (program, kid, line) = earned(&world).await;
    let added = adjust(&world, &line, "5.00", "Our apologies for the broken link.").key("one");
    let answer = added.clone().expect(201).await;
    assert_eq!(answer["commission"]["amount"], usd("25.00"));
    let replay = added.clone().send().await;
    assert_eq!(replay.header("idempotent-replayed"), Some("true"));
    assert_eq!(replay.body, answer);
    let other = adjust(&world, &line, "6.00", "Our apologies for the broken link.").key("one").send().await;
    let _ = other.problem(422, "idempotency_key_reused");
    adjust(&world, &line, "-3.00", "Two items were ordered for testing.").expect(201).await;
    world.refund(&program, "order-1", "refund-1", "50.00").await;
    let commission = world.commissions(&program, &kid).await[0].clone();
    let amounts = ["earned", "adjusted", "amount"].map(|name| text(&commission[name]["amount"]));
    assert_eq!(amounts, ["20.00", "2.00", "12.00"]);

    let explained = explanation(&world, &line).await;
    let kinds: Vec<_> =
        explained["ledger"].as_array().unwrap().iter().map(|one| text(&one["kind"])).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "adjust").count(), 2, "{kinds:?}");
    let reasons: Vec<_> =
        explained["adjustments"].as_array().unwrap().iter().map(|one| text(&one["reason"])).collect();
    assert_eq!(reasons, ["Our apologies for the broken link.", "Two items were ordered for testing."]);
    assert!(explained["adjustments"].as_array().unwrap().iter().all(|one| one["adjusted_by"].is_null()));
    let sentences: Vec<_> = explained["sentences"].as_array().unwrap().iter().map(text).collect();
    let wanted = "On 2 November 2026 an administrator added 5.00 USD: Our apologies for the broken link.";
    assert!(sentences.iter().any(|sentence| sentence == wanted), "{sentences:#?}");

    world.settle().await;
    let figures = world.dashboard(&program, &kid).await;
    assert_eq!(figures["totals"]["earnings"], usd("12.00"));
    world.days(31).await;
    assert_eq!(world.eligibility(&program, &kid).await["available"], usd("12.00"));
    world.refund(&program, "order-1", "refund-2", "50.00").await;
    assert_eq!(world.eligibility(&program, &kid).await["available"], usd("2.00"));
    world.audit().await;
}

#[tokio::test]
async fn what_cannot_be_adjusted_is_refused() {
    let world = World::start().await;
    let (program, kid, line) = earned(&world).await;
    let refused = async |call: Call<'_>, pointer: &str, code: &str| {
        let reply = call.send().await.problem(422, "validation_failed");
        assert_eq!(reply.faults(), [(pointer.to_owned(), code.to_owned())], "{}", reply.text);
    };
    refused(adjust(&world, &line, "0.00", "nothing"), "/amount", "out_of_range").await;
    refused(adjust(&world, &line, "-20.01", "too much"), "/amount", "exceeds_left").await;
    refused(adjust(&world, &line, "92233720368547758.07", "too much"), "/amount", "out_of_range").await;
    refused(adjust(&world, &line, "1.00", "  "), "/reason", "invalid_length").await;
    refused(adjust(&world, &line, "1.00", &"x".repeat(501)), "/reason", "invalid_length").await;
    let euros = json!({ "amount": { "amount": "1.00", "currency": "EUR" }, "reason": "a thank-you" });
    let path = format!("/admin/commissions/{line}/adjustments");
    refused(world.admin("POST", &path).json(&euros), "/amount/currency", "wrong_currency").await;
    let body = json!({ "amount": usd("1.00"), "reason": "a thank-you" });
    let _ = world.partner("kid", "POST", &path).json(&body).send().await.problem(403, "forbidden");
    let unknown = "com_RW59HVJB737GJXNACR6DW6JCNE_01";
    let _ = adjust(&world, unknown, "1.00", "a thank-you").send().await.problem(404, "not_found");
    let _ = adjust(&world, &line.replace("_01", "_02"), "1.00", "a thank-you")
        .send()
        .await
        .problem(404, "not_found");
    assert_eq!(world.commissions(&program, &kid).await[0]["amount"], usd("20.00"));
    world.audit().await;
}

#[tokio::test]
async fn a_rejected_commission_stays_at_nothing_and_a_reversed_one_can_be_mended() {
    let world = World::start().await;
    let (program, kid, line) = earned(&world).await;
    let click = world.visit(&program, &kid).await;
    let mut own = tests::story::sale("order-2", "100.00", Some(&click));
    own["customer"]["email"] = json!("kid@partners.example");
    world.conversion(&program, &own).expect(202).await;
    world.drain().await;
    let held = world.commissions(&program, &kid).await;
    let held = text(&held.iter().find(|one| one["status"] == "held").unwrap()["id"]);
    let path = format!("/admin/commissions/{held}/decide");
    world.admin("POST", &path).json(&json!({ "decision": "reject" })).expect(200).await;
    let _ = adjust(&world, &held, "1.00", "a thank-you").send().await.problem(409, "conflict");

    let taken = adjust(&world, &line, "-20.00", "meant another one").expect(201).await;
    assert_eq!(taken["commission"]["status"], "reversed");
    let given = adjust(&world, &line, "20.00", "given back").expect(201).await;
    assert_eq!(
        (&given["commission"]["status"], &given["commission"]["amount"]),
        (&json!("pending"), &usd("20.00"))
    );
    world.days(31).await;
    assert_eq!(world.eligibility(&program, &kid).await["available"], usd("20.00"));
    world.audit().await;
}

#[tokio::test]
async fn after_the_payout_an_adjustment_makes_debt_and_later_earnings_pay_it() {
    let world = World::start().await;
    let (program, kid, line) = earned(&world).await;
    world.days(31).await;
    world.stripe_account(&kid, "acct_1").await;
    world.payout(&program, &kid).expect(201).await;
    world.settle().await;
    assert_eq!(world.commissions(&program, &kid).await[0]["status"], "paid");
    adjust(&world, &line, "-20.00", "the customer was invented").expect(201).await;
    assert_eq!(world.eligibility(&program, &kid).await["available"], usd("-20.00"));
    let given = adjust(&world, &line, "5.00", "not all of it").expect(201).await["commission"].clone();
    assert_eq!((&given["status"], &given["payout_id"]), (&json!("approved"), &Value::Null));
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-2", "200.00", &click).await;
    world.days(31).await;
    assert_eq!(world.eligibility(&program, &kid).await["available"], usd("25.00"));
    world.payout(&program, &kid).expect(201).await;
    world.settle().await;
    // 45.00 were earned and 45.00 were paid: the payouts cover both lines.
    let statuses: Vec<_> =
        world.commissions(&program, &kid).await.iter().map(|line| text(&line["status"])).collect();
    assert_eq!(statuses, ["paid", "paid"]);
    world.audit().await;
}
