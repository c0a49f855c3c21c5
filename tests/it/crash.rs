//! The crash matrix: whatever request an invocation dies at, doing it again ends as if nothing had
//! happened.
//!
//! Every function that may write, send or order a payment has its cases. A case is acted out once in
//! peace and audited; then once for every request with an effect outside, on both sides of it, by dying
//! there and by being cut off. What a client, queue, stream or schedule repeats is repeated; then table
//! and payments have to be, item by item, what they are without the crash.

mod cases;
mod compare;
mod money;
mod parked;
mod stage;
mod workers;

use std::collections::{BTreeMap, BTreeSet};

use tests::{
    World,
    audit::audit,
    crashes::{Count, End, PROVIDER, Point, Side, is_effect},
    template::{Function, Template},
};

use compare::{Kept, assert_same};
use stage::{Case, Stage};

/// How each request is tried. No way stands for another: of who dies comes no answer, and all it was
/// given comes again; who is cut off answers, and may have let go of what it could not do.
const WAYS: [(Side, End); 4] = [
    (Side::Before, End::Dies),
    (Side::Before, End::CutOff),
    (Side::After, End::Dies),
    (Side::After, End::CutOff),
];

/// What a function may do and never does, and why it may.
const NEVER: [(&str, &str); 1] = [
    // It shares the outbox with `publish-events`. A payout carries no marker that could be overdue: its
    // next step is found by `reconcile-payouts`.
    ("publish-missed-events", "sqs:SendMessage on PayoutQueue"),
];

/// All cases. Those of one function stand together.
const GROUPS: [fn() -> Vec<Case>; 6] = [
    cases::administration,
    cases::partners,
    parked::parked,
    workers::facts,
    workers::publishing,
    money::money,
];

/// Acts a case out with a crash; gives what the function did.
async fn act(world: &World, stage: &Stage, case: &Case, point: Point) -> Count {
    let never = point.nth == 0;
    let label = format!("{}: {point:?}", case.name);
    world.crashes.plan(point);
    (case.act)(world, stage).await;
    world.drain().await;
    let count = world.crashes.call_off();
    assert!(never || count.has_struck, "{label}: only {} requests", count.requests);
    assert_eq!(world.pump.dead(), Vec::<String>::new(), "{label}");
    count
}

/// Crashes a case everywhere; gives what the function did without a crash.
async fn crash_everywhere(world: &World, stage: &Stage, case: &Case) -> Count {
    let point = |nth, side, end| Point { binary: case.binary.to_owned(), nth, side, end };
    (case.setup)(world, stage).await;
    let moment = world.snapshot().await;
    world.restore(&moment).await;
    let count = act(world, stage, case, point(0, Side::Before, End::Dies)).await;
    assert!(count.requests > 0, "{}: {} did nothing", case.name, case.binary);
    // What is kept in the same items to the last cent needs no audit of its own.
    audit(world).await;
    let expected = Kept::of(world, case).await;
    for nth in 1..=count.requests {
        for (side, end) in WAYS {
            world.restore(&moment).await;
            let crash = point(nth, side, end);
            let label = format!("{}: {crash:?}", case.name);
            act(world, stage, case, crash).await;
            let may_lose = if side == Side::Before { case.may_lose } else { &[] };
            assert_same(&Kept::of(world, case).await, &expected, may_lose, &label);
        }
    }
    count
}

/// Crashes all cases everywhere, in one world; at least `least` requests, each in four ways.
async fn matrix(cases: Vec<Case>, least: usize) {
    let (world, stage) = stage::prepare().await;
    let base = world.snapshot().await;
    let mut covered = 0;
    let mut effects: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for case in &cases {
        world.restore(&base).await;
        let count = crash_everywhere(&world, &stage, case).await;
        covered += count.requests;
        effects.entry(case.binary).or_default().extend(count.effects);
    }
    for (binary, effects) in effects {
        let allowed = allowed(Template::get().function(binary));
        assert_eq!(effects, allowed, "{binary}: what it was crashed at, and what template.yaml lets it do");
    }
    // The number is held so that the matrix cannot shrink without anybody noticing.
    assert!(covered >= least, "only {covered} requests were crashed at, not {least}: what became of them?");
}

/// What the template lets a function change outside of itself.
fn allowed(function: &Function) -> BTreeSet<String> {
    let pays = function.variables.contains_key("PROVIDER_SECRET_ARN");
    let mut allowed: BTreeSet<_> = pays.then(|| PROVIDER.to_owned()).into_iter().collect();
    for statement in &function.statements {
        for action in statement.actions.iter().filter(|action| is_effect(action)) {
            allowed.extend(statement.resources.iter().map(|resource| format!("{action} on {resource}")));
        }
    }
    allowed.retain(|effect| !NEVER.contains(&(&function.binary, effect)));
    allowed
}

#[test]
fn every_function_with_an_effect_is_crashed() {
    let mut crashed = BTreeMap::new();
    for (group, cases) in GROUPS.iter().enumerate() {
        for case in cases() {
            let first = *crashed.entry(case.binary.to_owned()).or_insert(group);
            assert_eq!(first, group, "{}: the cases of a function stand together", case.binary);
        }
    }
    let functions = Template::get().functions().iter();
    let with_effects = functions.filter(|function| !allowed(function).is_empty());
    let with_effects: BTreeSet<_> = with_effects.map(|function| function.binary.clone()).collect();
    assert_eq!(crashed.into_keys().collect::<BTreeSet<_>>(), with_effects);
}

#[tokio::test]
async fn administrators_who_call_again_end_where_one_call_would_have() {
    matrix(cases::administration(), 13).await;
}

#[tokio::test]
async fn partners_and_senders_who_call_again_end_where_one_call_would_have() {
    matrix(cases::partners(), 21).await;
}

#[tokio::test]
async fn what_was_set_aside_goes_on_once_wherever_that_crashes() {
    matrix(parked::parked(), 18).await;
}

#[tokio::test]
async fn facts_count_once_wherever_counting_them_crashes() {
    matrix(workers::facts(), 48).await;
}

#[tokio::test]
async fn what_was_written_is_published_wherever_publishing_crashes() {
    matrix(workers::publishing(), 33).await;
}

#[tokio::test]
async fn money_matures_and_leaves_once_wherever_it_crashes() {
    matrix(money::money(), 95).await;
}
