//! Conversions: what the merchant's customers did, told as facts that may arrive in any order,
//! any number of times.
//!
//! A conversion is one charge, or one lead, at one source: its id derives from program, source
//! and the source's own id, so the same invoice reported by webhook and by API is one conversion.

mod charge;
mod fact;
mod refund;

pub use charge::{
    Charge, ChargeError, ConversionKind, Customer, LINES_MAX, LineItem, QUANTITY_MAX, SPLITS_MAX, Split,
};
pub use fact::{Alias, Fact, FactReceived, Referral};
use jiff::Timestamp;
pub use refund::{Refund, RefundCause, RefundStage, Refunded, refunded};

use crate::{
    attribution::Attribution,
    commission::{Commission, Price, Terms},
    id::{ConversionId, ProgramId},
    money::{Currency, Money, MoneyError},
};

/// The identity of a charge.
#[must_use]
pub fn conversion_id(program: &ProgramId, source: &str, external_id: &str) -> ConversionId {
    ConversionId::derive(&[program.as_str(), source, external_id])
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
