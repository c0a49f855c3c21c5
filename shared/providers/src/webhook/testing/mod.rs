//! What the tests of all senders need.

mod digest;
mod timed;

pub(crate) use digest::DigestVectors;
pub(crate) use timed::TimedVectors;

use domain::{
    click::ClickTrail,
    conversion::{Charge, Customer, Fact, Refund},
    id::{CustomerId, ProgramId},
    money::Money,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use serde_json::Value;

use super::{
    Content, Context, Delivery, ExternalFact, InvalidSignature, Proof, Received, Unreadable, WebhookSender,
};

/// The body that the vectors of every signature are computed over.
pub(crate) const BODY: &[u8] = br#"{"id":"evt_1","amount":1999}"#;
/// The time that they are signed at, in seconds.
pub(crate) const TIME: i64 = 1_700_000_000;
/// A click id of the right form.
pub(crate) const CLICK: &str = "clk_01KA3M5N7P9QRSTVWXYZ0123456789ABCDEFGHJKMNPQRSTVWXYZ0123456789ABCDEF";

/// The program of the tests.
pub(crate) fn program() -> ProgramId {
    ProgramId::derive(&["p"])
}

/// Headers of these names and values.
pub(crate) fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let header = |(name, value): &(&str, &str)| {
        (HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap())
    };
    pairs.iter().map(header).collect()
}

/// Does the sender prove itself at this time?
pub(crate) fn verify(
    sender: &dyn WebhookSender,
    secrets: &[&[u8]],
    headers: &HeaderMap,
    body: &[u8],
    second: i64,
) -> Result<(), InvalidSignature> {
    let delivery = Delivery { headers, body };
    sender.verify(&Proof { delivery, secrets, now: at(second), certificates: None })
}

/// What an event says. Addresses are hashed to their length, so that none can be found in what comes out.
pub(crate) fn read(
    sender: &dyn WebhookSender,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Received, Unreadable> {
    let hash_email = |email: &str| format!("hash of {}", email.len());
    let currency = "USD".parse().unwrap();
    let context = Context { program_id: &program(), currency, hash_email: &hash_email };
    sender.parse(&Delivery { headers, body }, &context)
}

/// The facts of an event that has some.
pub(crate) fn facts_of(received: Received) -> Vec<ExternalFact> {
    match received.content {
        Content::Facts(facts) => facts,
        other => panic!("no facts: {other:?}"),
    }
}

/// The one charge of an event, with its external id.
pub(crate) fn charge_of(received: Received) -> (String, Charge) {
    match facts_of(received).as_slice() {
        [ExternalFact { external_id, source: None, fact: Fact::Charge(charge) }] => {
            (external_id.clone(), charge.clone())
        }
        other => panic!("not one charge: {other:?}"),
    }
}

/// The refunds of an event that tells of nothing else, each with its charge's external id.
pub(crate) fn refunds_of(received: Received) -> Vec<(String, Refund)> {
    let refund = |external: ExternalFact| match external.fact {
        Fact::Refund(refund) => (external.external_id, refund),
        other => panic!("no refund: {other:?}"),
    };
    facts_of(received).into_iter().map(refund).collect()
}

/// The event with the object at a JSON pointer changed: fields replaced or added.
pub(crate) fn with(event: &str, pointer: &str, changes: &Value) -> String {
    let mut event: Value = serde_json::from_str(event).unwrap();
    let object = event.pointer_mut(pointer).unwrap();
    for (name, value) in changes.as_object().unwrap() {
        object[name] = value.clone();
    }
    event.to_string()
}

/// Asserts that nothing personal of the fixtures comes out of an event.
pub(crate) fn assert_impersonal(received: &Received) {
    let out = format!("{received:?}").to_lowercase();
    for personal in
        ["jane", "doe", "sam@", "roe", "lee@", "example.", "musterstrasse", "berlin", "lyon", "10115"]
    {
        assert!(!out.contains(personal), "{personal} in {out}");
    }
}

/// A time in seconds.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// An amount as text.
pub(crate) fn money(text: &str, currency: &str) -> Money {
    Money::parse(text, currency.parse().unwrap()).unwrap()
}

/// The trail of [`CLICK`].
pub(crate) fn click() -> Option<ClickTrail> {
    ClickTrail::try_from(CLICK.to_owned()).ok()
}

/// The customer of this key and address.
pub(crate) fn customer(key: &str, email: Option<&str>) -> Option<Customer> {
    let id = CustomerId::derive(&[program().as_str(), key]);
    Some(Customer { id, email_hash: email.map(|email| format!("hash of {}", email.len())) })
}
