//! Invoices, in the shape of API versions before and since 2025-03-31, and what paid them.
//!
//! Sources: <https://docs.stripe.com/api/invoices/object>,
//! <https://docs.stripe.com/api/invoice-payment/object> and
//! <https://docs.stripe.com/changelog/basil>: that version moved `subscription_details` under
//! `parent`, replaced `tax` by `total_taxes`, and took `payment_intent` and `charge` off the invoice.

use std::collections::BTreeMap;

use domain::{
    click::ClickTrail,
    conversion::{Charge, ConversionKind, Fact, LineItem},
    money::{Money, Rounding},
};
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    discount::{self, Discount},
    line::Lines,
    object::{Address, Amounts, List, Part, Reference, alias, country, id},
};
use crate::webhook::{
    ExternalFact, Labels, Unreadable,
    buyer::Buyer,
    json::{Event, lenient},
};

#[derive(Deserialize)]
struct Invoice {
    id: String,
    billing_reason: Option<String>,
    currency: String,
    amount_paid: i64,
    total: i64,
    tax: Option<i64>,
    total_taxes: Option<Vec<Part>>,
    total_discount_amounts: Option<Vec<Part>>,
    #[serde(default, deserialize_with = "lenient")]
    discounts: Option<Vec<Discount>>,
    #[serde(default, deserialize_with = "lenient")]
    discount: Option<Discount>,
    #[serde(default, deserialize_with = "lenient")]
    lines: Option<Lines>,
    shipping_cost: Option<ShippingCost>,
    customer: Option<Reference>,
    customer_email: Option<String>,
    customer_address: Option<Address>,
    payment_intent: Option<Reference>,
    charge: Option<Reference>,
    payments: Option<List<Payment>>,
    subscription_details: Option<SubscriptionDetails>,
    parent: Option<Parent>,
    metadata: Option<Labels>,
    status_transitions: Option<StatusTransitions>,
}

#[derive(Deserialize)]
struct ShippingCost {
    amount_subtotal: Option<i64>,
}

#[derive(Deserialize)]
struct Parent {
    subscription_details: Option<SubscriptionDetails>,
}

#[derive(Deserialize)]
struct SubscriptionDetails {
    metadata: Option<Labels>,
}

#[derive(Deserialize)]
struct StatusTransitions {
    paid_at: Option<i64>,
}

/// A payment of an invoice.
#[derive(Deserialize)]
struct Payment {
    invoice: Option<Reference>,
    payment: Option<Method>,
}

#[derive(Deserialize)]
struct Method {
    payment_intent: Option<Reference>,
    charge: Option<Reference>,
}

/// `invoice.paid`
pub(super) fn facts(event: &Event<'_>) -> Result<Vec<ExternalFact>, Unreadable> {
    let invoice: Invoice = event.object()?;
    let charge = invoice.charge(event)?;
    Ok(vec![ExternalFact::new(&invoice.id, Fact::Charge(charge))])
}

/// `invoice_payment.paid`, which since 2025-03-31 is the only place that ties a payment to its
/// invoice: a refund names only the payment.
pub(super) fn payment_facts(event: &Event<'_>) -> Result<Vec<ExternalFact>, Unreadable> {
    let payment: Payment = event.object()?;
    let Some(invoice) = id(payment.invoice.as_ref()) else { return Ok(Vec::new()) };
    Ok(payment.ids().map(|other| alias(invoice, other)).collect())
}

impl Payment {
    fn ids(&self) -> impl Iterator<Item = &str> {
        let method = self.payment.as_ref();
        let intent = method.and_then(|method| id(method.payment_intent.as_ref()));
        let charge = method.and_then(|method| id(method.charge.as_ref()));
        intent.into_iter().chain(charge)
    }
}

