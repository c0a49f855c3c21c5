//! Refunds: <https://docs.stripe.com/api/refunds/object>, and charges of API versions before
//! 2022-11-15, which carry theirs inside.
//!
//! A refund that succeeded can still fail, days later, and the money is then with the merchant again:
//! <https://docs.stripe.com/refunds#failed-refunds>.

use domain::conversion::{Fact, Refund as RefundFact, RefundCause, RefundStage};
use jiff::Timestamp;
use serde::Deserialize;

use super::object::{Amounts, List, Reference, id};
use crate::webhook::{ExternalFact, Unreadable, json::Event};

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

/// Every event whose object is a refund: what it has come to stands in its status.
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
    /// A refund that has happened, or will not: a pending one may still fail, and will be told again.
    fn fact(&self, event: &Event<'_>, charge: &str) -> Result<Option<ExternalFact>, Unreadable> {
        let stage = match self.status.as_deref() {
            // Refunds of the oldest API versions have no status; they succeeded at once or not at all.
            None | Some("succeeded") => RefundStage::Done,
            Some("failed" | "canceled") => RefundStage::Void,
            Some(_) => return Ok(None),
        };
        if self.amount <= 0 {
            return Ok(None);
        }
        let created = self.created.and_then(|second| Timestamp::from_second(second).ok());
        let refund = RefundFact {
            refund_id: self.id.clone(),
            cause: RefundCause::Refund,
            stage,
            amount: Some(Amounts::new(event, &self.currency)?.money(Some(self.amount))?),
            occurred_at: match stage {
                RefundStage::Void => event.at,
                RefundStage::Open | RefundStage::Done => created.unwrap_or(event.at),
            },
        };
        Ok(Some(ExternalFact::new(charge, Fact::Refund(refund))))
    }
}
