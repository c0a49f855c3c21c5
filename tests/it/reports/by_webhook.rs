//! The same reports as Standard Webhooks.

use super::*;

#[tokio::test]
async fn every_type_of_fact_comes_by_webhook_too() {
    let scene = Scene::set().await;
    let endpoint = scene.world.standard_endpoint(&scene.program).await;
    let fact = |kind: &str, field: &str| json!({ "type": kind, "external_id": "order-1", field: "a" });
    let amount = |mut fact: Value, amount: &str| {
        fact["amount"] = usd(amount);
        fact
    };
    for (number, (fact, expected)) in [
        (scene.sale("order-1", "100.00"), "20.00"),
        (amount(fact("refund", "refund_id"), "50.00"), "10.00"),
        (fact("refund_failed", "refund_id"), "20.00"),
        (fact("dispute_opened", "dispute_id"), "20.00"),
        (amount(fact("dispute_lost", "dispute_id"), "75.00"), "5.00"),
        (fact("dispute_won", "dispute_id"), "20.00"),
        (fact("cancellation", "cancellation_id"), "0.00"),
        (fact("reinstatement", "cancellation_id"), "20.00"),
    ]
    .into_iter()
    .enumerate()
    {
        let event = scene.world.standard_webhook(&endpoint, &format!("msg_{number}"), &fact);
        event.expect(200).await;
        scene.world.drain().await;
        assert_eq!(scene.commission().await.0, expected, "{fact}");
    }
    let mut lead = json!({ "type": "lead", "external_id": "signup-1", "customer": { "id": "c-1" } });
    lead["click_id"] = json!(scene.click);
    scene.world.standard_webhook(&endpoint, "msg_lead", &lead).expect(200).await;
    scene.report(&lead).await;
    assert!(scene.world.parked().await.is_empty());
    scene.world.audit().await;
}

#[tokio::test]
async fn a_webhook_with_a_wrong_report_is_set_aside_and_a_forged_one_refused() {
    let scene = Scene::set().await;
    let endpoint = scene.world.standard_endpoint(&scene.program).await;
    let wrong = scene.sale("order-1", "-100.00");
    scene.world.standard_webhook(&endpoint, "msg_1", &wrong).expect(200).await;
    let parked = scene.world.parked().await;
    assert_eq!(parked.len(), 1, "{parked:?}");
    assert!(parked[0].contains("data.amount") && parked[0].contains("as a refund"), "{parked:?}");
    let sale = scene.sale("order-1", "100.00");
    let forged = scene.world.standard_webhook(&endpoint, "msg_2", &sale).header("webhook-id", "msg_3");
    let _ = forged.send().await.problem(401, "invalid_signature");
    // Once it is right, the same event may come again.
    scene.world.standard_webhook(&endpoint, "msg_1", &sale).expect(200).await;
    scene.world.drain().await;
    assert_eq!(scene.commission().await.0, "20.00");
}
