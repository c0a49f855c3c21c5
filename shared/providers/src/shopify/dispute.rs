//! Disputes, of Shopify Payments only:
//! <https://shopify.dev/docs/api/admin-rest/latest/resources/dispute>, and for the statuses
//! <https://shopify.dev/docs/api/admin-graphql/latest/enums/DisputeStatus>.

use domain::conversion::{Fact, Refund, RefundCause, RefundStage};
use jiff::Timestamp;
use serde::Deserialize;

use crate::webhook::{
    ExternalFact, Unreadable,
    amount::{Amounts, Decimal},
    json::{Event, Id},
};

#[derive(Deserialize)]
struct Dispute {
    id: Id,
    order_id: Option<Id>,
    status: String,
    amount: Decimal,
    currency: String,
    initiated_at: Option<Timestamp>,
    finalized_on: Option<String>,
}

/// `disputes/create` and `disputes/update`
pub(super) fn facts(event: &Event<'_>) -> Result<Vec<ExternalFact>, Unreadable> {
    let dispute: Dispute = event.object()?;
    // Of a payment without an order nobody was told that it is a sale.
    let Some(order) = &dispute.order_id else { return Ok(Vec::new()) };
    let stage = dispute.stage().ok_or_else(|| event.wrong("status"))?;
    let taken = Amounts::new(event, &dispute.currency)?.decimal(&dispute.amount)?;
    if stage == RefundStage::Done && taken.minor() <= 0 {
        return Ok(Vec::new());
    }
    let refund = Refund {
        refund_id: dispute.id.to_string(),
        cause: RefundCause::Dispute,
        stage,
        // Only of what is taken does it matter how much it is.
        amount: (stage == RefundStage::Done).then_some(taken),
        occurred_at: dispute.at(stage).unwrap_or(event.at),
    };
    Ok(vec![ExternalFact::new(order.to_string(), Fact::Refund(refund))])
}

impl Dispute {
    /// How far it has come. Where the merchant refunded an inquiry, the refund takes the money.
    fn stage(&self) -> Option<RefundStage> {
        match self.status.as_str() {
            "needs_response" | "under_review" => Some(RefundStage::Open),
            "accepted" | "lost" => Some(RefundStage::Done),
            "won" | "prevented" | "charge_refunded" => Some(RefundStage::Void),
            _ => None,
        }
    }

    fn at(&self, stage: RefundStage) -> Option<Timestamp> {
        let end = self.finalized_on.as_deref().and_then(|text| text.parse().ok());
        end.filter(|_| stage != RefundStage::Open).or(self.initiated_at)
    }
}
