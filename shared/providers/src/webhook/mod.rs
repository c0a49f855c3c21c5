//! Webhooks in: what every sender has in common, and the list of senders.
//!
//! First verify over the raw bytes, then parse. A sender whose scheme signs no time cannot refuse
//! replays; the permanent guard against those is the event id, which the caller stores once.
//!
//! Test events count like any other, in the program whose endpoint hears them: senders keep their
//! test mode apart by its own endpoints and secrets, so that an endpoint whose secret is one of test
//! mode, made for a program for tests, hears nothing else.
//!
//! A sender carries what belongs to a referral in whatever it lets the merchant set: `trb_click`
//! holds the click ids of the cookie, `trb_customer` the merchant's own id of the customer,
//! `trb_coupon` the code that was used, and any other name that begins with `trb_` a label for rules
//! and reports. See `labels.rs`.

pub(crate) mod amount;
pub(crate) mod buyer;
pub(crate) mod digest;
mod header;
pub(crate) mod hmac;
pub(crate) mod json;
mod kept;
mod labels;
pub(crate) mod secret;
pub(crate) mod stamp;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod timed;

use std::slice;

use domain::{
    conversion::{Fact, FactReceived},
    id::{EventId, PartnerId, ProgramId, WebhookEndpointId},
    money::Currency,
    partner::IdentityWord,
};
pub(crate) use header::header;
use http::HeaderMap;
use jiff::Timestamp;
pub use kept::KeptDelivery;
pub(crate) use labels::{Labels, clicks};
pub use secret::InvalidSecret;
use url::Url;

use crate::{chargebee, lemon_squeezy, paddle, paypal, recurly, shopify, standard_webhooks, stripe};

/// Every sender known.
static SENDERS: &[&dyn WebhookSender] = &[
    // One line each, in the order of the alphabet.
    &chargebee::ChargebeeWebhooks,
    &lemon_squeezy::LemonSqueezyWebhooks,
    &paddle::PaddleWebhooks,
    &paypal::PaypalWebhooks,
    &recurly::RecurlyWebhooks,
    &shopify::ShopifyWebhooks,
    &standard_webhooks::StandardWebhooks,
    &stripe::StripeWebhooks,
];

/// The sender with this name, as it stands in the webhook's address.
#[must_use]
pub fn sender(name: &str) -> Option<&'static dyn WebhookSender> {
    SENDERS.iter().copied().find(|sender| sender.name() == name)
}

/// The names of all senders, in the order of the alphabet.
pub fn names() -> impl Iterator<Item = &'static str> {
    SENDERS.iter().map(|sender| sender.name())
}

/// Reads what an event of a sender says, as [`WebhookSender::parse`] does, and refuses what is about
/// nothing: ids without a character would all be one and the same charge, and only one of them count; a
/// refund of less than nothing would pay.
///
/// # Errors
/// When an event that matters is not of the documented shape.
pub fn read(
    sender: &dyn WebhookSender,
    delivery: &Delivery<'_>,
    context: &Context<'_>,
) -> Result<Received, Unreadable> {
    let received = sender.parse(delivery, context)?;
    if received.event_id.is_empty() {
        return Err(json::not_an_event("the event's id, which is empty"));
    }
    if received.content.has_nameless() {
        let at = "an id, which is empty".to_owned();
        return Err(Unreadable::Object { kind: received.kind, at });
    }
    if received.content.gives_nothing_back() {
        let reason = "what goes back is above zero".to_owned();
        return Err(Unreadable::Amount { kind: received.kind, reason });
    }
    Ok(received)
}

/// A company, or a way of signing, that webhooks about payments come from.
pub trait WebhookSender: Sync {
    /// Its name: in the webhook's address, and the source of the conversions it tells of.
    fn name(&self) -> &'static str;

