//! Lists over one partition and over shards, page by page.

use super::{key, listed, now, row};
use crate::{
    Store,
    cursor::{Cursors, InvalidCursor, Scope},
    item::Row,
    key::Partition,
    page::{List, Page, PageRequest},
    schema::Index,
    table::Read,
    testing::TestTable,
    transaction::Transaction,
};

const SCOPE: Scope<'static> = Scope { caller: "ptr_1", list: "listSamples", filters: &[] };

fn request(limit: u8, cursor: Option<&str>) -> PageRequest {
    PageRequest::new(&Cursors::new([7; 32], None), &SCOPE, Some(limit), cursor, now()).unwrap()
}

fn shards(count: usize) -> Vec<Partition> {
    let partition =
        |shard| Partition { index: Some(Index::Gsi1), pk: format!("L#{shard}"), prefix: String::new() };
    (0..count).map(partition).collect()
}

async fn fill(store: &Store, rows: usize, shards: usize) {
    for n in 0..rows {
        let mut transaction = Transaction::new();
        let shard = n * 7 % 5 % shards;
        transaction.put_new(listed(&n.to_string(), &format!("L#{shard}"), &format!("{n:03}")));
        store.commit(transaction).await.unwrap();
    }
}

async fn walk(store: &Store, list: &List<'_>, limit: u8, keep: fn(&Row) -> bool) -> Vec<Page<Row>> {
    let mut pages = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = store.list(list, &request(limit, cursor.as_deref()), keep).await.unwrap();
        cursor = page.next.clone();
        pages.push(page);
        if cursor.is_none() {
            return pages;
        }
    }
}

fn sort_keys(pages: &[Page<Row>]) -> Vec<String> {
    let rows = pages.iter().flat_map(|page| &page.data);
    rows.map(|row| row.text("GSI1SK").unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_merged_list_gives_every_row_once_and_in_order_both_ways() {
    let store = TestTable::create().await.store();
    fill(&store, 40, 3).await;
    let forward: Vec<_> = (0..40).map(|n| format!("{n:03}")).collect();
    let backward: Vec<_> = forward.iter().rev().cloned().collect();
    for (newest_first, expected) in [(false, forward), (true, backward)] {
        for limit in [1, 7, 40, 100] {
            let partitions = shards(4);
            let list = List { partitions: &partitions, newest_first };
            let pages = walk(&store, &list, limit, |_| true).await;
            assert_eq!(sort_keys(&pages), expected, "limit {limit}");
            assert!(pages.iter().all(|page| page.data.len() <= usize::from(limit)));
        }
    }
}

#[tokio::test]
async fn a_filtered_page_may_be_short_but_no_row_is_lost() {
    let store = TestTable::create().await.store();
    fill(&store, 40, 2).await;
    let partitions = shards(2);
    let list = List { partitions: &partitions, newest_first: false };
    // The kept rows sit in both shards, and the shards are of different size.
    let keep = |row: &Row| row.text("GSI1SK").unwrap().ends_with(['7', '9']);
    let pages = walk(&store, &list, 3, keep).await;
    assert_eq!(sort_keys(&pages), ["007", "009", "017", "019", "027", "029", "037", "039"]);
}

#[tokio::test]
async fn an_empty_list_is_one_empty_page() {
    let store = TestTable::create().await.store();
    let partitions = shards(8);
    let list = List { partitions: &partitions, newest_first: false };
    let page = store.list(&list, &request(5, None), |_| true).await.unwrap();
    assert_eq!(page, Page { data: Vec::new(), next: None });
}

#[test]
fn a_cursor_of_another_caller_is_refused() {
    let cursors = Cursors::new([7; 32], None);
    let refused = PageRequest::new(&cursors, &SCOPE, None, Some("bm9uc2Vuc2U"), now());
    assert_eq!(refused.err(), Some(InvalidCursor));
}

#[tokio::test]
async fn a_batch_of_more_than_a_hundred_reads_comes_back_whole() {
    let store = TestTable::create().await.store();
    let ids: Vec<_> = (0..130).map(|n| n.to_string()).collect();
    for chunk in ids.chunks(100) {
        let mut transaction = Transaction::new();
        for id in chunk {
            transaction.put_new(row(id, 1));
        }
        store.commit(transaction).await.unwrap();
    }
    let mut keys: Vec<_> = ids.iter().map(|id| key(id)).collect();
    keys.push(key("missing"));
    assert_eq!(store.batch_get(&keys, Read::Strong).await.unwrap().len(), 130);
}
