//! Events as JSON: read strictly where it matters, with the path of what is wrong.

use std::fmt::{self, Display, Formatter};

use domain::conversion::Charge;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use super::{Context, Unreadable};

/// The body as JSON.
pub(crate) fn parse(body: &[u8]) -> Result<Value, Unreadable> {
    serde_json::from_slice(body).map_err(|_| Unreadable::NotJson)
}

/// What every event of a sender has in common.
pub(crate) fn envelope<T: DeserializeOwned>(json: &Value) -> Result<T, Unreadable> {
    // serde would take a list for an object, field by field in the order in which we wrote them.
    if !json.is_object() {
        return Err(not_an_event("the body itself"));
    }
    serde_path_to_error::deserialize(json).map_err(|error| not_an_event(place(error.path())))
}

/// The body is not an event because of this field.
pub(crate) fn not_an_event(at: impl Into<String>) -> Unreadable {
    Unreadable::NotAnEvent { at: at.into() }
}

/// A text at a path of names, in whatever else the body holds.
pub(crate) fn text_at(body: &[u8], path: &[&str]) -> Option<String> {
    let json: Value = serde_json::from_slice(body).ok()?;
    let value = path.iter().try_fold(&json, |value, name| value.get(name))?;
    value.as_str().map(str::to_owned)
}

/// A field that is never worth a sale: where it has another shape, it is none.
pub(crate) fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).ok())
}

/// An id that is a text at some senders and a number at others, which may be beyond what a double
/// keeps.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Id {
    /// Such as `"cus_1"`.
    Text(String),
    /// Such as `820982911946154508`.
    Number(u64),
}

impl Display for Id {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

/// An event whose type and time are known.
#[derive(Clone, Copy)]
pub(crate) struct Event<'a> {
    /// The sender's name for its type.
    pub(crate) kind: &'a str,
    /// When it happened, by the sender's clock.
    pub(crate) at: Timestamp,
    /// What it is about.
    pub(crate) object: &'a Value,
    /// What we bring along.
    pub(crate) context: &'a Context<'a>,
}

impl Event<'_> {
    /// The event's object.
    pub(crate) fn object<T: DeserializeOwned>(&self) -> Result<T, Unreadable> {
        if !self.object.is_object() {
            return Err(self.wrong("the object itself"));
        }
        serde_path_to_error::deserialize(self.object).map_err(|error| self.wrong(place(error.path())))
    }

    /// A field without which the object says nothing: reading it as zero would lose a sale.
    pub(crate) fn required<T>(&self, field: Option<T>, at: &str) -> Result<T, Unreadable> {
        field.ok_or_else(|| self.wrong(at))
    }

    /// The object is not as documented in this place.
    pub(crate) fn wrong(&self, at: impl Into<String>) -> Unreadable {
        Unreadable::Object { kind: self.kind.to_owned(), at: at.into() }
    }

    /// An amount of the object cannot be taken over.
    pub(crate) fn wrong_amount(&self, reason: impl Display) -> Unreadable {
        Unreadable::Amount { kind: self.kind.to_owned(), reason: reason.to_string() }
    }

    /// A charge whose arithmetic is right. Lines that are not all of it are left out: a sale without
    /// its products still counts.
    pub(crate) fn checked(&self, mut charge: Charge) -> Result<Charge, Unreadable> {
        if charge.check().is_err() {
            charge.lines = Vec::new();
        }
        charge.check().map_err(|error| self.wrong_amount(error))?;
        Ok(charge)
    }
}

/// The place of a fault; the path of the whole is a lone dot, which nobody would read as one.
fn place(path: &serde_path_to_error::Path) -> String {
    match path.to_string() {
        dot if dot == "." => "the body itself".to_owned(),
        place => place,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_no_event() {
        #[derive(Debug, Deserialize)]
        struct Envelope {
            _id: String,
        }
        let read = |body: &[u8]| envelope::<Envelope>(&parse(body).unwrap());
        assert!(read(br#"{"_id": "a"}"#).is_ok());
        for body in [&br#"["a"]"#[..], b"7", b"null"] {
            assert_eq!(read(body).unwrap_err(), not_an_event("the body itself"));
        }
    }

    #[test]
    fn a_text_is_found_by_its_path_or_not_at_all() {
        let body = br#"{"id": "a", "meta": {"id": "b", "number": 7}}"#;
        for (path, expected) in [
            (&["id"][..], Some("a")),
            (&["meta", "id"], Some("b")),
            (&["meta", "number"], None),
            (&["meta", "id", "id"], None),
            (&["other"], None),
        ] {
            assert_eq!(text_at(body, path).as_deref(), expected);
        }
        assert_eq!(text_at(b"\xff", &["id"]), None);
    }
}