impl Invoice {
    fn charge(&self, event: &Event<'_>) -> Result<Charge, Unreadable> {
        let (amount, tax, shipping, discount) = self.amounts(event)?;
        let buyer = Buyer {
            sender: id(self.customer.as_ref()),
            own: self.metadata().find_map(Labels::customer),
            email: self.customer_email.as_deref(),
        };
        event.checked(Charge {
            kind: self.kind(),
            occurred_at: self.paid_at().unwrap_or(event.at),
            amount,
            tax,
            shipping,
            discount,
            customer: buyer.customer(event.context),
            clicks: self.clicks(),
            country: country(self.customer_address.as_ref()),
            coupon: self.coupon().map(str::to_owned),
            lines: self.lines(event)?.unwrap_or_default(),
            splits: Vec::new(),
            aliases: self.aliases(),
            metadata: self.labels(),
        })
    }

    /// Amount, tax, shipping and discount. Credit on the customer's balance pays a part of the
    /// total without money, and then only the paid share of tax and shipping is in the amount.
    fn amounts(&self, event: &Event<'_>) -> Result<(Money, Money, Money, Money), Unreadable> {
        let amounts = Amounts::new(event, &self.currency)?;
        let wrong = |error: domain::money::MoneyError| event.wrong_amount(error);
        // A total below zero becomes credit, an old debt is paid beside the total: neither is a sale.
        let total = amounts.money(Some(self.total.max(0)))?;
        let paid = amounts.money(Some(self.amount_paid.clamp(0, self.total.max(0))))?;
        let discount = amounts.sum(self.total_discount_amounts.as_deref().unwrap_or_default())?;
        if total.is_zero() {
            return Ok((paid, total, total, discount));
        }
        let tax = match &self.total_taxes {
            Some(taxes) => amounts.sum(taxes)?,
            None => amounts.money(self.tax)?,
        };
        let tax = tax.prorate(paid, total, Rounding::HalfEven).map_err(wrong)?;
        let shipping = amounts.money(self.shipping_cost.as_ref().and_then(|cost| cost.amount_subtotal))?;
        let shipping = shipping.prorate(paid, total, Rounding::HalfEven).map_err(wrong)?;
        // Both shares may round up by half a unit, and a discount may have eaten into the shipping.
        let rest = paid.minus(tax).map_err(wrong)?;
        Ok((paid, tax, shipping.min(rest).map_err(wrong)?, discount))
    }

    fn kind(&self) -> ConversionKind {
        match self.billing_reason.as_deref() {
            Some(
                "subscription_cycle" | "subscription_update" | "subscription_threshold" | "subscription",
            ) => ConversionKind::Renewal,
            _ => ConversionKind::Sale,
        }
    }

    fn paid_at(&self) -> Option<Timestamp> {
        Timestamp::from_second(self.status_transitions.as_ref()?.paid_at?).ok()
    }

    /// The subscription's metadata, in either shape, and the invoice's own.
    fn metadata(&self) -> impl Iterator<Item = &Labels> {
        let parent = self.parent.as_ref().and_then(|parent| parent.subscription_details.as_ref());
        let details = [parent, self.subscription_details.as_ref()].into_iter().flatten();
        details.filter_map(|details| details.metadata.as_ref()).chain(self.metadata.as_ref())
    }

    fn clicks(&self) -> Option<ClickTrail> {
        self.metadata().find_map(Labels::clicks)
    }

    fn labels(&self) -> BTreeMap<String, String> {
        self.metadata().flat_map(Labels::metadata).collect()
    }

    /// What the merchant says, else Stripe's own: of a customer's discount, the code of the customer.
    fn coupon(&self) -> Option<&str> {
        let discounts = self.discounts.iter().flatten().chain(&self.discount);
        self.metadata().find_map(Labels::coupon).or_else(|| discount::code(discounts))
    }

    fn lines(&self, event: &Event<'_>) -> Result<Option<Vec<LineItem>>, Unreadable> {
        let amounts = Amounts::new(event, &self.currency)?;
        Ok(self.lines.as_ref().and_then(|lines| lines.items(&amounts)))
    }

    fn aliases(&self) -> Vec<String> {
        let own = [id(self.payment_intent.as_ref()), id(self.charge.as_ref())].into_iter().flatten();
        let payments = self.payments.iter().flat_map(|list| &list.data).flat_map(Payment::ids);
        let mut aliases: Vec<String> = own.chain(payments).map(str::to_owned).collect();
        aliases.sort_unstable();
        aliases.dedup();
        aliases
    }
}
