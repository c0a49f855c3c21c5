//! `POST /admin/parked-messages/{queue}/{message_id}/retry`: puts a message that was set aside back on
//! its way, as it was and with a new message id.
//!
//! It is handed over first and taken off the list then. Dying in between leaves it on the list and on
//! its way, and handing it over twice is harmless; the other way round it would be lost. Should it be
//! set aside again, it has another id by then and is another entry of the list.

use domain::{
    event::{MaturityReached, PayoutDue},
    id::ParkedMessageId,
};
use jiff::Timestamp;
use runtime::{Answer, Failure, MaturityQueue, Outbox, Problem, Request, Response};
use serde::Serialize;
use store::{
    idempotency::{Keep, Once},
    park::{Parked, Queue, Resolution, ResolutionKind},
    payout::account_of,
    webhook::WebhookEvent,
};

#[derive(Serialize)]
struct RetriedView<'a> {
    id: &'a ParkedMessageId,
    queue: Queue,
    outcome: &'static str,
    at: Timestamp,
}

/// Retries a parked message.
///
/// # Errors
/// Every [`Problem`] that the contract lists for this operation.
pub async fn handle((outbox, maturities): (Outbox, MaturityQueue), request: Request) -> Answer {
    let admin = request.admin()?;
    let queue: Queue = request.path_id("queue")?;
    let id: ParkedMessageId = request.path_id("message_id")?;
    let idempotency = request.idempotency("retry_parked_message")?;
    let (store, now) = (outbox.store(), request.received_at());
    if let Some(answer) = Response::earlier(store.earlier_answer(&idempotency, now).await?) {
        return answer;
    }
    let parked = store.parked_message(queue, &id).await?.ok_or_else(Problem::not_found)?;
    hand_over(&outbox, &maturities, &parked, now).await?;
    let response = Response::accepted(&RetriedView { id: &id, queue, outcome: "retried", at: now })?;
    let resolution = Resolution { outcome: ResolutionKind::Retried, by: admin.subject, at: now };
    let once = Once { request: &idempotency, answer: &response.stored(), keep: Keep::Quarter, now };
    let committed = store.resolve_parked(&parked, &resolution, once).await?;
    response.committed(committed)
}

async fn hand_over(
    outbox: &Outbox,
    maturities: &MaturityQueue,
    parked: &Parked,
    now: Timestamp,
) -> Result<(), Problem> {
    let body = parked.body.clone();
    // What FIFO queues tell repetitions by: a retry sent twice within minutes is one.
    let deduplication = parked.id().to_string();
    let handed_over = match parked.queue {
        Queue::Conversions => outbox.conversions().send_again(body).await,
        Queue::Maturities => {
            let account = serde_json::from_str(&body).map(|message: MaturityReached| message.account());
            let account = account.unwrap_or_else(|_| deduplication.clone());
            maturities.send_again(body, &account, &deduplication).await
        }
        Queue::Payouts => {
            let account = account_of_payout(outbox, &body).await?;
            let account = account.unwrap_or_else(|| deduplication.clone());
            outbox.payouts().send_again(body, &account, &deduplication).await
        }
        Queue::Changes => match outbox.store().changed_row(&body).await? {
            Some(row) => outbox.publish(row, now).await,
            // What is no longer in the table asks for nothing.
            None => Ok(()),
        },
        Queue::Refunds => {
            return Err(Problem::conflict(
                "the refund has been dealt with as far as it can be: settle it with the customer or by an \
                 adjustment, then discard this note",
            ));
        }
        Queue::Webhooks => return Err(replay_instead(parked)),
    };
    handed_over.map_err(|failure| match failure {
        Failure::Retry(cause) => Problem::unavailable(cause),
        Failure::Reject { code, detail } => Problem::conflict(format!("{code}: {detail}")),
    })
}

/// Messages of one account go one after the other. A message about no payout has no account, and
/// will be set aside again.
async fn account_of_payout(outbox: &Outbox, body: &str) -> Result<Option<String>, Problem> {
    let Ok(PayoutDue { payout_id }) = serde_json::from_str(body) else { return Ok(None) };
    let payout = outbox.store().payout(&payout_id).await?;
    Ok(payout.map(|read| account_of(&read.value)))
}

fn replay_instead(parked: &Parked) -> Problem {
    let path = WebhookEvent::of_message_id(&parked.message_id)
        .map(|(endpoint, event)| format!("POST /admin/webhook-events/{endpoint}/{event}/replay"));
    Problem::conflict(format!("an event is read again by {}", path.unwrap_or_default()))
}
