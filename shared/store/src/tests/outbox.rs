//! The outbox and the parking place.

use jiff::SignedDuration;

use super::{key, now, row};
use crate::{item::Row, outbox::is_marked, table::Read, testing::TestTable, transaction::Transaction};

#[tokio::test]
async fn overdue_markers_are_found_in_every_shard_until_they_are_taken_away() {
    let store = TestTable::create().await.store();
    for n in 0..20 {
        let mut transaction = Transaction::new();
        let written = now() - SignedDuration::from_secs(n);
        transaction.put_new(row(&n.to_string(), n).outbox(written));
        store.commit(transaction).await.unwrap();
    }
    let before = now() - SignedDuration::from_secs(10);
    let mut overdue = store.overdue(before, 100).await.unwrap();
    overdue.sort_by_key(|row| row.number("amount"));
    let amounts: Vec<_> = overdue.iter().filter_map(|row| row.number("amount")).collect();
    assert_eq!(amounts, (10..20).collect::<Vec<_>>());
    assert!(overdue.iter().all(is_marked));
    assert!(store.unmark(&key("15")).await.unwrap());
    assert!(!store.unmark(&key("15")).await.unwrap(), "only one takes it away");
    assert!(!store.unmark(&key("missing")).await.unwrap());
    assert_eq!(store.get(&key("missing"), Read::Strong).await.unwrap(), None);
    assert_eq!(store.overdue(before, 100).await.unwrap().len(), 9);
    let one_each = store.overdue(now(), 1).await.unwrap();
    assert!((2..=8).contains(&one_each.len()), "a limit holds for each shard");
    let left = store.get(&key("15"), Read::Strong).await.unwrap().unwrap();
    assert!(!is_marked(&left) && left.number("rev") == Some(1));
}

#[test]
fn a_row_without_keys_does_not_panic() {
    let row = Row::from_attributes(std::collections::HashMap::new());
    assert_eq!((row.key().pk.as_str(), row.entity()), ("", ""));
}
