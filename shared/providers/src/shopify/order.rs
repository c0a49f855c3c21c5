//! Orders: <https://shopify.dev/docs/api/admin-rest/latest/resources/order>.

use domain::{
    click::ClickTrail,
    conversion::{Charge, ConversionKind, Fact, Refund, RefundCause, RefundStage},
    money::Money,
};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::{
    line::Line,
    money_set::MoneySet,
    shipping::{Shipping, ShippingLine},
};
use crate::webhook::{
    ExternalFact, Labels, Unreadable,
    amount::{Amounts, Decimal},
    buyer::{self, Buyer},
    clicks,
    json::{Event, Id},
};

/// What the address of a visit calls the clicks.
const CLICK: &str = "trb_click";
/// An order is cancelled once.
const CANCELLATION: &str = "cancelled";

#[derive(Deserialize)]
struct Order {
    id: Id,
    financial_status: Option<String>,
    currency: String,
    total_price: Decimal,
    total_tax: Option<Decimal>,
    total_discounts: Option<Decimal>,
    #[serde(default)]
    taxes_included: bool,
    original_total_duties_set: Option<MoneySet>,
    line_items: Vec<Line>,
    shipping_lines: Option<Vec<ShippingLine>>,
    discount_codes: Option<Vec<DiscountCode>>,
    note_attributes: Option<Value>,
    landing_site: Option<String>,
    source_name: Option<String>,
    customer: Option<Customer>,
    email: Option<String>,
    contact_email: Option<String>,
    shipping_address: Option<Address>,
    billing_address: Option<Address>,
    processed_at: Option<Timestamp>,
    cancelled_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Customer {
    id: Option<Id>,
    email: Option<String>,
}

#[derive(Deserialize)]
struct Address {
    country_code: Option<String>,
}

#[derive(Deserialize)]
struct DiscountCode {
    code: Option<String>,
}

/// What a paid order says: a sale, and that it was cancelled. How much went back its refunds tell.
pub(super) fn facts(event: &Event<'_>) -> Result<Vec<ExternalFact>, Unreadable> {
    let order: Order = event.object()?;
    if !order.is_paid() {
        return Ok(Vec::new());
    }
    let sale = Fact::Charge(order.charge(event)?);
    let facts = [Some(sale), order.cancellation().map(Fact::Refund)];
    Ok(facts.into_iter().flatten().map(|fact| ExternalFact::new(order.id.to_string(), fact)).collect())
}

/// An amount; nothing counts as zero.
fn optional(amounts: &Amounts<'_>, amount: Option<&Decimal>) -> Result<Money, Unreadable> {
    amount.map_or(Ok(amounts.zero()), |amount| amounts.decimal(amount))
}

impl Order {
    /// Was all of it paid, whatever was given back since?
    fn is_paid(&self) -> bool {
        matches!(self.financial_status.as_deref(), Some("paid" | "partially_refunded" | "refunded"))
    }

    fn charge(&self, event: &Event<'_>) -> Result<Charge, Unreadable> {
        let amounts = Amounts::new(event, &self.currency)?;
        let labels = self.labels();
        let amount = amounts.decimal(&self.total_price)?;
        let shipping =
            Shipping::of(self.shipping_lines.as_deref().unwrap_or_default(), &amounts, self.taxes_included)?;
        let tax = self.tax(event, &amounts, &shipping)?;
        // A discount on all of the order may have eaten into the shipping.
        let rest = amounts.money(amount.minus(tax))?;
        event.checked(Charge {
            kind: self.kind(),
            occurred_at: self.processed_at.unwrap_or(event.at),
            amount,
            tax,
            shipping: amounts.money(shipping.gross.min(rest))?,
            discount: self.discount(&amounts, &shipping)?,
            customer: self.buyer(&labels, event),
            clicks: labels.clicks().or_else(|| self.landing_clicks()),
            country: self.country(),
            coupon: self.coupon().or(labels.coupon()).map(str::to_owned),
            lines: self.lines(&amounts),
            splits: Vec::new(),
            aliases: Vec::new(),
            metadata: labels.metadata(),
        })
    }

