//! What a merchant's own systems report: one wire shape for every fact, its checks, and its way to a
//! [`Fact`].
//!
//! The same report is taken by the API, alone or with others, and as the `data` of a webhook. It is
//! known by what it is about and not by how it came: `source` and `external_id` name the charge, and
//! a refund, dispute or cancellation has an id of its own beside them.
//!
//! One flat shape for every type: serde reads a tagged enum from a buffer and could then no longer
//! point at the field that is wrong.

mod check;
mod fault;
mod kind;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use domain::{
    click::ClickTrail,
    conversion::{
        Charge, ConversionKind, Customer, Fact, FactReceived, LineItem, Refund, RefundCause, RefundStage,
        Split,
    },
    id::{CustomerId, EventId, ProgramId},
    money::{Currency, Money},
    partner::normalised_email,
    program::Program,
};
pub use fault::Fault;
use jiff::Timestamp;
pub(crate) use kind::Kind;
use kind::Meaning;
use serde::Deserialize;

/// What the merchant's own ids belong to unless it names the system that knows them.
pub const DEFAULT_SOURCE: &str = "api";

/// A report as it is sent. Which fields belong to which type, [`Report::into_fact`] says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct Report {
    r#type: Kind,
    #[serde(default = "default_source")]
    source: String,
    external_id: String,
    #[serde(default)]
    occurred_at: Option<Timestamp>,
    #[serde(default)]
    amount: Option<Money>,
    #[serde(default)]
    tax: Option<Money>,
    #[serde(default)]
    shipping: Option<Money>,
    #[serde(default)]
    discount: Option<Money>,
    #[serde(default)]
    refund_id: Option<String>,
    #[serde(default)]
    dispute_id: Option<String>,
    #[serde(default)]
    cancellation_id: Option<String>,
    #[serde(default)]
    customer: Option<CustomerInput>,
    #[serde(default)]
    click_id: Option<ClickTrail>,
    #[serde(default)]
    country: Option<String>,
    #[serde(default)]
    coupon: Option<String>,
    #[serde(default)]
    lines: Option<Vec<LineItem>>,
    #[serde(default)]
    splits: Option<Vec<Split>>,
    #[serde(default)]
    aliases: Option<Vec<String>>,
    #[serde(default)]
    metadata: Option<BTreeMap<String, String>>,
}

domain::object!(read Report);

fn default_source() -> String {
    DEFAULT_SOURCE.to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
struct CustomerInput {
    id: String,
    #[serde(default)]
    email: Option<String>,
}

domain::object!(read CustomerInput);

/// What a report is read with.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The program that it is reported to.
    pub program_id: &'a ProgramId,
    /// The currency of the program, for what moves no money.
    pub currency: Currency,
    /// Keyed hash of a normalised e-mail address, as text.
    pub hash_email: &'a dyn Fn(&str) -> String,
    /// When it happened, unless the report says so itself.
    pub occurred_at: Timestamp,
    /// When it came in; what it tells of may not be much later.
    pub now: Timestamp,
}

impl<'a> Surroundings<'a> {
    /// For what is reported to a program now, and happened now unless it says otherwise.
    #[must_use]
    pub fn now(program: &'a Program, hash_email: &'a dyn Fn(&str) -> String, now: Timestamp) -> Self {
        let (program_id, currency) = (&program.id, program.currency);
        Self { program_id, currency, hash_email, occurred_at: now, now }
    }
}

/// A report whose every field is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// The system that knows the charge.
    pub source: String,
    /// The charge's id there.
    pub external_id: String,
    /// What happened, without anything personal.
    pub fact: Fact,
    /// What tells it from other facts about the same charge.
    name: Vec<String>,
}

impl Reported {
    /// The fact's identity: the same one reported again is the same event, whatever it came with.
    #[must_use]
    pub fn event_id(&self, program_id: &ProgramId) -> EventId {
        let charge = [program_id.as_str(), &self.source, &self.external_id];
        let parts: Vec<&str> = charge.into_iter().chain(self.name.iter().map(String::as_str)).collect();
        EventId::derive(&parts)
    }

