//! Stripe's signature: `Stripe-Signature: t=<seconds>,v1=<hex>[,v1=<hex>...]`, HMAC-SHA256 of
//! `<t>.<body>` with the endpoint's secret as it is printed, `whsec_` included.
//!
//! Source: <https://docs.stripe.com/webhooks/signature>. Other versions (`v0`) are test signatures
//! and prove nothing.

use data_encoding::HEXLOWER_PERMISSIVE;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use jiff::Timestamp;
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use crate::webhook::InvalidSignature;

const HEADER: &str = "stripe-signature";
/// What Stripe sends is below 300 bytes even with two secrets live.
const HEADER_MAX: usize = 4096;
/// Stripe's own libraries allow this age; we allow no more of the future than of the past.
const TOLERANCE_SECONDS: u64 = 300;

/// The header, read.
#[derive(Debug)]
struct Signed<'a> {
    timestamp: &'a str,
    seconds: i64,
    signatures: Vec<Vec<u8>>,
}

/// Checks the signature over the raw bytes.
pub(super) fn verify(
    secrets: &[&[u8]],
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<(), InvalidSignature> {
    let signed = Signed::parse(header(headers)?).ok_or(InvalidSignature::Malformed)?;
    if now.as_second().abs_diff(signed.seconds) > TOLERANCE_SECONDS {
        return Err(InvalidSignature::Stale);
    }
    // An empty secret is a mistake in configuration that anyone could sign with. Every pair is
    // compared, so that the time taken does not tell which secret came close.
    let usable = secrets.iter().filter(|secret| !secret.is_empty());
    let fits = usable.fold(Choice::from(0), |fits, secret| {
        let expected = mac(secret, signed.timestamp, body);
        signed.signatures.iter().fold(fits, |fits, given| fits | expected.as_slice().ct_eq(given))
    });
    if bool::from(fits) { Ok(()) } else { Err(InvalidSignature::Mismatch) }
}

fn header(headers: &HeaderMap) -> Result<&str, InvalidSignature> {
    let mut values = headers.get_all(HEADER).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(InvalidSignature::Missing) };
    value.to_str().ok().filter(|text| text.len() <= HEADER_MAX).ok_or(InvalidSignature::Malformed)
}

impl<'a> Signed<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (mut timestamp, mut signatures) = (None, Vec::new());
        for part in text.split(',') {
            match part.split_once('=')? {
                // With two times it would be unclear which of them was signed and which is checked.
                ("t", _) if timestamp.is_some() => return None,
                ("t", value) => timestamp = Some(value),
                // A signature that is not hexadecimal fits nothing; another one beside it may.
                ("v1", value) => signatures.extend(HEXLOWER_PERMISSIVE.decode(value.as_bytes())),
                _ => {}
            }
        }
        let timestamp = timestamp?;
        let seconds = seconds(timestamp)?;
        Some(Self { timestamp, seconds, signatures })
    }
}

/// Plain digits only: `+1`, `01` and ` 1` are other bytes for the same number.
fn seconds(text: &str) -> Option<i64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    is_plain.then(|| text.parse().ok()).flatten()
}

fn mac(secret: &[u8], timestamp: &str, body: &[u8]) -> Vec<u8> {
    // HMAC takes keys of any length; the fallback is unreachable, and its empty result fits nothing.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return Vec::new() };
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests;
