//! Idempotency records: written with the effect, replayed, refused, expired.

use jiff::{SignedDuration, Timestamp};

use super::{key, now, row};
use crate::{
    Store,
    error::Error,
    idempotency::{Answer, Committed, Earlier, Idempotency, Keep, Once},
    table::Read,
    testing::TestTable,
    transaction::Transaction,
};

fn request(hash: &str) -> Idempotency {
    Idempotency {
        caller: "ptr_1".to_owned(),
        operation: "requestPayout",
        key: "k-123".to_owned(),
        request_hash: hash.to_owned(),
    }
}

fn answer(body: &str) -> Answer {
    Answer { status: 201, location: Some("/x".to_owned()), body: body.to_owned() }
}

async fn perform(store: &Store, id: &str, request: &Idempotency, now: Timestamp) -> Result<Committed, Error> {
    let mut transaction = Transaction::new();
    transaction.put_new(row(id, 1));
    let answer = answer(id);
    let once = Once { request, answer: &answer, keep: Keep::Week, now };
    store.commit_once(transaction, once).await
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer_and_has_no_second_effect() {
    let store = TestTable::create().await.store();
    let (first, other) = (request("h1"), request("h2"));
    assert_eq!(store.earlier_answer(&first, now()).await.unwrap(), Earlier::New);
    assert_eq!(perform(&store, "a", &first, now()).await.unwrap(), Committed::Now);
    // The second came in while the first was under way, and would make another item.
    let raced = perform(&store, "b", &first, now()).await.unwrap();
    assert_eq!(raced, Committed::Replay(answer("a")));
    assert_eq!(perform(&store, "c", &other, now()).await.unwrap(), Committed::Reused);
    for id in ["b", "c"] {
        assert_eq!(store.get(&key(id), Read::Strong).await.unwrap(), None);
    }
    let replay = store.earlier_answer(&first, now()).await.unwrap();
    assert_eq!(replay, Earlier::Replay(answer("a")));
    assert_eq!(store.earlier_answer(&other, now()).await.unwrap(), Earlier::Reused);
}

#[tokio::test]
async fn another_callers_key_is_another_key() {
    let store = TestTable::create().await.store();
    perform(&store, "a", &request("h1"), now()).await.unwrap();
    let other = Idempotency { caller: "ptr_2".to_owned(), ..request("h9") };
    assert_eq!(store.earlier_answer(&other, now()).await.unwrap(), Earlier::New);
}

#[tokio::test]
async fn an_expired_record_is_gone_though_the_table_still_shows_it() {
    let store = TestTable::create().await.store();
    let request = request("h1");
    perform(&store, "a", &request, now()).await.unwrap();
    let later = now() + SignedDuration::from_hours(7 * 24);
    let before = later - SignedDuration::from_secs(1);
    assert!(matches!(store.earlier_answer(&request, before).await, Ok(Earlier::Replay(_))));
    assert_eq!(store.earlier_answer(&request, later).await.unwrap(), Earlier::New);
    assert_eq!(perform(&store, "b", &request, later).await.unwrap(), Committed::Now);
    let replay = store.earlier_answer(&request, later).await.unwrap();
    assert_eq!(replay, Earlier::Replay(answer("b")));
}

#[tokio::test]
async fn a_failed_effect_leaves_no_answer_behind() {
    let store = TestTable::create().await.store();
    perform(&store, "a", &request("h1"), now()).await.unwrap();
    let other = Idempotency { key: "k-456".to_owned(), ..request("h1") };
    let error = perform(&store, "a", &other, now()).await.unwrap_err();
    assert!(error.failures().is_some_and(|failures| failures.on(&key("a")).is_some()));
    assert_eq!(store.earlier_answer(&other, now()).await.unwrap(), Earlier::New);
}
