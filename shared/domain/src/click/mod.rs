//! Clicks, and the click id that proves itself.
//!
//! A click id is `clk_` + 26 characters of time and entropy (a ULID) + the 26 characters of the
//! link's id + 16 characters of a MAC over all of it and the program. A click whose record was
//! lost, or never written because the table was slow, still tells when which link was followed;
//! a forged one, or one taken from another program, does not verify.

mod trail;

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
pub use trail::ClickTrail;

use crate::{
    id::{self, LinkId, PartnerId, ProgramId},
    link::SubIds,
};

const PREFIX: &str = "clk_";
const MAC_BYTES: usize = 10;
const MAC_LEN: usize = 16;

/// One follow of a tracking link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Click {
    /// The id handed to the destination.
    pub id: ClickId,
    /// The link followed.
    pub link_id: LinkId,
    /// The link's program.
    pub program_id: ProgramId,
    /// The link's partner.
    pub partner_id: PartnerId,
    /// The link's campaign.
    pub campaign: Option<String>,
    /// When.
    pub at: Timestamp,
    /// Keyed hash of the visitor's address and agent; the key changes every day, and with it the hash.
    pub visitor_hash: String,
    /// The partner's labels of this visit.
    #[serde(default, skip_serializing_if = "SubIds::is_empty")]
    pub sub_ids: SubIds,
}

/// A click id as text; see the module's documentation for its parts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClickId(String);

/// Why a click id proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClickIdError {
    /// The text has not the form of a click id.
    #[error("not a click id: pass on the value of the trb_click parameter unchanged")]
    Malformed,
    /// The MAC does not fit: forged, altered, or made for another program.
    #[error("the click id was not issued for this program")]
    Forged,
}

/// What a verified click id tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClickProof {
    /// The link followed.
    pub link_id: LinkId,
    /// When, to the millisecond.
    pub at: Timestamp,
}

impl ClickId {
    /// Issues the id of a click: `entropy` are 10 random bytes drawn by the caller.
    #[must_use]
    pub fn issue(key: &[u8], program: &ProgramId, link: &LinkId, at: Timestamp, entropy: [u8; 10]) -> Self {
        let millis = u64::try_from(at.as_millisecond()).unwrap_or(0).to_be_bytes();
        let mut bytes = [0_u8; 16];
        bytes[..6].copy_from_slice(&millis[2..]);
        bytes[6..].copy_from_slice(&entropy);
        let claim = format!("{}{}", id::crockford(&bytes), link.body());
        let mac = mac_text(key, program, &claim);
        Self(format!("{PREFIX}{claim}{mac}"))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Verifies the id with any of the live keys and tells what it proves.
    ///
    /// # Errors
    /// When no key fits the MAC for this program.
    pub fn verify<K: AsRef<[u8]>>(
        &self,
        keys: &[K],
        program: &ProgramId,
    ) -> Result<ClickProof, ClickIdError> {
        let body = self.0.strip_prefix(PREFIX).ok_or(ClickIdError::Malformed)?;
        let (claim, mac) = body.split_at_checked(2 * id::BODY_LEN).ok_or(ClickIdError::Malformed)?;
        let mac = id::from_crockford(mac).ok_or(ClickIdError::Malformed)?;
        let fits = |key: &K| keyed(key.as_ref(), program, claim).verify_truncated_left(&mac).is_ok();
        if !keys.iter().any(fits) {
            return Err(ClickIdError::Forged);
        }
        let (ulid, link) = claim.split_at_checked(id::BODY_LEN).ok_or(ClickIdError::Malformed)?;
        Ok(ClickProof {
            link_id: LinkId::from_body(link).map_err(|_| ClickIdError::Malformed)?,
            at: time_of(ulid).ok_or(ClickIdError::Malformed)?,
        })
    }
}

fn time_of(ulid: &str) -> Option<Timestamp> {
    let bytes = id::from_crockford(ulid)?;
    let millis = bytes.get(..6)?.iter().fold(0_i64, |sum, byte| (sum << 8) | i64::from(*byte));
    Timestamp::from_millisecond(millis).ok()
}

fn keyed(key: &[u8], program: &ProgramId, claim: &str) -> Hmac<Sha256> {
    // HMAC takes keys of any length; the empty fallback is unreachable and verifies nothing useful.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()));
    mac.update(program.as_str().as_bytes());
    mac.update(claim.as_bytes());
    mac
}

fn mac_text(key: &[u8], program: &ProgramId, claim: &str) -> String {
    let full = keyed(key, program, claim).finalize().into_bytes();
    id::crockford(full.get(..MAC_BYTES).unwrap_or_default())
}

impl TryFrom<String> for ClickId {
    type Error = ClickIdError;

    fn try_from(text: String) -> Result<Self, ClickIdError> {
        let body = text.strip_prefix(PREFIX).ok_or(ClickIdError::Malformed)?;
        let parts = (body.get(..26), body.get(26..52), body.get(52..));
        let (Some(ulid), Some(link), Some(mac)) = parts else { return Err(ClickIdError::Malformed) };
        let fits = id::is_body(ulid)
            && id::is_body(link)
            && mac.len() == MAC_LEN
            && id::from_crockford(mac).is_some();
        if fits { Ok(Self(text)) } else { Err(ClickIdError::Malformed) }
    }
}

impl From<ClickId> for String {
    fn from(id: ClickId) -> Self {
        id.0
    }
}

impl fmt::Display for ClickId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ClickId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn issued() -> (ClickId, ProgramId, LinkId, Timestamp) {
        let (program, link) = (ProgramId::derive(&["p"]), LinkId::derive(&["l"]));
        let at = Timestamp::from_millisecond(1_795_348_800_123).unwrap();
        (ClickId::issue(b"key", &program, &link, at, [7; 10]), program, link, at)
    }

    #[test]
    fn a_click_id_proves_link_and_time_and_survives_key_rotation() {
        let (id, program, link_id, at) = issued();
        assert_eq!(id.as_str().len(), 72);
        let proof = id.verify(&[b"new".as_slice(), b"key".as_slice()], &program);
        assert_eq!(proof, Ok(ClickProof { link_id, at }));
    }

    #[test]
    fn another_key_or_program_is_refused() {
        let (id, program, ..) = issued();
        assert_eq!(id.verify(&[b"other"], &program), Err(ClickIdError::Forged));
        assert_eq!(id.verify(&[b"key"], &ProgramId::derive(&["q"])), Err(ClickIdError::Forged));
        assert_eq!(id.verify::<&[u8]>(&[], &program), Err(ClickIdError::Forged));
    }

    proptest! {
        #[test]
        fn no_altered_character_verifies(position in 4_usize..72, letter in "[0-9A-HJKMNP-TV-Z]") {
            let (id, program, ..) = issued();
            let mut text = id.as_str().to_owned();
            text.replace_range(position..=position, &letter);
            if text != id.as_str() {
                let altered = ClickId::try_from(text).unwrap();
                prop_assert_eq!(altered.verify(&[b"key"], &program), Err(ClickIdError::Forged));
            }
        }

        #[test]
        fn no_text_makes_parsing_panic(text in ".{0,100}") {
            let _ = ClickId::try_from(text);
        }
    }
}
