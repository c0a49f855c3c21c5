//! Lemon Squeezy's signature: `X-Signature: <hex>`, HMAC-SHA256 of the body with the webhook's secret.
//!
//! Source: <https://docs.lemonsqueezy.com/help/webhooks/signing-requests>. It has no time.

use data_encoding::HEXLOWER_PERMISSIVE;

use crate::webhook::{InvalidSignature, Proof, header, hmac};

const HEADER: &str = "x-signature";

/// Checks the signature over the raw bytes.
pub(super) fn verify(proof: &Proof<'_>) -> Result<(), InvalidSignature> {
    let signature = header(proof.delivery.headers, HEADER)?;
    let signature = HEXLOWER_PERMISSIVE.decode(signature.as_bytes());
    hmac::verify(
        proof.secrets,
        &[signature.map_err(|_| InvalidSignature::Malformed)?],
        &[proof.delivery.body],
    )
}
