//! What senders tell of a payment, each in its own words.

use serde_json::{Value, json};

use super::{
    doors::{Event, Sender},
    network::Network,
    people::Buyer,
    shop::{Deal, Paid},
};
use crate::{
    World,
    senders::{LEMON_SQUEEZY, PADDLE},
    stripe,
};

impl Event {
    pub(crate) fn stripe(body: Value) -> Self {
        Self { sender: Sender::Stripe, id: body["id"].as_str().unwrap().to_owned(), body }
    }

    fn paddle(world: &World, mut body: Value) -> Self {
        let id = world.fresh("evt");
        body["event_id"] = json!(id);
        body["notification_id"] = json!(world.fresh("ntf"));
        body["occurred_at"] = json!(world.now());
        Self { sender: Sender::Paddle, id, body }
    }

    pub(crate) fn lemon_squeezy(body: Value) -> Self {
        Self { sender: Sender::LemonSqueezy, id: String::new(), body }
    }
}

/// What is attached to a payment for the program.
fn labels(deal: &Deal) -> Value {
    let mut labels = json!({});
    if let Some(trail) = &deal.trail {
        labels["trb_click"] = json!(trail);
    }
    if let Some(coupon) = &deal.coupon {
        labels["trb_coupon"] = json!(coupon);
    }
    labels
}

/// A payment with Stripe Checkout.
pub(crate) fn stripe(world: &World, network: &Network, intent: &str, deal: &Deal, paid: &Paid) -> Event {
    let mut event = stripe::checkout(world, intent, paid.amount, deal.trail.as_deref().unwrap_or_default());
    let session = &mut event["data"]["object"];
    if deal.trail.is_none() {
        session["client_reference_id"] = Value::Null;
    }
    session["metadata"] = labels(deal);
    session["metadata"].as_object_mut().unwrap().remove("trb_click");
    session["customer"] = json!(deal.buyer.name);
    session["currency"] = json!(paid.currency.to_lowercase());
    address(session, network, &deal.buyer);
    Event::stripe(event)
}

/// Writes the buyer's address into a Checkout session.
pub(crate) fn address(session: &mut Value, network: &Network, buyer: &Buyer) {
    session["customer_details"]["email"] = json!(buyer.typed(network));
    session["customer_email"] = Value::Null;
}

/// A transaction of Paddle.
pub(crate) fn paddle(world: &World, transaction: &str, deal: &Deal, paid: &Paid) -> Event {
    let text = |minor: i64| json!(minor.to_string());
    let totals = json!({
        "tax": text(paid.parts), "total": text(paid.amount), "grand_total": text(paid.amount), "discount": "0",
    });
    let changes = json!({
        "id": transaction,
        "customer_id": deal.buyer.name,
        "currency_code": paid.currency,
        "discount_id": null,
        "custom_data": labels(deal),
        "details": { "totals": totals },
        "payments": [{ "status": "captured", "captured_at": paid.at }],
    });
    Event::paddle(world, PADDLE.event("transaction.completed.web", "/data", &changes))
}

/// A refund or chargeback of Paddle's, at one of its stages.
pub(crate) fn paddle_adjustment(
    world: &World,
    (transaction, id): (&str, &str),
    (action, status): (&str, &str),
    (minor, currency): (i64, &str),
) -> Event {
    let changes = json!({
        "id": id,
        "transaction_id": transaction,
        "action": action,
        "status": status,
        "currency_code": currency,
        "totals": { "total": minor.to_string() },
        "updated_at": world.now(),
    });
    let name = "adjustment.updated.refund.approved";
    Event::paddle(world, PADDLE.event(name, "/data", &changes))
}

/// An order of Lemon Squeezy's.
pub(crate) fn lemon_squeezy(
    world: &World,
    network: &Network,
    order: &str,
    deal: &Deal,
    paid: &Paid,
) -> Event {
    let changes = json!({
        "customer_id": deal.buyer.name,
        "user_email": deal.buyer.typed(network),
        "currency": paid.currency,
        "subtotal": paid.amount - paid.parts,
        "discount_total": 0,
        "tax": paid.parts,
        "total": paid.amount,
        "first_order_item": null,
        "created_at": paid.at,
        "updated_at": world.now(),
    });
    let mut event = LEMON_SQUEEZY.event("order_created", "/data/attributes", &changes);
    event["data"]["id"] = json!(order);
    event["meta"]["custom_data"] = labels(deal);
    Event::lemon_squeezy(event)
}

/// How much of an order of Lemon Squeezy's has gone back by now in all.
pub(crate) fn lemon_squeezy_refund(world: &World, order: &Value, total: i64) -> Event {
    let mut event = order.clone();
    event["meta"]["event_name"] = json!("order_refunded");
    let attributes = &mut event["data"]["attributes"];
    attributes["refunded_amount"] = json!(total);
    attributes["refunded"] = json!(Some(total) >= attributes["total"].as_i64());
    attributes["refunded_at"] = json!(world.now());
    attributes["updated_at"] = json!(world.now());
    attributes["status"] = json!(if attributes["refunded"] == true { "refunded" } else { "partial_refund" });
    Event::lemon_squeezy(event)
}
