//! HTTP Basic authentication: `Authorization: Basic <base64 of user:password>`.
//!
//! Source: RFC 7617.

use data_encoding::BASE64;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::webhook::{InvalidSignature, Proof, header};

const SCHEME: &str = "basic";

/// Checks that the password is one of the live ones.
pub(super) fn verify(proof: &Proof<'_>) -> Result<(), InvalidSignature> {
    let value = header(proof.delivery.headers, "authorization")?;
    let (scheme, credentials) = value.split_once(' ').ok_or(InvalidSignature::Malformed)?;
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return Err(InvalidSignature::Malformed);
    }
    let given = BASE64.decode(credentials.trim().as_bytes()).map_err(|_| InvalidSignature::Malformed)?;
    // Digests are all of one length, so that the time taken tells nothing of the password's; and each
    // is compared, so that it does not tell which one came close.
    let given = Sha256::digest(&given);
    let usable = proof.secrets.iter().filter(|secret| !secret.is_empty());
    let fits = usable.fold(Choice::from(0), |fits, secret| {
        fits | Sha256::digest(secret).as_slice().ct_eq(given.as_slice())
    });
    if bool::from(fits) { Ok(()) } else { Err(InvalidSignature::Mismatch) }
}
