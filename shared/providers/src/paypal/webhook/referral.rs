//! Which click brought whom: orders, <https://developer.paypal.com/docs/api/orders/v2/#orders_get>,
//! and subscriptions, <https://developer.paypal.com/docs/api/subscriptions/v1/#subscriptions_get>.

use domain::{
    click::ClickTrail,
    conversion::{Fact, Referral},
};
use serde::Deserialize;

use crate::webhook::{ExternalFact, Unreadable, buyer::Buyer, clicks, json::Event};

#[derive(Deserialize)]
struct Order {
    id: String,
    payer: Option<Person>,
    #[serde(default)]
    purchase_units: Vec<PurchaseUnit>,
}

#[derive(Deserialize)]
struct PurchaseUnit {
    custom_id: Option<String>,
}

#[derive(Deserialize)]
struct Subscription {
    id: String,
    custom_id: Option<String>,
    subscriber: Option<Person>,
}

#[derive(Default, Deserialize)]
struct Person {
    payer_id: Option<String>,
    email_address: Option<String>,
}

/// `CHECKOUT.ORDER.COMPLETED`. Its captures tell the money.
pub(super) fn of_order(event: &Event<'_>) -> Result<Vec<ExternalFact>, Unreadable> {
    let order: Order = event.object()?;
    let payer = order.payer.unwrap_or_default();
    let clicks = order.purchase_units.iter().find_map(|unit| clicks(unit.custom_id.as_deref()?));
    let buyer = Buyer { sender: payer.payer_id.as_deref(), own: None, email: payer.email_address.as_deref() };
    Ok(fact(event, order.id, buyer, clicks).into_iter().collect())
}

/// `BILLING.SUBSCRIPTION.ACTIVATED`. Its sales know their subscriber by the subscription.
pub(super) fn of_subscription(event: &Event<'_>) -> Result<Vec<ExternalFact>, Unreadable> {
    let subscription: Subscription = event.object()?;
    let subscriber = subscription.subscriber.unwrap_or_default();
    let clicks = subscription.custom_id.as_deref().and_then(clicks);
    let buyer =
        Buyer { sender: Some(&subscription.id), own: None, email: subscriber.email_address.as_deref() };
    Ok(fact(event, subscription.id.clone(), buyer, clicks).into_iter().collect())
}

fn fact(event: &Event<'_>, id: String, buyer: Buyer<'_>, clicks: Option<ClickTrail>) -> Option<ExternalFact> {
    let referral =
        Referral { customer: buyer.customer(event.context)?, clicks: clicks?, occurred_at: event.at };
    Some(ExternalFact::new(id, Fact::Referral(referral)))
}
