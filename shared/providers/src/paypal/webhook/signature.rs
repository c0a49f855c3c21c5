//! The signature: RSA with SHA-256 (PKCS#1 v1.5) over `<transmission id>|<transmission time>|<webhook
//! id>|<CRC-32 of the body>`, the last as a decimal number.
//!
//! Source: <https://developer.paypal.com/api/rest/webhooks/rest/>, "Verify messages". PayPal tries up
//! to 25 times within three days, and does not say that it signs each try anew, so no age is refused:
//! a replay is recognised by the event's id, which it cannot change. A CRC is no hash that withstands
//! forgery: who holds one message with its signature could make up another of the same checksum. That
//! takes a genuine message to this endpoint, which travels by TLS alone.

use data_encoding::BASE64;
use jiff::Timestamp;
use rustls_pki_types::TrustAnchor;

use super::certificate;
use crate::webhook::{InvalidSignature, Proof, header};

const ALGORITHM: &str = "SHA256withRSA";

/// Checks the signature over the raw bytes with the certificate, and the certificate by these roots.
pub(super) fn verify(proof: &Proof<'_>, roots: &[TrustAnchor<'_>]) -> Result<(), InvalidSignature> {
    let headers = proof.delivery.headers;
    let (id, time) =
        (header(headers, "paypal-transmission-id")?, header(headers, "paypal-transmission-time")?);
    let signature = header(headers, "paypal-transmission-sig")?;
    // What is not of the scheme's form is refused before anything is computed.
    if header(headers, "paypal-auth-algo")? != ALGORITHM || id.is_empty() || id.contains('|') {
        return Err(InvalidSignature::Malformed);
    }
    time.parse::<Timestamp>().map_err(|_| InvalidSignature::Malformed)?;
    let signature = BASE64.decode(signature.as_bytes()).map_err(|_| InvalidSignature::Malformed)?;
    certificate::url(headers)?;
    let pem = proof.certificates.ok_or(InvalidSignature::Missing)?;
    let checksum = crc32fast::hash(proof.delivery.body);
    let usable = proof.secrets.iter().filter(|webhook_id| !webhook_id.is_empty());
    let messages: Vec<_> = usable.map(|webhook_id| message(id, time, webhook_id, checksum)).collect();
    certificate::verify(pem, roots, proof.now, &messages, &signature)
}

/// What is signed.
pub(super) fn message(id: &str, time: &str, webhook_id: &[u8], checksum: u32) -> Vec<u8> {
    [format!("{id}|{time}|").as_bytes(), webhook_id, format!("|{checksum}").as_bytes()].concat()
}