    /// Checks that a text has the form of this sender's signing secrets: what was pasted from the
    /// wrong place would refuse every webhook, and nobody would know why.
    ///
    /// # Errors
    /// When it cannot be one; the error names the remedy and not the text.
    fn check_secret(&self, secret: &str) -> Result<(), InvalidSecret>;

    /// Where to fetch the certificates that the signature is checked with, for a sender whose
    /// signature needs some. Nothing but addresses of the sender's own comes out.
    ///
    /// # Errors
    /// As of [`verify`](Self::verify).
    fn certificate_url(&self, _headers: &HeaderMap) -> Result<Option<Url>, InvalidSignature> {
        Ok(None)
    }

    /// Checks that the sender signed these bytes with one of the live secrets, and lately.
    ///
    /// # Errors
    /// Answer 401 without detail, whatever the reason.
    fn verify(&self, proof: &Proof<'_>) -> Result<(), InvalidSignature>;

    /// Reads what the event says. No personal data comes out.
    ///
    /// # Errors
    /// When an event that matters is not of the documented shape. It has to be set aside where a
    /// person sees it: a sale must not vanish silently.
    fn parse(&self, delivery: &Delivery<'_>, context: &Context<'_>) -> Result<Received, Unreadable>;

    /// The sender's id of an event, also of one that cannot be read otherwise.
    fn event_id(&self, delivery: &Delivery<'_>) -> Option<String>;
}

/// A webhook as it came in.
#[derive(Clone, Copy)]
pub struct Delivery<'a> {
    /// The request's headers. Few senders sign any of them.
    pub headers: &'a HeaderMap,
    /// The request's body, byte by byte as it was sent.
    pub body: &'a [u8],
}

/// What a signature is checked with.
#[derive(Clone, Copy)]
pub struct Proof<'a> {
    /// What is said to be signed.
    pub delivery: Delivery<'a>,
    /// The live secrets of the endpoint, as they were given to us; two while one replaces another.
    pub secrets: &'a [&'a [u8]],
    /// When it came in.
    pub now: Timestamp,
    /// What [`certificate_url`](WebhookSender::certificate_url) led to: PEM.
    pub certificates: Option<&'a [u8]>,
}

/// What parsing needs to know.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The program whose endpoint received the event.
    pub program_id: &'a ProgramId,
    /// The program's currency, for what moves no money.
    pub currency: Currency,
    /// Keyed hash of a normalised e-mail address, as text.
    pub hash_email: &'a (dyn Fn(&str) -> String + Sync),
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

/// Where an event came in.
#[derive(Debug, Clone, Copy)]
pub struct Door<'a> {
    /// The endpoint.
    pub endpoint_id: &'a WebhookEndpointId,
    /// The endpoint's program.
    pub program_id: &'a ProgramId,
    /// The sender's name.
    pub sender: &'a str,
    /// When it came in.
    pub now: Timestamp,
}

impl Received {
    /// The facts that it tells, as they came in by this door. They get the same ids each time.
    #[must_use]
    pub fn facts(&self, door: &Door<'_>) -> Vec<FactReceived> {
        let Content::Facts(facts) = &self.content else { return Vec::new() };
        let received = |(place, external): (usize, &ExternalFact)| FactReceived {
            id: EventId::derive(&[door.endpoint_id.as_str(), &self.event_id, &place.to_string()]),
            program_id: door.program_id.clone(),
            source: external.source.clone().unwrap_or_else(|| door.sender.to_owned()),
            external_id: external.external_id.clone(),
            received_at: door.now,
            fact: external.fact.clone(),
        };
        facts.iter().enumerate().map(received).collect()
    }
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

impl Content {
    /// These facts, of which there may be none.
    pub(crate) fn of(facts: Vec<ExternalFact>) -> Self {
        if facts.is_empty() { Self::Ignored } else { Self::Facts(facts) }
    }

    /// Is one of the facts a refund of nothing, or of less?
    fn gives_nothing_back(&self) -> bool {
        let Self::Facts(facts) = self else { return false };
        let amount = |external: &ExternalFact| match &external.fact {
            Fact::Refund(refund) => refund.amount,
            _ => None,
        };
        facts.iter().filter_map(amount).any(|amount| amount.minor() <= 0)
    }

