//! Paddle's signature: `Paddle-Signature: ts=<seconds>;h1=<hex>[;h1=<hex>]`, HMAC-SHA256 of
//! `<ts>:<body>` with the destination's secret as it is shown, `pdl_ntfset_` included.
//!
//! Source: <https://developer.paddle.com/webhooks/signature-verification>. Two `h1` are there while one
//! secret replaces another.

use data_encoding::HEXLOWER_PERMISSIVE;

use crate::webhook::{InvalidSignature, Proof, header, hmac, stamp};

const HEADER: &str = "paddle-signature";
/// Paddle's own libraries allow five seconds, which a slow start or a clock a little off would
/// exceed; the event's id guards against the rest.
const TOLERANCE_SECONDS: u64 = 60;

/// The header, read.
struct Signed<'a> {
    timestamp: &'a str,
    signatures: Vec<Vec<u8>>,
}

/// Checks the signature over the raw bytes.
pub(super) fn verify(proof: &Proof<'_>) -> Result<(), InvalidSignature> {
    let signed = Signed::parse(header(proof.delivery.headers, HEADER)?).ok_or(InvalidSignature::Malformed)?;
    stamp::check(stamp::digits(signed.timestamp)?, proof.now, TOLERANCE_SECONDS)?;
    hmac::verify(proof.secrets, &signed.signatures, &[signed.timestamp.as_bytes(), b":", proof.delivery.body])
}

impl<'a> Signed<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (mut timestamp, mut signatures) = (None, Vec::new());
        for part in text.split(';') {
            match part.split_once('=')? {
                // With two times it would be unclear which of them was signed and which is checked.
                ("ts", _) if timestamp.is_some() => return None,
                ("ts", value) => timestamp = Some(value),
                // A signature that is not hexadecimal fits nothing; another one beside it may.
                ("h1", value) => signatures.extend(HEXLOWER_PERMISSIVE.decode(value.as_bytes())),
                _ => {}
            }
        }
        Some(Self { timestamp: timestamp?, signatures })
    }
}
