//! The outer shape of a token: three parts, signed.

use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;

use super::TokenError;

/// A longer text is no token of any issuer, and parsing it would be work for a stranger.
const MAX_LEN: usize = 16 * 1024;

/// The algorithms that are accepted. The token only chooses among them: it cannot ask for none,
/// nor for a shared secret, for which the published key would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    /// RSA, PKCS#1 v1.5, SHA-256.
    Rs256,
    /// ECDSA on P-256, SHA-256.
    Es256,
}

/// A token of which nothing has been believed yet.
pub(super) struct Token<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) key_id: String,
    pub(super) signed: &'a str,
    pub(super) signature: Vec<u8>,
    claims: &'a str,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<serde::de::IgnoredAny>,
}

impl<'a> Token<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, TokenError> {
        if text.len() > MAX_LEN {
            return Err(TokenError::Malformed);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| TokenError::Malformed)?;
        let algorithm = match header.alg.as_str() {
            "RS256" => Algorithm::Rs256,
            "ES256" => Algorithm::Es256,
            _ => return Err(TokenError::Algorithm),
        };
        // An extension that must be understood, and is not.
        if header.crit.is_some() {
            return Err(TokenError::Malformed);
        }
        let key_id = header.kid.ok_or(TokenError::UnknownKey)?;
        Ok(Self { algorithm, key_id, signed, signature: decode(signature)?, claims })
    }

    pub(super) fn claims(&self) -> Result<Vec<u8>, TokenError> {
        decode(self.claims)
    }
}

pub(super) fn decode(text: &str) -> Result<Vec<u8>, TokenError> {
    BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| TokenError::Malformed)
}
