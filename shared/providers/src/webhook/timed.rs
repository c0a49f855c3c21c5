//! Signatures of a time and the body, in one header of named parts.

use data_encoding::HEXLOWER_PERMISSIVE;

use super::{InvalidSignature, Proof, header, hmac, stamp};

/// How a sender writes its header, such as `t=<seconds>,v1=<hex>[,v1=<hex>...]`, and what it signs by
/// HMAC-SHA256: the time, a separator and the body.
pub(crate) struct TimedSignature {
    /// The header.
    pub(crate) header: &'static str,
    /// Between the parts of the header.
    pub(crate) separator: char,
    /// The name of the part with the time.
    pub(crate) time: &'static str,
    /// The name of the parts with a signature; parts of other names prove nothing.
    pub(crate) signature: &'static str,
    /// Between time and body in what is signed.
    pub(crate) joint: &'static [u8],
    /// How far the time may be from now, either way.
    pub(crate) tolerance_seconds: u64,
}

impl TimedSignature {
    /// Checks the signature over the raw bytes.
    pub(crate) fn verify(&self, proof: &Proof<'_>) -> Result<(), InvalidSignature> {
        let text = header(proof.delivery.headers, self.header)?;
        let (timestamp, signatures) = self.parse(text).ok_or(InvalidSignature::Malformed)?;
        stamp::check(stamp::digits(timestamp)?, proof.now, self.tolerance_seconds)?;
        hmac::verify(proof.secrets, &signatures, &[timestamp.as_bytes(), self.joint, proof.delivery.body])
    }

    fn parse<'a>(&self, text: &'a str) -> Option<(&'a str, Vec<Vec<u8>>)> {
        let (mut timestamp, mut signatures) = (None, Vec::new());
        for part in text.split(self.separator) {
            let (name, value) = part.split_once('=')?;
            if name == self.time {
                // With two times it would be unclear which of them was signed and which is checked.
                if timestamp.replace(value).is_some() {
                    return None;
                }
            } else if name == self.signature {
                // A signature that is not hexadecimal fits nothing; another one beside it may.
                signatures.extend(HEXLOWER_PERMISSIVE.decode(value.as_bytes()));
            }
        }
        Some((timestamp?, signatures))
    }
}
