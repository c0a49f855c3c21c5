//! Disputes: <https://docs.stripe.com/api/disputes/object> and
//! <https://docs.stripe.com/disputes/how-disputes-work>.
//!
//! Every event of a dispute carries the whole of it, so its status tells how far it has come, and no
//! event tells more than that: `funds_withdrawn` comes with the opening, `funds_reinstated` with the
//! end, also with that of a dispute lost in part. Which events an endpoint hears therefore makes no
//! difference, as long as it hears the first and the last.
//!
//! An inquiry (`warning_...`) moves no money yet, but may become a dispute that does: it holds the
//! commission too, until it is closed, which Stripe does after 120 days at the latest.

use domain::conversion::{Fact, Refund, RefundCause, RefundStage};
use serde::Deserialize;

use super::object::{Amounts, Reference, id};
use crate::webhook::{ExternalFact, Unreadable, json::Event};

#[derive(Deserialize)]
struct Dispute {
    id: String,
    amount: i64,
    currency: String,
    status: String,
    charge: Option<Reference>,
    payment_intent: Option<Reference>,
}

/// `charge.dispute.*`
pub(super) fn facts(event: &Event<'_>) -> Result<Vec<ExternalFact>, Unreadable> {
    let dispute: Dispute = event.object()?;
    let charge = id(dispute.payment_intent.as_ref()).or_else(|| id(dispute.charge.as_ref()));
    let charge = event.required(charge, "charge")?;
    if dispute.amount <= 0 {
        return Ok(Vec::new());
    }
    let refund = Refund {
        refund_id: dispute.id.clone(),
        cause: RefundCause::Dispute,
        stage: dispute.stage(event)?,
        amount: Some(Amounts::new(event, &dispute.currency)?.money(Some(dispute.amount))?),
        occurred_at: event.at,
    };
    Ok(vec![ExternalFact::new(charge, Fact::Refund(refund))])
}

impl Dispute {
    /// A status that is not known might be either end: it is left to a person.
    fn stage(&self, event: &Event<'_>) -> Result<RefundStage, Unreadable> {
        match self.status.as_str() {
            "needs_response" | "under_review" | "warning_needs_response" | "warning_under_review" => {
                Ok(RefundStage::Open)
            }
            "lost" => Ok(RefundStage::Done),
            // Prevented: settled with the customer's bank before it became a dispute. Where that was
            // done by giving the money back, a refund tells it.
            "won" | "warning_closed" | "prevented" => Ok(RefundStage::Void),
            _ => Err(event.wrong("status")),
        }
    }
}
