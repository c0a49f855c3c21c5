//! Cursors: where a list goes on, signed, so that only the caller who got one can use it, and
//! only for the list and the filters it was made for.
//!
//! The text is `base64url(version, key id, payload, HMAC-SHA256)`. Caller, list and filters are
//! not inside: they are part of what is signed.

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

const VERSION: u8 = 1;
const MAC_LEN: usize = 32;
const LIFETIME: SignedDuration = SignedDuration::from_hours(24);
/// A longer text is no cursor of ours: 8 shards with three keys each stay below.
const MAX_TEXT: usize = 8 * 1024;
/// The longest cursor of something that is done page by page: it has to fit a request's body,
/// together with what is asked.
pub const MAX_STATE: usize = 128 * 1024;

/// The text is not a cursor for this caller and list, or it is older than a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is not valid for this list: start again without it")]
pub struct InvalidCursor;

/// The keys that sign cursors.
#[derive(Clone)]
pub struct Cursors {
    current: [u8; 32],
    previous: Option<[u8; 32]>,
}

/// What a cursor belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// Who asks.
    pub caller: &'a str,
    /// The list, by the name of its operation.
    pub list: &'a str,
    /// The filters of the request, in a fixed order.
    pub filters: &'a [(&'a str, &'a str)],
}

impl Scope<'_> {
    pub(crate) fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(text.as_bytes());
        };
        add(self.caller);
        add(self.list);
        for (name, value) in self.filters {
            add(name);
            add(value);
        }
        hash.finalize().into()
    }
}

/// Where a list stands in one of its partitions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Position {
    /// Nothing was taken yet.
    #[serde(rename = "s")]
    Start,
    /// Everything up to this row was taken: its key and its sort key in the index.
    #[serde(rename = "a")]
    After(String, String, String),
    /// There is nothing left.
    #[serde(rename = "e")]
    End,
}

#[derive(Serialize, Deserialize)]
struct Payload<P> {
    /// Seconds at which the cursor was made.
    t: i64,
    /// A position for each partition of a list, or how far something else is.
    p: P,
}

impl Cursors {
    /// Signs with `current`; accepts what `previous` signed until it is gone.
    #[must_use]
    pub fn new(current: [u8; 32], previous: Option<[u8; 32]>) -> Self {
        Self { current, previous }
    }

    /// How far something is that is done page by page, for the same caller to go on with; nothing
    /// when that is more than a cursor may hold, [`MAX_STATE`].
    #[must_use]
    pub fn seal_state<S: Serialize>(&self, scope: &Scope<'_>, state: &S, now: Timestamp) -> Option<String> {
        Some(self.seal(&scope.digest(), state, now)).filter(|text| text.len() <= MAX_STATE)
    }

    /// What [`Cursors::seal_state`] sealed for this scope.
    ///
    /// # Errors
    /// When it was not sealed for this scope, or more than a day ago.
    pub fn open_state<S: DeserializeOwned>(
        &self,
        scope: &Scope<'_>,
        text: &str,
        now: Timestamp,
    ) -> Result<S, InvalidCursor> {
        self.unseal(&scope.digest(), text, MAX_STATE, now)
    }

    pub(crate) fn seal<P: Serialize>(&self, scope: &[u8; 32], position: P, now: Timestamp) -> String {
        let payload = Payload { t: now.as_second(), p: position };
        let mut bytes = vec![VERSION, key_id(&self.current)];
        bytes.extend(serde_json::to_vec(&payload).unwrap_or_default());
        if let Some(mac) = mac(&self.current, scope, &bytes) {
            bytes.extend(mac.finalize().into_bytes());
        }
        BASE64URL_NOPAD.encode(&bytes)
    }

    pub(crate) fn open(
        &self,
        scope: &[u8; 32],
        text: &str,
        now: Timestamp,
    ) -> Result<Vec<Position>, InvalidCursor> {
        self.unseal(scope, text, MAX_TEXT, now)
    }

