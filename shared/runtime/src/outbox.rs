//! Carrying out what written items ask for: from the stream, and again for what the stream missed.

use domain::event::PayoutDue;
use jiff::Timestamp;
use store::{
    Row, Store,
    outbox::{Request, request_of},
    webhook::WebhookEvent,
};

use crate::{ConversionQueue, Environment, Error, FromEnvironment, Outcome, PayoutQueue, telemetry};

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

    /// The queue of facts to be counted.
    #[must_use]
    pub fn conversions(&self) -> &ConversionQueue {
        &self.conversions
    }

    /// The queue of payouts.
    #[must_use]
    pub fn payouts(&self) -> &PayoutQueue {
        &self.payouts
    }

    /// Does what the row asks for, then takes its marker away. Doing it twice is harmless.
    ///
    /// # Errors
    /// When a queue or the table cannot be written; the row keeps its marker.
    pub async fn publish(&self, row: Row, now: Timestamp) -> Outcome {
        match request_of(&row)? {
            Request::Facts(facts) => {
                for fact in &facts {
                    self.conversions.send(fact).await?;
                }
                if let Some(event) = self.store.facts_sent(row, now).await? {
                    self.count(&event).await;
                }
            }
            Request::Event(event) => self.count(&event).await,
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

    /// A figure for support must not hold up what sales wait for: one that cannot be written is lost.
    async fn count(&self, event: &WebhookEvent) {
        if let Err(error) = self.store.count_webhook_event(event).await {
            let cause = telemetry::chain(&error);
            tracing::warn!(endpoint.id = %event.endpoint_id, error.cause = cause, "event not counted");
        }
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
