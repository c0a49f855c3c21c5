//! What orders and invoices of subscriptions have in common: an amount that was paid, and how much of it
//! has been refunded in all.

use domain::{
    conversion::{Charge, ConversionKind, Customer, Fact, LineItem, Refund, RefundCause, RefundStage},
    money::Money,
};
use jiff::Timestamp;
use serde::Deserialize;

use super::event::Told;
use crate::webhook::{ExternalFact, Unreadable, amount::Amounts, buyer::Buyer, json::Id};

/// Amounts are whole numbers of a currency's smallest unit.
#[derive(Deserialize)]
pub(super) struct Payment {
    customer_id: Option<Id>,
    user_email: Option<String>,
    currency: String,
    pub(super) subtotal: Option<i64>,
    discount_total: Option<i64>,
    pub(super) tax: i64,
    pub(super) total: i64,
    status: Option<String>,
    created_at: Option<Timestamp>,
    #[serde(default)]
    refunded: bool,
    refunded_at: Option<Timestamp>,
    refunded_amount: Option<i64>,
}

impl Payment {
    pub(super) fn amounts<'a>(&self, told: Told<'a>) -> Result<Amounts<'a>, Unreadable> {
        Amounts::new(told.event, &self.currency)
    }

    /// The charge, once it is paid, and what has been refunded of it.
    pub(super) fn facts(
        &self,
        told: Told<'_>,
        external_id: &str,
        kind: ConversionKind,
        lines: Vec<LineItem>,
    ) -> Result<Vec<ExternalFact>, Unreadable> {
        if !self.is_paid() {
            return Ok(Vec::new());
        }
        let amounts = self.amounts(told)?;
        let charge = told.event.checked(Charge {
            kind,
            occurred_at: self.created_at.unwrap_or(told.event.at),
            amount: amounts.minor(self.total),
            tax: amounts.minor(self.tax),
            shipping: amounts.zero(),
            discount: self.discount(&amounts),
            customer: self.customer(told),
            clicks: told.labels.clicks(),
            country: None,
            coupon: told.labels.coupon().map(str::to_owned),
            lines,
            splits: Vec::new(),
            aliases: Vec::new(),
            metadata: told.labels.metadata(),
        })?;
        let sale = ExternalFact::new(external_id, Fact::Charge(charge));
        Ok([Some(sale), self.refund(told, external_id)?].into_iter().flatten().collect())
    }

    /// How much has been refunded in all; none when nothing was. Payloads from before partial refunds say
    /// only that a payment was refunded: all of it.
    pub(super) fn refund(
        &self,
        told: Told<'_>,
        external_id: &str,
    ) -> Result<Option<ExternalFact>, Unreadable> {
        let whole = self.refunded.then_some(self.total);
        let Some(minor) = self.refunded_amount.or(whole).filter(|minor| *minor > 0) else { return Ok(None) };
        let refund = Refund {
            refund_id: minor.to_string(),
            cause: RefundCause::Total,
            stage: RefundStage::Done,
            amount: Some(self.amounts(told)?.minor(minor)),
            occurred_at: self.refunded_at.unwrap_or(told.event.at),
        };
        Ok(Some(ExternalFact::new(external_id, Fact::Refund(refund))))
    }

    pub(super) fn discount(&self, amounts: &Amounts<'_>) -> Money {
        amounts.minor(self.discount_total.unwrap_or(0))
    }

    /// Was it paid, whatever was given back since?
    fn is_paid(&self) -> bool {
        matches!(self.status.as_deref(), Some("paid" | "refunded" | "partial_refund"))
    }

    fn customer(&self, told: Told<'_>) -> Option<Customer> {
        let id = self.customer_id.as_ref().map(Id::to_string);
        let (sender, own, email) = (id.as_deref(), told.labels.customer(), self.user_email.as_deref());
        Buyer { sender, own, email }.customer(told.event.context)
    }
}
