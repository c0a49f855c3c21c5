//! A real table for tests: an emulator in this process behind HTTP on loopback, or, when
//! `TRIBUTARY_DYNAMODB_URL` is set, the DynamoDB that answers there.
//!
//! Every test has a table of its own, so tests run side by side and leave nothing behind.

#![expect(clippy::expect_used, reason = "a test without its table has nothing to go on with")]
#![expect(
    clippy::disallowed_methods,
    reason = "tests choose their table by the environment, serve it beside themselves and look at all of it"
)]

mod faults;

use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_dynamodb::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region, SharedHttpClient, retry::RetryConfig},
    types::TimeToLiveSpecification,
};
use tokio::net::TcpListener;

pub use faults::{Fault, Faults};

use crate::{Meter, Row, Store, schema};

/// Environment variable with the address of another DynamoDB to test against.
pub const URL_VARIABLE: &str = "TRIBUTARY_DYNAMODB_URL";

/// A table of its own for one test.
#[derive(Debug, Clone)]
pub struct TestTable {
    url: String,
    access_key: String,
    table: String,
    client: Client,
    counts_units: bool,
}

impl TestTable {
    /// Creates the table.
    ///
    /// # Panics
    /// When it cannot be created.
    pub async fn create() -> Self {
        let (url, counts_units) = match std::env::var(URL_VARIABLE) {
            Ok(url) => (url, false),
            Err(_) => (start_emulator().await, true),
        };
        let number = next_number();
        // Amazon's DynamoDB Local has a database for each: tests neither wait for each other nor read past
        // what others wrote.
        let access_key = format!("test{}n{number}", std::process::id());
        let table = format!("tributary-{}-{number}", std::process::id());
        let client = Client::from_conf(config(&url, &access_key, plain_http()));
        let request = schema::create_table(&table).expect("the table's shape is complete");
        request.send_with(&client).await.expect("the table is created");
        let ttl = TimeToLiveSpecification::builder().attribute_name(schema::TTL).enabled(true);
        client
            .update_time_to_live()
            .table_name(&table)
            .time_to_live_specification(ttl.build().expect("the TTL attribute is named"))
            .send()
            .await
            .expect("expiry is switched on");
        Self { url, access_key, table, client, counts_units }
    }

    /// The store over this table.
    #[must_use]
    pub fn store(&self) -> Store {
        Store::new(self.client.clone(), self.table.clone())
    }

    /// The store, with a meter for what it consumes.
    #[must_use]
    pub fn metered(&self) -> (Store, Meter) {
        self.store().metered()
    }

    /// Are the units right that the table says a transaction consumed? Amazon's DynamoDB Local
    /// reports those of one item, however many there are.
    #[must_use]
    pub fn counts_units(&self) -> bool {
        self.counts_units
    }

    /// The store over a network that fails as told.
    #[must_use]
    pub fn faulty(&self, faults: Faults) -> Store {
        let client = Client::from_conf(config(&self.url, &self.access_key, faults.over(plain_http())));
        Store::new(client, self.table.clone())
    }

    /// The SDK's client, for what the store does not offer.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The table's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.table
    }

    /// The address of the DynamoDB behind it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Who calls it. With another key there is no such table.
    #[must_use]
    pub fn access_key(&self) -> &str {
        &self.access_key
    }

    /// Everything in the table, ordered by key.
    ///
    /// # Panics
    /// When the table cannot be read.
    pub async fn dump(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut start = None;
        loop {
            let request = self.client.scan().table_name(&self.table).consistent_read(true);
            let page = request.set_exclusive_start_key(start).send().await;
            let page = page.expect("the table can be scanned");
            rows.extend(page.items.unwrap_or_default().into_iter().map(Row::from_attributes));
            start = page.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        rows.sort_by_key(Row::key);
        rows
    }
}

/// Serves a database in memory until the test's runtime ends.
async fn start_emulator() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let address = listener.local_addr().expect("the listener has an address");
    let database = dynoxide::Database::memory().expect("a database in memory opens");
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    format!("http://{address}")
}

fn plain_http() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_http()
}

/// The store repeats by itself what is worth repeating; the SDK's own attempts would hide from a
/// test which request failed.
fn config(url: &str, access_key: &str, http: SharedHttpClient) -> Config {
    Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(url)
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new(access_key, "test", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .http_client(http)
        .build()
}

fn next_number() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
