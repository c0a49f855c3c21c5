//! Clicks: how they are counted, and what becomes of them when the table is in trouble.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use jiff::SignedDuration;
use serde_json::{Value, json};
use store::testing::{Fault, Faults};
use tests::{Delivery, World, between::Between, story::Partner, story::Program};

/// A partner with a link.
async fn cast(world: &World) -> (Program, Partner, String) {
    let program = world.program().await;
    let jane = world.join(&program, "jane", None).await;
    let slug = world.link(&program, &jane).await;
    (program, jane, slug)
}

async fn follow(world: &World, slug: &str, agent: &str) {
    let reply = world.call("GET", &format!("/r/{slug}")).header("user-agent", agent).send().await;
    assert_eq!(reply.status, 302, "{}", reply.text);
}

async fn links(world: &World, program: &Program) -> Value {
    let target = format!("/affiliate/links?program_id={}", program.id);
    world.partner("jane", "GET", &target).expect(200).await["data"].take()
}

fn counted(figures: &Value) -> [u64; 2] {
    ["clicks", "unique_clicks"].map(|name| figures[name].as_u64().unwrap())
}

/// Lets follow-link's requests to the table fail while the switch is on.
fn failing(world: &mut World, operation: &'static str, fault: Fault) -> Arc<AtomicBool> {
    let switch = Arc::new(AtomicBool::new(false));
    let is_on = Arc::clone(&switch);
    world.between = Between::new(move |binary, http| {
        if binary != "follow-link" {
            return http;
        }
        let (is_on, fault) = (Arc::clone(&is_on), fault.clone());
        let decide =
            move |asked: &str| (asked == operation && is_on.load(Ordering::Relaxed)).then(|| fault.clone());
        Faults::new(decide).over(http)
    });
    switch
}

#[tokio::test]
async fn a_visitor_counts_once_a_day_and_link_whatever_the_stream_repeats() {
    let world = World::start().await;
    world.misbehave(Delivery { twice: true, shuffled: true, ..Delivery::default() });
    let (program, jane, slug) = cast(&world).await;
    let other = world.link(&program, &jane).await;
    for agent in ["Firefox", "Firefox", "Safari"] {
        follow(&world, &slug, agent).await;
    }
    follow(&world, &other, "Firefox").await;
    world.settle().await;
    let of_links: Vec<_> = links(&world, &program).await.as_array().unwrap().iter().map(counted).collect();
    assert_eq!(of_links.iter().copied().max(), Some([3, 2]));
    assert_eq!(of_links.iter().copied().min(), Some([1, 1]));
    world.wait(SignedDuration::from_hours(24));
    follow(&world, &slug, "Firefox").await;
    world.audit().await;
    let figures = world.dashboard(&program, &jane).await;
    assert_eq!(counted(&figures["totals"]), [5, 4]);
    assert_eq!(counted(&figures["by_campaign"][0]), [5, 4]);
    assert_eq!(
        figures["by_day"].as_array().unwrap().iter().map(counted).collect::<Vec<_>>(),
        [[4, 3], [1, 1]]
    );
}

#[tokio::test]
async fn what_is_kept_of_a_visitor_changes_every_day_and_names_nobody() {
    let world = World::start().await;
    let (_, _, slug) = cast(&world).await;
    for hours in [0, 1, 24] {
        world.wait(SignedDuration::from_hours(hours));
        follow(&world, &slug, "Firefox").await;
    }
    let rows = world.table.dump().await;
    let clicks = rows.iter().filter(|row| row.entity() == "click");
    let mut visitors: Vec<_> = clicks.map(|row| row.text("visitor_hash").unwrap()).collect();
    visitors.sort_unstable();
    visitors.dedup();
    assert_eq!(visitors.len(), 2);
    let everything = format!("{rows:?}");
    assert!(!everything.contains("203.0.113.7") && !everything.contains("Firefox"));
}

#[tokio::test]
async fn a_click_that_cannot_be_recorded_attributes_all_the_same() {
    for fault in [Fault::RequestLost, Fault::throttled(), Fault::Hangs] {
        let mut world = World::start().await;
        let switch = failing(&mut world, "PutItem", fault);
        let (program, jane, slug) = cast(&world).await;
        switch.store(true, Ordering::Relaxed);
        let click = world.click(&slug).await;
        assert!(!world.table.dump().await.iter().any(|row| row.entity() == "click"));
        world.sale(&program, "order-1", "100.00", &click).await;
        assert_eq!(world.amounts(&program, std::slice::from_ref(&jane)).await, ["20.00"]);
        // What was not recorded is not counted; the sale is.
        world.audit().await;
        let totals = &world.dashboard(&program, &jane).await["totals"];
        assert_eq!((&totals["clicks"], &totals["sales"]), (&json!(0), &json!(1)));
    }
}

#[tokio::test]
async fn a_link_that_was_followed_before_leads_on_while_the_table_is_away() {
    for fault in [Fault::RequestLost, Fault::Hangs] {
        let mut world = World::start().await;
        let switch = failing(&mut world, "GetItem", fault.clone());
        let (program, jane, slug) = cast(&world).await;
        let unknown = world.link(&program, &jane).await;
        world.click(&slug).await;
        switch.store(true, Ordering::Relaxed);
        world.wait(SignedDuration::from_hours(23));
        let click = world.click(&slug).await;
        world.click(&slug).await;
        if fault != Fault::Hangs {
            let _ = world.call("GET", &format!("/r/{unknown}")).send().await.problem(503, "unavailable");
            // What is too old may have changed.
            world.wait(SignedDuration::from_hours(1));
            let _ = world.call("GET", &format!("/r/{slug}")).send().await.problem(503, "unavailable");
        }
        switch.store(false, Ordering::Relaxed);
        world.click(&slug).await;
        world.sale(&program, "order-1", "100.00", &click).await;
        assert_eq!(world.amounts(&program, &[jane]).await, ["20.00"]);
    }
}

#[tokio::test]
async fn what_a_program_fetches_ahead_is_not_counted() {
    let world = World::start().await;
    let (program, jane, slug) = cast(&world).await;
    let target = format!("/r/{slug}");
    let ahead = [
        ("user-agent", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"),
        ("user-agent", "facebookexternalhit/1.1"),
        ("user-agent", "curl/8.5.0"),
        ("sec-purpose", "prefetch;prerender"),
        ("purpose", "prefetch"),
        ("x-moz", "prefetch"),
    ];
    for (name, value) in ahead {
        let reply = world.call("GET", &target).header(name, value).send().await;
        assert_eq!((reply.status, reply.header("set-cookie")), (302, None), "{value}");
        assert!(!reply.header("location").unwrap().contains("trb_click"), "{value}");
    }
    world.settle().await;
    assert_eq!(world.dashboard(&program, &jane).await["totals"]["clicks"], 0);
}
