//! Identity checks by Stripe Identity: <https://docs.stripe.com/identity/verification-sessions>.
//!
//! We open a session and hand its address to the partner; documents go to Stripe and never to us.
//! What Stripe found arrives as a webhook.

use domain::{id::PartnerId, partner::IdentityStatus};
use reqwest::Client;
use serde::Deserialize;
use url::Url;

use crate::{
    InvalidCredential,
    stripe::{Api, Verdict},
};

const PATH: [&str; 3] = ["v1", "identity", "verification_sessions"];

/// Stripe Identity.
#[derive(Debug, Clone)]
pub struct IdentityChecks(Api);

/// A session that was opened. `Debug` hides its address, which lets anyone act in it.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentitySession {
    /// Stripe's id of it.
    pub id: String,
    /// Where the partner shows documents; valid once and for two days. Gone when the session is
    /// over, which a repeated call may find.
    pub url: Option<String>,
    /// Where it stands.
    pub status: IdentityStatus,
}

/// Why no session was opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Stripe refused for good.
    #[error("the identity checker refused: {code}")]
    Refused {
        /// Stripe's code.
        code: String,
    },
    /// No clear answer: call again with the same key.
    #[error("the identity checker gave no answer: {cause}")]
    Unavailable {
        /// What happened instead.
        cause: String,
    },
}

#[derive(Deserialize)]
struct Session {
    id: String,
    status: String,
    url: Option<String>,
}

impl IdentityChecks {
    /// Checks by the Stripe account with this secret key.
    ///
    /// # Errors
    /// When the key cannot be sent in a header.
    pub fn new(client: Client, api_url: Url, secret_key: &str) -> Result<Self, InvalidCredential> {
        Api::new(client, api_url, secret_key).map(Self)
    }

    /// Opens a session for a partner; the same key gives the same session for a day.
    ///
    /// # Errors
    /// When Stripe refuses, or gives no clear answer.
    pub async fn start(
        &self,
        partner: &PartnerId,
        idempotency_key: &str,
    ) -> Result<IdentitySession, IdentityError> {
        // The webhook finds its partner by the metadata.
        let form = [
            ("type", "document"),
            ("client_reference_id", partner.as_str()),
            ("metadata[partner_id]", partner.as_str()),
        ];
        match self.0.create(&PATH, idempotency_key, &form).await {
            Verdict::Done(body) => {
                let session: Option<Session> = serde_json::from_value(body).ok();
                session.and_then(Session::opened).ok_or_else(|| unavailable("an answer that is no session"))
            }
            Verdict::Refused { code, .. } => Err(IdentityError::Refused { code }),
            Verdict::Missing => Err(unavailable("status 404")),
            Verdict::Unknown(cause) => Err(unavailable(&cause)),
        }
    }
}

impl Session {
    fn opened(self) -> Option<IdentitySession> {
        let status = match self.status.as_str() {
            "requires_input" => IdentityStatus::Started,
            "processing" => IdentityStatus::Pending,
            "verified" => IdentityStatus::Verified,
            "canceled" => IdentityStatus::Rejected,
            _ => return None,
        };
        Some(IdentitySession { id: self.id, url: self.url, status })
    }
}

impl std::fmt::Debug for IdentitySession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdentitySession")
            .field("id", &self.id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

fn unavailable(cause: &str) -> IdentityError {
    IdentityError::Unavailable { cause: cause.to_owned() }
}
