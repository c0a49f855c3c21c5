//! Two ends of the same story, item by item.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use tests::World;

/// Revisions count attempts, and so do the places of changes, which are revisions.
const COUNTERS: [&str; 2] = ["rev", "nth"];

/// The table: attributes, readable, by item.
pub(crate) type Rows = BTreeMap<String, BTreeMap<String, String>>;

/// The table by key. Times are left out where the crash may have cost time.
pub(crate) async fn rows(world: &World, with_times: bool) -> Rows {
    let show = |text: &str| if with_times { text.to_owned() } else { timeless(text) };
    let mut rows = BTreeMap::new();
    // How many webhooks came in is counted as a courtesy, which a crash may cost.
    let rows_kept = world.table.dump().await.into_iter().filter(|row| row.entity() != "webhooks_received");
    for row in rows_kept {
        let key = row.key();
        let attributes = row.attributes().iter().filter(|(name, _)| !COUNTERS.contains(&name.as_str()));
        let attributes = attributes.map(|(name, value)| (name.clone(), show(&readable(value)))).collect();
        rows.insert(show(&format!("{} / {}", key.pk, key.sk)), attributes);
    }
    rows
}

fn readable(value: &AttributeValue) -> String {
    match value {
        // Every sealing draws a nonce of its own.
        AttributeValue::S(text) if text.starts_with("s1.") => "sealed".to_owned(),
        AttributeValue::S(text) => text.clone(),
        AttributeValue::M(fields) => {
            let fields = fields.iter().filter(|(name, _)| !COUNTERS.contains(&name.as_str()));
            let fields: BTreeMap<_, _> =
                fields.map(|(name, value)| (name.clone(), readable(value))).collect();
            format!("{fields:?}")
        }
        AttributeValue::L(items) => format!("{:?}", items.iter().map(readable).collect::<Vec<_>>()),
        other => format!("{other:?}"),
    }
}

/// Without what stands for a time: `2026-12-03T10:06:00Z`.
fn timeless(text: &str) -> String {
    let is_time = |part: &str| part.len() >= 20 && part.starts_with("20") && part.ends_with('Z');
    let parts = text.split_inclusive(['#', '"', ' ']);
    let part = |part: &str| {
        let bare = part.trim_end_matches(['#', '"', ' ']);
        if is_time(bare) { part.replace(bare, "time") } else { part.to_owned() }
    };
    parts.map(part).collect()
}

/// Fails with every item and attribute that differ.
pub(crate) fn assert_same(found: &Rows, expected: &Rows, label: &str) {
    let mut differences = Vec::new();
    for (key, row) in expected {
        let Some(other) = found.get(key) else {
            differences.push(format!("{key} is missing: {row:?}"));
            continue;
        };
        let names = row.keys().chain(other.keys().filter(|name| !row.contains_key(*name)));
        let names = names.filter(|name| row.get(*name) != other.get(*name));
        differences.extend(
            names.map(|name| format!("{key} {name}: {:?}, not {:?}", other.get(name), row.get(name))),
        );
    }
    let more = found.iter().filter(|(key, _)| !expected.contains_key(*key));
    differences.extend(more.map(|(key, row)| format!("{key} is too much: {row:?}")));
    assert!(differences.is_empty(), "{label}: the end differs:\n{}", differences.join("\n"));
}
