//! Invoices: <https://apidocs.chargebee.com/docs/api/invoices>. Amounts are in minor units, and for
//! currencies without any in whole ones:
//! <https://www.chargebee.com/docs/billing/2.0/kb/product-catalog/what-are-zero-decimal-currencies>.

use domain::{
    conversion::{Charge, ConversionKind, Fact, LineItem},
    money::{Money, Rounding},
};
use jiff::Timestamp;
use serde::Deserialize;

use super::labels::{self, Labelled};
use crate::webhook::{
    ExternalFact, Labels, Unreadable,
    amount::Amounts,
    buyer::{Buyer, country},
    json::{Event, lenient},
};

#[derive(Deserialize)]
struct Shown {
    invoice: Option<Invoice>,
}

#[derive(Deserialize)]
struct Invoice {
    id: String,
    status: String,
    customer_id: Option<String>,
    #[serde(default)]
    recurring: bool,
    first_invoice: Option<bool>,
    currency_code: String,
    total: i64,
    amount_paid: i64,
    tax: Option<i64>,
    price_type: Option<String>,
    paid_at: Option<i64>,
    #[serde(default)]
    discounts: Vec<Discount>,
    #[serde(default, deserialize_with = "lenient")]
    line_items: Option<Vec<Line>>,
    line_items_next_offset: Option<String>,
}

#[derive(Deserialize)]
struct Discount {
    amount: i64,
    entity_type: Option<String>,
    entity_id: Option<String>,
    coupon_set_code: Option<String>,
}

#[derive(Deserialize)]
struct Line {
    amount: i64,
    quantity: Option<u32>,
    tax_amount: Option<i64>,
    discount_amount: Option<i64>,
    entity_id: Option<String>,
}

/// Every event that shows an invoice.
pub(super) fn facts(event: &Event<'_>) -> Result<Vec<ExternalFact>, Unreadable> {
    let shown: Shown = event.object()?;
    match shown.invoice {
        Some(invoice) if invoice.status == "paid" => {
            let charge = invoice.charge(event)?;
            Ok(vec![ExternalFact::new(invoice.id, Fact::Charge(charge))])
        }
        _ => Ok(Vec::new()),
    }
}

impl Invoice {
    fn charge(&self, event: &Event<'_>) -> Result<Charge, Unreadable> {
        let [customer, subscription, invoice] =
            ["customer", "subscription", "invoice"].map(|name| Labelled::of(event.object, name));
        let labels = labels::of([&customer, &subscription, &invoice]);
        let amounts = Amounts::new(event, &self.currency_code)?;
        let total = amounts.minor(self.total.max(0));
        let paid = amounts.minor(self.amount_paid.clamp(0, self.total.max(0)));
        let buyer = Buyer {
            sender: self.customer_id.as_deref().or(customer.text("/id")),
            own: labels.customer(),
            email: customer.text("/email"),
        };
        let billed_to =
            invoice.text("/billing_address/country").or(customer.text("/billing_address/country"));
        event.checked(Charge {
            kind: self.kind(),
            occurred_at: self.paid_at.and_then(|at| Timestamp::from_second(at).ok()).unwrap_or(event.at),
            amount: paid,
            tax: self.tax(&amounts, paid, total)?,
            shipping: amounts.zero(),
            discount: amounts.sum(self.discounts.iter().map(|discount| amounts.minor(discount.amount)))?,
            customer: buyer.customer(event.context),
            clicks: labels.clicks(),
            country: country(billed_to),
            coupon: self.coupon(&labels).map(str::to_owned),
            lines: self.lines(&amounts).unwrap_or_default(),
            splits: Vec::new(),
            aliases: Vec::new(),
            metadata: labels.metadata(),
        })
    }

    /// Tax within what was paid: where credits paid a part, its share of the invoice's.
    fn tax(&self, amounts: &Amounts<'_>, paid: Money, total: Money) -> Result<Money, Unreadable> {
        if total.is_zero() {
            return Ok(amounts.zero());
        }
        let tax = amounts.minor(self.tax.unwrap_or(0));
        amounts.money(tax.prorate(paid, total, Rounding::HalfEven))
    }

    /// An invoice is recurring when the subscription makes it by itself, its first one too.
    fn kind(&self) -> ConversionKind {
        let is_renewal = self.recurring && self.first_invoice != Some(true);
        if is_renewal { ConversionKind::Renewal } else { ConversionKind::Sale }
    }

    /// What the merchant says; else the code of a coupon set, which each customer gets one of; else
    /// the coupon.
    fn coupon<'a>(&'a self, labels: &'a Labels) -> Option<&'a str> {
        let is_coupon = |discount: &&Discount| {
            discount.entity_type.as_deref().is_some_and(|kind| kind.ends_with("_coupon"))
        };
        let mut coupons = self.discounts.iter().filter(is_coupon);
        let code = |discount: &'a Discount| {
            discount
                .coupon_set_code
                .as_deref()
                .or(discount.entity_id.as_deref())
                .filter(|code| !code.is_empty())
        };
        labels.coupon().or_else(|| coupons.find_map(code))
    }

    /// All of its lines, or none where one is not shown or is of no product.
    fn lines(&self, amounts: &Amounts<'_>) -> Option<Vec<LineItem>> {
        if self.line_items_next_offset.is_some() {
            return None;
        }
        let is_inclusive = self.price_type.as_deref() == Some("tax_inclusive");
        let sold = self.line_items.iter().flatten().filter(|line| !line.is_nothing());
        sold.map(|line| line.item(amounts, is_inclusive)).collect()
    }
}

impl Line {
    /// What is billed by usage has a line also when there was none.
    fn is_nothing(&self) -> bool {
        self.amount == 0 && self.quantity == Some(0)
    }

    fn item(&self, amounts: &Amounts<'_>, is_inclusive: bool) -> Option<LineItem> {
        let tax = amounts.minor(self.tax_amount.unwrap_or(0));
        let discount = amounts.minor(self.discount_amount.unwrap_or(0));
        let added = if is_inclusive { amounts.zero() } else { tax };
        Some(LineItem {
            product: self.entity_id.clone()?,
            quantity: self.quantity.unwrap_or(1),
            amount: amounts.minor(self.amount).minus(discount).ok()?.plus(added).ok()?,
            tax: Some(tax).filter(|tax| !tax.is_zero()),
            discount: Some(discount).filter(|discount| !discount.is_zero()),
        })
    }
}
