//! Visitors as keyed hashes: a visitor is told apart for a day, without keeping who it is.

use data_encoding::HEXLOWER;
use jiff::{Timestamp, tz::TimeZone};

use super::{Keyring, Purpose, hmac_sha256};

impl Keyring {
    /// The hash of a visitor's network address and agent, hexadecimal.
    ///
    /// Its key is that of the UTC day, drawn from the master: hashes of two days have nothing in common,
    /// so that what a visitor does cannot be followed from one day to the next in the table alone.
    #[must_use]
    pub fn visitor_hash(&self, at: Timestamp, address: &str, agent: &str) -> String {
        let day = at.to_zoned(TimeZone::UTC).date().to_string();
        let key = self.key(Purpose::AddressHash).mac(format!("visitors of {day}").as_bytes());
        // An address has no line break, so that nothing can move from one part to the other.
        HEXLOWER.encode(&hmac_sha256(&key, format!("{address}\n{agent}").as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_is_the_same_until_the_day_is_over() {
        let keyring = Keyring::from_master("master");
        let hash =
            |at: &str, address: &str, agent: &str| keyring.visitor_hash(at.parse().unwrap(), address, agent);
        let first = hash("2026-11-22T00:00:00Z", "203.0.113.7", "Firefox");
        assert_eq!(hash("2026-11-22T23:59:59.999Z", "203.0.113.7", "Firefox"), first);
        for other in [
            hash("2026-11-23T00:00:00Z", "203.0.113.7", "Firefox"),
            hash("2026-11-22T00:00:00Z", "203.0.113.8", "Firefox"),
            hash("2026-11-22T00:00:00Z", "203.0.113.7", "Chrome"),
            Keyring::from_master("other").visitor_hash(
                "2026-11-22T00:00:00Z".parse().unwrap(),
                "203.0.113.7",
                "Firefox",
            ),
        ] {
            assert_ne!(other, first);
        }
        assert_eq!(first.len(), 64);
        assert!(!first.contains("203"));
    }
}
