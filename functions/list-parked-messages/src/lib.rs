//! `GET /admin/parked-messages`: what was set aside and waits for a person, the latest first. Bodies
//! are not shown, only whom and what they are about, by ids.

mod subjects;

use std::collections::BTreeMap;

use domain::id::ParkedMessageId;
use jiff::Timestamp;
use runtime::{Answer, Cursors, Request, Response, view::list::ListView};
use serde::{Deserialize, Serialize};
use store::{
    Store,
    park::{Parked, Queue},
    webhook::WebhookEvent,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filters {
    queue: Option<Queue>,
}

#[derive(Serialize)]
struct ParkedView {
    id: ParkedMessageId,
    queue: Queue,
    code: String,
    detail: String,
    parked_at: Timestamp,
    subjects: BTreeMap<&'static str, String>,
    /// The path that puts it back on its way; none for what can only be discarded.
    retry: Option<String>,
    discard: String,
}

/// Lists parked messages.
///
/// # Errors
/// Every [`runtime::Problem`] that the contract lists for this operation.
pub async fn handle((store, cursors): (Store, Cursors), request: Request) -> Answer {
    request.admin()?;
    let (filters, page): (Filters, _) = request.page(&cursors, "list_parked_messages")?;
    let parked = store.parked(filters.queue, &page).await?;
    Response::ok(&ListView::new(parked, ParkedView::from))
}

impl From<Parked> for ParkedView {
    fn from(parked: Parked) -> Self {
        let (id, queue) = (parked.id(), parked.queue);
        let path = format!("/admin/parked-messages/{queue}/{id}");
        let retry = match queue {
            Queue::Conversions | Queue::Maturities | Queue::Payouts | Queue::Changes => {
                Some(format!("{path}/retry"))
            }
            Queue::Webhooks => WebhookEvent::of_message_id(&parked.message_id)
                .map(|(endpoint, event)| format!("/admin/webhook-events/{endpoint}/{event}/replay")),
            // What it tells of has been dealt with as far as it can be.
            Queue::Refunds => None,
        };
        Self {
            id,
            queue,
            subjects: subjects::of(&parked),
            code: parked.code,
            detail: parked.detail,
            parked_at: parked.parked_at,
            retry,
            discard: format!("{path}/discard"),
        }
    }
}
