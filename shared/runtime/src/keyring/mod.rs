//! The keys that everything is signed, hashed and sealed with.
//!
//! One master secret, drawn once and kept in Secrets Manager, and a key derived from it for each
//! purpose, so that no key is ever used for two things. During a rotation the secret carries the
//! previous master too: what it signed or sealed stays valid, and everything new uses the
//! current one.

mod email;
mod seal;
mod visitor;

use std::{fmt, sync::Arc};

use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;
use store::cursor::Cursors;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

pub use seal::SealError;

use crate::{Environment, Error, FromEnvironment, Secret, Variable, aws};

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Proves that a click id was issued here.
    ClickMac,
    /// Proves that a page's cursor was given out here.
    Cursor,
    /// Hashes e-mail addresses, so that a stolen table does not give them away.
    EmailPepper,
    /// Draws the secrets of API keys.
    ApiKey,
    /// Hashes network addresses.
    AddressHash,
    /// Seals bank details and signing secrets.
    Seal,
}

const PURPOSES: [Purpose; 6] = [
    Purpose::ClickMac,
    Purpose::Cursor,
    Purpose::EmailPepper,
    Purpose::ApiKey,
    Purpose::AddressHash,
    Purpose::Seal,
];

impl Purpose {
    // A label is part of the key: changing one makes everything under it unreadable.
    const fn label(self) -> &'static str {
        match self {
            Self::ClickMac => "click_mac",
            Self::Cursor => "cursor",
            Self::EmailPepper => "email_pepper",
            Self::ApiKey => "api_key",
            Self::AddressHash => "address_hash",
            Self::Seal => "seal",
        }
    }
}

/// A key for one purpose.
#[derive(Clone)]
pub struct SubKey(Zeroizing<[u8; 32]>);

impl SubKey {
    /// The key itself, for code that computes its own MAC.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The MAC of a message: HMAC-SHA256.
    #[must_use]
    pub fn mac(&self, message: &[u8]) -> [u8; 32] {
        hmac_sha256(self.0.as_slice(), message)
    }

    /// Is this the message's MAC? Takes the same time whatever the answer.
    #[must_use]
    pub fn verify(&self, message: &[u8], mac: &[u8]) -> bool {
        self.mac(message).as_slice().ct_eq(mac).into()
    }
}

impl AsRef<[u8]> for SubKey {
    fn as_ref(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl fmt::Debug for SubKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubKey(hidden)")
    }
}

/// All keys derived from one master.
struct Keys {
    /// Tells which master sealed something, and nothing else about it.
    id: String,
    keys: [(Purpose, SubKey); PURPOSES.len()],
    /// What [`Keys::key`] falls back to; never reached, since every purpose has its key.
    none: SubKey,
}

impl Keys {
    fn derive(master: &str) -> Self {
        let sub_key = |label: &str| SubKey(Zeroizing::new(hmac_sha256(master.as_bytes(), label.as_bytes())));
        let id = sub_key("id").mac(b"").iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        Self { id, keys: PURPOSES.map(|purpose| (purpose, sub_key(purpose.label()))), none: sub_key("none") }
    }

    fn key(&self, purpose: Purpose) -> &SubKey {
        self.keys.iter().find(|(of, _)| *of == purpose).map_or(&self.none, |(_, key)| key)
    }
}

/// The keys in use.
#[derive(Clone)]
pub struct Keyring {
    current: Arc<Keys>,
    previous: Option<Arc<Keys>>,
}

/// The secret's shape.
#[derive(Deserialize)]
struct Masters {
    master: Secret,
    previous: Option<Secret>,
}

impl Keyring {
    /// The keys of one master.
    #[must_use]
    pub fn from_master(master: &str) -> Self {
        Self { current: Arc::new(Keys::derive(master)), previous: None }
    }

    /// The same keys, still accepting what a former master signed or sealed.
    #[must_use]
    pub fn with_previous(mut self, previous: &str) -> Self {
        self.previous = Some(Arc::new(Keys::derive(previous)));
        self
    }

    /// Fetches the masters.
    pub(crate) async fn load(environment: &Environment) -> Result<Self, Error> {
        let masters: Masters = aws::secret(environment, Variable::KeyringSecretArn).await?;
        if masters.master.expose().is_empty() {
            // Every key would be public knowledge.
            let name = Variable::KeyringSecretArn.name();
            return Err(Error::Secret { name, cause: "the master is empty".into() });
        }
        let keyring = Self::from_master(masters.master.expose());
        Ok(match masters.previous.as_ref().map(Secret::expose).filter(|previous| !previous.is_empty()) {
            Some(previous) => keyring.with_previous(previous),
            None => keyring,
        })
    }

    /// The key to use for something new.
    #[must_use]
    pub fn key(&self, purpose: Purpose) -> &SubKey {
        self.current.key(purpose)
    }

    /// The keys that something existing may have been made with, the current one first.
    #[must_use]
    pub fn keys(&self, purpose: Purpose) -> Vec<&SubKey> {
        self.generations().map(|keys| keys.key(purpose)).collect()
    }

