//! The queues that functions send to, each with a type of its own.
//!
//! A message is sent after the transaction that caused it, from the outbox: sending twice is
//! harmless, so every failure is to be tried again.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use domain::{
    conversion::FactReceived,
    event::{MaturityReached, PayoutDue},
};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use store::park;

use crate::{Environment, Error, Failure, FromEnvironment, Variable, aws};

/// SQS takes group and deduplication ids up to this length.
const MAX_ID_LEN: usize = 128;

/// What a queue carries.
pub trait Message: DeserializeOwned {
    /// Where a message of this kind is parked.
    const QUEUE: park::Queue;
}

impl Message for FactReceived {
    const QUEUE: park::Queue = park::Queue::Conversions;
}

impl Message for MaturityReached {
    const QUEUE: park::Queue = park::Queue::Maturities;
}

impl Message for PayoutDue {
    const QUEUE: park::Queue = park::Queue::Payouts;
}

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
        self.send_text(body, order).await
    }

    async fn send_text(&self, body: String, order: Option<(&str, &str)>) -> Result<(), Failure> {
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

    /// Sends a message that was here before, as it was.
    ///
    /// # Errors
    /// To be tried again.
    pub async fn send_again(&self, body: String) -> Result<(), Failure> {
        self.0.send_text(body, None).await
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

            /// Sends a message that was here before, as it was; see [`Self::send`].
            ///
            /// # Errors
            /// To be tried again.
            pub async fn send_again(
                &self,
                body: String,
                group: &str,
                deduplication: &str,
            ) -> Result<(), Failure> {
                self.0.send_text(body, Some((group, deduplication))).await
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
    use serde_json::{Value, json};

    use super::*;
    use crate::loopback::Loopback;

    /// What was sent, as SQS got it.
    fn sent(loopback: &Loopback) -> Value {
        let requests = loopback.requests();
        let (_, body) = requests[0].split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap()
    }

    #[tokio::test]
    async fn a_message_is_sent_as_json() {
        let loopback = Loopback::start("200 OK", json!({ "MessageId": "m-1" }).to_string());
        let environment = loopback.environment(&[("CONVERSION_QUEUE_URL", "http://queues/1/conversions")]);
        let queue = ConversionQueue::from_environment(&environment).await.unwrap();
        queue.send(&json!({ "conversion_id": "cnv_1" })).await.unwrap();
        let sent = sent(&loopback);
        assert_eq!(sent["QueueUrl"], "http://queues/1/conversions");
        assert_eq!(sent["MessageBody"], r#"{"conversion_id":"cnv_1"}"#);
        assert_eq!(sent.get("MessageGroupId"), None);
    }

    #[tokio::test]
    async fn a_fifo_message_carries_its_group_and_deduplication_id() {
        let loopback = Loopback::start("200 OK", json!({ "MessageId": "m-1" }).to_string());
        let environment = loopback.environment(&[("PAYOUT_QUEUE_URL", "http://queues/1/payouts.fifo")]);
        let queue = PayoutQueue::from_environment(&environment).await.unwrap();
        queue.send(&json!({}), "prg_1/ptr_1/EUR", "pay_1").await.unwrap();
        let sent = sent(&loopback);
        assert_eq!(sent["MessageGroupId"], "prg_1/ptr_1/EUR");
        assert_eq!(sent["MessageDeduplicationId"], "pay_1");
    }

    #[tokio::test]
    async fn a_message_that_was_not_taken_is_tried_again() {
        let loopback = Loopback::start("500 Internal Server Error", String::new());
        let environment = loopback.environment(&[("CONVERSION_QUEUE_URL", "http://queues/1/conversions")]);
        let queue = ConversionQueue::from_environment(&environment).await.unwrap();
        let failure = queue.send(&json!({})).await.unwrap_err();
        assert!(matches!(failure, Failure::Retry(_)), "{failure}");
    }

    #[test]
    fn a_long_name_is_replaced_by_its_hash() {
        assert_eq!(id("prg#ptr#USD"), "prg#ptr#USD");
        let long = "x".repeat(129);
        assert_eq!(id(&long).len(), 64);
        assert_eq!(id(&long), id(&long));
    }
}
