//! API keys: `key_<26>.<secret>`.

use std::fmt;

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use domain::id::ApiKeyId;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{Keyring, Purpose};

/// Bytes of a secret: too many to guess, few enough to copy by hand.
const SECRET_BYTES: usize = 20;

/// An API key as a merchant's server shows it.
#[derive(Clone)]
pub struct ApiKey {
    id: ApiKeyId,
    secret: Zeroizing<String>,
}

/// A text that is not an API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an API key")]
pub struct ApiKeyError;

impl ApiKey {
    /// The key of this id.
    ///
    /// Its secret is drawn from the keyring and the id, so that repeating the request that made
    /// the key gives the same key again, though only the secret's digest is kept. A rotated
    /// keyring draws other secrets; keys given out before go on working by their digest.
    #[must_use]
    pub fn issue(keyring: &Keyring, id: ApiKeyId) -> Self {
        let mac = Zeroizing::new(keyring.key(Purpose::ApiKey).mac(id.as_str().as_bytes()));
        let bytes: Zeroizing<Vec<u8>> = Zeroizing::new(mac.iter().copied().take(SECRET_BYTES).collect());
        Self { id, secret: Zeroizing::new(BASE32_NOPAD.encode(&bytes).to_ascii_lowercase()) }
    }

    /// Reads a key.
    ///
    /// # Errors
    /// When the text is none.
    pub fn parse(token: &str) -> Result<Self, ApiKeyError> {
        let (id, secret) = token.split_once('.').ok_or(ApiKeyError)?;
        if secret.is_empty() {
            return Err(ApiKeyError);
        }
        Ok(Self { id: id.parse().map_err(|_| ApiKeyError)?, secret: Zeroizing::new(secret.to_owned()) })
    }

    /// Does this bearer token look like an API key rather than a token of the identity provider?
    #[must_use]
    pub fn is_api_key(token: &str) -> bool {
        token.starts_with(ApiKeyId::PREFIX)
    }

    /// Which key.
    #[must_use]
    pub fn id(&self) -> &ApiKeyId {
        &self.id
    }

    /// The whole key, to be shown once to whoever asked for it.
    #[must_use]
    pub fn token(&self) -> String {
        format!("{}.{}", self.id, *self.secret)
    }

    /// What is stored of the key: the SHA-256 of its secret, in hexadecimal. A slow hash would
    /// add nothing, since the secret is random and not a password.
    #[must_use]
    pub fn digest(&self) -> String {
        HEXLOWER.encode(&Sha256::digest(self.secret.as_bytes()))
    }

    /// Is this the key of which the digest was stored? Takes the same time whatever the answer.
    #[must_use]
    pub fn matches(&self, stored: &str) -> bool {
        self.digest().as_bytes().ct_eq(stored.as_bytes()).into()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({}, hidden)", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> ApiKey {
        ApiKey::issue(&Keyring::from_master("master"), ApiKeyId::derive(&["one"]))
    }

    #[test]
    fn an_issued_key_is_recognised() {
        let shown = ApiKey::parse(&key().token()).unwrap();
        assert_eq!(shown.id(), key().id());
        assert!(shown.matches(&key().digest()));
    }

    #[test]
    fn the_same_id_gives_the_same_key_and_another_id_another() {
        let other = ApiKey::issue(&Keyring::from_master("master"), ApiKeyId::derive(&["two"]));
        assert_eq!(key().token(), key().token());
        assert_ne!(key().digest(), other.digest());
        assert!(!other.matches(&key().digest()));
        assert!(!key().matches(""));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let id = key().id().to_string();
        for token in ["", ".", "key_.x", &id, &format!("{id}."), &format!("ptr_{}.x", key().id().body())] {
            assert!(ApiKey::parse(token).is_err(), "{token}");
        }
    }

    #[test]
    fn a_key_does_not_print_its_secret() {
        let token = key().token();
        let (_, secret) = token.split_once('.').unwrap();
        assert!(!format!("{:?}", key()).contains(secret));
    }
}
