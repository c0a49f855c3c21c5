//! A delivery that cannot be read yet, as bytes that can be kept and read again.

use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use super::Delivery;

/// Longer headers are not kept: none that says what an event is has this length.
const VALUE_MAX: usize = 1024;
/// Headers that say who called and not what was sent.
const PRIVATE: [&str; 4] = ["authorization", "cookie", "forwarded", "x-forwarded-for"];

/// A delivery that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptDelivery {
    headers: HeaderMap,
    body: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Headers(Vec<(String, String)>);

impl Delivery<'_> {
    /// The delivery as bytes: a line with its headers, of which some senders put there what the event
    /// is, and its body as it came. Holds what is personal and is to be sealed.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let headers = self.headers.iter().filter_map(|(name, value)| {
            let value = value.to_str().ok().filter(|value| value.len() <= VALUE_MAX)?;
            (!PRIVATE.contains(&name.as_str())).then(|| (name.as_str().to_owned(), value.to_owned()))
        });
        // Texts always make JSON, and JSON has no line breaks of its own.
        let mut bytes = serde_json::to_vec(&Headers(headers.collect())).unwrap_or_default();
        bytes.push(b'\n');
        bytes.extend_from_slice(self.body);
        bytes
    }
}

impl KeptDelivery {
    /// What [`Delivery::to_bytes`] made; nothing for other bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let (head, body) = bytes.split_at_checked(end)?;
        let Headers(known) = serde_json::from_slice(head).ok()?;
        let mut headers = HeaderMap::new();
        for (name, value) in known {
            headers.append(HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?);
        }
        Some(Self { headers, body: body.strip_prefix(b"\n")?.to_vec() })
    }

    /// The delivery.
    #[must_use]
    pub fn delivery(&self) -> Delivery<'_> {
        Delivery { headers: &self.headers, body: &self.body }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(known: &[(&'static str, &str)]) -> HeaderMap {
        let known = known
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
        known.collect()
    }

    #[test]
    fn what_is_kept_reads_as_it_came_but_for_who_sent_it() {
        let long = "x".repeat(VALUE_MAX + 1);
        let all = headers(&[
            ("x-shopify-topic", "orders/paid"),
            ("x-forwarded-for", "203.0.113.7"),
            ("authorization", "Basic abc"),
            ("x-long", &long),
        ]);
        for body in [&b"{\"a\":\n1}"[..], b"", b"\xff\n\n", b"\n"] {
            let bytes = Delivery { headers: &all, body }.to_bytes();
            let kept = KeptDelivery::from_bytes(&bytes).unwrap();
            assert_eq!(kept.delivery().body, body);
            assert_eq!(*kept.delivery().headers, headers(&[("x-shopify-topic", "orders/paid")]));
        }
    }

    #[test]
    fn other_bytes_are_no_delivery() {
        for bytes in [&b""[..], b"{}", b"[]", b"{}\n{}", b"[[\"a b\",\"c\"]]\n{}"] {
            assert_eq!(KeptDelivery::from_bytes(bytes), None);
        }
    }
}
