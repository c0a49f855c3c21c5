//! Webhooks in: what every sender has in common, and the list of senders.
//!
//! First verify over the raw bytes, then parse. A sender whose scheme signs no time cannot refuse
//! replays; the permanent guard against those is the event id, which the caller stores once.

use domain::{
    conversion::Fact,
    id::{PartnerId, ProgramId},
    partner::IdentityWord,
};
use http::HeaderMap;
use jiff::Timestamp;

use crate::stripe;

/// Every sender known, by name.
static SENDERS: [&dyn WebhookSender; 1] = [&stripe::StripeWebhooks];

/// The sender with this name, as it stands in the webhook's address.
#[must_use]
pub fn sender(name: &str) -> Option<&'static dyn WebhookSender> {
    SENDERS.into_iter().find(|sender| sender.name() == name)
}

/// A company that sends webhooks about payments.
pub trait WebhookSender: Sync {
    /// Its name: in the webhook's address, and the source of the conversions it tells of.
    fn name(&self) -> &'static str;

    /// Checks that the sender signed these bytes with one of the live secrets, and lately.
    ///
    /// # Errors
    /// Answer 401 without detail, whatever the reason.
    fn verify(
        &self,
        secrets: &[&[u8]],
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), InvalidSignature>;

    /// Reads what the event says. No personal data comes out.
    ///
    /// # Errors
    /// When an event that matters is not of the documented shape. It has to be set aside where a
    /// person sees it: a sale must not vanish silently.
    fn parse(&self, body: &[u8], context: &Context<'_>) -> Result<Received, Unreadable>;

    /// The sender's id of an event, also of one that cannot be read otherwise.
    fn event_id(&self, body: &[u8]) -> Option<String>;
}

/// What parsing needs to know.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The program whose endpoint received the event.
    pub program_id: &'a ProgramId,
    /// Keyed hash of a normalised e-mail address, as text.
    pub hash_email: &'a dyn Fn(&str) -> String,
}

/// An event, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The sender's id of the event: the same for every delivery of it.
    pub event_id: String,
    /// When it happened, by the sender's clock.
    pub occurred_at: Timestamp,
    /// The sender's name for this type of event.
    pub kind: String,
    /// What it says.
    pub content: Content,
}

/// What an event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Something about charges and customers; at least one fact.
    Facts(Vec<ExternalFact>),
    /// Something about a partner's identity.
    Identity {
        /// The partner who is being checked.
        partner_id: PartnerId,
        /// What the checker says.
        word: IdentityWord,
    },
    /// Nothing that concerns us: store and acknowledge.
    Ignored,
}

/// A fact and the sender's id of what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalFact {
    /// The sender's id of the charge; for a referral, of the act that told of it.
    pub external_id: String,
    /// What happened.
    pub fact: Fact,
}

/// Why a webhook does not prove its sender. For a metric only: the answer tells no one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSignature {
    /// There is no signature, or more than one header of them.
    #[error("missing")]
    Missing,
    /// The signature has not the form of the scheme.
    #[error("malformed")]
    Malformed,
    /// Signed too long ago, or in the future.
    #[error("stale")]
    Stale,
    /// No signature fits the bytes under any live secret.
    #[error("mismatch")]
    Mismatch,
}

impl InvalidSignature {
    /// One word, for a metric's dimension.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Stale => "stale",
            Self::Mismatch => "mismatch",
        }
    }
}

/// Why an event cannot be read. Names the place and never the value, which may be personal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The bytes are not JSON.
    #[error("the body is not JSON")]
    NotJson,
    /// The JSON is not an event.
    #[error("the body is not an event: see {at}")]
    NotAnEvent {
        /// Path of the wrong field.
        at: String,
    },
    /// The event's object has not the documented shape.
    #[error("the object of {kind} is not as documented: see {at}")]
    Object {
        /// The event's type.
        kind: String,
        /// Path of the wrong field.
        at: String,
    },
    /// An amount cannot be expressed.
    #[error("an amount of {kind} cannot be taken over: {reason}")]
    Amount {
        /// The event's type.
        kind: String,
        /// Why not.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_found_by_the_name_in_its_address() {
        assert_eq!(sender("stripe").map(WebhookSender::name), Some("stripe"));
        assert!(sender("Stripe").is_none());
        assert!(sender("").is_none());
    }
}
