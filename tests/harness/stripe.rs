//! Stripe as a sender: its events, signed, to an endpoint of a program.

use serde_json::{Value, json};

use crate::{
    Call, World, repository,
    story::{Program, text},
};

/// A webhook endpoint as the sender knows it.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The path of its address.
    pub path: String,
    /// The secret that signs.
    pub secret: String,
}

impl World {
    /// An endpoint for Stripe's events.
    pub async fn endpoint(&self, program: &Program) -> Endpoint {
        let secret = "whsec_for-tests-only".to_owned();
        let body = json!({ "program_id": program.id, "provider": "stripe", "signing_secrets": [secret] });
        let made = self.admin("POST", "/admin/webhook-endpoints").json(&body).expect(201).await;
        let url: url::Url = text(&made["url"]).parse().unwrap();
        Endpoint { path: url.path().to_owned(), secret }
    }

    /// A delivery of an event, signed now.
    #[must_use]
    pub fn webhook(&self, endpoint: &Endpoint, event: &Value) -> Call<'_> {
        let body = event.to_string();
        let signature = payment_world::sign(&endpoint.secret, self.now().as_second(), &body);
        let call = self.call("POST", &endpoint.path).without("idempotency-key");
        call.text("application/json", &body).header("stripe-signature", &signature)
    }
}

/// A recorded event under a name of its own.
#[must_use]
pub fn recorded(world: &World, kind: &str) -> Value {
    let path = format!("shared/providers/fixtures/stripe/{kind}.json");
    let mut event: Value = serde_json::from_str(&repository::read(&path)).unwrap();
    event["id"] = json!(world.fresh("evt"));
    event["created"] = json!(world.now().as_second());
    event
}

/// A payment with Checkout, without tax and shipping.
#[must_use]
pub fn checkout(world: &World, intent: &str, minor: i64, click: &str) -> Value {
    let mut event = recorded(world, "checkout.session.completed.payment");
    let session = &mut event["data"]["object"];
    session["currency"] = json!("usd");
    session["payment_intent"] = json!(intent);
    session["client_reference_id"] = json!(click);
    session["amount_total"] = json!(minor);
    session["amount_subtotal"] = json!(minor);
    session["total_details"] = json!({ "amount_discount": 0, "amount_shipping": 0, "amount_tax": 0 });
    event
}

/// A refund of a payment intent.
#[must_use]
pub fn refund(world: &World, intent: &str, id: &str, minor: i64) -> Value {
    let mut event = recorded(world, "refund.created");
    let refund = &mut event["data"]["object"];
    refund["id"] = json!(id);
    refund["payment_intent"] = json!(intent);
    refund["amount"] = json!(minor);
    refund["currency"] = json!("usd");
    refund["created"] = json!(world.now().as_second());
    event
}

/// The first invoice of a subscription, paid; without tax, and no click on it.
#[must_use]
pub fn invoice(world: &World, id: &str, customer: &str, minor: i64) -> Value {
    let mut event = recorded(world, "invoice.paid");
    let invoice = &mut event["data"]["object"];
    invoice["id"] = json!(id);
    invoice["customer"] = json!(customer);
    invoice["amount_paid"] = json!(minor);
    invoice["total"] = json!(minor);
    invoice["total_taxes"] = json!([]);
    invoice["metadata"] = json!({});
    invoice["parent"]["subscription_details"]["metadata"] = json!({});
    invoice["payments"] = Value::Null;
    invoice["payment_intent"] = Value::Null;
    invoice["status_transitions"]["paid_at"] = json!(world.now().as_second());
    event
}

/// A subscription's Checkout session, which tells who brought the customer.
#[must_use]
pub fn subscription_session(world: &World, customer: &str, click: &str) -> Value {
    let mut event = recorded(world, "checkout.session.completed.subscription");
    let session = &mut event["data"]["object"];
    session["customer"] = json!(customer);
    session["client_reference_id"] = json!(click);
    session["metadata"] = json!({});
    session["payment_intent"] = Value::Null;
    event
}

/// What ties a payment intent to its invoice.
#[must_use]
pub fn invoice_payment(world: &World, invoice: &str, intent: &str) -> Value {
    let mut event = recorded(world, "invoice_payment.paid");
    event["data"]["object"]["invoice"] = json!(invoice);
    event["data"]["object"]["payment"]["payment_intent"] = json!(intent);
    event
}

/// A dispute of a payment intent at a status, such as `needs_response` or `won`.
#[must_use]
pub fn dispute(world: &World, intent: &str, id: &str, minor: i64, status: &str) -> Value {
    let mut event = recorded(world, "charge.dispute.created");
    let is_over = ["won", "lost"].contains(&status);
    event["type"] = json!(if is_over { "charge.dispute.closed" } else { "charge.dispute.created" });
    let dispute = &mut event["data"]["object"];
    dispute["id"] = json!(id);
    dispute["payment_intent"] = json!(intent);
    dispute["amount"] = json!(minor);
    dispute["currency"] = json!("usd");
    dispute["status"] = json!(status);
    event
}
