//! Facts: what a source tells of a charge or a customer.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Charge, Customer, Refund, conversion_id};
use crate::{
    click::ClickTrail,
    id::{ConversionId, EventId, ProgramId},
};

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

/// What happened to a charge or a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "a fact is read, handled and dropped, one at a time")]
pub enum Fact {
    /// A customer paid, or became a lead.
    Charge(Charge),
    /// Money went back to the customer, may go back, or did not go back after all.
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
            (Self::Refund(one), Self::Refund(other)) => one.agrees_with(other),
            _ => self == other,
        }
    }
}

/// A customer came through a partner's link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referral {
    /// Who came.
    pub customer: Customer,
    /// Through which clicks.
    pub clicks: ClickTrail,
    /// When the source told.
    pub occurred_at: Timestamp,
}

/// Another id of the same charge at the same source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    /// The other id, such as the payment intent of an invoice.
    pub alias: String,
}
