//! Charges: what a customer paid, as the source tells it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    click::ClickTrail,
    id::{CustomerId, PartnerId},
    money::{Money, MoneyError},
    rate::Rate,
};

/// The most product lines one charge may have.
pub const LINES_MAX: usize = 100;
/// The most items of one product on a line; a flat reward for each of them still fits an amount.
pub const QUANTITY_MAX: u32 = 10_000;
/// The most partners who may share one sale.
pub const SPLITS_MAX: usize = 10;

/// A payment by a customer, or a lead, which is a charge of nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// What kind of conversion it makes.
    pub kind: ConversionKind,
    /// When the customer acted, by the source's clock.
    pub occurred_at: Timestamp,
    /// What the customer paid, discounts taken off, tax and shipping included.
    pub amount: Money,
    /// Tax within the amount.
    pub tax: Money,
    /// Shipping within the amount.
    pub shipping: Money,
    /// Discount that is no longer within the amount.
    pub discount: Money,
    /// Who paid.
    pub customer: Option<Customer>,
    /// The clicks that the checkout handed over, if any.
    pub clicks: Option<ClickTrail>,
    /// Country of the customer, ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// The code that the customer used, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<String>,
    /// What was bought, where the source tells; none or all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<LineItem>,
    /// Partners who share the sale by the merchant's own decision; it then needs no touch.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub splits: Vec<Split>,
    /// Other ids by which the source knows this charge: a refund may name only one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// The merchant's own labels, for rules and reports.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

/// One product of a charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct LineItem {
    /// The merchant's own id of the product.
    pub product: String,
    /// How many, 1 to 10,000; 1 unless told.
    #[serde(default = "one")]
    pub quantity: u32,
    /// What the customer paid for all of them, discounts taken off, tax included.
    pub amount: Money,
    /// Tax within the amount; none when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<Money>,
    /// Discount that is no longer within the amount; none when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount: Option<Money>,
}

crate::object!(LineItem);

fn one() -> u32 {
    1
}

/// A partner's part of a sale that several partners share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct Split {
    /// Who.
    pub partner_id: PartnerId,
    /// Which part; those of all partners add up to one.
    pub weight: Rate,
}

crate::object!(Split);

/// Kinds of conversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversionKind {
    /// A purchase, or the first payment of a subscription.
    Sale,
    /// A later payment of a subscription.
    Renewal,
    /// A sign-up, trial or other act without money.
    Lead,
    /// A goal that a partner has reached; no customer did anything.
    Bonus,
}

impl ConversionKind {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Renewal => "renewal",
            Self::Lead => "lead",
            Self::Bonus => "bonus",
        }
    }
}

/// The merchant's customer, without personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Derived from program and the merchant's own customer id.
    pub id: CustomerId,
    /// Keyed hash of the normalised e-mail address, where it is known.
    pub email_hash: Option<String>,
}

/// Why a charge is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChargeError {
    /// Amount, tax, shipping and discount must be of one currency and fit.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// A charge is never below zero: what goes back is a refund.
    #[error("an amount below zero: report money that went back as a refund")]
    Negative,
    /// Tax and shipping are part of the amount.
    #[error("tax and shipping together exceed the amount")]
    PartsExceedAmount,
    /// A lead moves no money.
    #[error("a lead has no amount: report it as a sale")]
    LeadWithAmount,
    /// The lines are all of the charge, or are left out.
    #[error(
        "the lines' amounts and shipping, their taxes and their discounts must add up to those of the charge"
    )]
    LinesDiffer,
    /// A part of a line exceeds the line.
    #[error("the tax of a line exceeds its amount, or its quantity is not 1 to {QUANTITY_MAX}")]
    InvalidLine,
    /// Too many lines or partners.
    #[error("a charge has at most {LINES_MAX} lines and is shared by at most {SPLITS_MAX} partners")]
    TooMany,
    /// The partners' parts are not the whole, or one is named twice.
    #[error("the weights must add up to 1, none of them zero and no partner named twice")]
    InvalidSplits,
}

impl Charge {
    /// Checks the charge's own arithmetic.
    ///
    /// # Errors
    /// When a part is negative, of another currency, or larger than the whole.
    pub fn check(&self) -> Result<(), ChargeError> {
        let parts = [self.amount, self.tax, self.shipping, self.discount];
        if parts.iter().any(|part| part.is_negative()) {
            return Err(ChargeError::Negative);
        }
        self.amount.plus(self.discount)?;
        if self.amount.minus(self.tax)?.minus(self.shipping)?.is_negative() {
            return Err(ChargeError::PartsExceedAmount);
        }
        if self.kind == ConversionKind::Lead && !self.amount.is_zero() {
            return Err(ChargeError::LeadWithAmount);
        }
        if self.lines.len() > LINES_MAX || self.splits.len() > SPLITS_MAX {
            return Err(ChargeError::TooMany);
        }
        self.check_lines()?;
        self.check_splits()
    }

    fn check_lines(&self) -> Result<(), ChargeError> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let zero = Money::zero(self.amount.currency());
        let (mut amount, mut tax, mut discount) = (self.shipping, zero, zero);
        for line in &self.lines {
            let (line_tax, line_discount) = (line.tax.unwrap_or(zero), line.discount.unwrap_or(zero));
            if [line.amount, line_tax, line_discount].iter().any(|part| part.is_negative()) {
                return Err(ChargeError::Negative);
            }
            if line.amount.minus(line_tax)?.is_negative() || !(1..=QUANTITY_MAX).contains(&line.quantity) {
                return Err(ChargeError::InvalidLine);
            }
            amount = amount.plus(line.amount)?;
            tax = tax.plus(line_tax)?;
            discount = discount.plus(line_discount)?;
        }
        let is_all = amount == self.amount && tax == self.tax && discount == self.discount;
        if is_all { Ok(()) } else { Err(ChargeError::LinesDiffer) }
    }

    fn check_splits(&self) -> Result<(), ChargeError> {
        let partners: BTreeSet<_> = self.splits.iter().map(|split| &split.partner_id).collect();
        let weights: Decimal = self.splits.iter().map(|split| split.weight.fraction()).sum();
        let none_is_zero = self.splits.iter().all(|split| !split.weight.fraction().is_zero());
        let is_whole = partners.len() == self.splits.len() && weights == Decimal::ONE && none_is_zero;
        if self.splits.is_empty() || is_whole { Ok(()) } else { Err(ChargeError::InvalidSplits) }
    }

    /// Do two reports tell of the same money? Doors differ in what else they know.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        self.amount == other.amount
            && (self.kind == ConversionKind::Lead) == (other.kind == ConversionKind::Lead)
    }
}
