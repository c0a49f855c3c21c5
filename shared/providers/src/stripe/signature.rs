//! Stripe's signature: `Stripe-Signature: t=<seconds>,v1=<hex>[,v1=<hex>...]`, HMAC-SHA256 of
//! `<t>.<body>` with the endpoint's secret as it is printed, `whsec_` included.
//!
//! Source: <https://docs.stripe.com/webhooks/signature>. Other versions (`v0`) are test signatures
//! and prove nothing.

use data_encoding::HEXLOWER_PERMISSIVE;

use crate::webhook::{InvalidSignature, Proof, header, hmac, stamp};

const HEADER: &str = "stripe-signature";
/// Stripe's own libraries allow this age; we allow no more of the future than of the past.
const TOLERANCE_SECONDS: u64 = 300;

/// The header, read.
struct Signed<'a> {
    timestamp: &'a str,
    signatures: Vec<Vec<u8>>,
}

/// Checks the signature over the raw bytes.
pub(super) fn verify(proof: &Proof<'_>) -> Result<(), InvalidSignature> {
    let signed = Signed::parse(header(proof.delivery.headers, HEADER)?).ok_or(InvalidSignature::Malformed)?;
    stamp::check(stamp::digits(signed.timestamp)?, proof.now, TOLERANCE_SECONDS)?;
    hmac::verify(proof.secrets, &signed.signatures, &[signed.timestamp.as_bytes(), b".", proof.delivery.body])
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
        Some(Self { timestamp: timestamp?, signatures })
    }
}

#[cfg(test)]
mod tests;
