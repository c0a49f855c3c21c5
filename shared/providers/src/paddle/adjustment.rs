//! Adjustments, which are refunds, disputes and credits:
//! <https://developer.paddle.com/webhooks/adjustments/adjustment-created>.
//!
//! Each of them is one refund or dispute of a transaction, and its `status` is how far it has come. A
//! refund counts once Paddle has approved it. A chargeback has taken the money when it is there. When
//! it is taken back, the adjustment itself becomes `reversed`; Paddle also makes one with the action
//! `chargeback_reverse` then, which does not tell what it reverses and says nothing here.
//!
//! A warning takes nothing and holds what the sale has earned, until it is taken back or the chargeback
//! is there. Neither of the two names the warning, so all warnings of a transaction are one dispute.
//!
//! Credit is money that stays with the merchant. It counts where it pays for something, in a later
//! transaction, whose amount is the smaller for it.

use domain::{
    conversion::{Fact, Refund, RefundCause, RefundStage},
    money::Money,
};
use jiff::Timestamp;
use serde::Deserialize;

use crate::webhook::{ExternalFact, Unreadable, amount::Amounts, json::Event};

/// What all warnings of a transaction are known by; no adjustment's id.
const WARNING: &str = "chargeback_warning";

/// It takes nothing any more.
const NOTHING: (RefundStage, Option<Money>) = (RefundStage::Void, None);

#[derive(Deserialize)]
struct Adjustment {
    id: String,
    action: String,
    status: String,
    transaction_id: String,
    currency_code: String,
    totals: Totals,
    updated_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Totals {
    total: String,
}

/// `adjustment.created` and `adjustment.updated`
pub(super) fn facts(event: &Event<'_>) -> Result<Vec<ExternalFact>, Unreadable> {
    let adjustment: Adjustment = event.object()?;
    let refunds = match adjustment.action.as_str() {
        "refund" => vec![adjustment.refund(event, RefundCause::Refund)?],
        "chargeback" => {
            let warning = adjustment.told(event, WARNING, RefundCause::Dispute, NOTHING);
            vec![adjustment.refund(event, RefundCause::Dispute)?, Some(warning)]
        }
        WARNING => vec![adjustment.warning(event)?],
        "chargeback_warning_reverse" => {
            vec![Some(adjustment.told(event, WARNING, RefundCause::Dispute, NOTHING))]
        }
        _ => Vec::new(),
    };
    let fact = |refund| ExternalFact::new(adjustment.transaction_id.as_str(), Fact::Refund(refund));
    Ok(refunds.into_iter().flatten().map(fact).collect())
}

/// How far an adjustment has come.
enum Standing {
    /// It may still come to nothing.
    Pending,
    /// It counts.
    Approved,
    /// It counts no more, or never did.
    Over,
}

impl Adjustment {
    fn refund(&self, event: &Event<'_>, cause: RefundCause) -> Result<Option<Refund>, Unreadable> {
        let amounts = Amounts::new(event, &self.currency_code)?;
        let amount = amounts.minor_text(&self.totals.total)?;
        let (stage, amount) = match self.standing(event)? {
            Standing::Approved if amount.minor() > 0 => (RefundStage::Done, Some(amount)),
            Standing::Over => (RefundStage::Void, None),
            Standing::Approved | Standing::Pending => return Ok(None),
        };
        Ok(Some(self.told(event, &self.id, cause, (stage, amount))))
    }

    fn warning(&self, event: &Event<'_>) -> Result<Option<Refund>, Unreadable> {
        let stage = match self.standing(event)? {
            Standing::Pending => return Ok(None),
            Standing::Approved => RefundStage::Open,
            Standing::Over => RefundStage::Void,
        };
        Ok(Some(self.told(event, WARNING, RefundCause::Dispute, (stage, None))))
    }

    fn told(
        &self,
        event: &Event<'_>,
        refund_id: &str,
        cause: RefundCause,
        (stage, amount): (RefundStage, Option<Money>),
    ) -> Refund {
        let occurred_at = self.updated_at.unwrap_or(event.at);
        Refund { refund_id: refund_id.to_owned(), cause, stage, amount, occurred_at }
    }

    fn standing(&self, event: &Event<'_>) -> Result<Standing, Unreadable> {
        match self.status.as_str() {
            "pending_approval" => Ok(Standing::Pending),
            "approved" => Ok(Standing::Approved),
            "rejected" | "reversed" => Ok(Standing::Over),
            _ => Err(event.wrong("status")),
        }
    }
}
