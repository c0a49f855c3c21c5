//! What a sale costs, held by what the table itself reports.

use std::sync::{Arc, Mutex};

use domain::conversion::{Fact, FactReceived};
use serde_json::json;
use store::{fact::facts_of, testing::Faults};
use tests::{
    World,
    story::{plan, program_request, sale},
};

/// The facts that the doors have taken and nothing has counted yet.
async fn facts(world: &World) -> Vec<FactReceived> {
    let rows = world.table.dump().await;
    rows.into_iter().flat_map(|row| facts_of(row).unwrap()).collect()
}

#[tokio::test]
async fn ten_levels_are_one_read_of_the_agreement_and_one_transaction() {
    let world = World::start().await;
    let mut plan = plan();
    plan["levels"] = json!(vec![json!({ "of": "base", "rate": "0.01" }); 9]);
    let program = world.program_with(&program_request(), &plan).await;
    let mut line = vec![world.join(&program, "partner-0", None).await];
    for generation in 1..10 {
        let partner = world.join(&program, &format!("partner-{generation}"), line.last()).await;
        line.push(partner);
    }
    let click = world.visit(&program, line.last().unwrap()).await;
    world.drain().await;
    world.conversion(&program, &sale("order-1", "100.00", Some(&click))).expect(202).await;
    let [mut fact] = <[FactReceived; 1]>::try_from(facts(&world).await).unwrap();
    // A customer would be tied to the partner by two writes of its own.
    if let Fact::Charge(charge) = &mut fact.fact {
        charge.customer = None;
    }

    let operations = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&operations);
    let watched = world.table.faulty(Faults::new(move |operation| {
        seen.lock().unwrap().push(operation.to_owned());
        None
    }));
    let (store, meter) = watched.metered();
    calculate_commission::handle((store, world.keyring()), fact, world.now()).await.unwrap();
    let consumed = meter.take();

    let operations = operations.lock().unwrap().clone();
    let count = |name: &str| operations.iter().filter(|operation| *operation == name).count();
    assert_eq!(count("TransactWriteItems"), 1, "{operations:?}");
    assert_eq!(count("BatchGetItem"), 0, "the upline is in the agreement: {operations:?}");
    assert_eq!(count("PutItem") + count("UpdateItem"), 0, "{operations:?}");
    // Head, ten lines, journal: each below a kilobyte, doubled by the transaction.
    if world.table.counts_units() {
        assert_eq!(consumed.writes["table"].to_string(), "24", "{consumed:?}");
    }
    for partner in &line {
        assert_eq!(world.commissions(&program, partner).await.len(), 1, "{}", partner.name);
    }
    world.audit().await;
}
