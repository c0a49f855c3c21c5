//! One conversion, many facts: whatever their order, their number and the door they come by, the
//! ledger ends as one.

use jiff::{SignedDuration, Timestamp};
use proptest::{collection::vec, prelude::*, sample::Index};
use serde_json::{Value, json};
use tests::{
    World,
    audit::Ledger,
    story::{self, Program, usd},
    stripe::{self, Endpoint},
    world::START,
};

const INTENT: &str = "pi_1";

/// What is told of one payment of 100.00.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Sale,
    PartialRefund,
    AnotherPartialRefund,
    RefundFailed,
    DisputeOpened,
    DisputeLost,
    DisputeWon,
    FullRefund,
}

use Told::{
    AnotherPartialRefund, DisputeLost, DisputeOpened, DisputeWon, FullRefund, PartialRefund, RefundFailed,
    Sale,
};

/// Which door a fact comes by, and how long before the next one.
#[derive(Debug, Clone)]
struct Arrival {
    which: Index,
    by_webhook: bool,
    days_later: u8,
}

fn any_arrival() -> impl Strategy<Value = Arrival> {
    (any::<Index>(), any::<bool>(), prop::sample::select(vec![0, 0, 0, 20]))
        .prop_map(|(which, by_webhook, days_later)| Arrival { which, by_webhook, days_later })
}

impl Told {
    /// As Stripe tells it.
    fn event(self, world: &World, click: &str) -> Value {
        match self {
            Sale => {
                let mut event = stripe::checkout(world, INTENT, 10_000, click);
                event["created"] = json!(START.parse::<Timestamp>().unwrap().as_second());
                event
            }
            PartialRefund => stripe::refund(world, INTENT, "re_1", 2_000),
            AnotherPartialRefund => stripe::refund(world, INTENT, "re_2", 1_500),
            RefundFailed => {
                let mut event = stripe::refund(world, INTENT, "re_2", 1_500);
                event["type"] = json!("refund.failed");
                event["data"]["object"]["status"] = json!("failed");
                event
            }
            DisputeOpened => stripe::dispute(world, INTENT, "du_1", 10_000, "needs_response"),
            DisputeLost => stripe::dispute(world, INTENT, "du_1", 10_000, "lost"),
            DisputeWon => stripe::dispute(world, INTENT, "du_1", 10_000, "won"),
            FullRefund => stripe::refund(world, INTENT, "re_3", 10_000),
        }
    }

    /// As the merchant's own server tells it.
    fn report(self, click: &str) -> Value {
        let dispute = |kind: &str| json!({ "type": kind, "external_id": INTENT, "dispute_id": "du_1" });
        let amount = |mut body: Value| {
            body["amount"] = usd("100.00");
            body
        };
        let mut body = match self {
            Sale => {
                let mut body = story::sale(INTENT, "100.00", Some(click));
                body["occurred_at"] = json!(START);
                body
            }
            PartialRefund => story::refund(INTENT, "re_1", "20.00"),
            AnotherPartialRefund => story::refund(INTENT, "re_2", "15.00"),
            RefundFailed => json!({ "type": "refund_failed", "external_id": INTENT, "refund_id": "re_2" }),
            DisputeOpened => amount(dispute("dispute_opened")),
            DisputeLost => amount(dispute("dispute_lost")),
            DisputeWon => dispute("dispute_won"),
            FullRefund => story::refund(INTENT, "re_3", "100.00"),
        };
        body["source"] = json!("stripe");
        body
    }
}

/// A place where facts are told.
struct Scene {
    world: World,
    program: Program,
    endpoint: Endpoint,
    click: String,
}

impl Scene {
    async fn set() -> Self {
        let world = World::start().await;
        let program = world.program().await;
        let [_, _, kid] = world.three_generations(&program).await;
        let click = world.visit(&program, &kid).await;
        let endpoint = world.endpoint(&program).await;
        Self { world, program, endpoint, click }
    }

    async fn tell(&self, told: Told, by_webhook: bool) {
        if by_webhook {
            let event = told.event(&self.world, &self.click);
            self.world.webhook(&self.endpoint, &event).expect(200).await;
        } else {
            let reply = self.world.conversion(&self.program, &told.report(&self.click)).send().await;
            // The customer of the two doors differs; the money of a charge may not.
            assert_eq!(reply.status, 202, "{told:?}: {}", reply.text);
        }
    }

    /// All holding periods pass, and what can mature does.
    async fn end(self) -> Ledger {
        self.world.drain().await;
        self.world.pass(SignedDuration::from_hours(24 * 60)).await;
        self.world.audit().await
    }
}

/// Tells facts one after the other, without any order among those that are under way at once.
async fn story(arrivals: &[(Told, bool, u8)]) -> Ledger {
    let scene = Scene::set().await;
    for (told, by_webhook, days_later) in arrivals {
        scene.tell(*told, *by_webhook).await;
        if *days_later > 0 {
            scene.world.pass(SignedDuration::from_hours(24 * i64::from(*days_later))).await;
        }
    }
    scene.end().await
}

fn run(story: impl Future<Output = Ledger>) -> Ledger {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(story)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_order_number_and_door_ends_in_one_ledger(
        facts in prop::sample::subsequence(
            vec![
                PartialRefund, AnotherPartialRefund, RefundFailed, DisputeOpened, DisputeLost, DisputeWon, FullRefund,
            ],
            1..=7,
        ),
        arrivals in vec(any_arrival(), 0..8),
        rest in any::<[bool; 8]>(),
    ) {
        let all: Vec<Told> = [Sale].into_iter().chain(facts).collect();
        let straight: Vec<_> = all.iter().map(|told| (*told, true, 0)).collect();
        // Some in any order, some of them again, then whatever has not been told, backwards.
        let picked = arrivals.iter().map(|arrival| (*arrival.which.get(&all), arrival.by_webhook, arrival.days_later));
        let rest = all.iter().rev().zip(rest).map(|(told, by_webhook)| (*told, by_webhook, 0));
        let shuffled: Vec<_> = picked.chain(rest).collect();
        prop_assert_eq!(run(story(&straight)), run(story(&shuffled)), "{:?}", shuffled);
    }
}
