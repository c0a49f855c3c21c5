//! The lines of an invoice: <https://docs.stripe.com/api/invoice-line-item/object>.
//!
//! API version 2025-03-31 moved a line's product from `price` to `pricing`, and replaced its
//! `tax_amounts` by `taxes`.

use domain::{conversion::LineItem, money::Money};
use serde::Deserialize;

use super::object::{Amounts, Part, Reference, id};

/// The lines of an invoice, as many as its event shows: ten at most.
#[derive(Deserialize)]
pub(super) struct Lines {
    #[serde(default)]
    data: Vec<Line>,
    #[serde(default)]
    has_more: bool,
}

#[derive(Deserialize)]
struct Line {
    amount: i64,
    quantity: Option<u32>,
    discount_amounts: Option<Vec<Part>>,
    taxes: Option<Vec<Tax>>,
    tax_amounts: Option<Vec<Tax>>,
    pricing: Option<Pricing>,
    price: Option<Product>,
    plan: Option<Product>,
}

#[derive(Deserialize)]
struct Tax {
    amount: i64,
    tax_behavior: Option<String>,
    inclusive: Option<bool>,
}

#[derive(Deserialize)]
struct Pricing {
    price_details: Option<Product>,
}

#[derive(Deserialize)]
struct Product {
    product: Option<Reference>,
}

impl Lines {
    /// All of them; none where one is not shown, has no product or cannot be taken over. Whether they
    /// add up, as they do not where credit paid a part or an old period is made up for, is for the
    /// charge to check.
    pub(super) fn items(&self, amounts: &Amounts<'_>) -> Option<Vec<LineItem>> {
        let sold = self.data.iter().filter(|line| !line.is_nothing());
        if self.has_more { None } else { sold.map(|line| line.item(amounts)).collect() }
    }
}

impl Line {
    /// What is billed by usage has a line also when there was none.
    fn is_nothing(&self) -> bool {
        self.amount == 0 && self.quantity == Some(0)
    }

    fn item(&self, amounts: &Amounts<'_>) -> Option<LineItem> {
        let taxes = self.taxes.as_deref().or(self.tax_amounts.as_deref()).unwrap_or_default();
        let added = taxes.iter().filter(|tax| !tax.is_inclusive());
        let added = amounts.total(added.map(|tax| tax.amount)).ok()?;
        let tax = amounts.total(taxes.iter().map(|tax| tax.amount)).ok()?;
        let discount = amounts.sum(self.discount_amounts.as_deref().unwrap_or_default()).ok()?;
        let list = amounts.money(Some(self.amount)).ok()?;
        Some(LineItem {
            product: self.product()?.to_owned(),
            quantity: self.quantity.unwrap_or(1),
            amount: list.minus(discount).ok()?.plus(added).ok()?,
            tax: some(tax),
            discount: some(discount),
        })
    }

    fn product(&self) -> Option<&str> {
        let details = self.pricing.as_ref().and_then(|pricing| pricing.price_details.as_ref());
        [details, self.price.as_ref(), self.plan.as_ref()]
            .into_iter()
            .flatten()
            .find_map(|price| id(price.product.as_ref()))
    }
}

impl Tax {
    /// Is it within the line's amount already?
    fn is_inclusive(&self) -> bool {
        self.inclusive == Some(true) || self.tax_behavior.as_deref() == Some("inclusive")
    }
}

/// An amount, where there is one.
fn some(amount: Money) -> Option<Money> {
    (!amount.is_zero()).then_some(amount)
}
