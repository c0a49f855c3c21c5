//! The audit of a table: a story that holds, then one item is spoiled at a time.

use std::{collections::BTreeSet, time::Duration};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::audit::{Breach, Check};
use futures_util::future::LocalBoxFuture;
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

/// On the heap from the start: a test's stack is small, and unoptimised futures are not.
fn breaches(world: &World) -> LocalBoxFuture<'_, Vec<Breach>> {
    Box::pin(async {
        let scope = Scope { since: None, now: world.now(), pause: Duration::from_millis(5) };
        let store = world.store();
        let mut breaches = store.audit_liveness(world.now()).await.unwrap();
        let (programs, more) = store.programs_page(None).await.unwrap();
        assert!(more.is_none() && programs.len() == 1, "{programs:#?}");
        for program in &programs {
            breaches.extend(store.audit_program(program, &scope).await.unwrap().breaches);
        }
        breaches
    })
}

/// The first row of an entity that is wanted.
fn row<'a>(rows: &'a [Row], entity: &str, wanted: impl Fn(&Row) -> bool) -> &'a Row {
    let found = rows.iter().find(|row| row.entity() == entity && wanted(row));
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

/// A row, what becomes of it, and what the audit says of which item.
struct Case<'a> {
    good: &'a Row,
    spoiled: Option<Row>,
    check: Check,
    item: String,
}

/// Puts a spoiled row in the place of a good one, or nothing; the audit names the check and the
/// item, and is content again when the good row is back.
async fn spoil(world: &World, case: &Case<'_>) {
    match &case.spoiled {
        Some(spoiled) => put(world, spoiled).await,
        None => delete(world, case.good).await,
    }
    let found = breaches(world).await;
    let is_named = |breach: &Breach| {
        breach.check == case.check && breach.items.iter().any(|named| named.contains(&case.item))
    };
    let name = format!("{} of {}", case.check.as_str(), case.item);
    assert!(found.iter().any(is_named), "{name} is not named: {found:#?}");
    put(world, case.good).await;
    assert_eq!(breaches(world).await, [], "after {name}");
}

fn cases(rows: &[Row]) -> Vec<Case<'_>> {
    let mut cases = Vec::new();
    let mut add = |good, spoiled, check, item: &str| {
        cases.push(Case { good, spoiled, check, item: item.to_owned() });
    };
    let is_kind = |kind: &'static str| move |row: &Row| row.text("kind") == Some(kind);

    let line = row(rows, "commission", |row| row.number("amount").unwrap() > 0);
    add(line, Some(plus_one(line, "amount")), Check::Commission, line.text("id").unwrap());
    add(line, None, Check::Booking, line.key().pk.strip_prefix("CNV#").unwrap());
    let head = row(rows, "conversion", |row| row.number("refunded") == Some(5000));
    let key = head.key();
    let id = key.pk.strip_prefix("CNV#").unwrap();
    add(head, Some(plus_one(head, "refunded")), Check::Refunds, id);
    add(head, Some(with(head, "state", text("torn"))), Check::Unreadable, id);

    for kind in ["accrue", "refund"] {
        let entry = row(rows, "journal", is_kind(kind));
        add(entry, None, Check::Booking, entry.text("subject").unwrap().split('/').next().unwrap());
    }
    let entry = row(rows, "journal", is_kind("accrue"));
    let id = entry.text("id").unwrap();
    let mut postings = entry.attributes()["post"].as_l().unwrap().clone();
    postings.pop();
    add(entry, Some(with(entry, "post", AttributeValue::L(postings))), Check::Transaction, id);
    let waits = with(entry, "GSI2PK", text("OUT#0"));
    let waits = with(&waits, "GSI2SK", text("2026-11-02T10:00:00.000Z"));
    add(entry, Some(waits), Check::Liveness, id);

    let payout = row(rows, "payout", |_| true);
    let sent = with(payout, "status", text("sent"));
    add(payout, Some(sent), Check::Payouts, payout.text("id").unwrap());
    let partner = payout.text("partner").unwrap();
    let is_of = |row: &Row| row.key().pk.contains(partner);
    let balance = row(rows, "balance", is_of);
    add(balance, Some(plus_one(balance, "available")), Check::Balances, partner);
    add(balance, Some(plus_one(balance, "paid")), Check::Payouts, partner);
    add(balance, None, Check::Balances, partner);
    let totals = row(rows, "totals", is_of);
    add(totals, Some(plus_one(totals, "level_01")), Check::Projections, partner);
    let counters = row(rows, "day_counters", |row| row.number("earnings").is_some());
    let key = counters.key();
    let owner = key.pk.rsplit('#').next().unwrap();
    add(counters, Some(plus_one(counters, "earnings")), Check::Projections, owner);
    let counters = row(rows, "day_counters", |row| row.number("net_sales").is_some());
    add(counters, Some(plus_one(counters, "net_revenue")), Check::Projections, "performance:");
    add(counters, Some(plus_one(counters, "net_sales")), Check::Projections, "performance:");
    let customer = row(rows, "active_customer", |_| true);
    add(customer, Some(plus_one(customer, "sales")), Check::Projections, customer.text("customer").unwrap());
    add(customer, None, Check::Projections, customer.text("customer").unwrap());

    let ancestors = |row: &Row| row.attributes()["ancestors"].as_l().unwrap().clone();
    let agreement = row(rows, "agreement", |row| ancestors(row).len() == 2);
    let mut fewer = ancestors(agreement);
    fewer.pop();
    let spoiled = with(agreement, "ancestors", AttributeValue::L(fewer));
    add(agreement, Some(spoiled), Check::Tree, agreement.text("id").unwrap());
    cases
}

#[tokio::test]
async fn every_spoiled_item_is_named() {
    let world = World::start().await;
    story(&world).await;
    assert_eq!(breaches(&world).await, []);
    let rows = world.table.dump().await;
    for case in cases(&rows) {
        spoil(&world, &case).await;
    }
}

#[tokio::test]
async fn a_wrong_counter_of_a_cap_is_named() {
    let world = World::start().await;
    let mut plan = tests::story::plan();
    let cap = serde_json::json!({ "amount": "25.00", "currency": "USD" });
    plan["caps"] = serde_json::json!([{ "scope": "partner", "period": "month", "amount": cap }]);
    let program = world.program_with(&tests::story::program_request(), &plan).await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-1", "100.00", &click).await;
    world.sale(&program, "order-2", "100.00", &click).await;
    world.refund(&program, "order-1", "refund-1", "40.00").await;
    assert_eq!(breaches(&world).await, []);
    let rows = world.table.dump().await;
    let good = row(&rows, "cap_counter", |_| true);
    assert_eq!(good.number("used"), Some(1700));
    let item = kid.id.clone();
    let spoiled = [Some(plus_one(good, "used")), None];
    for spoiled in spoiled {
        spoil(&world, &Case { good, spoiled, check: Check::Caps, item: item.clone() }).await;
    }
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
