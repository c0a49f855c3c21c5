//! Refunds, <https://developer.paypal.com/docs/api/payments/v2/#refunds_get>, and reversals, by which
//! PayPal or a bank takes a payment back. Both come as a refund with its own id; a sale's reversal
//! comes without the sale's id in a field of its own, and then its own id is that of the sale.

use domain::conversion::{Fact, Refund as RefundFact, RefundCause, RefundStage};
use jiff::Timestamp;
use serde::Deserialize;
use url::Url;

use super::money::Amount;
use crate::webhook::{
    ExternalFact, Unreadable,
    json::{Event, lenient},
};

#[derive(Deserialize)]
struct Refund {
    id: String,
    status: Option<String>,
    amount: Amount,
    sale_id: Option<String>,
    capture_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    create_time: Option<Timestamp>,
    #[serde(default)]
    links: Vec<Link>,
}

#[derive(Deserialize)]
struct Link {
    href: String,
}

/// Every event whose object is a refund.
pub(super) fn facts(event: &Event<'_>) -> Result<Vec<ExternalFact>, Unreadable> {
    let refund: Refund = event.object()?;
    let payment = refund.payment().or_else(|| is_sale_reversal(event).then(|| refund.id.clone()));
    let payment = event.required(payment, "links")?;
    let amount = refund.amount.magnitude(event)?;
    if amount.is_zero() {
        return Ok(Vec::new());
    }
    let fact = RefundFact {
        // A reversal that goes by the sale's id names its own only in the link to itself.
        refund_id: refund.link("refund").unwrap_or_else(|| refund.id.clone()),
        cause: RefundCause::Refund,
        stage: refund.stage(event),
        amount: Some(amount),
        occurred_at: refund.create_time.unwrap_or(event.at),
    };
    Ok(vec![ExternalFact::new(payment, Fact::Refund(fact))])
}

fn is_sale_reversal(event: &Event<'_>) -> bool {
    event.kind == "PAYMENT.SALE.REVERSED"
}

impl Refund {
    /// The payment that the money came from.
    fn payment(&self) -> Option<String> {
        let named = self.sale_id.clone().or_else(|| self.capture_id.clone());
        named.or_else(|| self.link("captures")).or_else(|| self.link("sale"))
    }

    /// The id behind this segment, in the address of something that this refund is tied to.
    fn link(&self, folder: &str) -> Option<String> {
        self.links.iter().find_map(|link| {
            let url: Url = link.href.parse().ok()?;
            let mut segments = url.path_segments()?.skip_while(|segment| *segment != folder);
            segments.nth(1).filter(|id| !id.is_empty() && segments.next().is_none()).map(str::to_owned)
        })
    }

    fn stage(&self, event: &Event<'_>) -> RefundStage {
        let is_void = matches!(self.status.as_deref(), Some("FAILED" | "CANCELLED"));
        if is_void || event.kind == "PAYMENT.REFUND.FAILED" { RefundStage::Void } else { RefundStage::Done }
    }
}
