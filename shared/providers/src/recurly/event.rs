//! Events, which are all of one shape.

use jiff::Timestamp;
use serde::Deserialize;

use crate::webhook::{Content, Received, Unreadable, json};

const REMEDY: &str = "Recurly's JSON webhooks carry ids only, so report the invoice or refund by API, with the \
                      id and the source recurly";

#[derive(Deserialize)]
struct Notification {
    id: String,
    object_type: String,
    event_type: String,
    event_time: Timestamp,
}

pub(super) fn parse(body: &[u8]) -> Result<Received, Unreadable> {
    let notification: Notification = json::envelope(&json::parse(body)?)?;
    let kind = notification.kind();
    if moves_money(&kind) {
        return Err(Unreadable::WithoutAmounts { kind, remedy: REMEDY });
    }
    let (event_id, occurred_at) = (notification.event_id(), notification.event_time);
    Ok(Received { event_id, occurred_at, kind, content: Content::Ignored })
}

/// The id of an event, also of one that is set aside.
pub(super) fn id(body: &[u8]) -> Option<String> {
    json::envelope::<Notification>(&json::parse(body).ok()?).ok().map(|notification| notification.event_id())
}

impl Notification {
    fn kind(&self) -> String {
        format!("{}.{}", self.object_type, self.event_type)
    }

    fn event_id(&self) -> String {
        format!("{}.{}.{}", self.kind(), self.id, self.event_time)
    }
}

/// One event for each way that money takes: what is told of the same money beside it is ignored.
fn moves_money(kind: &str) -> bool {
    matches!(kind, "charge_invoice.paid" | "payment.refunded" | "payment.voided")
}
