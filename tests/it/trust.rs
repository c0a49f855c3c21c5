//! The harness itself: what it is there to catch, it catches.

use std::panic::AssertUnwindSafe;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::FutureExt;
use store::Row;
use tests::{World, audit, story::sale, template::Template};

/// A world with a sale on three levels, everything delivered.
async fn settled() -> World {
    let world = World::start().await;
    let program = world.program().await;
    let [_, _, kid] = world.three_generations(&program).await;
    let click = world.visit(&program, &kid).await;
    world.sale(&program, "order-1", "100.00", &click).await;
    world.days(31).await;
    world.audit().await;
    world
}

/// Adds one to a number of the first row of a kind, behind everybody's back.
async fn tamper(world: &World, entity: &str, attribute: &str) {
    let rows = world.table.dump().await;
    let row = rows.iter().find(|row| row.entity() == entity).unwrap();
    let update = world.table.client().update_item().table_name(world.table.name());
    let update = keyed(row, |name, value| (name, value))
        .into_iter()
        .fold(update, |update, (name, value)| update.key(name, value));
    update
        .update_expression("ADD #name :one")
        .expression_attribute_names("#name", attribute)
        .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
        .send()
        .await
        .unwrap();
}

fn keyed<T>(row: &Row, make: impl Fn(String, AttributeValue) -> T) -> Vec<T> {
    ["PK", "SK"].into_iter().map(|name| make(name.to_owned(), row.attributes()[name].clone())).collect()
}

/// The words with which the audit fails.
async fn breach(world: &World) -> String {
    let outcome = AssertUnwindSafe(audit::audit(world)).catch_unwind().await;
    let panic = outcome.expect_err("the audit finds nothing");
    panic.downcast_ref::<String>().cloned().unwrap_or_default()
}

#[tokio::test]
async fn the_audit_finds_a_balance_that_no_posting_explains() {
    let world = settled().await;
    for (attribute, word) in [("available", "balances"), ("transit", "balances"), ("paid", "balances")] {
        let world = if attribute == "available" { &world } else { &settled().await };
        tamper(world, "balance", attribute).await;
        let words = breach(world).await;
        assert!(words.contains(word), "{attribute}: {words}");
    }
}

#[tokio::test]
async fn the_audit_finds_a_commission_that_its_terms_do_not_explain() {
    let world = settled().await;
    tamper(&world, "commission", "amount").await;
    assert!(breach(&world).await.contains("com_"));
}

#[tokio::test]
async fn the_audit_finds_a_refund_that_was_never_booked() {
    let world = settled().await;
    tamper(&world, "conversion", "refunded").await;
    assert!(breach(&world).await.contains("refunds of"));
}

#[tokio::test]
async fn the_audit_finds_a_transaction_that_has_vanished() {
    let world = settled().await;
    let rows = world.table.dump().await;
    let row = rows.iter().find(|row| row.entity() == "journal").unwrap();
    let delete = world.table.client().delete_item().table_name(world.table.name());
    let delete = keyed(row, |name, value| (name, value))
        .into_iter()
        .fold(delete, |delete, (name, value)| delete.key(name, value));
    delete.send().await.unwrap();
    let words = breach(&world).await;
    assert!(words.contains("expense") || words.contains("balances"), "{words}");
}

#[tokio::test]
async fn the_audit_finds_what_was_never_delivered() {
    let world = World::start().await;
    let program = world.program().await;
    world.conversion(&program, &sale("order-1", "10.00", None)).expect(202).await;
    assert!(breach(&world).await.contains("outbox"));
}

#[tokio::test]
async fn a_function_may_do_only_what_its_policies_allow() {
    let world = World::start().await;
    // A reader of the table that tries to write it.
    let function = Template::get().function("list-links");
    let reader = aws_sdk_dynamodb::Client::from_conf(
        aws_sdk_dynamodb::config::Builder::from(
            tests::functions::environment(&world, &function.binary).aws(),
        )
        .endpoint_url(world.table.url())
        .build(),
    );
    let store = store::Store::new(reader, world.table.name().to_owned());
    let read = store.program(&"prg_C2H04S64V5C780R45HNWVP4XQN".parse().unwrap()).await;
    assert_eq!(read.unwrap(), None);
    world.breaches.assert_none();
    let message = store::park::Parked {
        queue: store::park::Queue::Conversions,
        message_id: "message".to_owned(),
        body: "{}".to_owned(),
        code: "tried".to_owned(),
        detail: String::new(),
        parked_at: world.now(),
    };
    store.park(&message).await.unwrap_err();
    let caught = AssertUnwindSafe(async { world.breaches.assert_none() }).catch_unwind().await;
    let words = caught.unwrap_err().downcast_ref::<String>().cloned().unwrap_or_default();
    assert!(words.contains("list-links: dynamodb:PutItem on Table"), "{words}");
}
