//! The crash matrix: whatever request an invocation dies at, doing it again ends as if nothing had
//! happened.
//!
//! Every handler that writes has its cases, but for `follow-link`, which lets a visitor pass
//! when a click cannot be recorded. A case is acted out once in peace, then once for every request
//! with an effect outside, on both sides of it. What a client, queue, stream or schedule repeats is repeated; then the books are audited
//! and the table has to be, item by item, what it is without the crash.

mod cases;
mod compare;
mod stage;
mod workers;

use tests::{
    World,
    audit::audit,
    crashes::{End, Point, Side},
};

use compare::{assert_same, rows};
use stage::{Case, Stage};

/// How one (function, request) pair is tried: the request is lost and none of the later ones
/// succeeds, or it takes effect and the process is gone.
const WAYS: [(Side, End); 2] = [(Side::Before, End::CutOff), (Side::After, End::Dies)];

/// Acts a case out with a crash; gives how many requests of the function were counted.
async fn act(world: &World, stage: &Stage, case: &Case, point: Point) -> usize {
    let never = point.nth == 0;
    let label = format!("{}: {point:?}", case.name);
    world.crashes.plan(point);
    (case.act)(world, stage).await;
    world.drain().await;
    let (reached, has_struck) = world.crashes.call_off();
    assert!(never || has_struck, "{label}: only {reached} requests");
    assert_eq!(world.pump.dead(), Vec::<String>::new(), "{label}");
    reached
}

/// Crashes a case everywhere; gives how many requests it could crash at.
async fn crash_everywhere(world: &World, stage: &Stage, case: &Case) -> usize {
    let point = |nth, side, end| Point { binary: case.binary.to_owned(), nth, side, end };
    (case.setup)(world, stage).await;
    let moment = world.snapshot().await;
    world.restore(&moment).await;
    let requests = act(world, stage, case, point(0, Side::Before, End::Dies)).await;
    audit(world).await;
    // What waits for a payout's next look is later by as much.
    let with_times = case.binary != "execute-payout";
    let expected = rows(world, with_times).await;
    assert!(requests > 0, "{}: {} did nothing", case.name, case.binary);
    for nth in 1..=requests {
        for (side, end) in WAYS {
            world.restore(&moment).await;
            let crash = point(nth, side, end);
            let label = format!("{}: {crash:?}", case.name);
            act(world, stage, case, crash).await;
            audit(world).await;
            assert_same(&rows(world, with_times).await, &expected, &label);
        }
    }
    requests
}

/// Crashes all cases everywhere, in one world; at least `least` (function, request) pairs.
async fn matrix(cases: &[Case], least: usize) {
    let (world, stage) = stage::prepare().await;
    let base = world.snapshot().await;
    let mut covered = 0;
    for case in cases {
        world.restore(&base).await;
        covered += crash_everywhere(&world, &stage, case).await;
    }
    // The number is held so that the matrix cannot shrink without anybody noticing.
    assert!(covered >= least, "only {covered} requests were crashed at, not {least}: what became of them?");
}

#[tokio::test]
async fn who_calls_again_ends_where_one_call_would_have() {
    matrix(&cases::administration(), 8).await;
    matrix(&cases::partners(), 16).await;
}

#[tokio::test]
async fn facts_count_once_wherever_counting_them_crashes() {
    matrix(&workers::facts(), 31).await;
}

#[tokio::test]
async fn what_was_written_is_published_wherever_publishing_crashes() {
    matrix(&workers::publishing(), 22).await;
}

#[tokio::test]
async fn money_matures_and_leaves_once_wherever_it_crashes() {
    matrix(&workers::money(), 33).await;
}
