//! HMAC-SHA256 over parts, compared in constant time.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use super::InvalidSignature;

/// Does any of these signatures fit the parts, one after the other, under any of the secrets?
///
/// An empty secret is a mistake in configuration that anyone could sign with: it is left out. Every
/// pair is compared, so that the time taken does not tell which secret came close.
pub(crate) fn verify(
    secrets: &[&[u8]],
    signatures: &[Vec<u8>],
    parts: &[&[u8]],
) -> Result<(), InvalidSignature> {
    let usable = secrets.iter().filter(|secret| !secret.is_empty());
    let fits = usable.fold(Choice::from(0), |fits, secret| {
        let expected = sign(secret, parts);
        signatures.iter().fold(fits, |fits, given| fits | expected.as_slice().ct_eq(given))
    });
    if bool::from(fits) { Ok(()) } else { Err(InvalidSignature::Mismatch) }
}

/// The signature of the parts, one after the other.
pub(crate) fn sign(secret: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    // HMAC takes keys of any length: the fallback is unreachable, and as short as no signature.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return vec![0] };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_answer_of_rfc_4231_case_2() {
        let hex =
            data_encoding::HEXLOWER.encode(&sign(b"Jefe", &[b"what do ya ", b"", b"want for nothing?"]));
        assert_eq!(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn any_pair_fits_and_an_empty_secret_never() {
        let good = || sign(b"key", &[b"body"]);
        let wrong = || vec![0; 32];
        for (secrets, signatures, fits) in [
            (&[b"key".as_slice()][..], vec![good()], true),
            (&[b"old", b"key"], vec![wrong(), good()], true),
            (&[b"key", b"old"], vec![good(), wrong()], true),
            (&[b"", b"key"], vec![good()], true),
            (&[], vec![good()], false),
            (&[b"key"], vec![], false),
            (&[b"key"], vec![vec![]], false),
            (&[b"key"], vec![wrong()], false),
            (&[b"key"], vec![[good(), vec![0]].concat()], false),
            (&[b"key"], vec![good().split_off(1)], false),
            (&[b""], vec![sign(b"", &[b"body"])], false),
        ] {
            assert_eq!(verify(secrets, &signatures, &[b"bo", b"dy"]).is_ok(), fits, "{secrets:?}");
        }
    }
}
