//! The products of an order: <https://shopify.dev/docs/api/admin-rest/latest/resources/order>, field
//! `line_items`.

use domain::{conversion, money::Money};
use serde::Deserialize;

use crate::webhook::{
    Unreadable,
    amount::{Amounts, Decimal},
    json::Id,
};

/// What a line without a product is called: a tip, or something made up for one order.
const CUSTOM: &str = "custom";

/// One product of an order.
#[derive(Deserialize)]
pub(super) struct Line {
    product_id: Option<Id>,
    sku: Option<String>,
    quantity: Option<u32>,
    price: Option<Decimal>,
    discount_allocations: Option<Vec<Allocation>>,
    tax_lines: Option<Vec<TaxLine>>,
}

/// The part of a discount that a line has.
#[derive(Deserialize)]
pub(super) struct Allocation {
    amount: Decimal,
}

/// One tax of a line.
#[derive(Deserialize)]
pub(super) struct TaxLine {
    price: Decimal,
}

/// The sum of discounts.
pub(super) fn discounts(
    allocations: Option<&[Allocation]>,
    amounts: &Amounts<'_>,
) -> Result<Money, Unreadable> {
    let parts = allocations.unwrap_or_default().iter().map(|part| amounts.decimal(&part.amount));
    amounts.sum(parts.collect::<Result<Vec<_>, _>>()?)
}

/// The sum of taxes.
pub(super) fn taxes(lines: Option<&[TaxLine]>, amounts: &Amounts<'_>) -> Result<Money, Unreadable> {
    let parts = lines.unwrap_or_default().iter().map(|part| amounts.decimal(&part.price));
    amounts.sum(parts.collect::<Result<Vec<_>, _>>()?)
}

impl Line {
    /// The line; none when it does not say enough.
    pub(super) fn item(&self, amounts: &Amounts<'_>, taxes_included: bool) -> Option<conversion::LineItem> {
        let quantity = self.quantity?;
        let each = amounts.decimal(self.price.as_ref()?).ok()?;
        let all = amounts.minor(each.minor().checked_mul(i64::from(quantity))?);
        let discount = discounts(self.discount_allocations.as_deref(), amounts).ok()?;
        let tax = taxes(self.tax_lines.as_deref(), amounts).ok()?;
        let net = all.minus(discount).ok()?;
        let amount = if taxes_included { net } else { net.plus(tax).ok()? };
        let (tax, discount) = (Some(tax), Some(discount));
        Some(conversion::LineItem { product: self.product(), quantity, amount, tax, discount })
    }

    fn product(&self) -> String {
        let sku = self.sku.clone().filter(|sku| !sku.is_empty());
        self.product_id.as_ref().map(Id::to_string).or(sku).unwrap_or_else(|| CUSTOM.to_owned())
    }
}