    /// The tax on what was bought, and the duties.
    fn tax(
        &self,
        event: &Event<'_>,
        amounts: &Amounts<'_>,
        shipping: &Shipping,
    ) -> Result<Money, Unreadable> {
        let tax = optional(amounts, self.total_tax.as_ref())?;
        let duties = self.original_total_duties_set.as_ref().map(|set| set.shop_money.money(event));
        let duties = duties.transpose()?.unwrap_or(amounts.zero());
        let of_shipping = amounts.money(shipping.tax.min(tax))?;
        amounts.sum([amounts.money(tax.minus(of_shipping))?, duties])
    }

    /// What was taken off the products.
    fn discount(&self, amounts: &Amounts<'_>, shipping: &Shipping) -> Result<Money, Unreadable> {
        let all = optional(amounts, self.total_discounts.as_ref())?;
        let of_shipping = amounts.money(shipping.discount.min(all))?;
        amounts.money(all.minus(of_shipping))
    }

    /// What was bought; nothing when a line does not say enough.
    fn lines(&self, amounts: &Amounts<'_>) -> Vec<domain::conversion::LineItem> {
        let items = self.line_items.iter().map(|line| line.item(amounts, self.taxes_included));
        items.collect::<Option<_>>().unwrap_or_default()
    }

    /// Subscriptions bill without a checkout; their orders say so.
    fn kind(&self) -> ConversionKind {
        match self.source_name.as_deref() {
            Some("subscription_contract" | "subscription_contract_checkout_one") => ConversionKind::Renewal,
            _ => ConversionKind::Sale,
        }
    }

    fn buyer(&self, labels: &Labels, event: &Event<'_>) -> Option<domain::conversion::Customer> {
        let customer = self.customer.as_ref();
        let id = customer.and_then(|customer| customer.id.as_ref()).map(Id::to_string);
        let email = self.email.as_ref().or(self.contact_email.as_ref());
        let email = email.or_else(|| customer?.email.as_ref()).map(String::as_str);
        Buyer { sender: id.as_deref(), own: labels.customer(), email }.customer(event.context)
    }

    fn country(&self) -> Option<String> {
        let addresses = [&self.shipping_address, &self.billing_address].into_iter().flatten();
        addresses.into_iter().find_map(|address| buyer::country(address.country_code.as_deref()))
    }

    /// The first code that the customer entered.
    fn coupon(&self) -> Option<&str> {
        let codes = self.discount_codes.iter().flatten().filter_map(|discount| discount.code.as_deref());
        codes.into_iter().find(|code| !code.is_empty())
    }

    /// The cart's attributes, a list of names and values.
    fn labels(&self) -> Labels {
        let attributes = self.note_attributes.as_ref().and_then(Value::as_array).into_iter().flatten();
        let named = |attribute: &Value| {
            Some((attribute.get("name")?.as_str()?.to_owned(), attribute.get("value")?.clone()))
        };
        Labels::from(Value::Object(attributes.filter_map(named).collect()))
    }

    /// The clicks in the address that the visit began with, of which only the path may be told.
    fn landing_clicks(&self) -> Option<ClickTrail> {
        let base = Url::parse("https://shop.invalid").ok()?;
        let url = base.join(self.landing_site.as_deref()?).ok()?;
        let value = url.query_pairs().find(|(name, _)| name == CLICK)?.1;
        clicks(&value)
    }

    fn cancellation(&self) -> Option<Refund> {
        Some(Refund {
            refund_id: CANCELLATION.to_owned(),
            cause: RefundCause::Cancellation,
            stage: RefundStage::Done,
            amount: None,
            occurred_at: self.cancelled_at?,
        })
    }
}
