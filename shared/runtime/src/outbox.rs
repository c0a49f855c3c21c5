//! Carrying out what written items ask for: from the stream, and again for what the stream missed.

use domain::event::PayoutDue;
use store::{
    Row, Store,
    outbox::{Request, request_of},
};

use crate::{ConversionQueue, Environment, Error, FromEnvironment, Outcome, PayoutQueue};

/// The table's outbox and the queues it feeds.
#[derive(Debug, Clone)]
pub struct Outbox {
    store: Store,
    conversions: ConversionQueue,
    payouts: PayoutQueue,
}

impl Outbox {
    /// The table.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Does what the row asks for, then takes its marker away. Doing it twice is harmless.
    ///
    /// # Errors
    /// When a queue or the table cannot be written; the row keeps its marker.
    pub async fn publish(&self, row: Row) -> Outcome {
        match request_of(&row)? {
            Request::Facts(facts) => {
                for fact in &facts {
                    self.conversions.send(fact).await?;
                }
                self.store.unmark(&row.key()).await?;
            }
            Request::Payout { id, account } => {
                let name = id.to_string();
                self.payouts.send(&PayoutDue { payout_id: id }, &account, &name).await?;
            }
            Request::Rate(rate) => {
                let waiting = self.store.waiting_for_rate(&rate).await?;
                for fact in &waiting.facts {
                    self.conversions.send(fact).await?;
                }
                self.store.rate_sent(&rate, waiting.next.as_ref()).await?;
            }
            Request::Projection => {
                self.store.project(row).await?;
            }
        }
        Ok(())
    }
}

impl FromEnvironment for Outbox {
    async fn from_environment(environment: &Environment) -> Result<Self, Error> {
        Ok(Self {
            store: Store::from_environment(environment).await?,
            conversions: ConversionQueue::from_environment(environment).await?,
            payouts: PayoutQueue::from_environment(environment).await?,
        })
    }

    async fn warm(&self) {
        self.store.warm().await;
    }
}
