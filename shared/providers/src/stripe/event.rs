//! Events: the envelope, and which object each type carries.
//!
//! One charge reaches us as several events. Its identity is the invoice where there is one, else
//! the payment intent; each event tells only what its object knows for certain, and names the
//! other id as an alias, so that all of them end in one conversion.

mod checkout;
mod identity;
mod intent;
mod invoice;
mod object;
mod refund;
/// The place of a fault; the path of the whole is a lone dot, which nobody would read as one.
fn place(path: &serde_path_to_error::Path) -> String {
    match path.to_string() {
        dot if dot == "." => "the body itself".to_owned(),
        place => place,
    }
}

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::amount::AmountError;
use crate::webhook::{Content, Context, ExternalFact, Received, Unreadable};

/// The envelope of an event. Events of API v2 write the time as text and carry no object.
#[derive(Deserialize)]
struct Envelope {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    created: Created,
    #[serde(default)]
    data: Data,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Created {
    Seconds(i64),
    Text(Timestamp),
}

#[derive(Default, Deserialize)]
struct Data {
    #[serde(default)]
    object: Value,
}

/// An event whose type and time are known.
struct Event<'a> {
    kind: &'a str,
    at: Timestamp,
    object: &'a Value,
    context: &'a Context<'a>,
}

pub(super) fn parse(body: &[u8], context: &Context<'_>) -> Result<Received, Unreadable> {
    let json: Value = serde_json::from_slice(body).map_err(|_| Unreadable::NotJson)?;
    let envelope: Envelope = serde_path_to_error::deserialize(json)
        .map_err(|error| Unreadable::NotAnEvent { at: place(error.path()) })?;
    let at = match envelope.created {
        Created::Text(at) => Ok(at),
        Created::Seconds(seconds) => Timestamp::from_second(seconds),
    };
    let occurred_at = at.map_err(|_| Unreadable::NotAnEvent { at: "created".to_owned() })?;
    let event = Event { kind: &envelope.kind, at: occurred_at, object: &envelope.data.object, context };
    let content = event.content()?;
    Ok(Received { event_id: envelope.id, occurred_at, kind: envelope.kind, content })
}

/// The id of an event, whatever else it holds.
pub(super) fn id(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        id: String,
    }
    serde_json::from_slice::<Named>(body).ok().map(|event| event.id)
}

impl Event<'_> {
    fn content(&self) -> Result<Content, Unreadable> {
        let facts = match self.kind {
            "checkout.session.completed" | "checkout.session.async_payment_succeeded" => {
                checkout::facts(self)?
            }
            "invoice.paid" => invoice::facts(self)?,
            "invoice_payment.paid" => invoice::payment_facts(self)?,
            "payment_intent.succeeded" => intent::facts(self)?,
            "refund.created" | "refund.updated" => refund::facts(self)?,
            "charge.refunded" => refund::facts_of_charge(self)?,
            _ => return identity::content(self),
        };
        Ok(if facts.is_empty() { Content::Ignored } else { Content::Facts(facts) })
    }

    /// The event's object.
    fn object<T: DeserializeOwned>(&self) -> Result<T, Unreadable> {
        serde_path_to_error::deserialize(self.object)
            .map_err(|error| Unreadable::Object { kind: self.kind.to_owned(), at: place(error.path()) })
    }

    /// A field without which the object says nothing: reading it as zero would lose a sale.
    fn required<T>(&self, field: Option<T>, at: &str) -> Result<T, Unreadable> {
        field.ok_or_else(|| Unreadable::Object { kind: self.kind.to_owned(), at: at.to_owned() })
    }

    /// An amount of the object that cannot be taken over.
    fn amount(&self, error: &AmountError) -> Unreadable {
        self.wrong_amount(error.to_string())
    }

    fn wrong_amount(&self, reason: String) -> Unreadable {
        Unreadable::Amount { kind: self.kind.to_owned(), reason }
    }
}

fn external(external_id: impl Into<String>, fact: domain::conversion::Fact) -> ExternalFact {
    ExternalFact { external_id: external_id.into(), fact }
}
