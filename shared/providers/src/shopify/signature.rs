//! Shopify's signature: `X-Shopify-Hmac-Sha256: <base64>`, HMAC-SHA256 of the body with the app's client
//! secret.
//!
//! Source: <https://shopify.dev/docs/apps/build/webhooks/verify-deliveries>. It has no time; after a
//! change of the secret it may be made with the old one for an hour.

use data_encoding::BASE64;

use crate::webhook::{InvalidSignature, Proof, header, hmac};

const HEADER: &str = "x-shopify-hmac-sha256";

/// Checks the signature over the raw bytes.
pub(super) fn verify(proof: &Proof<'_>) -> Result<(), InvalidSignature> {
    let signature = header(proof.delivery.headers, HEADER)?;
    let signature = BASE64.decode(signature.as_bytes()).map_err(|_| InvalidSignature::Malformed)?;
    hmac::verify(proof.secrets, &[signature], &[proof.delivery.body])
}
