//! The audit of a table: a story that holds, then one item is spoiled at a time.

use std::{collections::BTreeSet, time::Duration};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::audit::{Breach, Check};
use futures_util::future::LocalBoxFuture;
use jiff::{SignedDuration, Timestamp};
use store::{Row, audit::Scope};
use tests::{
    World, functions,
    story::{self, Program},
};

/// A sale on three levels, a refund, maturity, a payout, and another refund after it.
async fn told(world: &World) -> Program {
    // Every day between the first and the last is read with every audit.
    let mut plan = story::plan();
    plan["hold_days"] = serde_json::json!(2);
    let program = world.program_with(&story::program_request(), &plan).await;
    let [_, _, kid] = world.three_generations(&program).await;
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-1", "100.00", &click).await;
    world.refund(&program, "order-1", "refund-1", "40.00").await;
    world.days(3).await;
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

/// What is planted: rows that take the place of good ones, or nothing, or new ones; and what the audit
/// says of it: the first of these checks of this item, and no check but these.
struct Case {
    good: Option<Row>,
    spoiled: Option<Row>,
    checks: Vec<Check>,
    item: String,
}

impl Case {
    fn new(good: &Row, spoiled: Option<Row>, checks: &[Check], item: &str) -> Self {
        Self { good: Some(good.clone()), spoiled, checks: checks.to_vec(), item: item.to_owned() }
    }

    /// What the audit says instead, where it says anything else.
    async fn misnamed(&self, world: &World) -> Option<String> {
        match (&self.spoiled, &self.good) {
            (Some(spoiled), _) => put(world, spoiled).await,
            (None, Some(good)) => delete(world, good).await,
            (None, None) => {}
        }
        let found = breaches(world).await;
        match (&self.good, &self.spoiled) {
            (Some(good), _) => put(world, good).await,
            (None, Some(planted)) => delete(world, planted).await,
            (None, None) => {}
        }
        let is_named = |breach: &Breach| {
            breach.check == self.checks[0] && breach.items.iter().any(|named| named.contains(&self.item))
        };
        let checks: BTreeSet<_> = found.iter().map(|breach| breach.check).collect();
        let is_so = found.iter().any(is_named) && checks == self.checks.iter().copied().collect();
        let name = format!("{:?} of {}", self.checks, self.item);
        (!is_so).then(|| format!("{name} is not what is named: {found:#?}"))
    }
}

/// Plants one case after the other; the audit names each, and is content when the last is gone.
async fn plant(world: &World, cases: &[Case]) {
    let mut wrong = Vec::new();
    for case in cases {
        wrong.extend(case.misnamed(world).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(breaches(world).await, []);
}

/// Puts a new end to the place of a row in its index.
fn relisted(row: &Row, index: &str, pk: &str, sk: &str) -> Row {
    with(&with(row, &format!("{index}PK"), text(pk)), &format!("{index}SK"), text(sk))
}

/// The same entry, booked so many minutes earlier.
fn earlier(entry: &Row, minutes: i64) -> Row {
    let at: Timestamp = entry.text("at").unwrap().parse().unwrap();
    let at = at - SignedDuration::from_mins(minutes);
    let place = format!("{}#{}", at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"), entry.text("id").unwrap());
    let listed = relisted(entry, "GSI1", entry.text("GSI1PK").unwrap(), &place);
    with(&listed, "at", text(&at.to_string()))
}

/// A line, and what it is worth.
fn of_lines(rows: &[Row]) -> Vec<Case> {
    use Check::{Booking, Commission, Expense, Pending, Projections, Refunds};
    let line = row(rows, "commission", |row| row.text("status") == Some("pending"));
    let (id, conversion) = (line.text("id").unwrap(), line.key().pk);
    let conversion = conversion.strip_prefix("CNV#").unwrap();
    let held = with(line, "status", text("held"));
    let matured = with(line, "matured", text("2026-11-05T10:00:00Z"));
    vec![
        Case::new(line, Some(plus_one(line, "amount")), &[Commission, Booking, Expense, Pending], id),
        Case::new(
            line,
            Some(plus_one(line, "amount")),
            &[Expense, Booking, Commission, Pending],
            "commissions:",
        ),
        Case::new(line, Some(plus_one(line, "earned")), &[Commission, Booking], id),
        Case::new(line, None, &[Booking, Expense, Pending, Projections], conversion),
        Case::new(line, Some(held), &[Refunds], id),
        Case::new(line, Some(matured), &[Pending], "pending:"),
    ]
}

/// A conversion, its refunds and its frozen terms.
fn of_conversions(rows: &[Row]) -> Vec<Case> {
    use Check::{Booking, Commission, Projections, Refunds, Unreadable, UplineCap};
    let head = row(rows, "conversion", |row| row.number("refunded") == Some(5000));
    let key = head.key();
    let id = key.pk.strip_prefix("CNV#").unwrap();
    let mut terms = head.attributes()["terms"].as_m().unwrap().clone();
    terms.insert("upline_cap".to_owned(), text("0.01"));
    let capped = with(head, "terms", AttributeValue::M(terms));
    let refund = row(rows, "refund", |row| row.text("refund_id").is_some_and(|id| id.ends_with("refund-1")));
    vec![
        Case::new(head, Some(plus_one(head, "refunded")), &[Refunds, Projections], id),
        Case::new(head, Some(with(head, "state", text("torn"))), &[Unreadable], id),
        Case::new(head, Some(capped), &[UplineCap, Commission], id),
        Case::new(refund, None, &[Booking, Refunds], "txn_"),
    ]
}

/// The journal, entry by entry.
fn of_journal(rows: &[Row]) -> Vec<Case> {
    use Check::{Balances, Booking, Expense, Journal, Liveness, Pending, Projections, Reserves, Transaction};
    let of_kind = |kind: &'static str| row(rows, "journal", move |row| row.text("kind") == Some(kind));
    let ends = |row: &Row| row.text("subject").is_some_and(|subject| subject.ends_with("refund-1"));
    let subject = |entry: &Row| entry.text("subject").unwrap().split('/').next().unwrap().to_owned();
    let (accrual, refund, request) =
        (of_kind("accrue"), row(rows, "journal", ends), of_kind("payout_request"));
    let id = accrual.text("id").unwrap();
    let mut postings = accrual.attributes()["post"].as_l().unwrap().clone();
    postings.pop();
    let unbalanced = with(accrual, "post", AttributeValue::L(postings));
    let waits = relisted(
        &with(accrual, "rev", AttributeValue::N("0".into())),
        "GSI2",
        "OUT#0",
        "2026-11-02T10:00:00.000Z",
    );
    let other = with(request, "subject", text("pay_another"));
    let moved = with(request, "at", text("2026-11-02T10:00:00Z"));
    let taken = request.text("id").unwrap();
    let lost = [Booking, Expense, Pending, Projections];
    vec![
        Case::new(accrual, None, &lost, &subject(accrual)),
        Case::new(refund, None, &lost, &subject(refund)),
        Case::new(accrual, Some(unbalanced), &[Transaction, Booking, Expense, Pending, Projections], id),
        Case::new(accrual, Some(waits), &[Liveness], id),
        Case::new(accrual, Some(plus_one(accrual, "rev")), &[Journal], id),
        Case::new(request, Some(other), &[Journal], taken),
        Case::new(request, Some(moved), &[Journal], taken),
        Case::new(request, Some(earlier(request, 20)), &[Reserves], taken),
        Case::new(request, None, &[Balances], "transit:"),
    ]
}

/// A payout, its payment and the partner's account.
fn of_payouts(rows: &[Row]) -> Vec<Case> {
    use Check::{Balances, Liveness, Payouts};
    let payout = row(rows, "payout", |_| true);
    let (id, partner) = (payout.text("id").unwrap(), payout.text("partner").unwrap());
    let sent = with(payout, "status", text("sent"));
    let waits = relisted(payout, "GSI2", "DUE#PAY#0", &format!("2026-11-02T10:00:00.000Z#{id}"));
    let waits = with(&waits, "updated", text("2026-11-02T10:00:00Z"));
    let second = "pay_00000000000000000000000000";
    let place = payout.text("GSI1SK").unwrap().replace(id, second);
    let again = relisted(&sent, "GSI1", payout.text("GSI1PK").unwrap(), &place);
    let again = with(&with(&again, "id", text(second)), "PK", text(&payout.key().pk.replace(id, second)));
    let mut no_id = payout.attributes().clone();
    no_id.remove("provider_id");
    let payment = row(rows, "provider_payment", |_| true);
    let balance = row(rows, "balance", |row| row.key().pk.contains(partner));
    let planted = Case { good: None, ..Case::new(payout, Some(again), &[Payouts], second) };
    vec![
        Case::new(payout, Some(sent), &[Payouts], id),
        Case::new(payout, Some(waits), &[Liveness], id),
        planted,
        Case::new(payout, Some(with(payout, "provider", text("paypal"))), &[Payouts], "cash of stripe:"),
        Case::new(payout, Some(Row::from_attributes(no_id)), &[Payouts], id),
        Case::new(payment, None, &[Payouts], id),
        Case::new(payment, Some(with(payment, "payout", text(second))), &[Payouts], second),
        Case::new(
            balance,
            Some(plus_one(balance, "available")),
            &[Balances],
            &format!("available:{partner}"),
        ),
        Case::new(
            balance,
            Some(plus_one(balance, "transit")),
            &[Balances, Payouts],
            &format!("transit:{partner}"),
        ),
        Case::new(balance, Some(with(balance, "held", AttributeValue::N("1".into()))), &[Balances], "held:"),
        Case::new(balance, Some(plus_one(balance, "paid")), &[Payouts], &format!("paid:{partner}")),
        Case::new(balance, Some(plus_one(balance, "covered")), &[Payouts], &format!("covered:{partner}")),
        Case::new(balance, Some(with(balance, "open_payout", text(id))), &[Payouts], id),
        Case::new(balance, None, &[Balances, Payouts], partner),
    ]
}

/// Totals, counters, the tree, and what is due.
fn of_projections(rows: &[Row]) -> Vec<Case> {
    use Check::{Liveness, Projections, Tree};
    let totals = row(rows, "totals", |row| row.number("level_01").is_some());
    let earnings = row(rows, "day_counters", |row| row.number("earnings").is_some());
    let net = row(rows, "day_counters", |row| row.number("net_sales").is_some());
    let customer = row(rows, "active_customer", |_| true);
    let name = customer.text("customer").unwrap();
    let pk = earnings.key().pk;
    let ancestors = |row: &Row| row.attributes()["ancestors"].as_l().unwrap().clone();
    let agreement = row(rows, "agreement", |row| ancestors(row).len() == 2);
    let mut fewer = ancestors(agreement);
    fewer.pop();
    let orphan = with(agreement, "ancestors", AttributeValue::L(fewer));
    let line = row(rows, "commission", |row| row.text("status") == Some("pending"));
    let (place, due) = (line.text("GSI2SK").unwrap(), "2026-11-02T10:00:00.000Z");
    let overdue =
        relisted(line, "GSI2", line.text("GSI2PK").unwrap(), &format!("{due}{}", &place[due.len()..]));
    let overdue = with(&overdue, "due", text("2026-11-02T10:00:00Z"));
    vec![
        Case::new(totals, Some(plus_one(totals, "level_01")), &[Projections], "level 01:"),
        Case::new(totals, Some(plus_one(totals, "pending")), &[Projections], "pending:"),
        Case::new(
            earnings,
            Some(plus_one(earnings, "earnings")),
            &[Projections],
            pk.rsplit('#').next().unwrap(),
        ),
        Case::new(net, Some(plus_one(net, "net_revenue")), &[Projections], "performance:"),
        Case::new(net, Some(plus_one(net, "net_sales")), &[Projections], "performance:"),
        Case::new(customer, Some(plus_one(customer, "sales")), &[Projections], name),
        Case::new(customer, None, &[Projections], name),
        Case::new(agreement, Some(orphan), &[Tree], agreement.text("id").unwrap()),
        Case::new(line, Some(overdue), &[Liveness], line.text("id").unwrap()),
    ]
}

#[tokio::test]
async fn every_breach_that_is_planted_is_named_and_nothing_else() {
    let world = World::start().await;
    told(&world).await;
    assert_eq!(breaches(&world).await, []);
    let rows = world.table.dump().await;
    let cases =
        [of_lines(&rows), of_conversions(&rows), of_journal(&rows), of_payouts(&rows), of_projections(&rows)];
    let cases: Vec<_> = cases.into_iter().flatten().collect();
    plant(&world, &cases).await;
    // Counters of caps have a story of their own.
    let mut named: BTreeSet<_> = cases.iter().map(|case| case.checks[0]).collect();
    named.insert(Check::Caps);
    assert_eq!(named, Check::ALL.into_iter().collect());
}

/// The counters that only a rebuild looks at.
#[tokio::test]
async fn every_counter_that_is_wrong_is_named_by_the_rebuild() {
    let world = World::start().await;
    told(&world).await;
    let (programs, _) = world.store().programs_page(None).await.unwrap();
    let rebuilt = async || world.store().rebuild_program(&programs[0], world.now()).await.unwrap();
    assert_eq!(rebuilt().await.differences, []);
    assert!(rebuilt().await.figures > 40, "{:#?}", rebuilt().await);
    let rows = world.table.dump().await;
    let counters = row(&rows, "day_counters", |row| row.number("sales").is_some());
    for (name, shown) in [
        ("clicks", "clicks"),
        ("unique_clicks", "unique clicks"),
        ("sales", "sales"),
        ("revenue", "revenue"),
        ("earnings", "days:"),
        ("net_sales", "performance:"),
        ("idle_sales", "idle sales"),
    ] {
        let number = counters.number(name).unwrap_or_default() + 1;
        put(&world, &with(counters, name, AttributeValue::N(number.to_string()))).await;
        let found = rebuilt().await.differences;
        assert!(found.iter().any(|breach| breach.items[0].contains(shown)), "{name}: {found:#?}");
        assert!(found.iter().all(|breach| breach.check == Check::Projections), "{name}: {found:#?}");
    }
    put(&world, counters).await;
    assert_eq!(rebuilt().await.differences, []);
}

#[tokio::test]
async fn a_wrong_counter_of_a_cap_is_named() {
    let world = World::start().await;
    let mut plan = story::plan();
    let cap = serde_json::json!({ "amount": "25.00", "currency": "USD" });
    plan["caps"] = serde_json::json!([{ "scope": "partner", "period": "month", "amount": cap }]);
    let program = world.program_with(&story::program_request(), &plan).await;
    let kid = world.join(&program, "kid", None).await;
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-1", "100.00", &click).await;
    world.sale(&program, "order-2", "100.00", &click).await;
    world.refund(&program, "order-1", "refund-1", "40.00").await;
    assert_eq!(breaches(&world).await, []);
    let rows = world.table.dump().await;
    let good = row(&rows, "cap_counter", |_| true);
    assert_eq!(good.number("used"), Some(1700));
    let spoiled = [Some(plus_one(good, "used")), None];
    let case = |spoiled| Case::new(good, spoiled, &[Check::Caps], &kid.id);
    plant(&world, &spoiled.map(case)).await;
}

#[tokio::test]
async fn the_schedule_audits_with_the_rights_of_the_template() {
    let world = World::start().await;
    told(&world).await;
    functions::ticker(&world, "audit-ledger").await(world.now()).await.unwrap();
    world.breaches.assert_none();
    // A commission that nobody matures is forgotten work.
    world.wait(SignedDuration::from_hours(24 * 40));
    let checks: BTreeSet<_> = breaches(&world).await.iter().map(|breach| breach.check).collect();
    assert_eq!(checks, [Check::Liveness].into());
}
