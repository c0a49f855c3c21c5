//! Conversions: what the merchant's customers did, told as facts that may arrive in any order,
//! any number of times.
//!
//! A conversion is one charge, or one lead, at one source: its id derives from program, source
//! and the source's own id, so the same invoice reported by webhook and by API is one conversion.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    attribution::Attribution,
    click::ClickId,
    commission::{Commission, Price, Terms},
    id::{ConversionId, CustomerId, EventId, PartnerId, ProgramId},
    money::{Currency, Money, MoneyError},
    rate::Rate,
};

/// The most product lines one charge may have.
pub const LINES_MAX: usize = 100;
/// The most items of one product on a line; a flat reward for each of them still fits an amount.
pub const QUANTITY_MAX: u32 = 10_000;
/// The most partners who may share one sale.
pub const SPLITS_MAX: usize = 10;

/// A fact as it came through a door, on its way to the worker that makes it count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactReceived {
    /// Derived from the door and the sender's own id of the message.
    pub id: EventId,
    /// The program the fact belongs to.
    pub program_id: ProgramId,
    /// The system that knows the charge, such as `stripe`; part of the conversion's identity.
    pub source: String,
    /// The charge's id at the source, such as an invoice id.
    pub external_id: String,
    /// When it came in.
    pub received_at: Timestamp,
    /// What happened.
    pub fact: Fact,
}

impl FactReceived {
    /// The conversion the fact is about.
    #[must_use]
    pub fn conversion_id(&self) -> ConversionId {
        conversion_id(&self.program_id, &self.source, &self.external_id)
    }
}

/// The identity of a charge.
#[must_use]
pub fn conversion_id(program: &ProgramId, source: &str, external_id: &str) -> ConversionId {
    ConversionId::derive(&[program.as_str(), source, external_id])
}

/// What happened to a charge or a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "a fact is read, handled and dropped, one at a time")]
pub enum Fact {
    /// A customer paid, or became a lead.
    Charge(Charge),
    /// Money went back to the customer.
    Refund(Refund),
    /// The customer came through a partner; no money moved.
    Referral(Referral),
    /// The source knows the charge by another id too.
    Alias(Alias),
}

impl Fact {
    /// Do two reports tell of the same? Times may differ: a report without one gets the time at
    /// which it came in.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Charge(one), Self::Charge(other)) => one.agrees_with(other),
            (Self::Refund(one), Self::Refund(other)) => {
                one.refund_id == other.refund_id && one.amount == other.amount
            }
            _ => self == other,
        }
    }
}

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
    /// The click id the checkout handed over, if any.
    pub click_id: Option<ClickId>,
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
#[serde(deny_unknown_fields)]
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

fn one() -> u32 {
    1
}

/// A partner's part of a sale that several partners share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// Who.
    pub partner_id: PartnerId,
    /// Which part; those of all partners add up to one.
    pub weight: Rate,
}

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

/// Money that went back to the customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// The refund's own id at the source: each counts once.
    pub refund_id: String,
    /// How much, above zero.
    pub amount: Money,
    /// When, by the source's clock.
    pub occurred_at: Timestamp,
}

/// A customer came through a partner's link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referral {
    /// Who came.
    pub customer: Customer,
    /// Through which click.
    pub click_id: ClickId,
    /// When the source told.
    pub occurred_at: Timestamp,
}

/// Another id of the same charge at the same source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    /// The other id, such as the payment intent of an invoice.
    pub alias: String,
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

/// A conversion as it is kept: the charge, whose it is, the terms it was priced by, and what has
/// been refunded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    /// Derived from program, source and external id.
    pub id: ConversionId,
    /// The program.
    pub program_id: ProgramId,
    /// The system that knows the charge.
    pub source: String,
    /// The charge's id there.
    pub external_id: String,
    /// When the charge came in.
    pub received_at: Timestamp,
    /// The charge.
    pub charge: Charge,
    /// Whose it is, and why.
    pub attribution: Attribution,
    /// The terms its lines were priced by; none when it earns nobody.
    pub terms: Option<Terms>,
    /// Sum of all refunds so far; never above the charge's amount.
    pub refunded: Money,
}

impl Conversion {
    /// The currency of its lines and of the journal: the program's, which may differ from the
    /// charge's.
    #[must_use]
    pub fn settlement_currency(&self) -> Currency {
        self.terms.as_ref().map_or(self.charge.amount.currency(), |terms| terms.base.currency())
    }

    /// What the terms give each of its lines, level 1 first, when so much of the charge has gone back;
    /// nothing for a conversion that earns nobody. Adjustments and reviews stand beside it.
    ///
    /// # Errors
    /// When an amount does not fit.
    pub fn priced(&self, lines: &[Commission], refunded: Money) -> Result<Vec<Money>, MoneyError> {
        let Some(terms) = &self.terms else { return Ok(Vec::new()) };
        let prices: Vec<Price> = lines.iter().map(|line| line.price.clone()).collect();
        terms.amounts(&prices, &self.charge, refunded)
    }

    /// An amount of the charge's currency in that of the program, by the rate frozen with it.
    ///
    /// # Errors
    /// When it does not fit.
    pub fn settled(&self, amount: Money) -> Result<Money, MoneyError> {
        match self.terms.as_ref().and_then(|terms| terms.exchange.as_ref().zip(Some(terms.rounding))) {
            Some((exchange, rounding)) => exchange.convert(amount, rounding),
            None => Ok(amount),
        }
    }
}
