//! The id of an event whose sender gives it none that is signed.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// A name for these bytes: every delivery of them has it, and no others have.
pub(crate) fn name(body: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_sha_256_of_the_bytes() {
        assert_eq!(name(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_ne!(name(b"abc"), name(b"abc\n"));
    }
}
