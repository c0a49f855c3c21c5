//! A sale as the rules see it: its lines with their part of the commission base.

use rust_decimal::Decimal;

use crate::{
    conversion::Charge,
    exchange::ExchangeRate,
    money::{Money, MoneyError, Rounding, sum},
    plan::BasePolicy,
};

/// One line of a sale. A charge without lines is one line without a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SaleLine<'a> {
    /// The product; none for shipping, and where the source tells none.
    pub(super) product: Option<&'a str>,
    pub(super) quantity: u32,
    /// Its part of the commission base, in the program's currency.
    pub(super) base: Money,
}

/// The lines of a charge and their base, by the plan's policy. The base is converted once, as a
/// whole, and the lines share what comes of it.
pub(super) fn lines<'a>(
    policy: &BasePolicy,
    charge: &'a Charge,
    exchange: Option<&ExchangeRate>,
    rounding: Rounding,
) -> Result<Vec<SaleLine<'a>>, MoneyError> {
    let zero = Money::zero(charge.amount.currency());
    let base = |amount: Money, tax: Money, discount: Money| {
        let base = if policy.include_tax { amount } else { amount.minus(tax)? };
        if policy.include_discount { base.plus(discount) } else { Ok(base) }
    };
    let mut lines = Vec::with_capacity(charge.lines.len() + 1);
    for item in &charge.lines {
        let base = base(item.amount, item.tax.unwrap_or(zero), item.discount.unwrap_or(zero))?;
        lines.push(SaleLine { product: Some(&item.product), quantity: item.quantity, base });
    }
    let shipping = if policy.include_shipping { charge.shipping } else { zero };
    if lines.is_empty() {
        let goods = charge.amount.minus(charge.shipping)?;
        let base = base(goods, charge.tax, charge.discount)?.plus(shipping)?;
        lines.push(SaleLine { product: None, quantity: 1, base });
    } else if !shipping.is_zero() {
        lines.push(SaleLine { product: None, quantity: 1, base: shipping });
    }
    let Some(exchange) = exchange else { return Ok(lines) };
    let whole = exchange.convert(sum(lines.iter().map(|line| line.base), zero.currency())?, rounding)?;
    let weights: Vec<i64> = lines.iter().map(|line| line.base.minor()).collect();
    for (line, base) in lines.iter_mut().zip(whole.allocate(&weights)?) {
        line.base = base;
    }
    Ok(lines)
}

/// What the customer paid, in units of the program's currency.
pub(super) fn amount(
    charge: &Charge,
    exchange: Option<&ExchangeRate>,
    rounding: Rounding,
) -> Result<Decimal, MoneyError> {
    match exchange {
        Some(exchange) => exchange.convert(charge.amount, rounding).map(Money::to_decimal),
        None => Ok(charge.amount.to_decimal()),
    }
}
