//! The parking place.

use super::{
    now, page,
    sample::{minutes, request},
};
use crate::{
    Error,
    idempotency::Committed,
    park::{Parked, Queue, Resolution, ResolutionKind, UnknownQueue, parked_id},
    testing::TestTable,
};

fn parked(queue: Queue, message_id: &str, code: &str, minute: i64) -> Parked {
    Parked {
        queue,
        message_id: message_id.to_owned(),
        body: "{}".to_owned(),
        code: code.to_owned(),
        detail: "there is no such thing".to_owned(),
        parked_at: minutes(minute),
    }
}

fn resolution(outcome: ResolutionKind) -> Resolution {
    Resolution { outcome, by: "root".to_owned(), at: now() }
}

async fn codes(store: &crate::Store, queue: Option<Queue>) -> Vec<String> {
    store.parked(queue, &page("parked")).await.unwrap().data.into_iter().map(|parked| parked.code).collect()
}

#[tokio::test]
async fn a_parked_message_keeps_its_first_reason_and_the_latest_is_listed_first() {
    let store = TestTable::create().await.store();
    for (message, code) in [("m-1", "unknown_program"), ("m-1", "again"), ("m-2", "unreadable_message")] {
        store.park(&parked(Queue::Conversions, message, code, i64::from(message == "m-2"))).await.unwrap();
    }
    store.park(&parked(Queue::Payouts, "m-1", "unknown_payout", -1)).await.unwrap();
    assert_eq!(codes(&store, Some(Queue::Conversions)).await, ["unreadable_message", "unknown_program"]);
    assert_eq!(codes(&store, None).await, ["unreadable_message", "unknown_program", "unknown_payout"]);
    let found = store.parked_message(Queue::Payouts, &parked_id(Queue::Payouts, "m-1")).await.unwrap();
    assert_eq!(found, Some(parked(Queue::Payouts, "m-1", "unknown_payout", -1)));
    assert_eq!(store.parked_message(Queue::Refunds, &parked_id(Queue::Payouts, "m-1")).await.unwrap(), None);
}

#[tokio::test]
async fn what_was_dealt_with_is_off_the_list_and_on_record_and_may_be_parked_again() {
    let table = TestTable::create().await;
    let store = table.store();
    let message = parked(Queue::Refunds, "cnv_1/re_1", "refunds_exceed_charge", 0);
    store.park(&message).await.unwrap();
    let discarded = resolution(ResolutionKind::Discarded { reason: "told the shop".to_owned() });
    let asked = request("discard");
    assert_eq!(store.resolve_parked(&message, &discarded, asked.once()).await.unwrap(), Committed::Now);
    assert_eq!(store.resolve_parked(&message, &discarded, asked.once()).await.unwrap(), asked.replay());
    let again = store.resolve_parked(&message, &discarded, request("other").once()).await;
    assert!(matches!(again, Err(Error::Condition(_))), "it is dealt with once");
    assert!(codes(&store, None).await.is_empty());
    let records = table.dump().await;
    let record = records.iter().find(|row| row.entity() == "resolved_message").unwrap();
    assert_eq!((record.text("how"), record.text("reason")), (Some("discarded"), Some("told the shop")));
    assert_eq!(record.text("by"), Some("root"));
    store.park(&message).await.unwrap();
    assert_eq!(codes(&store, Some(Queue::Refunds)).await, ["refunds_exceed_charge"]);
    let retried = resolution(ResolutionKind::Retried);
    assert!(store.resolve_if_parked(Queue::Refunds, "cnv_1/re_1", &retried).await.unwrap());
    assert!(!store.resolve_if_parked(Queue::Refunds, "cnv_1/re_1", &retried).await.unwrap());
}

#[test]
fn a_queue_is_found_by_its_name_alone() {
    for queue in Queue::ALL {
        assert_eq!(queue.as_str().parse(), Ok(queue));
        assert_eq!(serde_json::to_string(&queue).unwrap(), format!("\"{queue}\""));
    }
    assert_eq!("Conversions".parse::<Queue>(), Err(UnknownQueue));
}
