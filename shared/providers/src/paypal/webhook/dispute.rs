//! Disputes: <https://developer.paypal.com/docs/api/customer-disputes/v1/#disputes_get>. They hold and
//! let go, and never move money: see the module above.

use domain::conversion::{Fact, Refund, RefundCause, RefundStage};
use serde::Deserialize;

use crate::webhook::{ExternalFact, Unreadable, json::Event};

#[derive(Deserialize)]
struct Dispute {
    dispute_id: String,
    status: Option<String>,
    #[serde(default)]
    disputed_transactions: Vec<Transaction>,
}

#[derive(Deserialize)]
struct Transaction {
    seller_transaction_id: Option<String>,
}

/// `CUSTOMER.DISPUTE.*`
pub(super) fn facts(event: &Event<'_>) -> Result<Vec<ExternalFact>, Unreadable> {
    let dispute: Dispute = event.object()?;
    let is_over = event.kind == "CUSTOMER.DISPUTE.RESOLVED" || dispute.status.as_deref() == Some("RESOLVED");
    let hold = Refund {
        refund_id: dispute.dispute_id,
        cause: RefundCause::Dispute,
        stage: if is_over { RefundStage::Void } else { RefundStage::Open },
        amount: None,
        occurred_at: event.at,
    };
    let payments =
        dispute.disputed_transactions.into_iter().filter_map(|payment| payment.seller_transaction_id);
    let facts: Vec<_> =
        payments.map(|payment| ExternalFact::new(payment, Fact::Refund(hold.clone()))).collect();
    if facts.is_empty() { Err(event.wrong("disputed_transactions.seller_transaction_id")) } else { Ok(facts) }
}