    fn unseal<P: DeserializeOwned>(
        &self,
        scope: &[u8; 32],
        text: &str,
        most: usize,
        now: Timestamp,
    ) -> Result<P, InvalidCursor> {
        if text.len() > most {
            return Err(InvalidCursor);
        }
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| InvalidCursor)?;
        let split = bytes.len().checked_sub(MAC_LEN).ok_or(InvalidCursor)?;
        let (signed, tag) = bytes.split_at_checked(split).ok_or(InvalidCursor)?;
        let [VERSION, id, payload @ ..] = signed else { return Err(InvalidCursor) };
        let key = std::iter::once(&self.current)
            .chain(&self.previous)
            .find(|key| key_id(key) == *id)
            .ok_or(InvalidCursor)?;
        let mac = mac(key, scope, signed).ok_or(InvalidCursor)?;
        mac.verify_slice(tag).map_err(|_| InvalidCursor)?;
        let payload: Payload<P> = serde_json::from_slice(payload).map_err(|_| InvalidCursor)?;
        let made = Timestamp::from_second(payload.t).map_err(|_| InvalidCursor)?;
        // An hour the other way allows for clocks that differ.
        let age = now.duration_since(made);
        let live = -SignedDuration::from_hours(1) <= age && age < LIFETIME;
        if live { Ok(payload.p) } else { Err(InvalidCursor) }
    }
}

fn mac(key: &[u8; 32], scope: &[u8; 32], signed: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(scope);
    mac.update(signed);
    Some(mac)
}

/// Tells two live keys apart without numbering them.
fn key_id(key: &[u8; 32]) -> u8 {
    Sha256::digest(key).first().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SCOPE: Scope<'static> =
        Scope { caller: "ptr_1", list: "listLinks", filters: &[("program_id", "prg_1")] };

    fn positions() -> Vec<Position> {
        let after = Position::After("PK".to_owned(), "SK".to_owned(), "2026".to_owned());
        vec![Position::Start, after, Position::End]
    }

    fn now() -> Timestamp {
        "2026-11-22T08:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_cursor_opens_for_its_own_list_for_a_day() {
        let cursors = Cursors::new([1; 32], None);
        let text = cursors.seal(&SCOPE.digest(), positions(), now());
        let open = |scope: Scope<'_>, at| cursors.open(&scope.digest(), &text, at);
        let later = now() + LIFETIME;
        assert_eq!(open(SCOPE, later - SignedDuration::from_secs(1)), Ok(positions()));
        assert_eq!(open(SCOPE, later), Err(InvalidCursor));
        assert_eq!(open(SCOPE, now() - SignedDuration::from_hours(2)), Err(InvalidCursor));
        for scope in [
            Scope { caller: "ptr_2", ..SCOPE },
            Scope { list: "listPayouts", ..SCOPE },
            Scope { filters: &[], ..SCOPE },
            Scope { filters: &[("program_id", "prg_2")], ..SCOPE },
        ] {
            assert_eq!(open(scope, now()), Err(InvalidCursor), "{scope:?}");
        }
    }

    #[test]
    fn a_new_key_takes_over_and_the_old_one_still_opens_until_it_is_dropped() {
        let scope = SCOPE.digest();
        let text = Cursors::new([1; 32], None).seal(&scope, positions(), now());
        let rotated = Cursors::new([2; 32], Some([1; 32]));
        assert_eq!(rotated.open(&scope, &text, now()), Ok(positions()));
        assert_eq!(Cursors::new([2; 32], None).open(&scope, &text, now()), Err(InvalidCursor));
    }

    #[test]
    fn what_is_done_page_by_page_goes_on_for_its_own_caller_alone() {
        let cursors = Cursors::new([1; 32], None);
        let state = ("2026-11-22".to_owned(), vec![7_u64; 9_000]);
        let text = cursors.seal_state(&SCOPE, &state, now()).unwrap();
        assert_eq!(cursors.open_state(&SCOPE, &text, now()), Ok(state));
        let other = Scope { caller: "admin:2", ..SCOPE };
        assert_eq!(cursors.open_state::<(String, Vec<u64>)>(&other, &text, now()), Err(InvalidCursor));
        assert_eq!(cursors.open_state::<u64>(&SCOPE, &text, now()), Err(InvalidCursor));
        let too_much = "x".repeat(MAX_STATE);
        assert_eq!(cursors.seal_state(&SCOPE, &too_much, now()), None);
    }

    proptest! {
        #[test]
        fn no_changed_byte_is_accepted(at in 0_usize..10_000, flip in 1_u8..=255) {
            let (cursors, scope) = (Cursors::new([1; 32], None), SCOPE.digest());
            let text = cursors.seal(&scope, positions(), now());
            let mut bytes = BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
            let at = at % bytes.len();
            bytes[at] ^= flip;
            let forged = BASE64URL_NOPAD.encode(&bytes);
            prop_assert_eq!(cursors.open(&scope, &forged, now()), Err(InvalidCursor));
        }

        #[test]
        fn no_text_opens_or_panics(text in ".{0,200}") {
            let cursors = Cursors::new([1; 32], Some([2; 32]));
            prop_assert_eq!(cursors.open(&SCOPE.digest(), &text, now()), Err(InvalidCursor));
        }
    }
}
