//! Merchants' API keys. Only the digest of a key's secret is kept.

use domain::id::{ApiKeyId, ProgramId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Store,
    error::Error,
    idempotency::{Committed, Once},
    item::{Row, Shape},
    key,
    table::Read,
    transaction::Transaction,
};

/// What is kept of an API key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKeyRecord {
    /// Which key.
    pub id: ApiKeyId,
    /// The program it speaks for.
    pub program_id: ProgramId,
    /// What the administrator calls it.
    pub name: String,
    /// Digest of its secret.
    pub digest: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Creation time.
    pub created_at: Timestamp,
    /// It opens nothing from here on.
    pub revoked_at: Option<Timestamp>,
}

impl Shape for ApiKeyRecord {
    const ENTITY: &'static str = "api_key";
}

impl Store {
    /// Keeps a new API key.
    ///
    /// # Errors
    /// [`Error::Condition`] when there is one of this id.
    pub async fn create_api_key(&self, record: &ApiKeyRecord, once: Once<'_>) -> Result<Committed, Error> {
        let mut transaction = Transaction::new();
        transaction.put_new(Row::new(&key::api_key(&record.id), record)?);
        self.commit_once(transaction, once).await
    }

    /// An API key, as the last write left it: a revocation counts at once.
    ///
    /// # Errors
    /// When the table cannot be read, or the item is corrupt.
    pub async fn api_key(&self, id: &ApiKeyId) -> Result<Option<ApiKeyRecord>, Error> {
        self.get(&key::api_key(id), Read::Strong).await?.map(Row::parse).transpose()
    }
}
