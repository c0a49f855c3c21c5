//! Transactions: <https://developer.paddle.com/webhooks/transactions/transaction-completed>.
//!
//! Amounts are whole numbers of a currency's smallest unit, written as text. `grand_total` is what was
//! paid: the total less credit from earlier adjustments. The buyer's address is an object of its own
//! and not in the event, so neither e-mail nor country is told.

use domain::{
    conversion::{Charge, ConversionKind, Fact, LineItem},
    money::{Money, Rounding},
};
use jiff::Timestamp;
use serde::Deserialize;

use crate::webhook::{ExternalFact, Labels, Unreadable, amount::Amounts, buyer::Buyer, json::Event};

#[derive(Deserialize)]
struct Transaction {
    id: String,
    origin: Option<String>,
    currency_code: String,
    customer_id: Option<String>,
    discount_id: Option<String>,
    #[serde(default)]
    custom_data: Labels,
    details: Details,
    payments: Option<Vec<Payment>>,
}

#[derive(Deserialize)]
struct Details {
    totals: Totals,
    line_items: Option<Vec<Line>>,
}

#[derive(Deserialize)]
struct Totals {
    discount: Option<String>,
    tax: String,
    total: String,
    grand_total: String,
}

#[derive(Deserialize)]
struct Line {
    product: Option<Product>,
    quantity: Option<u64>,
    totals: LineTotals,
}

#[derive(Deserialize)]
struct LineTotals {
    discount: Option<String>,
    tax: String,
    total: String,
}

#[derive(Deserialize)]
struct Product {
    id: Option<String>,
}

#[derive(Deserialize)]
struct Payment {
    status: Option<String>,
    captured_at: Option<Timestamp>,
}

/// Amount, tax and discount of a transaction.
struct Sums {
    amount: Money,
    tax: Money,
    discount: Money,
}

/// `transaction.completed`
pub(super) fn facts(event: &Event<'_>) -> Result<Vec<ExternalFact>, Unreadable> {
    let transaction: Transaction = event.object()?;
    let charge = transaction.charge(event)?;
    // To change how a subscription is paid takes a transaction, which need not take any money.
    let is_formality = transaction.is_change_of_method() && charge.amount.is_zero();
    let fact = (!is_formality).then(|| ExternalFact::new(&transaction.id, Fact::Charge(charge)));
    Ok(fact.into_iter().collect())
}

impl Transaction {
    fn charge(&self, event: &Event<'_>) -> Result<Charge, Unreadable> {
        let amounts = Amounts::new(event, &self.currency_code)?;
        let sums = self.sums(&amounts)?;
        let buyer =
            Buyer { sender: self.customer_id.as_deref(), own: self.custom_data.customer(), email: None };
        event.checked(Charge {
            kind: self.kind(),
            occurred_at: self.paid_at().unwrap_or(event.at),
            amount: sums.amount,
            tax: sums.tax,
            shipping: amounts.zero(),
            discount: sums.discount,
            customer: buyer.customer(event.context),
            clicks: self.custom_data.clicks(),
            country: None,
            coupon: self.custom_data.coupon().or(self.discount_id.as_deref()).map(str::to_owned),
            lines: self.lines(&amounts)?,
            splits: Vec::new(),
            aliases: Vec::new(),
            metadata: self.custom_data.metadata(),
        })
    }

    /// Credit pays a part of the total without money, and then only the paid share of the tax is in
    /// the amount.
    fn sums(&self, amounts: &Amounts<'_>) -> Result<Sums, Unreadable> {
        let totals = &self.details.totals;
        let read = |text: &str| amounts.minor_text(text);
        let total = amounts.minor(read(&totals.total)?.minor().max(0));
        let amount = amounts.minor(read(&totals.grand_total)?.minor().clamp(0, total.minor()));
        let discount = totals.discount.as_deref().map_or(Ok(amounts.zero()), read)?;
        let tax = read(&totals.tax)?;
        let share = if total.is_zero() { Ok(total) } else { tax.prorate(amount, total, Rounding::HalfEven) };
        Ok(Sums { amount, tax: amounts.money(share)?, discount })
    }

    /// What was bought; nothing when a line has no product.
    fn lines(&self, amounts: &Amounts<'_>) -> Result<Vec<LineItem>, Unreadable> {
        let lines = self.details.line_items.as_deref().unwrap_or_default();
        let items = lines.iter().map(|line| line.item(amounts)).collect::<Result<Option<_>, _>>()?;
        Ok(items.unwrap_or_default())
    }

    fn kind(&self) -> ConversionKind {
        match self.origin.as_deref() {
            Some(
                "subscription_recurring"
                | "subscription_update"
                | "subscription_charge"
                | "subscription_payment_method_change",
            ) => ConversionKind::Renewal,
            _ => ConversionKind::Sale,
        }
    }

    fn is_change_of_method(&self) -> bool {
        self.origin.as_deref() == Some("subscription_payment_method_change")
    }

    fn paid_at(&self) -> Option<Timestamp> {
        let payments = self.payments.iter().flatten();
        payments
            .filter(|payment| payment.status.as_deref() == Some("captured"))
            .filter_map(|payment| payment.captured_at)
            .max()
    }
}

impl Line {
    fn item(&self, amounts: &Amounts<'_>) -> Result<Option<LineItem>, Unreadable> {
        let product = self.product.as_ref().and_then(|product| product.id.clone());
        let quantity = u32::try_from(self.quantity.unwrap_or(1)).ok();
        let Some((product, quantity)) = product.zip(quantity) else { return Ok(None) };
        let LineTotals { discount, tax, total } = &self.totals;
        Ok(Some(LineItem {
            product,
            quantity,
            amount: amounts.minor_text(total)?,
            tax: Some(amounts.minor_text(tax)?),
            discount: discount.as_deref().map(|text| amounts.minor_text(text)).transpose()?,
        }))
    }
}
