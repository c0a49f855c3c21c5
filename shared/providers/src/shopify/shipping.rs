//! What shipping costs: <https://shopify.dev/docs/api/admin-rest/latest/resources/order>, field
//! `shipping_lines`.

use domain::money::Money;
use serde::Deserialize;

use super::line::{Allocation, TaxLine, discounts, taxes};
use crate::webhook::{
    Unreadable,
    amount::{Amounts, Decimal},
};

/// One way of shipping of an order.
#[derive(Deserialize)]
pub(super) struct ShippingLine {
    price: Decimal,
    discounted_price: Option<Decimal>,
    discount_allocations: Option<Vec<Allocation>>,
    tax_lines: Option<Vec<TaxLine>>,
    #[serde(default)]
    is_removed: bool,
}

/// What all shipping of an order comes to.
pub(super) struct Shipping {
    /// With its tax, discounts taken off.
    pub(super) gross: Money,
    /// The tax.
    pub(super) tax: Money,
    /// What was taken off.
    pub(super) discount: Money,
}

impl Shipping {
    pub(super) fn of(
        lines: &[ShippingLine],
        amounts: &Amounts<'_>,
        taxes_included: bool,
    ) -> Result<Self, Unreadable> {
        let mut sum = Self { gross: amounts.zero(), tax: amounts.zero(), discount: amounts.zero() };
        for line in lines.iter().filter(|line| !line.is_removed) {
            let price = amounts.decimal(&line.price)?;
            let tax = taxes(line.tax_lines.as_deref(), amounts)?;
            let paid = line.paid(price, amounts)?;
            let gross = if taxes_included { paid } else { amounts.sum([paid, tax])? };
            sum.gross = amounts.sum([sum.gross, gross])?;
            sum.tax = amounts.sum([sum.tax, tax])?;
            sum.discount = amounts.money(sum.discount.plus(amounts.money(price.minus(paid))?))?;
        }
        Ok(sum)
    }
}

impl ShippingLine {
    /// The price less its discounts. Those of the whole order are not always in `discounted_price`,
    /// and those of the line not always among the allocations: the smaller price has all of them.
    fn paid(&self, price: Money, amounts: &Amounts<'_>) -> Result<Money, Unreadable> {
        let allocated =
            amounts.money(price.minus(discounts(self.discount_allocations.as_deref(), amounts)?))?;
        let discounted = self.discounted_price.as_ref().map_or(Ok(price), |price| amounts.decimal(price))?;
        let paid = amounts.money(allocated.min(discounted))?;
        Ok(if paid.is_negative() { amounts.zero() } else { paid })
    }
}
