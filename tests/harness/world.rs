//! One deployment, in this process and for one test.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU32, Ordering},
};

use jiff::{SignedDuration, Timestamp};
use payment_world::{Clock, Shared};
use runtime::Keyring;
use serde_json::json;
use store::{Store, testing::TestTable};
use tokio::net::TcpListener;

use crate::{
    Call, Delivery, TestClock,
    audit::{self, Ledger},
    between::Between,
    cloud::Cloud,
    crashes::Crashes,
    gateway::Gateway,
    issuer::{ADMIN_GROUP, AUDIENCE, ISSUER, Issuer},
    permissions::Breaches,
    pump::{MISSED_AFTER, Pump},
};

/// When every world begins.
pub const START: &str = "2026-11-02T10:00:00Z";
const MASTER: &str = "a master key for tests";

/// One deployment.
#[derive(Debug)]
pub struct World {
    /// The table.
    pub table: TestTable,
    /// Queues and secrets.
    pub cloud: Cloud,
    /// Stripe and PayPal.
    pub payments: Shared,
    /// The time of day.
    pub clock: TestClock,
    /// The API.
    pub gateway: Gateway,
    /// What moves by itself.
    pub pump: Pump,
    /// What functions did without being allowed to.
    pub breaches: Breaches,
    /// What else stands between the functions and AWS; set before the first of them is called.
    pub between: Between,
    /// Where an invocation is to crash.
    pub crashes: Crashes,
    /// Values of the environment variables.
    pub settings: BTreeMap<&'static str, String>,
    pub(crate) counter: AtomicU32,
}

impl World {
    /// Starts a deployment; it ends with the test's runtime.
    pub async fn start() -> Self {
        Self::start_at(START.parse().unwrap()).await
    }

    /// The same at another time: for what goes by the real clock.
    #[expect(clippy::disallowed_methods, reason = "the payment world runs beside the test and ends with it")]
    pub async fn start_at(start: Timestamp) -> Self {
        let clock = TestClock::at(start);
        let secrets = BTreeMap::from([
            ("KeyringSecret".to_owned(), json!({ "master": MASTER }).to_string()),
            (
                "ProviderSecret".to_owned(),
                json!({
                    "stripe_secret_key": "sk_test_1",
                    "paypal_client_id": "client-1",
                    "paypal_client_secret": "secret-1",
                })
                .to_string(),
            ),
        ]);
        let cloud = Cloud::start(clock.clone(), secrets).await;
        let table = TestTable::create().await;
        let payments = Shared::from(payment_world::World::new(Clock::manual(start)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let providers = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(payment_world::serve(listener, payments.clone()));
        let queue = |name: &str| format!("https://sqs.us-east-1.amazonaws.com/123456789012/{name}");
        let settings = BTreeMap::from([
            ("TABLE_NAME", table.name().to_owned()),
            ("KEYRING_SECRET_ARN", "KeyringSecret".to_owned()),
            ("PROVIDER_SECRET_ARN", "ProviderSecret".to_owned()),
            ("CONVERSION_QUEUE_URL", queue("ConversionQueue")),
            ("MATURITY_QUEUE_URL", queue("MaturityQueue")),
            ("PAYOUT_QUEUE_URL", queue("PayoutQueue")),
            ("OIDC_ISSUER", ISSUER.to_owned()),
            ("OIDC_AUDIENCE", AUDIENCE.to_owned()),
            ("OIDC_JWKS_URL", cloud.jwks_url()),
            ("OIDC_GROUPS_CLAIM", "cognito:groups".to_owned()),
            ("OIDC_ADMIN_GROUP", ADMIN_GROUP.to_owned()),
            ("AUDIT_DAYS", "7".to_owned()),
            ("LINK_BASE_URL", "https://api.acme.example/r".to_owned()),
            ("STRIPE_API_URL", providers.clone()),
            ("PAYPAL_API_URL", providers),
        ]);
        Self {
            table,
            cloud,
            payments,
            clock,
            gateway: Gateway::default(),
            pump: Pump::default(),
            breaches: Breaches::default(),
            between: Between::default(),
            crashes: Crashes::default(),
            settings,
            counter: AtomicU32::new(0),
        }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The table as a store that nothing restricts.
    #[must_use]
    pub fn store(&self) -> Store {
        self.table.store()
    }

    /// The keyring that the functions get from the secret.
    #[must_use]
    pub fn keyring(&self) -> Keyring {
        Keyring::from_master(MASTER)
    }

    /// A name that nobody in this world has used.
    #[must_use]
    pub fn fresh(&self, what: &str) -> String {
        format!("{what}-{}", self.counter.fetch_add(1, Ordering::Relaxed))
    }

    /// Lets time pass: clock and payment providers; nothing else happens.
    pub fn wait(&self, time: SignedDuration) {
        self.clock.advance(time);
        self.payments.lock().advance(time.as_secs(), 0);
    }

    /// Sets how deliveries go wrong from here on.
    pub fn misbehave(&self, delivery: Delivery) {
        self.pump.misbehave(delivery);
    }

    /// Delivers everything that is under way.
    pub async fn drain(&self) {
        self.pump.drain(self).await;
    }

    /// Delivers everything, also what only the schedule finds.
    pub async fn settle(&self) {
        self.drain().await;
        self.wait(MISSED_AFTER);
        for schedule in ["publish-missed-events", "reconcile-payouts"] {
            self.pump.tick(self, schedule).await;
            self.drain().await;
        }
    }

    /// Lets time pass as in a deployment: commissions mature, payouts go on.
    pub async fn pass(&self, time: SignedDuration) {
        self.wait(time);
        self.pump.tick(self, "evaluate-maturity").await;
        self.settle().await;
    }

    /// Runs a scheduled function once, and delivers what follows from it.
    pub async fn tick(&self, schedule: &str) {
        self.pump.tick(self, schedule).await;
        self.drain().await;
    }

    /// Days pass.
    pub async fn days(&self, days: i64) {
        self.pass(SignedDuration::from_hours(24 * days)).await;
    }

    /// Settles, then checks every invariant; fails with the first breach.
    pub async fn audit(&self) -> Ledger {
        self.settle().await;
        audit::ours(self).await;
        audit::audit(self).await
    }

    /// Reasons of what was set aside, sorted.
    pub async fn parked(&self) -> Vec<String> {
        let rows = self.table.dump().await;
        let parked = rows.iter().filter(|row| row.key().pk.starts_with("PARK#"));
        let reason = |row: &store::Row| Some(format!("{}: {}", row.text("code")?, row.text("detail")?));
        let mut reasons: Vec<_> = parked.filter_map(reason).collect();
        reasons.sort();
        reasons
    }

    /// A call without credentials.
    #[must_use]
    pub fn call(&self, method: &str, target: &str) -> Call<'_> {
        Call::new(self, method, target)
    }

    /// A call of an administrator.
    #[must_use]
    pub fn admin(&self, method: &str, target: &str) -> Call<'_> {
        let claims = Issuer::claims("root", Some("root@acme.example"), &[ADMIN_GROUP], self.now());
        self.call(method, target).bearer(&Issuer::sign(&claims))
    }

    /// A call of a partner, by the name the issuer knows.
    #[must_use]
    pub fn partner(&self, name: &str, method: &str, target: &str) -> Call<'_> {
        let email = format!("{name}@partners.example");
        let claims = Issuer::claims(name, Some(&email), &[], self.now());
        self.call(method, target).bearer(&Issuer::sign(&claims))
    }
}
