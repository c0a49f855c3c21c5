//! Typed identifiers: a lower-case prefix and 26 characters of Crockford base 32.
//!
//! Identifiers are derived from the outside fact they stand for, never drawn at random: the same
//! fact arriving twice gets the same id, and the table's primary key refuses the second.

use std::{fmt, str::FromStr};

use data_encoding::{Encoding, Specification};
use serde::{Deserialize, Serialize, de};
use sha2::{Digest, Sha256};

/// Characters behind the prefix.
pub const BODY_LEN: usize = 26;

const CROCKFORD: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A text that is not an identifier of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected an id that starts with `{prefix}` followed by 26 characters of 0-9 and A-Z without I, L, O, U"
)]
pub struct IdError {
    /// The prefix that the wanted kind of id carries, with its underscore.
    pub prefix: &'static str,
}

/// Encodes bytes in Crockford's alphabet, most significant bit first, without padding.
pub(crate) fn crockford(bytes: &[u8]) -> String {
    encoding().map(|encoding| encoding.encode(bytes)).unwrap_or_default()
}

fn encoding() -> Option<Encoding> {
    let mut specification = Specification::new();
    specification.symbols.push_str(CROCKFORD);
    // Bits left over at the end are zero on encoding and not looked at on decoding.
    specification.check_trailing_bits = false;
    specification.encoding().ok()
}

/// Decodes what [`crockford`] encoded, or nothing when a character is foreign.
pub(crate) fn from_crockford(text: &str) -> Option<Vec<u8>> {
    encoding()?.decode(text.as_bytes()).ok()
}

/// The body that stands for a fact: the first 130 bits of the SHA-256 of its parts.
///
/// Each part is preceded by its length, so that `("ab", "c")` and `("a", "bc")` differ.
pub(crate) fn derive_body(prefix: &str, parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in std::iter::once(&prefix).chain(parts) {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut body = crockford(&hash.finalize());
    body.truncate(BODY_LEN);
    body
}

pub(crate) fn is_body(body: &str) -> bool {
    body.len() == BODY_LEN && body.chars().all(|c| CROCKFORD.contains(c))
}

macro_rules! define_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The prefix of this kind of id, with its underscore.
            pub const PREFIX: &'static str = $prefix;

            /// The id of the fact named by `parts`: the same parts always give the same id.
            #[must_use]
            pub fn derive(parts: &[&str]) -> Self {
                Self(format!("{}{}", $prefix, derive_body($prefix, parts)))
            }

            /// The whole id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The 26 characters behind the prefix.
            #[must_use]
            pub fn body(&self) -> &str {
                self.0.strip_prefix($prefix).unwrap_or_default()
            }

            /// The id with this body.
            ///
            /// # Errors
            /// When the body is not 26 characters of the alphabet.
            pub fn from_body(body: &str) -> Result<Self, IdError> {
                if is_body(body) {
                    Ok(Self(format!("{}{body}", $prefix)))
                } else {
                    Err(IdError { prefix: $prefix })
                }
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix($prefix)
                    .ok_or(IdError { prefix: $prefix })
                    .and_then(Self::from_body)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    };
}

define_id!(/// A program: the terms one merchant offers.
    ProgramId, "prg_");
define_id!(/// A partner, derived from the token issuer and the subject it names.
    PartnerId, "ptr_");
define_id!(/// A partner's enrolment in a program.
    AgreementId, "agr_");
define_id!(/// A tracking link, derived from its slug.
    LinkId, "lnk_");
define_id!(/// A merchant's customer within a program.
    CustomerId, "cus_");
define_id!(/// A coupon, derived from its program and its code without regard to case.
    CouponId, "cpn_");
define_id!(/// One charge or lead at one source, derived from program, source and external id.
    ConversionId, "cnv_");
define_id!(/// An administrator's adjustment of a commission, derived from the request that made it.
    AdjustmentId, "adj_");
define_id!(/// A journal transaction, derived from what it books.
    TransactionId, "txn_");
define_id!(/// A payout.
    PayoutId, "pay_");
define_id!(/// A fact as it was received, by API or webhook.
    EventId, "evt_");
define_id!(/// A merchant's API key.
    ApiKeyId, "key_");
define_id!(/// An address to which a payment provider sends its webhooks.
    WebhookEndpointId, "whe_");
define_id!(/// A message that was set aside, derived from its queue and what it is known by there.
    ParkedMessageId, "prk_");

/// What one conversion earns one partner at one level: `com_<conversion>_<level>`.
///
/// The id carries its conversion and level, so a line is found without an index. Partners who share
/// a sale are told apart by their place: `com_<conversion>_01`, `com_<conversion>_01_1` and so on.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct CommissionId {
    conversion: ConversionId,
    level: Level,
    place: u8,
}

