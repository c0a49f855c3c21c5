//! The queues that functions send to, each with a type of its own.
//!
//! A message is sent after the transaction that caused it, from the outbox: sending twice is
//! harmless, so every failure is to be tried again.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{Environment, Error, Failure, FromEnvironment, Variable, aws};

/// SQS takes group and deduplication ids up to this length.
const MAX_ID_LEN: usize = 128;

#[derive(Debug, Clone)]
struct Queue {
    client: aws_sdk_sqs::Client,
    url: Arc<str>,
}

impl Queue {
    fn open(environment: &Environment, variable: Variable) -> Result<Self, Error> {
        Ok(Self { client: aws::sqs(environment), url: environment.variable(variable)?.into() })
    }

    /// `order` is the group and the deduplication id of a FIFO queue.
    async fn send(&self, message: &impl Serialize, order: Option<(&str, &str)>) -> Result<(), Failure> {
        let body =
            serde_json::to_string(message).map_err(|error| Failure::reject("unwritable_message", error))?;
        let mut request = self.client.send_message().queue_url(&*self.url).message_body(body);
        if let Some((group, deduplication)) = order {
            request = request.message_group_id(id(group)).message_deduplication_id(id(deduplication));
        }
        request.send().await.map(drop).map_err(Failure::retry)
    }
}

/// A name that SQS accepts. Ours are, unless they are too long: then their hash stands for them.
fn id(name: &str) -> String {
    if name.len() <= MAX_ID_LEN { name.to_owned() } else { HEXLOWER.encode(&Sha256::digest(name)) }
}

/// Conversions to price, in no order.
#[derive(Debug, Clone)]
pub struct ConversionQueue(Queue);

impl ConversionQueue {
    /// Sends a message.
    ///
    /// # Errors
    /// To be tried again.
    pub async fn send(&self, message: &impl Serialize) -> Result<(), Failure> {
        self.0.send(message, None).await
    }
}

impl FromEnvironment for ConversionQueue {
    async fn from_environment(environment: &Environment) -> Result<Self, Error> {
        Queue::open(environment, Variable::ConversionQueueUrl).map(Self)
    }
}

macro_rules! fifo_queue {
    ($(#[$doc:meta])* $name:ident, $variable:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name(Queue);

        impl $name {
            /// Sends a message. Messages of one `group` are handled one after the other; a
            /// `deduplication` id that was sent within the last five minutes is dropped.
            ///
            /// # Errors
            /// To be tried again.
            pub async fn send(
                &self,
                message: &impl Serialize,
                group: &str,
                deduplication: &str,
            ) -> Result<(), Failure> {
                self.0.send(message, Some((group, deduplication))).await
            }
        }

        impl FromEnvironment for $name {
            async fn from_environment(environment: &Environment) -> Result<Self, Error> {
                Queue::open(environment, $variable).map(Self)
            }
        }
    };
}

fifo_queue!(/// Accounts whose commissions are due, one group for each account.
    MaturityQueue, Variable::MaturityQueueUrl);
fifo_queue!(/// Payouts to send, one group for each account.
    PayoutQueue, Variable::PayoutQueueUrl);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_replaced_by_its_hash() {
        assert_eq!(id("prg#ptr#USD"), "prg#ptr#USD");
        let long = "x".repeat(129);
        assert_eq!(id(&long).len(), 64);
        assert_eq!(id(&long), id(&long));
    }
}
