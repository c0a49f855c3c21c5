//! Refunds: <https://docs.stripe.com/api/refunds/object>, and charges of API versions before
//! 2022-11-15, which carry theirs inside.

use domain::conversion::{Fact, Refund as RefundFact};
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    Event, external,
    object::{Amounts, List, Reference, id},
};
use crate::webhook::{ExternalFact, Unreadable};

#[derive(Deserialize)]
struct Refund {
    id: String,
    amount: i64,
    currency: String,
    created: Option<i64>,
    status: Option<String>,
    charge: Option<Reference>,
    payment_intent: Option<Reference>,
}

#[derive(Deserialize)]
struct RefundedCharge {
    id: String,
    payment_intent: Option<Reference>,
    refunds: Option<List<Refund>>,
}

/// `refund.created` and `refund.updated`
pub(super) fn facts(event: &Event<'_>) -> Result<Vec<ExternalFact>, Unreadable> {
    let refund: Refund = event.object()?;
    let charge = id(refund.payment_intent.as_ref()).or_else(|| id(refund.charge.as_ref()));
    match charge {
        Some(charge) => Ok(refund.fact(event, charge)?.into_iter().collect()),
        None => Ok(Vec::new()),
    }
}

/// `charge.refunded`. Without its refunds it tells only a running total, which `refund.created`
/// tells better: by each refund's own id.
pub(super) fn facts_of_charge(event: &Event<'_>) -> Result<Vec<ExternalFact>, Unreadable> {
    let charge: RefundedCharge = event.object()?;
    let external_id = id(charge.payment_intent.as_ref()).unwrap_or(&charge.id);
    let refunds = charge.refunds.iter().flat_map(|list| &list.data);
    refunds.filter_map(|refund| refund.fact(event, external_id).transpose()).collect()
}

impl Refund {
    /// A refund that has happened: a pending one may still fail, and will be told again.
    fn fact(&self, event: &Event<'_>, charge: &str) -> Result<Option<ExternalFact>, Unreadable> {
        // Refunds of the oldest API versions have no status; they succeeded at once or not at all.
        if self.amount <= 0 || self.status.as_deref().is_some_and(|status| status != "succeeded") {
            return Ok(None);
        }
        let created = self.created.and_then(|second| Timestamp::from_second(second).ok());
        let refund = RefundFact {
            refund_id: self.id.clone(),
            amount: Amounts::new(event, &self.currency)?.money(Some(self.amount))?,
            occurred_at: created.unwrap_or(event.at),
        };
        Ok(Some(external(charge, Fact::Refund(refund))))
    }
}
