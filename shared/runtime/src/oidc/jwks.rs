//! The issuer's public keys: fetched, kept, and fetched again when a new one is used.

use std::{collections::HashMap, error::Error as StdError, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

use super::{
    TokenError,
    token::{Algorithm, Token, decode},
};
use crate::HttpClient;

/// A stranger can name any key, and must not make us ask the issuer each time.
const PAUSE: SignedDuration = SignedDuration::from_secs(60);

/// A key that the issuer has withdrawn stops working after this long.
const LIFETIME: SignedDuration = SignedDuration::from_hours(1);

const P256_COORDINATE: usize = 32;
const UNCOMPRESSED_POINT: u8 = 4;

/// A public key.
pub(super) enum Key {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    P256 { point: Vec<u8> },
}

impl Key {
    pub(super) fn verify(&self, token: &Token<'_>) -> Result<(), TokenError> {
        let (message, signature) = (token.signed.as_bytes(), token.signature.as_slice());
        let verified = match (self, token.algorithm) {
            (Self::Rsa { modulus, exponent }, Algorithm::Rs256) => {
                RsaPublicKeyComponents { n: modulus, e: exponent }.verify(
                    &RSA_PKCS1_2048_8192_SHA256,
                    message,
                    signature,
                )
            }
            (Self::P256 { point }, Algorithm::Es256) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            // The key decides the algorithm, not the token.
            _ => return Err(TokenError::Algorithm),
        };
        verified.map_err(|_| TokenError::Signature)
    }
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Entry {
    kid: String,
    kty: String,
    r#use: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// Reads a key set. Keys of other kinds are passed over: an issuer may publish them for others.
fn parse(text: &str) -> Result<HashMap<String, Arc<Key>>, serde_json::Error> {
    let document: Document = serde_json::from_str(text)?;
    let entries = document.keys.into_iter().filter_map(|entry| serde_json::from_value::<Entry>(entry).ok());
    Ok(entries.filter_map(|entry| Some((entry.kid.clone(), Arc::new(key(&entry)?)))).collect())
}

fn key(entry: &Entry) -> Option<Key> {
    if entry.r#use.as_deref().is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let bytes = |text: &Option<String>| decode(text.as_deref()?).ok();
    match (entry.kty.as_str(), entry.crv.as_deref()) {
        ("RSA", _) => {
            Some(Key::Rsa { modulus: trimmed(bytes(&entry.n)?), exponent: trimmed(bytes(&entry.e)?) })
        }
        ("EC", Some("P-256")) => {
            let (x, y) = (bytes(&entry.x)?, bytes(&entry.y)?);
            let fits = x.len() == P256_COORDINATE && y.len() == P256_COORDINATE;
            fits.then(|| Key::P256 { point: [[UNCOMPRESSED_POINT].as_slice(), &x, &y].concat() })
        }
        _ => None,
    }
}

/// Some issuers write a leading zero byte, which ring takes for a malformed number.
fn trimmed(mut number: Vec<u8>) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.drain(..zeros);
    number
}

/// The issuer's keys as last seen.
pub(super) struct KeyStore {
    http: HttpClient,
    url: Url,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    keys: HashMap<String, Arc<Key>>,
    fetched_at: Option<Timestamp>,
    tried_at: Option<Timestamp>,
}

impl KeyStore {
    pub(super) fn new(http: HttpClient, url: Url) -> Self {
        Self { http, url, state: Mutex::default() }
    }

    /// The key that signed a token.
    pub(super) async fn find(&self, token: &Token<'_>, now: Timestamp) -> Result<Arc<Key>, TokenError> {
        let mut state = self.state.lock().await;
        let fresh = state.fetched_at.is_some_and(|at| now.duration_since(at) < LIFETIME);
        let known = state.keys.get(&token.key_id).cloned();
        if let (Some(key), true) = (&known, fresh) {
            return Ok(Arc::clone(key));
        }
        if state.tried_at.is_none_or(|at| now.duration_since(at) >= PAUSE)
            && let Err(cause) = self.refresh(&mut state, now).await
        {
            // Keys that were good an hour ago are better than turning everybody away.
            return known.ok_or(TokenError::KeysUnavailable(Some(cause)));
        }
        match state.keys.get(&token.key_id) {
            Some(key) => Ok(Arc::clone(key)),
            // Without a single answer of the issuer nothing can be said about any key.
            None if state.fetched_at.is_none() => Err(TokenError::KeysUnavailable(None)),
            None => Err(TokenError::UnknownKey),
        }
    }

    /// Fetches the keys ahead of the first token. Failing is harmless: the token fetches them.
    pub(super) async fn warm(&self, now: Timestamp) {
        let mut state = self.state.lock().await;
        if self.refresh(&mut state, now).await.is_err() {
            state.tried_at = None;
        }
    }

    async fn refresh(
        &self,
        state: &mut State,
        now: Timestamp,
    ) -> Result<(), Box<dyn StdError + Send + Sync>> {
        state.tried_at = Some(now);
        let answer = self.http.get(self.url.clone()).send().await?.error_for_status()?;
        state.keys = parse(&answer.text().await?)?;
        state.fetched_at = Some(now);
        Ok(())
    }
}
