//! The audit of a table: a story that holds, then one item is spoiled at a time.

use std::{collections::BTreeSet, time::Duration};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::audit::{Breach, Check};
use jiff::SignedDuration;
use store::{Row, audit::Scope};
use tests::{World, functions, story::Program};

/// A sale on three levels, a refund, maturity, a payout, and another refund after it.
async fn story(world: &World) -> Program {
    let program = world.program().await;
    let [_, _, kid] = world.three_generations(&program).await;
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-1", "100.00", &click).await;
    world.refund(&program, "order-1", "refund-1", "40.00").await;
    world.days(31).await;
    world.stripe_account(&kid, "acct_1PqXjmLkdIwHu7ix").await;
    world.payout(&program, &kid).expect(201).await;
    world.settle().await;
    world.refund(&program, "order-1", "refund-2", "10.00").await;
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-2", "50.00", &click).await;
    world.audit().await;
    program
}

async fn breaches(world: &World) -> Vec<Breach> {
    let scope = Scope { since: None, now: world.now(), pause: Duration::from_millis(5) };
    let store = world.store();
    let mut breaches = store.audit_liveness(world.now()).await.unwrap();
    let (programs, more) = store.programs_page(None).await.unwrap();
    assert!(more.is_none() && programs.len() == 1, "{programs:#?}");
    for program in &programs {
        breaches.extend(store.audit_program(program, &scope).await.unwrap().breaches);
    }
    breaches
}

/// The first row of an entity that is wanted.
async fn row(world: &World, entity: &str, wanted: impl Fn(&Row) -> bool) -> Row {
    let rows = world.table.dump().await;
    let found = rows.into_iter().find(|row| row.entity() == entity && wanted(row));
    found.unwrap_or_else(|| panic!("no such {entity}"))
}

async fn put(world: &World, row: &Row) {
    let put = world.table.client().put_item().table_name(world.table.name());
    put.set_item(Some(row.attributes().clone())).send().await.unwrap();
}

async fn delete(world: &World, row: &Row) {
    let key = |name: &str| AttributeValue::S(row.text(name).unwrap().to_owned());
    let delete = world.table.client().delete_item().table_name(world.table.name());
    delete.key("PK", key("PK")).key("SK", key("SK")).send().await.unwrap();
}

fn with(row: &Row, name: &str, value: AttributeValue) -> Row {
    let mut attributes = row.attributes().clone();
    attributes.insert(name.to_owned(), value);
    Row::from_attributes(attributes)
}

fn plus_one(row: &Row, name: &str) -> Row {
    with(row, name, AttributeValue::N((row.number(name).unwrap() + 1).to_string()))
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// Puts a spoiled row in the place of a good one, or nothing; the audit names the check and the
/// item, and is content again when the good row is back.
async fn spoil(world: &World, good: &Row, spoiled: Option<Row>, check: Check, item: &str) {
    match &spoiled {
        Some(spoiled) => put(world, spoiled).await,
        None => delete(world, good).await,
    }
    let found = breaches(world).await;
    let named = found.iter().any(|breach| {
        breach.check == check && breach.items.iter().any(|named| named.contains(item))
    });
    assert!(named, "{} of {item} is not named: {found:#?}", check.as_str());
    put(world, good).await;
    assert_eq!(breaches(world).await, [], "after {} of {item}", check.as_str());
}

#[tokio::test]
async fn every_spoiled_item_is_named() {
    let world = World::start().await;
    story(&world).await;
    assert_eq!(breaches(&world).await, []);

    let line = row(&world, "commission", |row| row.number("amount").unwrap() > 0).await;
    let line_id = line.text("id").unwrap().to_owned();
    spoil(&world, &line, Some(plus_one(&line, "amount")), Check::Commission, &line_id).await;
    spoil(&world, &line, None, Check::Booking, line.key().pk.strip_prefix("CNV#").unwrap()).await;

    let head = row(&world, "conversion", |row| row.number("refunded") == Some(5000)).await;
    let conversion = head.key().pk.strip_prefix("CNV#").unwrap().to_owned();
    spoil(&world, &head, Some(plus_one(&head, "refunded")), Check::Refunds, &conversion).await;
    spoil(&world, &head, Some(with(&head, "state", text("torn"))), Check::Unreadable, &conversion).await;

    for kind in ["accrue", "refund"] {
        let entry = row(&world, "journal", |row| row.text("kind") == Some(kind)).await;
        let subject = entry.text("subject").unwrap().split('/').next().unwrap().to_owned();
        spoil(&world, &entry, None, Check::Booking, &subject).await;
    }
    let entry = row(&world, "journal", |row| row.text("kind") == Some("accrue")).await;
    let id = entry.text("id").unwrap().to_owned();
    let mut postings = entry.attributes()["post"].as_l().unwrap().clone();
    postings.pop();
    spoil(&world, &entry, Some(with(&entry, "post", AttributeValue::L(postings))), Check::Transaction, &id).await;
    let waits = with(&entry, "GSI2PK", text("OUT#0"));
    let waits = with(&waits, "GSI2SK", text("2026-11-02T10:00:00.000Z"));
    spoil(&world, &entry, Some(waits), Check::Liveness, &id).await;

    let payout = row(&world, "payout", |_| true).await;
    let id = payout.text("id").unwrap().to_owned();
    spoil(&world, &payout, Some(with(&payout, "status", text("sent"))), Check::Payouts, &id).await;
    let partner = payout.text("partner").unwrap().to_owned();
    let balance = row(&world, "balance", |row| row.key().pk.contains(&partner)).await;
    spoil(&world, &balance, Some(plus_one(&balance, "available")), Check::Balances, &partner).await;
    spoil(&world, &balance, Some(plus_one(&balance, "paid")), Check::Payouts, &partner).await;
    spoil(&world, &balance, None, Check::Balances, &partner).await;

    let totals = row(&world, "totals", |row| row.key().pk.contains(&partner)).await;
    spoil(&world, &totals, Some(plus_one(&totals, "level_01")), Check::Projections, &partner).await;
    let counters = row(&world, "day_counters", |row| row.number("earnings").is_some()).await;
    let counted = counters.key().pk.rsplit('#').next().unwrap().to_owned();
    spoil(&world, &counters, Some(plus_one(&counters, "earnings")), Check::Projections, &counted).await;

    let has_two = |row: &Row| row.attributes()["ancestors"].as_l().unwrap().len() == 2;
    let agreement = row(&world, "agreement", has_two).await;
    let id = agreement.text("id").unwrap().to_owned();
    let mut ancestors = agreement.attributes()["ancestors"].as_l().unwrap().clone();
    ancestors.pop();
    let spoiled = with(&agreement, "ancestors", AttributeValue::L(ancestors));
    spoil(&world, &agreement, Some(spoiled), Check::Tree, &id).await;
}

#[tokio::test]
async fn the_schedule_audits_with_the_rights_of_the_template() {
    let world = World::start().await;
    story(&world).await;
    functions::ticker(&world, "audit-ledger").await(world.now()).await.unwrap();
    world.breaches.assert_none();
    // A commission that nobody matures is forgotten work.
    world.wait(SignedDuration::from_hours(24 * 40));
    let checks: BTreeSet<_> = breaches(&world).await.iter().map(|breach| breach.check).collect();
    assert_eq!(checks, [Check::Liveness].into());
}
