//! Parked messages: what no retry can help, kept with its reason until a person has looked.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Store,
    error::Error,
    item::{Row, Shape},
    key,
    page::{List, Page, PageRequest},
    transaction::Transaction,
};

/// A message that was taken out of its queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    /// The queue it came from.
    pub queue: String,
    /// Its id in that queue.
    pub message_id: String,
    /// Its body.
    pub body: String,
    /// Why no retry can help.
    pub reason: String,
    /// When it was parked.
    pub parked_at: Timestamp,
}

impl Shape for Parked {
    const ENTITY: &'static str = "parked_message";
}

impl Store {
    /// Keeps a message that no retry can help. Parking it again changes nothing.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn park(
        &self,
        queue: &str,
        message_id: &str,
        body: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let parked = Parked {
            queue: queue.to_owned(),
            message_id: message_id.to_owned(),
            body: body.to_owned(),
            reason: reason.to_owned(),
            parked_at: now,
        };
        let mut transaction = Transaction::new();
        transaction.put_new(Row::new(&key::parked(queue, message_id), &parked)?);
        match self.commit(transaction).await {
            Ok(()) | Err(Error::Condition(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The parked messages of a queue.
    ///
    /// # Errors
    /// When the table cannot be read, or a row is corrupt.
    pub async fn parked(&self, queue: &str, page: &PageRequest) -> Result<Page<Parked>, Error> {
        let partitions = [key::parked_of(queue)];
        let list = List { partitions: &partitions, newest_first: false };
        self.list(&list, page, |_| true).await?.try_map(Row::parse)
    }

    /// Drops a parked message, once it was dealt with.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn unpark(&self, queue: &str, message_id: &str) -> Result<(), Error> {
        let mut transaction = Transaction::new();
        transaction.delete(key::parked(queue, message_id));
        self.commit(transaction).await
    }
}
