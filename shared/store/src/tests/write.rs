//! Conditional writes, transactions, their failures, limits and cost.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Sample, key, listed, now, row};
use crate::{
    Store,
    error::{Error, Limit},
    expression::{Condition, Update},
    item::{REVISION, Row, Shape},
    key::IndexKey,
    schema::Index,
    table::Read,
    testing::{Fault, Faults, TestTable},
    transaction::Transaction,
};

fn puts(rows: impl IntoIterator<Item = Row>) -> Transaction {
    let mut transaction = Transaction::new();
    for row in rows {
        transaction.put_new(row);
    }
    transaction
}

async fn amount(store: &Store, id: &str) -> Option<i64> {
    store.get(&key(id), Read::Strong).await.unwrap().and_then(|row| row.number("amount"))
}

#[tokio::test]
async fn a_row_comes_back_as_it_was_put_and_only_once() {
    let store = TestTable::create().await.store();
    store.commit(puts([row("a", 5)])).await.unwrap();
    let again = store.commit(puts([row("a", 6)])).await.unwrap_err();
    let failure = again.failures().unwrap().at(0).unwrap();
    assert_eq!(failure.old, Some(row("a", 5)));
    let found = store.get(&key("a"), Read::Strong).await.unwrap().unwrap();
    assert_eq!(found.parse::<Sample>().unwrap(), Sample { amount: 5, note: None });
    assert_eq!(store.get(&key("b"), Read::Eventual).await.unwrap(), None);
}

