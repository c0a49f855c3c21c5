//! The commands as they are run: what they print, and their exit codes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests say what they expect by failing")]

use std::process::{Command, Output};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;
use runtime::clock;
use tests::World;

const AUDIT: &str = env!("CARGO_BIN_EXE_audit");
const REBUILD: &str = env!("CARGO_BIN_EXE_rebuild");
const REPLAY: &str = env!("CARGO_BIN_EXE_replay");

/// Runs a command over a table of the world, beside the thread that serves it.
async fn run(world: &World, command: &'static str, arguments: &[&str]) -> (Option<i32>, String) {
    let mut process = Command::new(command);
    process
        .args(arguments)
        .env("AWS_ACCESS_KEY_ID", world.table.access_key())
        .env("AWS_SECRET_ACCESS_KEY", "none")
        .env("AWS_REGION", "eu-central-1");
    let Output { status, stdout, .. } =
        tokio::task::spawn_blocking(move || process.output()).await.unwrap().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap())
}

/// The arguments that name the world's table.
fn table(world: &World) -> [&str; 4] {
    ["--table", world.table.name(), "--endpoint-url", world.table.url()]
}

/// A sale on three levels, a refund and a payout.
async fn story() -> World {
    // The commands go by the real clock, look at nothing beyond its next day, and miss what was due before: a
    // payout is looked at again a day after its end.
    let world = World::start_at(clock::now() - SignedDuration::from_hours(24 * 31 + 2)).await;
    let program = world.program().await;
    let [_, _, kid] = world.three_generations(&program).await;
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-1", "100.00", &click).await;
    world.refund(&program, "order-1", "refund-1", "40.00").await;
    world.days(31).await;
    world.stripe_account(&kid, "acct_1PqXjmLkdIwHu7ix").await;
    world.payout(&program, &kid).expect(201).await;
    world.audit().await;
    world
}

/// Adds a minor unit to a number of the first row of an entity.
async fn add_one(world: &World, entity: &str, name: &str) {
    let rows = world.table.dump().await;
    let row = rows.iter().find(|row| row.entity() == entity && row.number(name).is_some()).unwrap();
    let mut attributes = row.attributes().clone();
    let more = row.number(name).unwrap() + 1;
    attributes.insert(name.to_owned(), AttributeValue::N(more.to_string()));
    let put = world.table.client().put_item().table_name(world.table.name());
    put.set_item(Some(attributes)).send().await.unwrap();
}

#[tokio::test]
async fn a_ledger_that_holds_ends_with_a_line_of_counts() {
    let world = story().await;
    for (command, beginning) in [
        (AUDIT, "no breach: 1 programs, 7 transactions, 1 conversions, 3 commissions, 1 payouts, 3 accounts"),
        (REBUILD, "no difference: 1 programs, 7 transactions, 3 accounts, "),
        (REPLAY, "no difference: 1 programs, 1 conversions, 2 entries, hash "),
    ] {
        let (code, said) = run(&world, command, &table(&world)).await;
        assert!(said.starts_with(beginning) && said.lines().count() == 1, "{said}");
        assert_eq!(code, Some(0), "{said}");
    }
}

#[tokio::test]
async fn a_cent_that_was_invented_is_named_and_ends_with_one() {
    let world = story().await;
    let owner = world.table.dump().await.iter().find(|row| row.entity() == "balance").unwrap().key().pk;
    let partner = owner.split('#').nth(2).unwrap();
    add_one(&world, "balance", "available").await;
    let (code, said) = run(&world, AUDIT, &table(&world)).await;
    let item = format!("[available:{partner} USD], and 0 more");
    assert!(said.starts_with("breach: prg_") && said.contains(": balances: the balance is "), "{said}");
    assert!(said.trim_end().ends_with(&item), "{said}");
    assert_eq!(code, Some(1), "{said}");

    add_one(&world, "totals", "level_01").await;
    let (code, said) = run(&world, REBUILD, &table(&world)).await;
    let lines: Vec<_> = said.lines().collect();
    assert_eq!((code, lines.len()), (Some(1), 3), "every number that differs, and their count: {said}");
    assert!(lines[..2].iter().all(|line| line.starts_with("difference: prg_")), "{said}");
    assert!(lines[2].starts_with("2 differ: 1 programs, 7 transactions, 3 accounts, "), "{said}");

    assert_eq!(run(&world, REPLAY, &table(&world)).await.0, Some(0), "the journal itself is as it was");
    add_one(&world, "journal", "rev").await;
    let (code, said) = run(&world, AUDIT, &table(&world)).await;
    assert!(said.contains(": journal: it was changed after it was written [txn_"), "{said}");
    assert_eq!(code, Some(1), "{said}");
}

#[tokio::test]
async fn what_cannot_be_looked_at_ends_with_two() {
    let world = World::start().await;
    let [_, _, _, url] = table(&world);
    for command in [AUDIT, REBUILD, REPLAY] {
        for wrong in [&[][..], &["--table"], &["--tables", "x"], &["--table", "x", "--table", "y"]] {
            let (code, said) = run(&world, command, wrong).await;
            assert!(said.starts_with("error: usage: ") && said.contains("--table NAME"), "{said}");
            assert_eq!(code, Some(2), "{wrong:?}: {said}");
        }
        let (code, said) = run(&world, command, &["--table", "no-such-table", "--endpoint-url", url]).await;
        assert!(said.starts_with("error: the table cannot be read: "), "{said}");
        assert_eq!(code, Some(2), "{said}");
    }
    for wrong in [["--from", "yesterday"], ["--program", "acme"]] {
        let (code, said) = run(&world, REPLAY, &[&table(&world)[..], &wrong].concat()).await;
        assert!(said.starts_with(&format!("error: {} cannot be ", wrong[0])), "{said}");
        assert_eq!(code, Some(2), "{said}");
    }
    let nobody = ["--program", "prg_00000000000000000000000000"];
    let (code, said) = run(&world, REPLAY, &[&table(&world)[..], &nobody].concat()).await;
    assert_eq!(
        (code, said.trim_end()),
        (Some(2), "error: there is no program prg_00000000000000000000000000")
    );
}
