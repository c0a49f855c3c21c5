//! Two ends of the same story, item by item.

use std::collections::BTreeMap;

use store::Row;
use tests::World;

/// What may differ: each sealing draws a nonce, and revisions count attempts.
const FREE: [&str; 1] = ["rev"];

/// The table by key.
pub(crate) async fn rows(world: &World) -> BTreeMap<String, Row> {
    let rows = world.table.dump().await.into_iter();
    rows.map(|row| (format!("{:?}", row.key()), row)).collect()
}

/// Fails with every item and attribute that differ.
pub(crate) fn assert_same(found: &BTreeMap<String, Row>, expected: &BTreeMap<String, Row>, label: &str) {
    let mut differences = Vec::new();
    for (key, row) in expected {
        match found.get(key) {
            None => differences.push(format!("missing: {row:?}")),
            Some(other) => differences.extend(attributes(key, row, other)),
        }
    }
    let more = found.iter().filter(|(key, _)| !expected.contains_key(*key));
    differences.extend(more.map(|(_, row)| format!("too much: {row:?}")));
    assert!(differences.is_empty(), "{label}: the end differs:\n{}", differences.join("\n"));
}

fn attributes(key: &str, expected: &Row, found: &Row) -> Vec<String> {
    let (expected, found) = (expected.attributes(), found.attributes());
    let names = expected.keys().chain(found.keys().filter(|name| !expected.contains_key(*name)));
    names
        .filter(|name| expected.get(*name) != found.get(*name) && !FREE.contains(&name.as_str()))
        .map(|name| format!("{key} {name}: {:?} instead of {:?}", found.get(name), expected.get(name)))
        .collect()
}
