//! Identity checks: <https://docs.stripe.com/api/identity/verification_sessions/object>.

use domain::{
    id::PartnerId,
    partner::{IdentityStatus, IdentityWord},
};
use serde::Deserialize;

use crate::webhook::{Content, Unreadable, json::Event};

#[derive(Deserialize)]
struct Session {
    id: String,
    metadata: Option<SessionMetadata>,
}

#[derive(Deserialize)]
struct SessionMetadata {
    partner_id: Option<String>,
}

pub(super) fn content(event: &Event<'_>) -> Result<Content, Unreadable> {
    let status = match event.kind {
        "identity.verification_session.processing" => IdentityStatus::Pending,
        "identity.verification_session.verified" => IdentityStatus::Verified,
        "identity.verification_session.requires_input" => IdentityStatus::Retry,
        "identity.verification_session.canceled" => IdentityStatus::Rejected,
        _ => return Ok(Content::Ignored),
    };
    let session: Session = event.object()?;
    let named = session.metadata.and_then(|metadata| metadata.partner_id);
    // The account may check other people's identity too.
    let Some(partner_id) = named.and_then(|id| id.parse::<PartnerId>().ok()) else {
        return Ok(Content::Ignored);
    };
    Ok(Content::Identity { partner_id, word: IdentityWord { session_id: session.id, status, at: event.at } })
}