    /// Is this the message's MAC under any key in use?
    #[must_use]
    pub fn verify(&self, purpose: Purpose, message: &[u8], mac: &[u8]) -> bool {
        self.generations().any(|keys| keys.key(purpose).verify(message, mac))
    }

    /// Ten bytes that nobody can foretell and that are the same for the same request, so that a
    /// request delivered twice draws the same click id.
    #[must_use]
    pub fn entropy(&self, request_id: &str) -> [u8; 10] {
        let mac = self.key(Purpose::ClickMac).mac(request_id.as_bytes());
        let mut entropy = [0; 10];
        entropy.iter_mut().zip(mac).for_each(|(to, from)| *to = from);
        entropy
    }

    fn generations(&self) -> impl Iterator<Item = &Keys> {
        std::iter::once(&self.current).chain(&self.previous).map(Arc::as_ref)
    }
}

impl FromEnvironment for Keyring {
    async fn from_environment(environment: &Environment) -> Result<Self, Error> {
        environment.keyring().await
    }
}

impl FromEnvironment for Cursors {
    async fn from_environment(environment: &Environment) -> Result<Self, Error> {
        let keyring = environment.keyring().await?;
        let mut keys = keyring.keys(Purpose::Cursor).into_iter().map(|key| *key.as_bytes());
        Ok(Self::new(keys.next().unwrap_or_default(), keys.next()))
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring(hidden)")
    }
}

fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    // HMAC takes keys of any length, so there is always a MAC.
    Hmac::<Sha256>::new_from_slice(key)
        .map(|mac| mac.chain_update(message).finalize().into_bytes().into())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::loopback::Loopback;

    async fn loaded(secret: &str) -> Result<Keyring, Error> {
        let answer = json!({ "ARN": "arn", "Name": "keyring", "SecretString": secret });
        let loopback = Loopback::start("200 OK", answer.to_string());
        Keyring::from_environment(&loopback.environment(&[("KEYRING_SECRET_ARN", "arn")])).await
    }

    #[tokio::test]
    async fn the_masters_come_from_the_secret() {
        let keyring = loaded(r#"{"master":"new","previous":"old"}"#).await.unwrap();
        assert_eq!(
            keyring.key(Purpose::Cursor).as_bytes(),
            Keyring::from_master("new").key(Purpose::Cursor).as_bytes()
        );
        assert_eq!(keyring.keys(Purpose::Cursor).len(), 2);
        assert_eq!(loaded(r#"{"master":"new","previous":""}"#).await.unwrap().keys(Purpose::Cursor).len(), 1);
    }

    #[tokio::test]
    async fn an_unusable_secret_is_refused_without_repeating_it() {
        for secret in [r#"{"master":""}"#, r#"{"maste":"hunter2"}"#, "hunter2", ""] {
            let error = loaded(secret).await.unwrap_err();
            let text = crate::telemetry::chain(&error);
            assert!(text.contains("KEYRING_SECRET_ARN") && !text.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn every_purpose_has_a_key_of_its_own() {
        let keyring = Keyring::from_master("master");
        let mut keys: Vec<_> = PURPOSES.iter().map(|purpose| *keyring.key(*purpose).as_bytes()).collect();
        keys.push(*keyring.current.none.as_bytes());
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), PURPOSES.len() + 1);
    }

    #[test]
    fn a_mac_verifies_only_its_message_under_its_purpose() {
        let keyring = Keyring::from_master("master");
        let mac = keyring.key(Purpose::Cursor).mac(b"page 2");
        assert!(keyring.verify(Purpose::Cursor, b"page 2", &mac));
        assert!(!keyring.verify(Purpose::Cursor, b"page 3", &mac));
        assert!(!keyring.verify(Purpose::ClickMac, b"page 2", &mac));
        assert!(!keyring.verify(Purpose::Cursor, b"page 2", &mac[..31]));
        assert!(!keyring.verify(Purpose::Cursor, b"page 2", b""));
    }

    #[test]
    fn what_the_previous_master_signed_stays_valid_through_a_rotation() {
        let mac = Keyring::from_master("old").key(Purpose::Cursor).mac(b"page 2");
        let rotated = Keyring::from_master("new").with_previous("old");
        assert!(rotated.verify(Purpose::Cursor, b"page 2", &mac));
        assert_ne!(rotated.key(Purpose::Cursor).mac(b"page 2"), mac);
        assert!(!Keyring::from_master("new").verify(Purpose::Cursor, b"page 2", &mac));
    }

    #[test]
    fn the_derivation_is_fixed() {
        // RFC 4231, case 2: the derivation is plain HMAC-SHA256.
        let mac = hmac_sha256(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(mac[..4], [0x5b, 0xdc, 0xc1, 0x46]);
    }

    #[test]
    fn keys_do_not_print() {
        let keyring = Keyring::from_master("master");
        assert_eq!(format!("{keyring:?} {:?}", keyring.key(Purpose::Seal)), "Keyring(hidden) SubKey(hidden)");
    }

    #[test]
    fn a_request_draws_the_same_entropy_twice() {
        let keyring = Keyring::from_master("master");
        assert_eq!(keyring.entropy("r-1"), keyring.entropy("r-1"));
        assert_ne!(keyring.entropy("r-1"), keyring.entropy("r-2"));
    }
}
