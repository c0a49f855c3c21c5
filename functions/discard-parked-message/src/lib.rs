//! `POST /admin/parked-messages/{queue}/{message_id}/discard`: gives up a message that was set aside. Who did it and
//! why is kept with the message for a year.

use domain::id::ParkedMessageId;
use jiff::Timestamp;
use runtime::{Answer, Problem, Request, Response, Violations};
use serde::{Deserialize, Serialize};
use store::{
    Store,
    idempotency::{Keep, Once},
    park::{Queue, Resolution, ResolutionKind},
};

const REASON_MAX: usize = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DiscardRequest {
    reason: String,
}

#[derive(Serialize)]
struct DiscardedView<'a> {
    id: &'a ParkedMessageId,
    queue: Queue,
    outcome: &'static str,
    reason: &'a str,
    at: Timestamp,
}

/// Discards a parked message.
///
/// # Errors
/// Every [`Problem`] that the contract lists for this operation.
pub async fn handle(store: Store, request: Request) -> Answer {
    let admin = request.admin()?;
    let queue: Queue = request.path_id("queue")?;
    let id: ParkedMessageId = request.path_id("message_id")?;
    let idempotency = request.idempotency("discard_parked_message")?;
    let DiscardRequest { reason } = request.json()?;
    let mut violations = Violations::new();
    violations.text(&reason, REASON_MAX, "/reason");
    violations.finish()?;
    let now = request.received_at();
    if let Some(answer) = Response::earlier(store.earlier_answer(&idempotency, now).await?) {
        return answer;
    }
    let parked = store.parked_message(queue, &id).await?.ok_or_else(Problem::not_found)?;
    let view = DiscardedView { id: &id, queue, outcome: "discarded", reason: &reason, at: now };
    let response = Response::ok(&view)?;
    let outcome = ResolutionKind::Discarded { reason: reason.clone() };
    let resolution = Resolution { outcome, by: admin.subject, at: now };
    let once = Once { request: &idempotency, answer: &response.stored(), keep: Keep::Quarter, now };
    let committed = store.resolve_parked(&parked, &resolution, once).await?;
    response.committed(committed)
}