    /// Is one of the facts about something without an id?
    fn has_nameless(&self) -> bool {
        let Self::Facts(facts) = self else { return false };
        facts.iter().any(|external| {
            let names = match &external.fact {
                Fact::Charge(charge) => charge.aliases.as_slice(),
                Fact::Refund(refund) => slice::from_ref(&refund.refund_id),
                Fact::Alias(alias) => slice::from_ref(&alias.alias),
                Fact::Referral(_) => &[],
            };
            names.iter().chain([&external.external_id]).any(String::is_empty)
        })
    }
}

/// A fact and the sender's id of what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalFact {
    /// The sender's id of the charge; for a referral, of the act that told of it.
    pub external_id: String,
    /// The system that knows the charge, where that is not the sender itself.
    pub source: Option<String>,
    /// What happened.
    pub fact: Fact,
}

impl ExternalFact {
    pub(crate) fn new(external_id: impl Into<String>, fact: Fact) -> Self {
        Self { external_id: external_id.into(), source: None, fact }
    }
}

/// Why a webhook does not prove its sender. For a metric only: the answer tells no one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSignature {
    /// A header of the scheme is not there, or there more than once.
    #[error("missing")]
    Missing,
    /// The signature has not the form of the scheme.
    #[error("malformed")]
    Malformed,
    /// Signed too long ago, or in the future.
    #[error("stale")]
    Stale,
    /// The certificate is not the sender's, or nobody vouches for it at this time.
    #[error("untrusted")]
    Untrusted,
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
            Self::Untrusted => "untrusted",
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
    /// The event tells that money moved, and not how much.
    #[error("{kind} tells no amounts: {remedy}")]
    WithoutAmounts {
        /// The event's type.
        kind: String,
        /// What to do instead.
        remedy: &'static str,
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

    #[test]
    fn names_fit_an_address_and_the_source_of_a_conversion_and_stand_in_order() {
        let is_plain = |name: &str| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        assert!(names().all(|name| name.len() <= 40 && is_plain(name)));
        assert!(names().is_sorted_by(|one, next| one < next));
    }
    #[test]
    fn what_is_about_nothing_is_refused() {
        let read_of = |sender: &'static dyn WebhookSender, body: &str| {
            let (headers, hash_email) = (HeaderMap::new(), |_: &str| String::new());
            let program_id = ProgramId::derive(&["p"]);
            let context = Context {
                program_id: &program_id,
                currency: "USD".parse().unwrap(),
                hash_email: &hash_email,
            };
            super::read(sender, &Delivery { headers: &headers, body: body.as_bytes() }, &context)
        };
        let read = |body: &str| read_of(&stripe::StripeWebhooks, body);
        let nothing = r#"{"id":"","type":"other","created":1795352401,"data":{"object":{}}}"#;
        assert!(matches!(read(nothing), Err(Unreadable::NotAnEvent { .. })));
        let intent = include_str!("../../fixtures/stripe/payment_intent.succeeded.json");
        assert!(matches!(read(intent).unwrap().content, Content::Facts(_)));
        let mut event: serde_json::Value = serde_json::from_str(intent).unwrap();
        event["data"]["object"]["id"] = "".into();
        assert!(matches!(read(&event.to_string()), Err(Unreadable::Object { .. })));
        let refund = include_str!("../../fixtures/chargebee/payment_refunded.json");
        let mut event: serde_json::Value = serde_json::from_str(refund).unwrap();
        event["content"]["transaction"]["linked_credit_notes"][0]["applied_amount"] = (-1000).into();
        let refused = read_of(&chargebee::ChargebeeWebhooks, &event.to_string());
        assert!(matches!(refused, Err(Unreadable::Amount { .. })), "{refused:?}");
    }
}
