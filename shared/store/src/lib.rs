//! Tributary's table: keys, items and transactions of DynamoDB, and nothing else.

pub mod account;
pub mod accrual;
pub mod agreement;
mod alias;
pub mod api_key;
mod capacity;
mod commission;
mod commit;
pub mod conversion;
mod coverage;
pub mod cursor;
pub mod customer;
pub mod error;
mod expression;
pub mod fact;
pub mod idempotency;
mod item;
mod journal;
mod key;
pub mod link;
pub mod maturity;
pub mod outbox;
pub mod page;
pub mod park;
pub mod partner;
pub mod payout;
pub mod program;
pub mod projection;
mod refund;
mod retry;
mod review;
pub mod schema;
mod table;
mod transaction;
mod versioned;
pub mod webhook;

#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;

use aws_sdk_dynamodb::{Client, types::ConsumedCapacity};

pub use crate::{
    capacity::{Consumed, Meter},
    error::{Error, Failure, Failures},
    item::{Attributes, Row},
    key::Key,
    versioned::Versioned,
};
use crate::{capacity::Kind, table::Read};

/// The table.
#[derive(Debug, Clone)]
pub struct Store {
    client: Client,
    table: String,
    meter: Option<Meter>,
}

impl Store {
    /// The table of this name.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table, meter: None }
    }

    /// The same table, with every request's consumption added to the returned meter.
    #[must_use]
    pub fn metered(mut self) -> (Self, Meter) {
        let meter = Meter::default();
        self.meter = Some(meter.clone());
        (self, meter)
    }

    /// Opens the connection before the first caller waits for it. What comes back is not looked
    /// at: a table that cannot be reached shows when it is needed.
    pub async fn warm(&self) {
        let nothing = Key { pk: "WARM".to_owned(), sk: "#".to_owned() };
        drop(self.get(&nothing, Read::Eventual).await);
    }

    fn measure<'a>(
        &self,
        kind: Kind,
        consumed: impl IntoIterator<Item = &'a ConsumedCapacity>,
    ) {
        if let Some(meter) = &self.meter {
            meter.add(kind, consumed);
        }
    }
}
