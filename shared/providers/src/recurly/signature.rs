//! The signature; see the module above.

use data_encoding::HEXLOWER_PERMISSIVE;

use crate::webhook::{InvalidSignature, Proof, header, hmac, stamp};

/// What Recurly's own libraries allow.
const TOLERANCE_SECONDS: u64 = 300;

/// Checks the signature over the raw bytes.
pub(super) fn verify(proof: &Proof<'_>) -> Result<(), InvalidSignature> {
    let mut parts = header(proof.delivery.headers, "recurly-signature")?.split(',');
    let timestamp = parts.next().ok_or(InvalidSignature::Malformed)?;
    let millis = stamp::digits(timestamp)?;
    // A signature that is not hexadecimal fits nothing; another one beside it may.
    let signatures: Vec<_> =
        parts.filter_map(|text| HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).ok()).collect();
    stamp::check_millis(millis, proof.now, TOLERANCE_SECONDS)?;
    hmac::verify(proof.secrets, &signatures, &[timestamp.as_bytes(), b".", proof.delivery.body])
}