    /// The fact as it came in.
    #[must_use]
    pub fn received(self, around: &Surroundings<'_>) -> FactReceived {
        FactReceived {
            id: self.event_id(around.program_id),
            program_id: around.program_id.clone(),
            source: self.source,
            external_id: self.external_id,
            received_at: around.now,
            fact: self.fact,
        }
    }
}

impl Report {
    /// The fact, if every field is right.
    ///
    /// # Errors
    /// Everything that is wrong, with what to do about it.
    pub fn into_fact(self, around: &Surroundings<'_>) -> Result<Reported, Vec<Fault>> {
        self.check(around)?;
        let (kind, source, external_id) = (self.r#type, self.source.clone(), self.external_id.clone());
        let (fact, name) = match kind.meaning() {
            Meaning::Charge(kind) => {
                let charge = self.charge(kind, around)?;
                let name = name_of(&charge);
                (Fact::Charge(charge), name)
            }
            Meaning::Refund(cause, stage) => {
                let refund = self.refund(cause, stage, around);
                let name = vec![kind.as_str().to_owned(), refund.refund_id.clone()];
                (Fact::Refund(refund), name)
            }
        };
        Ok(Reported { source, external_id, fact, name })
    }

    fn charge(self, kind: ConversionKind, around: &Surroundings<'_>) -> Result<Charge, Vec<Fault>> {
        // A lead moves no money; of a sale every amount has the currency of what was paid.
        let currency = self.amount.map_or(around.currency, Money::currency);
        let money = |part: Option<Money>| part.unwrap_or(Money::zero(currency));
        let charge = Charge {
            kind,
            occurred_at: self.occurred_at.unwrap_or(around.occurred_at),
            amount: money(self.amount),
            tax: money(self.tax),
            shipping: money(self.shipping),
            discount: money(self.discount),
            customer: self.customer.map(|customer| customer.hashed(around)),
            clicks: self.click_id,
            country: self.country,
            coupon: self.coupon,
            lines: self.lines.unwrap_or_default(),
            splits: self.splits.unwrap_or_default(),
            aliases: self.aliases.unwrap_or_default(),
            metadata: self.metadata.unwrap_or_default(),
        };
        check::arithmetic(&charge)?;
        Ok(charge)
    }

    fn refund(self, cause: RefundCause, stage: RefundStage, around: &Surroundings<'_>) -> Refund {
        // A type has only one of them.
        let id = self.refund_id.or(self.dispute_id).or(self.cancellation_id);
        Refund {
            refund_id: id.unwrap_or_default(),
            cause,
            stage,
            amount: self.amount,
            occurred_at: self.occurred_at.unwrap_or(around.occurred_at),
        }
    }
}

/// A charge has one id, whatever it is called. Another report of it that tells of another customer,
/// other clicks, another code or other sharers is a fact of its own, or what it brings would be lost.
fn name_of(charge: &Charge) -> Vec<String> {
    let customer = charge.customer.as_ref();
    let splits: Vec<_> = charge.splits.iter().map(|split| split.partner_id.as_str()).collect();
    vec![
        "charge".to_owned(),
        charge.clicks.as_ref().map(ToString::to_string).unwrap_or_default(),
        charge.coupon.clone().unwrap_or_default(),
        customer.map(|customer| customer.id.to_string()).unwrap_or_default(),
        customer.and_then(|customer| customer.email_hash.clone()).unwrap_or_default(),
        splits.join(","),
    ]
}

impl CustomerInput {
    /// The customer without what is personal. The id is derived in the same way from a payment
    /// provider's events, so that all doors lead to one customer.
    fn hashed(self, around: &Surroundings<'_>) -> Customer {
        Customer {
            id: CustomerId::derive(&[around.program_id.as_str(), &self.id]),
            email_hash: self.email.map(|email| (around.hash_email)(&normalised_email(&email))),
        }
    }
}