#[tokio::test]
async fn a_failed_transaction_names_the_position_and_the_item_in_the_way() {
    let store = TestTable::create().await.store();
    store.commit(puts([row("b", 1)])).await.unwrap();
    let mut transaction = puts([row("a", 1), row("b", 2)]);
    let third = transaction.check(key("b"), Condition::equals("amount", 7_i64));
    assert!(matches!(
        store.commit(transaction).await,
        Err(Error::Limit(Limit::Repeated(repeated))) if repeated == key("b")
    ));
    let mut transaction = puts([row("a", 1), row("b", 2)]);
    let check = transaction.check(key("c"), Condition::Exists);
    assert_eq!(check, third);
    let error = store.commit(transaction).await.unwrap_err();
    let failures = error.failures().unwrap();
    assert_eq!(failures.iter().map(|failure| failure.position).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(failures.on(&key("b")).unwrap().old, Some(row("b", 1)));
    assert_eq!(failures.at(2).unwrap().old, None);
    assert_eq!(amount(&store, "a").await, None, "nothing of it was written");
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_raises_the_revision() {
    let store = TestTable::create().await.store();
    store.commit(puts([row("a", 5)])).await.unwrap();
    let update = |revision: u64| {
        Update::new(key("a"))
            .set("note", "path")
            .add("amount", -7)
            .when(Condition::Lacks("rev").or(Condition::revision(revision)))
    };
    let changed = store.update(update(0)).await.unwrap();
    assert_eq!((changed.number("rev"), changed.number("amount")), (Some(1), Some(-2)));
    assert!(matches!(store.update(update(0)).await, Err(Error::Condition(_))));
    let mut transaction = puts([row("b", 1)]);
    transaction.update(update(1));
    store.commit(transaction).await.unwrap();
    let sample: Sample = store.get(&key("a"), Read::Strong).await.unwrap().unwrap().parse().unwrap();
    assert_eq!(sample, Sample { amount: -9, note: Some("path".to_owned()) });
    let mut transaction = Transaction::new();
    transaction.delete(key("a"));
    store.commit(transaction).await.unwrap();
    assert_eq!(amount(&store, "a").await, None);
}

#[tokio::test]
async fn limits_are_refused_before_anything_is_sent() {
    let (store, meter) = TestTable::create().await.metered();
    let limit = async |transaction| match store.commit(transaction).await {
        Err(Error::Limit(limit)) => limit,
        other => panic!("{other:?}"),
    };
    let rows = |count: i64| (0..count).map(|n| row(&n.to_string(), n));
    assert_eq!(limit(puts([])).await, Limit::Items(0));
    assert_eq!(limit(puts(rows(101))).await, Limit::Items(101));
    assert_eq!(limit(puts([row("a", 1), row("a", 2)])).await, Limit::Repeated(key("a")));
    let big = |id: &str, bytes: usize| {
        Row::new(&key(id), &Sample { amount: 0, note: Some("x".repeat(bytes)) }).unwrap()
    };
    assert!(matches!(limit(puts([big("a", 409_600)])).await, Limit::ItemSize(..)));
    let many = (0..11).map(|n| big(&n.to_string(), 400_000));
    assert!(matches!(limit(puts(many)).await, Limit::TotalSize(4_400_000..)));
    assert_eq!(meter.take().requests, 0);
    store.commit(puts(rows(100))).await.unwrap();
}

#[tokio::test]
async fn one_write_costs_one_unit_and_a_transaction_twice_as_much() {
    let table = TestTable::create().await;
    let (store, meter) = table.metered();
    store.commit(puts([row("a", 1)])).await.unwrap();
    assert_eq!(meter.take().total_writes(), Decimal::ONE);
    store.commit(puts([row("b", 1), row("c", 1), listed("d", "L", "1")])).await.unwrap();
    let consumed = meter.take();
    if table.counts_units() {
        assert_eq!((consumed.requests, consumed.writes["table"]), (1, Decimal::from(6)));
        assert!(consumed.writes["GSI1"] >= Decimal::ONE);
    }
    store.get(&key("a"), Read::Strong).await.unwrap();
    assert_eq!(meter.take().total_reads(), Decimal::ONE);
    store.get(&key("a"), Read::Eventual).await.unwrap();
    assert_eq!(meter.take().total_reads(), Decimal::new(5, 1));
}

#[tokio::test]
async fn conflict_throttling_and_a_lost_request_are_repeated_with_the_same_items() {
    let table = TestTable::create().await;
    let faults = [Fault::conflict(2), Fault::throttled(), Fault::RequestLost].map(Some);
    let store = table.faulty(Faults::script(faults));
    store.commit(puts([row("a", 1), row("b", 1)])).await.unwrap();
    assert_eq!(amount(&store, "b").await, Some(1));
}

#[tokio::test]
async fn what_does_not_pass_is_reported_as_what_it_is() {
    let table = TestTable::create().await;
    let after = async |faults: &[Fault]| {
        let faults: Vec<_> = faults.iter().cycle().take(9).cloned().map(Some).collect();
        let store = table.faulty(Faults::script(faults));
        store.commit(puts([row("x", 1), row("y", 1)])).await.unwrap_err()
    };
    assert!(matches!(after(&[Fault::conflict(2)]).await, Error::Conflict));
    assert!(matches!(after(&[Fault::throttled()]).await, Error::Unavailable(_)));
    assert!(matches!(after(&[Fault::RequestLost]).await, Error::Unknown(_)));
    let mixed = after(&[Fault::conflict(2), Fault::RequestLost]).await;
    assert!(matches!(mixed, Error::Unknown(_)), "one attempt may have gone through: {mixed:?}");
    let refused = Fault::Answer { status: 400, body: r#"{"__type":"ValidationException"}"#.into() };
    assert!(matches!(after(&[refused]).await, Error::Refused(_)));
    let broken = Fault::Answer { status: 500, body: r#"{"__type":"InternalServerError"}"#.into() };
    assert!(matches!(after(&[broken]).await, Error::Unknown(_)));
}

#[tokio::test]
async fn a_lost_answer_is_found_out_by_the_guards() {
    let table = TestTable::create().await;
    let lost = || Faults::script([Some(Fault::AnswerLost)]);
    let mut transaction = puts([row("a", 1)]);
    transaction.update(Update::new(key("sum")).add("amount", 5));
    table.faulty(lost()).commit(transaction.clone()).await.unwrap();
    assert_eq!(amount(&table.store(), "sum").await, Some(5), "counted once");
    let again = table.faulty(lost()).commit(puts([row("a", 2)])).await.unwrap_err();
    assert!(matches!(again, Error::Condition(_)), "another item is in the way: {again:?}");
    let again = table.store().commit(transaction).await.unwrap_err();
    assert!(matches!(again, Error::Condition(_)), "a repeated request is for the caller to judge");
    table.faulty(lost()).commit(puts([row("b", 1)])).await.unwrap();
}

#[tokio::test]
async fn a_row_of_another_entity_version_or_shape_is_corrupt_with_its_key() {
    let table = TestTable::create().await;
    let store = table.store();
    for (id, name, value) in [("a", "entity", "other"), ("b", "v", "1"), ("c", "amount", "x")] {
        store.commit(puts([row(id, 1)])).await.unwrap();
        store.update(Update::new(key(id)).set(name, value)).await.unwrap();
        let found = store.get(&key(id), Read::Strong).await.unwrap().unwrap();
        match found.parse::<Sample>() {
            Err(Error::Corrupt { key: corrupt, reason }) => {
                assert_eq!(corrupt, key(id));
                assert!(!reason.is_empty());
            }
            other => panic!("{other:?}"),
        }
    }
}

/// A shape that takes whatever else its row has.
#[derive(Serialize, Deserialize)]
struct Open {
    #[serde(flatten)]
    counters: BTreeMap<String, i64>,
}

impl Shape for Open {
    const ENTITY: &'static str = "open";
}

#[tokio::test]
async fn keys_and_tags_of_a_row_are_no_part_of_its_shape() {
    let store = TestTable::create().await.store();
    let counters = BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), -2)]);
    let place = IndexKey { index: Index::Gsi2, pk: "L".to_owned(), sk: "1".to_owned() };
    let row = Row::new(&key("a"), &Open { counters }).unwrap().listed(place).expiring(now());
    store.commit(puts([row])).await.unwrap();
    let mut open: Open = store.get(&key("a"), Read::Strong).await.unwrap().unwrap().parse().unwrap();
    open.counters.remove(REVISION);
    assert_eq!(open.counters.into_iter().collect::<Vec<_>>(), [("a".to_owned(), 1), ("b".to_owned(), -2)]);
}

#[tokio::test]
async fn warming_up_and_a_missing_table_do_no_harm() {
    let table = TestTable::create().await;
    table.store().warm().await;
    let elsewhere = Store::new(table.client().clone(), "no-such-table".to_owned());
    elsewhere.warm().await;
    assert!(matches!(elsewhere.get(&key("a"), Read::Strong).await, Err(Error::Refused(_))));
}