impl CommissionId {
    /// The id of a conversion's line at a level.
    #[must_use]
    pub fn new(conversion: ConversionId, level: Level) -> Self {
        Self { conversion, level, place: 0 }
    }

    /// The id of the line at this place among those who share the level; at most 9.
    #[must_use]
    pub fn at_place(self, place: u8) -> Self {
        Self { place: place.min(9), ..self }
    }

    /// What tells the line from others of the conversion: the level, and the place above zero.
    #[must_use]
    pub fn line(&self) -> String {
        match self.place {
            0 => self.level.to_string(),
            place => format!("{}_{place}", self.level),
        }
    }

    /// The conversion this line belongs to.
    #[must_use]
    pub fn conversion(&self) -> &ConversionId {
        &self.conversion
    }

    /// The level this line pays.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }
}

impl fmt::Display for CommissionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "com_{}_{}", self.conversion.body(), self.line())
    }
}

impl fmt::Debug for CommissionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl From<CommissionId> for String {
    fn from(id: CommissionId) -> Self {
        id.to_string()
    }
}

impl FromStr for CommissionId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong = IdError { prefix: "com_" };
        let (conversion, line) =
            text.strip_prefix("com_").and_then(|rest| rest.split_once('_')).ok_or(wrong.clone())?;
        let (level, place) = line.split_once('_').map_or((line, None), |(level, place)| (level, Some(place)));
        let conversion = ConversionId::from_body(conversion).map_err(|_| wrong.clone())?;
        if level.len() != 2 || !level.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong);
        }
        let level = level.parse::<u8>().ok().and_then(Level::new).ok_or(wrong.clone())?;
        let place = match place.map(str::as_bytes) {
            None => 0,
            Some([digit @ b'1'..=b'9']) => digit - b'0',
            Some(_) => return Err(wrong),
        };
        Ok(Self { conversion, level, place })
    }
}

impl<'de> Deserialize<'de> for CommissionId {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// A paid level of the referral tree: 1 is the partner who sold, 2 the sponsor, up to 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Level(u8);

impl Level {
    /// The partner who sold.
    pub const ONE: Self = Self(1);
    /// The deepest level that can be paid.
    pub const MAX: u8 = 10;

    /// The level with this number, 1 to 10.
    #[must_use]
    pub fn new(number: u8) -> Option<Self> {
        (1..=Self::MAX).contains(&number).then_some(Self(number))
    }

    /// The level's number, 1 to 10.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.0)
    }
}

impl From<Level> for u8 {
    fn from(level: Level) -> Self {
        level.0
    }
}

impl TryFrom<u8> for Level {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        Self::new(number).ok_or_else(|| format!("a level is 1 to {}, not {number}", Self::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_fact_has_the_same_id_and_parts_do_not_run_together() {
        let id = ProgramId::derive(&["ab", "c"]);
        assert_eq!(id, ProgramId::derive(&["ab", "c"]));
        assert_ne!(id, ProgramId::derive(&["a", "bc"]));
        assert_ne!(id.body(), PartnerId::derive(&["ab", "c"]).body());
        assert_eq!(id.as_str().parse::<ProgramId>(), Ok(id));
    }

    #[test]
    fn a_foreign_prefix_a_wrong_length_and_a_wrong_letter_are_refused() {
        let id = ProgramId::derive(&["x"]);
        for text in [
            id.as_str().replace("prg_", "ptr_"),
            id.as_str()[..29].to_owned(),
            format!("prg_{}", "U".repeat(26)),
            format!("prg_{}", "a".repeat(26)),
            String::new(),
        ] {
            assert!(text.parse::<ProgramId>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_commission_id_carries_its_conversion_and_level() {
        let conversion = ConversionId::derive(&["prg", "stripe", "in_1"]);
        let id = CommissionId::new(conversion.clone(), Level::new(10).unwrap());
        let text = id.to_string();
        assert!(text.ends_with("_10") && text.starts_with("com_"));
        let back: CommissionId = text.parse().unwrap();
        assert_eq!((back.conversion(), back.level().number()), (&conversion, 10));
        let shared = CommissionId::new(conversion.clone(), Level::ONE).at_place(9);
        assert_eq!((shared.line().as_str(), shared.to_string().parse()), ("01_9", Ok(shared)));
        for wrong in ["_00", "_11", "_1", "_+1", "", "_01_0", "_01_10", "_01_"] {
            assert!(format!("com_{}{wrong}", conversion.body()).parse::<CommissionId>().is_err());
        }
    }
}
