//! The outbox: an item that must cause something is marked in the write that creates it.
//!
//! The marker is its place in GSI2. Whoever has done what the item asks for takes the marker
//! away; what still has one after a while was missed and is done again. So the effect can come
//! twice, and never not at all.

use domain::{conversion::FactReceived, id::PayoutId};
use jiff::Timestamp;

use crate::{
    Store,
    error::Error,
    exchange::{self, Announcement},
    expression::{Condition, Update},
    item::{Row, Shape},
    key::{self, Key},
    schema::{Index, PK, SK},
    table::{Query, Read},
    webhook::{self, WebhookEvent},
};

const MARKER: &str = "OUT#";

/// What a written item asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// These facts are to be counted.
    Facts(Vec<FactReceived>),
    /// This payout is to be sent; payouts of one account go one after the other.
    Payout {
        /// The payout.
        id: PayoutId,
        /// The account, as a name.
        account: String,
    },
    /// This rate is known now: the conversions that wait for it are to be told.
    Rate(Announcement),
    /// This webhook event tells nothing that counts; it is only one more that came in.
    Event(WebhookEvent),
    /// The item is to be counted by [`Store::project`].
    Projection,
}

/// What a row asks for.
///
/// # Errors
/// When the row is corrupt.
pub fn request_of(row: &Row) -> Result<Request, Error> {
    if row.entity() == crate::payout::ENTITY {
        let (id, account) = crate::payout::id_and_account(row.clone())?;
        return Ok(Request::Payout { id, account });
    }
    if row.entity() == exchange::ENTITY {
        return Ok(Request::Rate(exchange::announcement(row.clone())?));
    }
    let facts = crate::fact::facts_of(row.clone())?;
    if facts.is_empty() && row.entity() == WebhookEvent::ENTITY {
        return Ok(Request::Event(row.clone().parse()?));
    }
    Ok(if facts.is_empty() { Request::Projection } else { Request::Facts(facts) })
}

/// Does the row still have to cause something?
#[must_use]
pub fn is_marked(row: &Row) -> bool {
    row.text(Index::Gsi2.pk()).is_some_and(|pk| pk.starts_with(MARKER))
}

/// `{"PK": {"S": "…"}, "SK": {"S": "…"}}`
fn key_of_change(text: &str) -> Option<Key> {
    let keys: serde_json::Value = serde_json::from_str(text).ok()?;
    let part = |name: &str| Some(keys.get(name)?.get("S")?.as_str()?.to_owned());
    Some(Key { pk: part(PK)?, sk: part(SK)? })
}

/// The change that takes the marker away, and that can happen only once.
pub(crate) fn unmark(key: Key) -> Update {
    Update::new(key).unlist(Index::Gsi2).when(Condition::starts_with(Index::Gsi2.pk(), MARKER))
}

impl Store {
    /// Items whose marker is older than `before`, at most `limit` of each shard.
    ///
    /// The index may lag, so an item can show up after its marker is gone: what the read of the
    /// item itself shows is what counts, and only marked items are returned.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn overdue(&self, before: Timestamp, limit: usize) -> Result<Vec<Row>, Error> {
        let mut keys = Vec::new();
        for shard in key::outbox_shards() {
            let query = Query::of(&shard).up_to(key::time(before)).limit(limit);
            let (rows, _) = self.query(query).await?;
            keys.extend(rows.iter().map(Row::key));
        }
        let mut rows = self.batch_get(&keys, Read::Strong).await?;
        rows.retain(is_marked);
        Ok(rows)
    }

    /// Takes the marker away from a row whose facts are on their way; the webhook event that is to be
    /// counted now, when it is the first time that one's are.
    ///
    /// # Errors
    /// When the table cannot be written, or the row is corrupt.
    pub async fn facts_sent(&self, row: Row, now: Timestamp) -> Result<Option<WebhookEvent>, Error> {
        if row.entity() != WebhookEvent::ENTITY {
            return self.unmark(&row.key()).await.map(|_| None);
        }
        match self.update(webhook::sent(row.key(), now)).await {
            Ok(_) if webhook::was_sent(&row) => Ok(None),
            Ok(_) => row.parse().map(Some),
            Err(Error::Condition(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The row of a change that the table's stream reported, by the key that was kept of it; none when
    /// it is gone, or when the text is no such key.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn changed_row(&self, key: &str) -> Result<Option<Row>, Error> {
        match key_of_change(key) {
            Some(key) => self.get(&key, Read::Strong).await,
            None => Ok(None),
        }
    }

    /// Takes the marker away; false when it was gone already.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn unmark(&self, key: &Key) -> Result<bool, Error> {
        match self.update(unmark(key.clone())).await {
            Ok(_) => Ok(true),
            Err(Error::Condition(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
