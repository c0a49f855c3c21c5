//! Seals texts so that the table's contents alone give nothing away: AES-256-GCM.

use data_encoding::BASE64URL_NOPAD;
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand::{SecureRandom, SystemRandom},
};
use zeroize::Zeroizing;

use super::{Keyring, Keys, Purpose};

/// The first part of a sealed text: the format.
const FORMAT: &str = "s1";

/// Why a text could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Not a sealed text.
    #[error("not a sealed text")]
    Malformed,
    /// Sealed under a master that is neither the current nor the previous one.
    #[error("sealed under a key that is no longer there")]
    UnknownKey,
    /// Altered, or moved here from another place.
    #[error("the sealed text does not belong here or was altered")]
    Altered,
    /// The system gave no randomness, or the text is too long.
    #[error("the text could not be sealed")]
    Failed,
}

impl Keyring {
    /// Seals a text. `context` says where it belongs, such as the item's key: the sealed text
    /// opens only there, so that nobody can swap one partner's bank details for another's.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn seal(&self, context: &str, plaintext: &[u8]) -> Result<String, SealError> {
        // Random nonces are safe for some 2^32 texts under one key; these are bank details and
        // signing secrets, of which there are thousands.
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| SealError::Failed)?;
        let mut sealed = plaintext.to_vec();
        self.current
            .aead()?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(context.as_bytes()),
                &mut sealed,
            )
            .map_err(|_| SealError::Failed)?;
        let bytes = [nonce.as_slice(), &sealed].concat();
        Ok(format!("{FORMAT}.{}.{}", self.current.id, BASE64URL_NOPAD.encode(&bytes)))
    }

    /// Opens what [`Keyring::seal`] sealed in the same context, under the current or the previous
    /// master.
    ///
    /// # Errors
    /// When the text is not one of ours, was altered, or belongs to another context.
    pub fn open(&self, context: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let mut parts = sealed.splitn(3, '.');
        let (Some(FORMAT), Some(id), Some(text)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(SealError::Malformed);
        };
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| SealError::Malformed)?;
        let (nonce, body) = bytes.split_at_checked(NONCE_LEN).ok_or(SealError::Malformed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Malformed)?;
        let keys = self.generations().find(|keys| keys.id == id).ok_or(SealError::UnknownKey)?;
        let mut body = Zeroizing::new(body.to_vec());
        let plaintext = keys
            .aead()?
            .open_in_place(nonce, Aad::from(context.as_bytes()), &mut body)
            .map_err(|_| SealError::Altered)?
            .len();
        body.truncate(plaintext);
        Ok(body)
    }
}

impl Keys {
    fn aead(&self) -> Result<LessSafeKey, SealError> {
        UnboundKey::new(&AES_256_GCM, self.key(Purpose::Seal).as_bytes())
            .map(LessSafeKey::new)
            .map_err(|_| SealError::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTEXT: &str = "ptr_1/payout-method";

    fn keyring() -> Keyring {
        Keyring::from_master("master")
    }

    #[test]
    fn what_was_sealed_opens_again() {
        for text in ["", "DE89370400440532013000"] {
            let sealed = keyring().seal(CONTEXT, text.as_bytes()).unwrap();
            assert!(!sealed.contains("DE89"));
            assert_eq!(keyring().open(CONTEXT, &sealed).unwrap().as_slice(), text.as_bytes());
        }
    }

    #[test]
    fn sealing_twice_gives_two_texts() {
        assert_ne!(keyring().seal(CONTEXT, b"x").unwrap(), keyring().seal(CONTEXT, b"x").unwrap());
    }

    #[test]
    fn a_text_opens_only_in_its_context() {
        let sealed = keyring().seal(CONTEXT, b"secret").unwrap();
        assert_eq!(keyring().open("ptr_2/payout-method", &sealed).unwrap_err(), SealError::Altered);
    }

    #[test]
    fn an_altered_text_does_not_open() {
        let sealed = keyring().seal(CONTEXT, b"secret").unwrap();
        let start = sealed.rfind('.').unwrap() + 1;
        for place in start..sealed.len() - 1 {
            let mut altered = sealed.clone().into_bytes();
            altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            assert_eq!(keyring().open(CONTEXT, &altered).unwrap_err(), SealError::Altered, "{place}");
        }
    }

    #[test]
    fn what_is_no_sealed_text_is_refused() {
        let id = &keyring().current.id;
        for text in
            ["", "s1", "s1.x", "s2.x.AAAA", "plain text", &format!("s1.{id}.AAAA"), &format!("s1.{id}.?")]
        {
            assert_eq!(keyring().open(CONTEXT, text).unwrap_err(), SealError::Malformed, "{text}");
        }
    }

    #[test]
    fn the_previous_master_still_opens_and_an_older_one_does_not() {
        let sealed = keyring().seal(CONTEXT, b"secret").unwrap();
        let rotated = Keyring::from_master("new").with_previous("master");
        assert_eq!(rotated.open(CONTEXT, &sealed).unwrap().as_slice(), b"secret");
        let resealed = rotated.seal(CONTEXT, b"secret").unwrap();
        assert_eq!(Keyring::from_master("new").open(CONTEXT, &resealed).unwrap().as_slice(), b"secret");
        assert_eq!(Keyring::from_master("newer").open(CONTEXT, &sealed).unwrap_err(), SealError::UnknownKey);
    }
}
