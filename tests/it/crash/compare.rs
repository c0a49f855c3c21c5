//! Two ends of the same story, item by item.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use payment_world::Payment;
use tests::World;

use super::stage::Case;

/// Revisions count attempts, and so do the places of changes, which are revisions.
const COUNTERS: [&str; 2] = ["rev", "nth"];

/// How many webhooks came in is counted as a courtesy, which a crash may cost.
const COURTESY: &str = "webhooks_received";

const ENTITY: &str = "entity";

/// The attributes of an item, readable.
type Item = BTreeMap<String, String>;

/// What there is in the end.
#[derive(Debug)]
pub(crate) struct Kept {
    /// The table by key.
    items: BTreeMap<String, Item>,
    /// What providers have paid.
    payments: Vec<Payment>,
}

impl Kept {
    /// What there is now. Times are left out where a crash may have cost time: what waits for a payout's
    /// next look is later by as much.
    pub(crate) async fn of(world: &World, case: &Case) -> Self {
        let with_times = case.binary != "execute-payout";
        let show = |text: &str| if with_times { text.to_owned() } else { timeless(text) };
        let mut items = BTreeMap::new();
        for row in world.table.dump().await {
            let key = row.key();
            let attributes = row.attributes().iter().filter(|(name, _)| !COUNTERS.contains(&name.as_str()));
            let attributes = attributes.map(|(name, value)| (name.clone(), show(&readable(value)))).collect();
            items.insert(show(&format!("{} / {}", key.pk, key.sk)), attributes);
        }
        let mut payments = world.payments.lock().payments();
        for payment in &mut payments {
            payment.created = show(&payment.created);
        }
        Self { items, payments }
    }

    /// The items that have to be there, with the attributes that have to.
    fn needed(&self, may_lose: &[&str]) -> BTreeMap<&str, BTreeMap<&str, &str>> {
        let is_needed = |name: &str| name != COURTESY && !may_lose.contains(&name);
        let mut needed: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
        for (key, item) in
            self.items.iter().filter(|(_, item)| item.get(ENTITY).is_none_or(|name| is_needed(name)))
        {
            let attributes = item.iter().filter(|(name, _)| is_needed(name));
            needed.insert(key, attributes.map(|(name, value)| (name.as_str(), value.as_str())).collect());
        }
        needed
    }
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
pub(crate) fn assert_same(found: &Kept, expected: &Kept, may_lose: &[&str], label: &str) {
    assert_eq!(found.payments, expected.payments, "{label}: what was paid differs");
    let (found, expected) = (found.needed(may_lose), expected.needed(may_lose));
    let mut differences = Vec::new();
    for (key, row) in &expected {
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
