//! Checkout sessions: <https://docs.stripe.com/api/checkout/sessions/object>.
//!
//! A session in `payment` mode is the charge itself. One in `subscription` mode, or one that makes
//! an invoice, leaves the money to `invoice.paid` and tells only which click brought the customer:
//! counting both would count the first payment twice.

use domain::{
    click::ClickTrail,
    conversion::{Charge, ConversionKind, Customer, Fact, Referral},
};
use serde::Deserialize;

use super::{
    discount::{self, Discount},
    object::{Address, Amounts, Reference, alias, country, id},
};
use crate::webhook::{
    ExternalFact, Labels, Unreadable,
    buyer::Buyer,
    clicks,
    json::{Event, lenient},
};

#[derive(Deserialize)]
struct Session {
    id: String,
    mode: Option<String>,
    payment_status: Option<String>,
    payment_intent: Option<Reference>,
    invoice: Option<Reference>,
    currency: Option<String>,
    amount_total: Option<i64>,
    total_details: Option<TotalDetails>,
    customer: Option<Reference>,
    customer_details: Option<CustomerDetails>,
    customer_email: Option<String>,
    client_reference_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    discounts: Option<Vec<Discount>>,
    metadata: Option<Labels>,
}

#[derive(Default, Deserialize)]
struct TotalDetails {
    amount_discount: Option<i64>,
    amount_shipping: Option<i64>,
    amount_tax: Option<i64>,
}

#[derive(Deserialize)]
struct CustomerDetails {
    email: Option<String>,
    address: Option<Address>,
}

pub(super) fn facts(event: &Event<'_>) -> Result<Vec<ExternalFact>, Unreadable> {
    let session: Session = event.object()?;
    match session.mode.as_deref() {
        // With a delayed method the money is not there yet; `async_payment_succeeded` will tell.
        Some("payment") if !session.is_paid() => Ok(Vec::new()),
        Some("payment") if session.invoice.is_none() => Ok(vec![session.charge(event)?]),
        Some("payment" | "subscription") => {
            Ok(session.referral(event).into_iter().chain(session.alias()).collect())
        }
        _ => Ok(Vec::new()),
    }
}

impl Session {
    fn is_paid(&self) -> bool {
        matches!(self.payment_status.as_deref(), Some("paid" | "no_payment_required"))
    }

    fn clicks(&self) -> Option<ClickTrail> {
        let reference = self.client_reference_id.as_deref().and_then(clicks);
        reference.or_else(|| self.metadata.as_ref()?.clicks())
    }

    fn coupon(&self) -> Option<&str> {
        let own = self.metadata.as_ref().and_then(Labels::coupon);
        own.or_else(|| discount::code(self.discounts.iter().flatten()))
    }

    fn customer(&self, event: &Event<'_>) -> Option<Customer> {
        let details = self.customer_details.as_ref().and_then(|details| details.email.as_deref());
        let buyer = Buyer {
            sender: id(self.customer.as_ref()),
            own: self.metadata.as_ref().and_then(Labels::customer),
            email: details.or(self.customer_email.as_deref()),
        };
        buyer.customer(event.context)
    }

    fn charge(&self, event: &Event<'_>) -> Result<ExternalFact, Unreadable> {
        let amounts = Amounts::new(event, event.required(self.currency.as_deref(), "currency")?)?;
        let total = event.required(self.amount_total, "amount_total")?;
        let none = TotalDetails::default();
        let details = self.total_details.as_ref().unwrap_or(&none);
        let charge = event.checked(Charge {
            kind: ConversionKind::Sale,
            occurred_at: event.at,
            amount: amounts.money(Some(total))?,
            tax: amounts.money(details.amount_tax)?,
            shipping: amounts.money(details.amount_shipping)?,
            discount: amounts.money(details.amount_discount)?,
            customer: self.customer(event),
            clicks: self.clicks(),
            country: country(self.customer_details.as_ref().and_then(|details| details.address.as_ref())),
            coupon: self.coupon().map(str::to_owned),
            lines: Vec::new(),
            splits: Vec::new(),
            aliases: Vec::new(),
            metadata: self.metadata.as_ref().map(Labels::metadata).unwrap_or_default(),
        })?;
        // A session that a discount made free has no payment intent.
        let external_id = id(self.payment_intent.as_ref()).unwrap_or(&self.id);
        Ok(ExternalFact::new(external_id, Fact::Charge(charge)))
    }

    fn referral(&self, event: &Event<'_>) -> Option<ExternalFact> {
        let referral =
            Referral { customer: self.customer(event)?, clicks: self.clicks()?, occurred_at: event.at };
        Some(ExternalFact::new(&self.id, Fact::Referral(referral)))
    }

    fn alias(&self) -> Option<ExternalFact> {
        Some(alias(id(self.invoice.as_ref())?, id(self.payment_intent.as_ref())?))
    }
}
