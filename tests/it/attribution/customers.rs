//! Customers who were brought before, by id or by e-mail address.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tests::{World, story::sale};

use super::{by, count, look_up, loser, nobody, outcome, program_by, rejected};

/// A fact of a customer with an address, at a time.
fn of(kind: &str, order: &str, customer: &str, email: Option<&str>, click: Option<&str>) -> Value {
    let mut fact = sale(order, "100.00", click);
    fact["type"] = json!(kind);
    if kind == "lead" {
        fact.as_object_mut().unwrap().remove("amount");
    }
    fact["customer"] = json!({ "id": customer });
    if let Some(email) = email {
        fact["customer"]["email"] = json!(email);
    }
    fact
}

#[tokio::test]
async fn who_was_brought_before_stays_unless_the_policy_puts_something_above() {
    let world = World::start().await;
    for (order, expected) in
        [(["customer", "coupon", "click"], "customer"), (["click", "coupon", "customer"], "click")]
    {
        let program = program_by(&world, &order).await;
        let ada = world.join(&program, "ada", None).await;
        let bob = world.join(&program, "bob", None).await;
        let (first, second) = (world.visit(&program, &ada).await, world.visit(&program, &bob).await);
        count(&world, &program, &of("sale", "order-1", "c", None, Some(&first))).await;
        let again = count(&world, &program, &of("sale", "order-2", "c", None, Some(&second))).await;
        let (winner, kind, other) =
            if expected == "customer" { (&ada, "click", &bob) } else { (&bob, "customer", &ada) };
        assert_eq!(outcome(&again), by(expected, winner));
        assert_eq!(rejected(&again), [loser(kind, "outranked", other)]);
        // The tie is made once: another sale does not move it.
        let third = count(&world, &program, &of("renewal", "order-3", "c", None, None)).await;
        assert_eq!(outcome(&third), by("customer", &ada));
    }
    world.audit().await;
}

#[tokio::test]
async fn an_address_is_recognised_under_another_id_in_either_order_of_arrival() {
    let mut ledgers = Vec::new();
    for reversed in [false, true] {
        let world = World::start().await;
        let program = program_by(&world, &["customer", "email", "coupon", "click"]).await;
        let ada = world.join(&program, "ada", None).await;
        let click = world.visit(&program, &ada).await;
        let lead = world.now();
        world.days(1).await;
        let bought = world.now();
        let mut facts = [
            of("lead", "lead-1", "form-17", Some("Jane@example.com"), Some(&click)),
            of("sale", "order-1", "user-4", Some("jane+shop@example.com"), None),
        ];
        (facts[0]["occurred_at"], facts[1]["occurred_at"]) = (json!(lead), json!(bought));
        if reversed {
            facts.reverse();
        }
        let mut ids = Vec::new();
        for fact in &facts {
            ids.push(count(&world, &program, fact).await["id"].clone());
        }
        if reversed {
            ids.reverse();
        }
        let sale = look_up(&world, ids[1].as_str().unwrap()).await;
        assert_eq!(outcome(&sale), by("email", &ada), "reversed: {reversed}");
        assert_eq!(sale["attribution"]["touch"]["reference"], json!(click));
        assert_eq!(rejected(&sale), []);
        // From now on the id alone is enough.
        world.days(1).await;
        let renewal = count(&world, &program, &of("renewal", "order-2", "user-4", None, None)).await;
        assert_eq!(outcome(&renewal), by("customer", &ada));
        assert_eq!(renewal["terms"]["customer_since"], json!(bought));
        let stranger =
            count(&world, &program, &of("sale", "order-3", "user-5", Some("joe@example.com"), None)).await;
        assert_eq!(outcome(&stranger), nobody("no_touch"));
        assert_eq!(world.commissions(&program, &ada).await.len(), 2, "for two payments");
        ledgers.push(world.audit().await);
    }
    assert_eq!(ledgers[0], ledgers[1]);
}

#[tokio::test]
async fn sales_that_wait_for_one_another_are_all_credited_in_any_order_of_arrival() {
    let email = Some("jane@example.com");
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 3, 1, 0], [1, 3, 2, 0], [3, 0, 2, 1]] {
        let world = World::start().await;
        let program = program_by(&world, &["customer", "email", "coupon", "click"]).await;
        let ada = world.join(&program, "ada", None).await;
        let click = world.visit(&program, &ada).await;
        world.wait(SignedDuration::from_secs(1));
        // Each is tied by what the one before it has tied.
        let facts = [
            of("sale", "order-0", "form-17", None, Some(&click)),
            of("sale", "order-1", "form-17", email, None),
            of("sale", "order-2", "user-4", email, None),
            of("renewal", "order-3", "user-4", None, None),
        ]
        .map(|mut fact| {
            fact["occurred_at"] = json!(world.now());
            fact
        });
        let mut ids = Vec::new();
        for place in order {
            ids.push(count(&world, &program, &facts[place]).await["id"].clone());
        }
        for id in ids {
            let sale = look_up(&world, id.as_str().unwrap()).await;
            assert_eq!(outcome(&sale).1, json!(ada.id), "{order:?}: {}", sale["external_id"]);
        }
        world.audit().await;
    }
}

#[tokio::test]
async fn an_address_is_nothing_where_the_policy_does_not_name_it() {
    let world = World::start().await;
    let program = world.program().await;
    let ada = world.join(&program, "ada", None).await;
    let click = world.visit(&program, &ada).await;
    let email = Some("jane@example.com");
    count(&world, &program, &of("lead", "lead-1", "form-17", email, Some(&click))).await;
    let sale = count(&world, &program, &of("sale", "order-1", "user-4", email, None)).await;
    assert_eq!(outcome(&sale), nobody("no_touch"));
    let ties = world.table.dump().await;
    let ties = ties.iter().filter(|row| row.key().pk.starts_with("CUS#") && row.key().sk == "#META");
    assert_eq!(ties.count(), 1, "no tie is written that nobody asks for");
}

#[tokio::test]
async fn a_sale_before_the_customer_was_brought_is_nobodys_in_either_order() {
    for reversed in [false, true] {
        let world = World::start().await;
        let program = program_by(&world, &["customer", "email", "click"]).await;
        let ada = world.join(&program, "ada", None).await;
        let bought = world.now();
        world.days(1).await;
        let click = world.visit(&program, &ada).await;
        let email = Some("jane@example.com");
        let mut facts = [
            of("sale", "order-1", "user-4", email, None),
            of("lead", "lead-1", "form-17", email, Some(&click)),
        ];
        facts[0]["occurred_at"] = json!(bought);
        if reversed {
            facts.reverse();
        }
        let mut known = Vec::new();
        for fact in &facts {
            known.push(count(&world, &program, fact).await);
        }
        let sale = known.iter().find(|conversion| conversion["external_id"] == "order-1").unwrap();
        let sale = look_up(&world, sale["id"].as_str().unwrap()).await;
        assert_eq!(outcome(&sale), nobody("no_valid_touch"), "reversed: {reversed}");
        assert_eq!(rejected(&sale), [loser("email", "after_conversion", &ada)]);
    }
}
