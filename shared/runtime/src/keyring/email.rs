//! E-mail addresses as keyed hashes: two are compared without being kept.

use data_encoding::HEXLOWER;
use domain::partner::normalised_email;

use super::{Keyring, Purpose};

impl Keyring {
    /// The hash under which an address is kept: hexadecimal, of its normalised form.
    #[must_use]
    pub fn email_hash(&self, email: &str) -> String {
        HEXLOWER.encode(&self.key(Purpose::EmailPepper).mac(normalised_email(email).as_bytes()))
    }

    /// Was this hash made of this address, with any live key?
    #[must_use]
    pub fn is_email_hash(&self, email: &str, hash: &str) -> bool {
        let Ok(mac) = HEXLOWER.decode(hash.as_bytes()) else { return false };
        self.verify(Purpose::EmailPepper, normalised_email(email).as_bytes(), &mac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_is_recognised_through_a_rotation_and_nobody_else_is() {
        let old = Keyring::from_master("old");
        let hash = old.email_hash("Jane+shop@Example.com");
        let rotated = Keyring::from_master("new").with_previous("old");
        assert!(
            old.is_email_hash("jane@example.com", &hash) && rotated.is_email_hash("jane@example.com", &hash)
        );
        assert!(!rotated.is_email_hash("john@example.com", &hash));
        assert!(!Keyring::from_master("new").is_email_hash("jane@example.com", &hash));
        assert!(!old.is_email_hash("jane@example.com", "no hash"));
    }
}
