//! The clients against the payment world, over real sockets.

mod identity;
mod paypal;
mod stripe;

use std::time::Duration;

use domain::{id::PayoutId, money::Money, partner::PayoutProvider};
use payment_world::{Clock, ItemResult, ItemStatus, Outcome, Script, Shared, Silence, World, serve};
use reqwest::Client;
use tokio::net::TcpListener;
use url::Url;

use crate::{
    payout::{Destination, Lookup, Order, Payers, Progress, Sent},
    paypal::PaypalPayouts,
    stripe::StripeTransfers,
};

/// 2027-01-15T08:00:00Z
const START: i64 = 1_800_000_000;
/// Long against loopback, short against a test run.
const PATIENCE: Duration = Duration::from_millis(400);
const SECRET: &str = "sk_test_do_not_print";

struct Providers {
    world: Shared,
    url: Url,
    client: Client,
    payers: Payers,
}

impl Providers {
    #[expect(
        clippy::disallowed_methods,
        reason = "the world serves beside the test and ends with its runtime"
    )]
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url: Url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let world = Shared::from(World::new(Clock::Manual(START)));
        tokio::spawn(serve(listener, world.clone()));
        let client = client();
        let payers = Payers {
            stripe: Some(StripeTransfers::new(client.clone(), url.clone(), SECRET).unwrap()),
            paypal: Some(PaypalPayouts::new(client.clone(), url.clone(), "client", SECRET).unwrap()),
        };
        Self { world, url, client, payers }
    }

    fn script(&self, outcome: Outcome) {
        self.world.lock().script(Script::next(outcome)).unwrap();
    }

    fn refuse(&self, code: &str) {
        let script = Script { code: Some(code.to_owned()), ..Script::next(Outcome::Refuse) };
        self.world.lock().script(script).unwrap();
    }

    /// How many payments the providers have on record.
    fn payments(&self) -> usize {
        self.world.lock().payments().len()
    }
}

fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().timeout(PATIENCE).build().unwrap()
}

fn order(provider: PayoutProvider) -> Order {
    let text = match provider {
        PayoutProvider::Stripe => "acct_1AnnAnnAnn",
        PayoutProvider::Paypal => "ann@example.com",
    };
    Order {
        payout_id: PayoutId::derive(&["payout"]),
        attempt: 1,
        amount: Money::new(1250, "USD".parse().unwrap()),
        destination: Destination::parse(provider, text).unwrap(),
    }
}

fn id_of(sent: Sent) -> String {
    match sent {
        Sent::Accepted { provider_id, .. } => provider_id,
        other => panic!("not accepted: {other:?}"),
    }
}

fn progress_of(lookup: Lookup) -> Progress {
    match lookup {
        Lookup::Found { progress, .. } => progress,
        other => panic!("not found: {other:?}"),
    }
}

const BOTH: [PayoutProvider; 2] = [PayoutProvider::Stripe, PayoutProvider::Paypal];

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_payment_is_found_by_the_same_order() {
    for provider in BOTH {
        for outcome in [Outcome::AnswerLost, Outcome::ErrorAfterApplying] {
            let (providers, order) = (Providers::start().await, order(provider));
            providers.script(outcome);
            assert!(
                matches!(providers.payers.send(&order).await, Sent::Unknown { .. }),
                "{provider:?} {outcome:?}"
            );
            assert_eq!(progress_of(providers.payers.find(&order).await), Progress::Paid);
            assert_eq!(providers.payments(), 1);
        }
    }
}

#[tokio::test]
async fn a_connection_held_open_ends_with_our_patience() {
    for provider in BOTH {
        let (providers, order) = (Providers::start().await, order(provider));
        let script = Script { connection: Silence::Hold, ..Script::next(Outcome::AnswerLost) };
        providers.world.lock().script(script).unwrap();
        assert_eq!(providers.payers.send(&order).await, Sent::Unknown { cause: "no answer in time".into() });
        assert_eq!(progress_of(providers.payers.find(&order).await), Progress::Paid);
        assert_eq!(providers.payments(), 1);
    }
}

#[tokio::test]
async fn a_late_request_and_its_repeat_are_one_payment() {
    for provider in BOTH {
        let (providers, order) = (Providers::start().await, order(provider));
        let script = Script { ticks: Some(1), ..Script::next(Outcome::Late) };
        providers.world.lock().script(script).unwrap();
        assert!(matches!(providers.payers.send(&order).await, Sent::Unknown { .. }));
        let _ = providers.payers.find(&order).await;
        let again = id_of(providers.payers.send(&order).await);
        providers.world.lock().advance(0, 1);
        assert_eq!(id_of(providers.payers.send(&order).await), again);
        assert_eq!(providers.payments(), 1);
    }
}

#[tokio::test]
async fn being_turned_away_is_no_refusal() {
    for provider in BOTH {
        for outcome in [Outcome::RateLimited, Outcome::Unavailable, Outcome::ErrorWithoutApplying] {
            let (providers, order) = (Providers::start().await, order(provider));
            providers.script(outcome);
            assert!(
                matches!(providers.payers.send(&order).await, Sent::Unknown { .. }),
                "{provider:?} {outcome:?}"
            );
            assert_eq!(providers.payments(), 0);
        }
    }
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_or_is_not_set_up_leaves_the_outcome_open() {
    // Nobody listens on the port of a listener that is gone.
    let url: Url = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap()).parse().unwrap()
    };
    let stripe = Some(StripeTransfers::new(client(), url.clone(), SECRET).unwrap());
    let paypal = Some(PaypalPayouts::new(client(), url, "client", SECRET).unwrap());
    for payers in [Payers { stripe, paypal }, Payers::default()] {
        for provider in BOTH {
            let order = order(provider);
            assert!(matches!(payers.send(&order).await, Sent::Unknown { .. }));
            assert!(matches!(payers.find(&order).await, Lookup::Unknown { .. }));
            assert!(matches!(payers.status(provider, "x").await, Lookup::Unknown { .. }));
        }
    }
}

#[tokio::test]
async fn nothing_that_comes_back_shows_a_secret_or_a_destination() {
    for provider in BOTH {
        let (providers, mut order) = (Providers::start().await, order(provider));
        let mut shown = format!("{:?} {:?}", providers.payers, order);
        providers.refuse("account_invalid");
        shown += &format!("{:?}", providers.payers.send(&order).await);
        providers.script(Outcome::AnswerLost);
        shown += &format!("{:?}", providers.payers.send(&order).await);
        order.destination = match provider {
            PayoutProvider::Stripe => Destination::StripeAccount("nobody_1AnnAnnAnn".into()),
            PayoutProvider::Paypal => Destination::PaypalEmail("1AnnAnnAnn".into()),
        };
        shown += &format!("{:?}", providers.payers.send(&order).await);
        for hidden in [SECRET, "1AnnAnnAnn", "ann@example.com", "Y2xpZW50"] {
            assert!(!shown.contains(hidden), "{hidden} in {shown}");
        }
    }
}
