//! Addresses for webhooks and the secrets that sign what comes there.

use domain::id::{ProgramId, WebhookEndpointId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Store,
    error::Error,
    idempotency::{Committed, Once},
    item::{Row, Shape},
    key,
    page::{List, Page, PageRequest},
    table::Read,
    transaction::Transaction,
    versioned::Versioned,
};

/// An address to which a payment provider sends its webhooks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookEndpoint {
    /// Which address.
    pub id: WebhookEndpointId,
    /// The program that its events belong to.
    pub program_id: ProgramId,
    /// Who sends.
    pub provider: String,
    /// The secrets that sign its events, the oldest first; at most two of them are live at a time.
    pub secrets: Vec<SigningSecret>,
    /// Creation time.
    pub created_at: Timestamp,
}

/// A secret that signs events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningSecret {
    /// Tells it from the others of its address, from 1.
    pub number: u32,
    /// The secret, sealed.
    pub sealed: String,
    /// When it was given to us.
    pub added_at: Timestamp,
    /// From when on it counts no more; none for one that nothing has replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

impl SigningSecret {
    /// Does it count at this time?
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// Why a secret cannot be followed by another.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RotationError {
    /// Two secrets are live and only one can stay.
    #[error("two secrets are live: say which one stays, number {first} or number {second}")]
    Ambiguous {
        /// The number of the older one.
        first: u32,
        /// The number of the newer one.
        second: u32,
    },
    /// The one that is to stay is not live.
    #[error("there is no live secret with this number")]
    NotLive,
}

impl WebhookEndpoint {
    /// Where an address's secrets belong: sealed for it, they do not open at another.
    #[must_use]
    pub fn secret_context(id: &WebhookEndpointId) -> String {
        format!("{id}/signing-secret")
    }

    /// The secrets that count at this time.
    pub fn live_secrets(&self, now: Timestamp) -> impl Iterator<Item = &SigningSecret> {
        self.secrets.iter().filter(move |secret| secret.is_live(now))
    }

    /// The same address with a new secret. One of the others stays live until `until`: the one with
    /// the number `keep`, or the only one there is. All others end now and are dropped, and so is the
    /// one that would stay when `until` is not after `now`.
    ///
    /// # Errors
    /// When it is not clear which one stays. It is never guessed: whoever corrects a secret that was
    /// mistyped wants the older one, whoever replaces twice in a row the newer one.
    pub fn with_new_secret(
        &self,
        sealed: String,
        keep: Option<u32>,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Self, RotationError> {
        let live: Vec<_> = self.live_secrets(now).collect();
        let stays = match (keep, live.as_slice()) {
            (Some(number), live) => {
                Some(*live.iter().find(|secret| secret.number == number).ok_or(RotationError::NotLive)?)
            }
            (None, [first, second, ..]) if until > now => {
                return Err(RotationError::Ambiguous { first: first.number, second: second.number });
            }
            (None, live) => live.last().copied(),
        };
        let last = self.secrets.iter().map(|secret| secret.number).max().unwrap_or_default();
        let stays = stays.filter(|_| until > now).cloned();
        let mut secrets: Vec<_> =
            stays.map(|secret| SigningSecret { expires_at: Some(until), ..secret }).into_iter().collect();
        let number = last.saturating_add(1);
        secrets.push(SigningSecret { number, sealed, added_at: now, expires_at: None });
        Ok(Self { secrets, ..self.clone() })
    }
}

impl Shape for WebhookEndpoint {
    const ENTITY: &'static str = "webhook_endpoint";
}

impl Store {
    /// Keeps a new address for webhooks.
    ///
    /// # Errors
    /// [`Error::Condition`] when there is one of this id.
    pub async fn create_webhook_endpoint(
        &self,
        endpoint: &WebhookEndpoint,
        once: Once<'_>,
    ) -> Result<Committed, Error> {
        let mut transaction = Transaction::new();
        transaction.put_new(endpoint_row(endpoint)?);
        self.commit_once(transaction, once).await
    }

    /// An address for webhooks, as the last write left it.
    ///
    /// # Errors
    /// When the table cannot be read, or the item is corrupt.
    pub async fn webhook_endpoint(
        &self,
        id: &WebhookEndpointId,
    ) -> Result<Option<Versioned<WebhookEndpoint>>, Error> {
        let Some(row) = self.get(&key::webhook_endpoint(id), Read::Strong).await? else { return Ok(None) };
        let revision = row.revision();
        Ok(Some(Versioned { value: row.parse()?, revision }))
    }

    /// Changes an address for webhooks.
    ///
    /// # Errors
    /// [`Error::Condition`] when somebody else changed it meanwhile.
    pub async fn update_webhook_endpoint(
        &self,
        read: &Versioned<WebhookEndpoint>,
        changed: &WebhookEndpoint,
        once: Once<'_>,
    ) -> Result<Committed, Error> {
        let mut transaction = Transaction::new();
        transaction.replace(endpoint_row(changed)?, read.revision);
        self.commit_once(transaction, once).await
    }

    /// A program's addresses for webhooks, the oldest first.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn webhook_endpoints(
        &self,
        program: &ProgramId,
        page: &PageRequest,
    ) -> Result<Page<WebhookEndpoint>, Error> {
        let partitions = [key::webhook_endpoints_of(program)];
        let list = List { partitions: &partitions, newest_first: false };
        self.list(&list, page, |_| true).await?.try_map(Row::parse)
    }
}

fn endpoint_row(endpoint: &WebhookEndpoint) -> Result<Row, Error> {
    let place = key::webhook_endpoint_in_program(&endpoint.program_id, &endpoint.id, endpoint.created_at);
    Ok(Row::new(&key::webhook_endpoint(&endpoint.id), endpoint)?.listed(place))
}
