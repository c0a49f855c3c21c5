//! The first and the last click, and clicks that prove nothing.

use jiff::SignedDuration;
use serde_json::json;
use tests::{World, story::sale};

use super::{by, count, loser, nobody, outcome, program_with, rejected};

#[tokio::test]
async fn the_first_or_the_last_click_wins_by_the_policy() {
    let world = World::start().await;
    for (model, first_wins) in [("first_click", true), ("last_click", false)] {
        let program = program_with(&world, &json!({ "model": model, "window_days": 30 })).await;
        let ada = world.join(&program, "ada", None).await;
        let bob = world.join(&program, "bob", None).await;
        let first = world.visit(&program, &ada).await;
        let mut times = vec![world.now()];
        world.days(2).await;
        times.push(world.now());
        let trail = format!("{first}-{}", world.visit(&program, &bob).await);
        let conversion = count(&world, &program, &sale("order-1", "100.00", Some(&trail))).await;
        let (winner, other) = if first_wins { (&ada, &bob) } else { (&bob, &ada) };
        assert_eq!(outcome(&conversion), by("click", winner), "{model}");
        assert_eq!(rejected(&conversion), [loser("click", "outranked", other)]);

        // Of the thirty days from each click on, the last moment counts and the end does not.
        world.days(31).await;
        let window = SignedDuration::from_hours(30 * 24);
        let millisecond = SignedDuration::from_millis(1);
        let (first_end, last_end) = (times[0] + window, times[1] + window);
        for (order, at, expected, losers) in [
            ("a", first_end - millisecond, by("click", winner), vec![loser("click", "outranked", other)]),
            ("b", first_end, by("click", &bob), vec![loser("click", "outside_window", &ada)]),
            ("c", last_end - millisecond, by("click", &bob), vec![loser("click", "outside_window", &ada)]),
        ] {
            let mut fact = sale(order, "100.00", Some(&trail));
            fact["occurred_at"] = json!(at);
            let conversion = count(&world, &program, &fact).await;
            assert_eq!((outcome(&conversion), rejected(&conversion)), (expected, losers), "{model} {order}");
        }
        let mut fact = sale("d", "100.00", Some(&trail));
        fact["occurred_at"] = json!(last_end);
        let conversion = count(&world, &program, &fact).await;
        assert_eq!(outcome(&conversion), nobody("no_valid_touch"), "{model}");
        assert_eq!(rejected(&conversion).len(), 2);
    }
}

#[tokio::test]
async fn a_foreign_click_is_rejected_and_leaves_the_other_one_alone() {
    let world = World::start().await;
    let (program, other) = (world.program().await, world.program().await);
    let ada = world.join(&program, "ada", None).await;
    let bob = world.join(&other, "bob", None).await;
    let (click, foreign) = (world.visit(&program, &ada).await, world.visit(&other, &bob).await);
    let unknown = ("click".to_owned(), "forged_click".to_owned(), json!(null));
    for trail in [format!("{foreign}-{click}"), format!("{click}-{foreign}")] {
        let conversion = count(&world, &program, &sale(&world.fresh("order"), "100.00", Some(&trail))).await;
        assert_eq!(outcome(&conversion), by("click", &ada));
        assert_eq!(rejected(&conversion), std::slice::from_ref(&unknown));
    }
    let conversion = count(&world, &program, &sale("order-3", "100.00", Some(&foreign))).await;
    assert_eq!(outcome(&conversion), nobody("forged_click"));
    assert_eq!(rejected(&conversion), [unknown]);
    assert_eq!(conversion["attribution"]["rejected"][0]["reference"], json!(foreign));
    world.audit().await;
}
