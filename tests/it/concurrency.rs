//! Many at once: exact ends, and a bounded number of requests.
//!
//! The emulator takes one request at a time and never reports a conflict by itself, so conflicts
//! and throttling are put between the functions and the table. Instances that are at work at the same
//! time take turns at every request.

mod books;
mod callers;
mod payouts;
mod sales;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use serde_json::Value;
use store::testing::{Fault, Faults};
use tests::{
    Reply, World,
    audit::{Ledger, ours},
    between::Between,
    story::{Partner, Program},
};

/// So many do the same at once.
const WRITERS: usize = 32;
/// A message that meets so much traffic may fail so often, which is less than leads to a dead-letter queue.
const RECEIVES: u32 = 4;
/// Every so many writes meet another one, or a busy table.
const CONFLICT_EVERY: usize = 4;

/// A world whose table is contended, with a program of three generations.
struct Rush {
    world: World,
    program: Program,
    /// Gran, mum and kid, who sells.
    partners: [Partner; 3],
    click: String,
    requests: Arc<AtomicUsize>,
}

/// A world whose table is contended, and the count of requests to it.
async fn contended() -> (World, Arc<AtomicUsize>) {
    let mut world = World::start().await;
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    world.between = Between::new(move |_, http| {
        let counted = Arc::clone(&counted);
        let faults = Faults::new(move |operation| {
            let number = counted.fetch_add(1, Ordering::Relaxed);
            match operation {
                "TransactWriteItems" if number.is_multiple_of(CONFLICT_EVERY) => Some(Fault::conflict(2)),
                "PutItem" | "UpdateItem" if number.is_multiple_of(CONFLICT_EVERY) => Some(Fault::throttled()),
                _ => None,
            }
        });
        faults.over(http)
    });
    (world, requests)
}

impl Rush {
    /// With a program of this plan, and workers that all work at the same time.
    async fn with(plan: &Value) -> Self {
        let (world, requests) = contended().await;
        let program = world.program_with(&tests::story::program_request(), plan).await;
        let partners = world.three_generations(&program).await;
        let click = world.visit(&program, &partners[2]).await;
        world.settle().await;
        world.pump.at_once.set(WRITERS);
        Self { world, program, partners, click, requests }
    }

    fn kid(&self) -> &Partner {
        &self.partners[2]
    }

    /// How many requests there were so far.
    fn count(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// The end, which both audits find right. Nothing was given up on the way, and nobody has asked the
    /// table more often than this since.
    async fn end(&self, since: usize, each: usize, what: &str) -> Ledger {
        self.world.settle().await;
        assert_bounded(&self.requests, since, each, what);
        let receives = self.world.pump.most_receives();
        assert!(receives <= RECEIVES, "{what}: a message failed {receives} times");
        let ledger = self.world.audit().await;
        ours(&self.world).await;
        assert!(self.world.parked().await.is_empty(), "{:?}", self.world.parked().await);
        ledger
    }
}

/// Callers and workers together made at most so many requests for each writer, repeats and second looks
/// included.
fn assert_bounded(requests: &AtomicUsize, before: usize, most: usize, what: &str) {
    let each = (requests.load(Ordering::Relaxed) - before) / WRITERS;
    assert!(each <= most, "{what}: {each} requests each, not {most}");
}

/// How many were answered with each status.
fn statuses(replies: &[Reply]) -> Vec<(u16, usize)> {
    let mut all: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    all.sort_unstable();
    let count = |status: u16| all.iter().filter(|other| **other == status).count();
    let mut counts: Vec<_> = all.iter().map(|status| (*status, count(*status))).collect();
    counts.dedup();
    counts
}

/// One was answered with this status, and all others with this problem.
fn assert_one_wins(replies: &[Reply], status: u16, refusal: &str) {
    let (won, lost): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == status);
    assert_eq!(won.len(), 1, "{:?}", statuses(replies));
    for reply in lost {
        assert_eq!((reply.status, reply.code()), (409, refusal), "{}", reply.text);
    }
}

/// What all commissions are worth together, in minor units.
fn worth(ledger: &Ledger) -> i64 {
    ledger.commissions.values().map(|(_, amount, _)| amount).sum()
}
