//! The signatures: `webhook-signature: v1,<base64>[ v1a,<base64>...]` over `<id>.<timestamp>.<body>`.
//!
//! `v1` is HMAC-SHA256 with the bytes behind `whsec_`, `v1a` is Ed25519 with the public key behind
//! `whpk_`; any one of them that fits is enough. Source: section "Signature scheme" of the specification.

use data_encoding::BASE64;
use ring::signature::{ED25519, UnparsedPublicKey};

use super::{ID, TIMESTAMP};
use crate::webhook::{InvalidSecret, InvalidSignature, Proof, header, hmac, stamp};

const SIGNATURES: &str = "webhook-signature";
/// What the reference implementations allow, either way.
const TOLERANCE_SECONDS: u64 = 300;
/// Bytes of a shared secret.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
const PUBLIC_KEY_BYTES: usize = 32;

/// What a signature is checked with.
enum Key {
    Shared(Vec<u8>),
    Public(Vec<u8>),
}

impl Key {
    fn parse(text: &str) -> Option<Self> {
        let decode = |text: &str| BASE64.decode(text.as_bytes()).ok();
        if let Some(secret) = text.strip_prefix("whsec_") {
            return decode(secret).filter(|secret| SECRET_BYTES.contains(&secret.len())).map(Self::Shared);
        }
        let key = decode(text.strip_prefix("whpk_")?)?;
        (key.len() == PUBLIC_KEY_BYTES).then_some(Self::Public(key))
    }
}

pub(super) fn check_secret(secret: &str) -> Result<(), InvalidSecret> {
    match Key::parse(secret) {
        Some(_) => Ok(()),
        None if secret.starts_with("whsk_") => Err(InvalidSecret(
            "that is a private key, which stays with whoever signs: use its public key, which begins with whpk_",
        )),
        None => Err(InvalidSecret(
            "use whsec_ and 24 to 64 bytes in base 64, or whpk_ and the 32 bytes of an Ed25519 public key",
        )),
    }
}

/// Checks the signatures over the raw bytes.
pub(super) fn verify(proof: &Proof<'_>) -> Result<(), InvalidSignature> {
    let headers = proof.delivery.headers;
    let (id, timestamp) = (header(headers, ID)?, header(headers, TIMESTAMP)?);
    let signatures = header(headers, SIGNATURES)?;
    // With a full stop in it, an id could take over what is signed behind it.
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'.') {
        return Err(InvalidSignature::Malformed);
    }
    stamp::check(stamp::digits(timestamp)?, proof.now, TOLERANCE_SECONDS)?;
    let message: [&[u8]; 5] = [id.as_bytes(), b".", timestamp.as_bytes(), b".", proof.delivery.body];
    let (mut shared, mut public) = (Vec::new(), Vec::new());
    let texts = proof.secrets.iter().filter_map(|secret| std::str::from_utf8(secret).ok());
    for key in texts.filter_map(Key::parse) {
        match key {
            Key::Shared(secret) => shared.push(secret),
            Key::Public(key) => public.push(UnparsedPublicKey::new(&ED25519, key)),
        }
    }
    let shared: Vec<_> = shared.iter().map(Vec::as_slice).collect();
    let is_shared = hmac::verify(&shared, &of_version(signatures, "v1"), &message);
    let message = message.concat();
    let asymmetric = of_version(signatures, "v1a");
    // Nothing here is secret, so the time that it takes tells nothing.
    let is_public =
        public.iter().any(|key| asymmetric.iter().any(|given| key.verify(&message, given).is_ok()));
    if is_public { Ok(()) } else { is_shared }
}

/// The signatures of a version; one that cannot be read fits nothing, and another one beside it may.
fn of_version(signatures: &str, version: &str) -> Vec<Vec<u8>> {
    let of_version = signatures.split(' ').filter_map(|part| part.split_once(','));
    let of_version = of_version.filter(|(name, _)| *name == version);
    of_version.filter_map(|(_, text)| BASE64.decode(text.as_bytes()).ok()).collect()
}
