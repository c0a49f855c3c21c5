//! What a merchant's server reports, from the wire to a fact.
//!
//! One flat shape for every type of fact: serde reads a tagged enum from a buffer and could then
//! no longer point at the field that is wrong.

use std::collections::BTreeMap;

use domain::{
    click::ClickId,
    conversion::{Charge, ConversionKind, Customer, Fact, FactReceived, LineItem, Refund, Split},
    id::{CustomerId, EventId},
    money::Money,
    program::Program,
};
use jiff::Timestamp;
use runtime::Problem;
use serde::Deserialize;

/// What the merchant's own ids belong to unless it names the system that knows them.
const DEFAULT_SOURCE: &str = "api";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConversionRequest {
    pub(crate) r#type: Type,
    #[serde(default = "default_source")]
    pub(crate) source: String,
    pub(crate) external_id: String,
    #[serde(default)]
    pub(crate) occurred_at: Option<Timestamp>,
    #[serde(default)]
    pub(crate) amount: Option<Money>,
    #[serde(default)]
    pub(crate) tax: Option<Money>,
    #[serde(default)]
    pub(crate) shipping: Option<Money>,
    #[serde(default)]
    pub(crate) discount: Option<Money>,
    #[serde(default)]
    pub(crate) refund_id: Option<String>,
    #[serde(default)]
    pub(crate) customer: Option<CustomerInput>,
    #[serde(default)]
    pub(crate) click_id: Option<ClickId>,
    #[serde(default)]
    pub(crate) country: Option<String>,
    #[serde(default)]
    pub(crate) coupon: Option<String>,
    #[serde(default)]
    pub(crate) lines: Option<Vec<LineItem>>,
    #[serde(default)]
    pub(crate) splits: Option<Vec<Split>>,
    #[serde(default)]
    pub(crate) aliases: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) metadata: Option<BTreeMap<String, String>>,
}

fn default_source() -> String {
    DEFAULT_SOURCE.to_owned()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Type {
    Sale,
    Renewal,
    Lead,
    Refund,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomerInput {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) email: Option<String>,
}

/// What a fact is read with.
pub(crate) struct Surroundings<'a> {
    pub(crate) program: &'a Program,
    pub(crate) hash_email: &'a (dyn Fn(&str) -> String + Sync),
    pub(crate) now: Timestamp,
}

impl ConversionRequest {
    /// The fact, if every field is right.
    pub(crate) fn into_fact(self, around: &Surroundings<'_>) -> Result<FactReceived, Problem> {
        self.check(around.now)?;
        let program_id = around.program.id.clone();
        let (source, external_id) = (self.source.clone(), self.external_id.clone());
        let fact = match self.kind() {
            Some(kind) => Fact::Charge(self.charge(kind, around)?),
            None => Fact::Refund(self.refund(around)),
        };
        let id = event_id(&[program_id.as_str(), &source, &external_id], &fact);
        Ok(FactReceived { id, program_id, source, external_id, received_at: around.now, fact })
    }

    /// The kind of charge; none for a refund.
    pub(crate) fn kind(&self) -> Option<ConversionKind> {
        match self.r#type {
            Type::Sale => Some(ConversionKind::Sale),
            Type::Renewal => Some(ConversionKind::Renewal),
            Type::Lead => Some(ConversionKind::Lead),
            Type::Refund => None,
        }
    }

    fn charge(self, kind: ConversionKind, around: &Surroundings<'_>) -> Result<Charge, Problem> {
        // A lead moves no money; of a sale every amount has the currency of what was paid.
        let currency = self.amount.map_or(around.program.currency, Money::currency);
        let money = |part: Option<Money>| part.unwrap_or(Money::zero(currency));
        let charge = Charge {
            kind,
            occurred_at: self.occurred_at.unwrap_or(around.now),
            amount: money(self.amount),
            tax: money(self.tax),
            shipping: money(self.shipping),
            discount: money(self.discount),
            customer: self.customer.map(|customer| customer.hashed(around)),
            click_id: self.click_id,
            country: self.country,
            coupon: self.coupon,
            lines: self.lines.unwrap_or_default(),
            splits: self.splits.unwrap_or_default(),
            aliases: self.aliases.unwrap_or_default(),
            metadata: self.metadata.unwrap_or_default(),
        };
        crate::check::arithmetic(&charge)?;
        Ok(charge)
    }

    fn refund(self, around: &Surroundings<'_>) -> Refund {
        Refund {
            refund_id: self.refund_id.unwrap_or_default(),
            amount: self.amount.unwrap_or(Money::zero(around.program.currency)),
            occurred_at: self.occurred_at.unwrap_or(around.now),
        }
    }
}

impl CustomerInput {
    /// The customer without what is personal. The id is derived in the same way from a payment
    /// provider's events, so that both doors lead to one customer.
    fn hashed(self, around: &Surroundings<'_>) -> Customer {
        Customer {
            id: CustomerId::derive(&[around.program.id.as_str(), &self.id]),
            email_hash: self.email.as_deref().map(around.hash_email),
        }
    }
}

/// The identity of a report: the same one under another idempotency key is the same event.
fn event_id(charge: &[&str; 3], fact: &Fact) -> EventId {
    let [program, source, external_id] = *charge;
    match fact {
        Fact::Refund(refund) => EventId::derive(&[program, source, external_id, "refund", &refund.refund_id]),
        _ => EventId::derive(&[program, source, external_id, "charge"]),
    }
}
