//! Payment intents that a merchant creates without Checkout or invoices:
//! <https://docs.stripe.com/api/payment_intents/object>.
//!
//! Checkout and Billing make intents too, and those are told by their session or invoice, which
//! know tax and shipping. So an intent counts only when the merchant has marked it for us.

use domain::conversion::{Charge, ConversionKind, Fact};
use serde::Deserialize;

use super::object::{Address, Amounts, Reference, country, id};
use crate::webhook::{ExternalFact, Labels, Unreadable, buyer::Buyer, json::Event};

#[derive(Deserialize)]
struct Intent {
    id: String,
    amount_received: i64,
    amount_details: Option<AmountDetails>,
    payment_details: Option<PaymentDetails>,
    currency: String,
    customer: Option<Reference>,
    receipt_email: Option<String>,
    invoice: Option<Reference>,
    latest_charge: Option<Reference>,
    metadata: Option<Labels>,
    shipping: Option<Shipping>,
}

#[derive(Default, Deserialize)]
struct AmountDetails {
    discount_amount: Option<i64>,
    shipping: Option<ShippingAmount>,
    tax: Option<TaxAmount>,
}

#[derive(Deserialize)]
struct ShippingAmount {
    amount: Option<i64>,
}

#[derive(Deserialize)]
struct TaxAmount {
    total_tax_amount: Option<i64>,
}

#[derive(Deserialize)]
struct PaymentDetails {
    order_reference: Option<String>,
}

#[derive(Deserialize)]
struct Shipping {
    address: Option<Address>,
}

/// `payment_intent.succeeded`
pub(super) fn facts(event: &Event<'_>) -> Result<Vec<ExternalFact>, Unreadable> {
    let intent: Intent = event.object()?;
    match &intent.metadata {
        Some(metadata) if metadata.is_ours() && intent.is_bare() => {
            Ok(vec![ExternalFact::new(&intent.id, Fact::Charge(intent.charge(event, metadata)?))])
        }
        _ => Ok(Vec::new()),
    }
}

impl Intent {
    /// Neither an invoice nor a session tells of it.
    fn is_bare(&self) -> bool {
        let order = self.payment_details.as_ref().and_then(|details| details.order_reference.as_deref());
        self.invoice.is_none()
            && !order.is_some_and(|order| order.starts_with("cs_") || order.starts_with("in_"))
    }

    fn charge(&self, event: &Event<'_>, metadata: &Labels) -> Result<Charge, Unreadable> {
        let amounts = Amounts::new(event, &self.currency)?;
        let none = AmountDetails::default();
        let details = self.amount_details.as_ref().unwrap_or(&none);
        let buyer = Buyer {
            sender: id(self.customer.as_ref()),
            own: metadata.customer(),
            email: self.receipt_email.as_deref(),
        };
        event.checked(Charge {
            kind: ConversionKind::Sale,
            occurred_at: event.at,
            amount: amounts.money(Some(self.amount_received))?,
            tax: amounts.money(details.tax.as_ref().and_then(|tax| tax.total_tax_amount))?,
            shipping: amounts.money(details.shipping.as_ref().and_then(|shipping| shipping.amount))?,
            discount: amounts.money(details.discount_amount)?,
            customer: buyer.customer(event.context),
            clicks: metadata.clicks(),
            country: country(self.shipping.as_ref().and_then(|shipping| shipping.address.as_ref())),
            coupon: metadata.coupon().map(str::to_owned),
            lines: Vec::new(),
            splits: Vec::new(),
            aliases: id(self.latest_charge.as_ref()).map(str::to_owned).into_iter().collect(),
            metadata: metadata.metadata(),
        })
    }
}
