//! Orders: <https://docs.lemonsqueezy.com/api/orders/the-order-object>.

use domain::conversion::{ConversionKind, LineItem};
use serde::Deserialize;

use super::{event::Told, payment::Payment};
use crate::webhook::{ExternalFact, Unreadable, amount::Amounts, json::Id};

#[derive(Deserialize)]
struct Items {
    first_order_item: Option<Item>,
}

#[derive(Deserialize)]
struct Item {
    product_id: Option<Id>,
    quantity: Option<u32>,
    price: Option<i64>,
}

/// `order_created` and `order_refunded`. Either may be the first to arrive, and both say it all.
pub(super) fn facts(told: Told<'_>) -> Result<Vec<ExternalFact>, Unreadable> {
    let (id, payment) = told.object::<Payment>()?;
    let (_, items) = told.object::<Items>()?;
    let amounts = payment.amounts(told)?;
    let line = items.first_order_item.and_then(|item| item.line(&payment, &amounts));
    payment.facts(told, &external_id(&id), ConversionKind::Sale, line.into_iter().collect())
}

/// The id of an order's charge.
pub(super) fn external_id(order: &Id) -> String {
    format!("order_{order}")
}

impl Item {
    /// An order names its first item only. That is all of it when its price is that of the order, for
    /// one or for all, with or without the tax.
    fn line(&self, payment: &Payment, amounts: &Amounts<'_>) -> Option<LineItem> {
        let (each, quantity) = (self.price?, self.quantity.unwrap_or(1));
        let prices = [Some(each), each.checked_mul(i64::from(quantity))];
        let wholes = [payment.subtotal, Some(payment.total)];
        prices.iter().flatten().any(|price| wholes.contains(&Some(*price))).then_some(())?;
        Some(LineItem {
            product: self.product_id.as_ref()?.to_string(),
            quantity,
            amount: amounts.minor(payment.total),
            tax: Some(amounts.minor(payment.tax)),
            discount: Some(payment.discount(amounts)),
        })
    }
}
