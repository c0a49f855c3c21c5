//! Other payment providers than Stripe: a sale and its refunds by each of their doors.

use serde_json::{Value, json};
use tests::{
    World,
    senders::{LEMON_SQUEEZY, PADDLE, SHOPIFY, Sender},
};

/// A sale of 100.00, of which 40.00 and then the rest go back, each told twice.
async fn sale_and_refunds(sender: &Sender, events: impl Fn(&World, &str) -> [Value; 3]) {
    let world = World::start().await;
    let program = world.program().await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    let endpoint = sender.endpoint(&world, &program).await;
    for (event, left) in events(&world, &click).iter().zip(["20.00", "12.00", "0.00"]) {
        for _ in 0..2 {
            let answer = sender.deliver(&world, &endpoint, event).expect(200).await;
            assert_eq!(answer, json!({ "received": true }));
            world.drain().await;
        }
        assert_eq!(world.amounts(&program, std::slice::from_ref(&kid)).await, [left], "{}", sender.name);
    }
    let call = sender.deliver(&world, &endpoint, &json!({ "forged": true }));
    let (header, signature) = sender.signature(&world, &endpoint, "something else");
    let _ = call.header(header, &signature).send().await.problem(401, "invalid_signature");
    assert!(world.audit().await.balances.is_empty());
}

#[tokio::test]
async fn a_transaction_of_paddle_and_its_adjustments() {
    sale_and_refunds(&PADDLE, |world, click| {
        let totals = json!({ "tax": "0", "total": "10000", "grand_total": "10000" });
        let mut sale = PADDLE.event(
            "transaction.completed.web",
            "/data",
            &json!({ "custom_data": { "trb_click": click }, "details": { "totals": totals }, "payments": null }),
        );
        sale["occurred_at"] = json!(world.now());
        let changed = |name, minor: &str| {
            PADDLE.event(name, "/data", &json!({ "totals": { "total": minor }, "updated_at": world.now() }))
        };
        let refund = changed("adjustment.updated.refund.approved", "4000");
        [sale, refund, changed("adjustment.created.chargeback", "6000")]
    })
    .await;
}

#[tokio::test]
async fn an_order_of_shopify_its_refund_and_its_end() {
    sale_and_refunds(&SHOPIFY, |world, click| {
        let order = |name, changes: Value| {
            let mut all = json!({
                "currency": "USD", "total_price": "100.00", "total_tax": "0.00", "total_discounts": "0.00",
                "shipping_lines": [], "discount_codes": [], "processed_at": world.now(),
                "note_attributes": [{ "name": "trb_click", "value": click }],
            });
            all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            SHOPIFY.event(name, "", &all)
        };
        let transaction =
            json!({ "kind": "refund", "status": "success", "amount": "40.00", "currency": "USD" });
        let refund = SHOPIFY.event(
            "refunds_create",
            "",
            &json!({
                "transactions": [transaction], "refund_line_items": [], "total_duties_set": null,
                "processed_at": world.now(),
            }),
        );
        let cancelled = order("orders_cancelled", json!({ "cancelled_at": world.now() }));
        [order("orders_paid", json!({})), refund, cancelled]
    })
    .await;
}

#[tokio::test]
async fn an_order_of_lemon_squeezy_and_its_running_total() {
    sale_and_refunds(&LEMON_SQUEEZY, |world, click| {
        let event = |name, changes: Value| {
            let mut all = json!({
                "total": 10_000, "tax": 0, "discount_total": 0, "first_order_item": null,
                "created_at": world.now(), "updated_at": world.now(),
            });
            all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            let mut event = LEMON_SQUEEZY.event(name, "/data/attributes", &all);
            event["meta"]["custom_data"] = json!({ "trb_click": click });
            event
        };
        [
            event("order_created", json!({})),
            event("order_refunded.partial", json!({ "refunded_amount": 4_000 })),
            event("order_refunded.full", json!({ "refunded_amount": 10_000 })),
        ]
    })
    .await;
}
