//! Subscriptions and their invoices:
//! <https://docs.lemonsqueezy.com/api/subscription-invoices/the-subscription-invoice-object>.

use domain::conversion::{Alias, ConversionKind, Fact};
use serde::Deserialize;

use super::{event::Told, order::external_id, payment::Payment};
use crate::webhook::{ExternalFact, Unreadable, json::Id};

#[derive(Deserialize)]
struct Subscription {
    order_id: Id,
}

#[derive(Deserialize)]
struct Invoice {
    subscription_id: Id,
    billing_reason: Option<String>,
}

/// `subscription_created`: the order is also known as the subscription's first invoice.
pub(super) fn first_invoice(told: Told<'_>) -> Result<Vec<ExternalFact>, Unreadable> {
    let (id, subscription) = told.object::<Subscription>()?;
    let alias = Fact::Alias(Alias { alias: first_of(&id) });
    Ok(vec![ExternalFact::new(external_id(&subscription.order_id), alias)])
}

/// `subscription_payment_success`, `subscription_payment_recovered` and `subscription_payment_refunded`
pub(super) fn invoice_facts(told: Told<'_>) -> Result<Vec<ExternalFact>, Unreadable> {
    let (id, invoice) = told.object::<Invoice>()?;
    let (_, payment) = told.object::<Payment>()?;
    if invoice.billing_reason.as_deref() == Some("initial") {
        let order = first_of(&invoice.subscription_id);
        return Ok(payment.refund(told, &order)?.into_iter().collect());
    }
    let external_id = format!("subscription_invoice_{id}");
    payment.facts(told, &external_id, ConversionKind::Renewal, Vec::new())
}

/// What the first invoice of a subscription is known by: its own id is told only later.
fn first_of(subscription: &Id) -> String {
    format!("first_invoice_of_subscription_{subscription}")
}
