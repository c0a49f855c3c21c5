//! Coupons: codes that tie a sale to the partner who owns them.
//!
//! Whatever text the sender tells of a sale is looked up: a code as customers type it, or the id that
//! the sender knows it by (Stripe's webhooks tell `promo_...`, not the code). A code belongs to one
//! partner for good. It can be disabled and is never passed on, so that an old sale that is told late
//! still finds whose the code was.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{CouponId, PartnerId, ProgramId};

/// The most characters of a code.
const CODE_MAX: usize = 100;

/// A code and the partner who owns it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coupon {
    /// Derived from program and code.
    pub id: CouponId,
    /// The program.
    pub program_id: ProgramId,
    /// The code, as it was made.
    pub code: CouponCode,
    /// Who owns it.
    pub partner_id: PartnerId,
    /// Its campaign, for rules and reports.
    pub campaign: Option<String>,
    /// Creation time; sales count from here on.
    pub created_at: Timestamp,
    /// Sales count no more from here on.
    pub disabled_at: Option<Timestamp>,
}

impl Coupon {
    /// Was it there, and not disabled?
    #[must_use]
    pub fn is_active_at(&self, at: Timestamp) -> bool {
        self.created_at <= at && self.disabled_at.is_none_or(|end| at < end)
    }
}

/// The text of a coupon: 1 to 100 visible characters, with single spaces between them at most.
///
/// Case does not matter: customers type codes as they like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CouponCode(String);

/// A text that is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("use 1 to {CODE_MAX} letters, digits and punctuation marks, with single spaces between them at most")]
pub struct CouponCodeError;

impl CouponCode {
    /// The code as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The coupon of this code in a program: the same one however the code is written.
    #[must_use]
    pub fn coupon_id(&self, program: &ProgramId) -> CouponId {
        // Both ways: some letters have a capital of their own, others share one.
        CouponId::derive(&[program.as_str(), &self.0.to_uppercase().to_lowercase()])
    }
}

impl TryFrom<String> for CouponCode {
    type Error = CouponCodeError;

    fn try_from(text: String) -> Result<Self, CouponCodeError> {
        let code = text.trim();
        // What cannot be seen cannot be told apart by who types it.
        let is_visible = |c: char| c.is_alphanumeric() || c.is_ascii_graphic();
        let words_are = code.split(' ').all(|word| !word.is_empty() && word.chars().all(is_visible));
        let fits = words_are && code.chars().count() <= CODE_MAX;
        if fits { Ok(Self(code.to_owned())) } else { Err(CouponCodeError) }
    }
}

impl From<CouponCode> for String {
    fn from(code: CouponCode) -> Self {
        code.0
    }
}

impl fmt::Display for CouponCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(text: &str) -> CouponCode {
        CouponCode::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn a_code_is_the_same_however_it_is_written() {
        let (program, other) = (ProgramId::derive(&["p"]), ProgramId::derive(&["q"]));
        for (one, two) in [("SUMMER10", "summer10"), (" Summer10 ", "sUMMER10"), ("STRASSE", "straße")] {
            assert_eq!(code(one).coupon_id(&program), code(two).coupon_id(&program), "{one} {two}");
        }
        assert_ne!(code("SUMMER10").coupon_id(&program), code("SUMMER1").coupon_id(&program));
        assert_ne!(code("SUMMER10").coupon_id(&program), code("SUMMER10").coupon_id(&other));
    }

    #[test]
    fn what_cannot_be_typed_is_no_code() {
        let long = "x".repeat(101);
        for text in ["", " ", "a  b", "a\tb", "a\u{200b}b", "a\u{a0}b", "a\u{7}", &long] {
            assert_eq!(CouponCode::try_from(text.to_owned()), Err(CouponCodeError), "{text:?}");
        }
        for text in ["a", "SUMMER 10", "promo_1MOEfl2eZvKYlo2C1aHCMZ7Q", "-20%", "ÉTÉ", &"x".repeat(100)] {
            assert_eq!(code(text).as_str(), text);
        }
    }

    #[test]
    fn a_coupon_counts_from_its_creation_until_it_is_disabled() {
        let program = ProgramId::derive(&["p"]);
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut coupon = Coupon {
            id: code("A").coupon_id(&program),
            program_id: program,
            code: code("A"),
            partner_id: PartnerId::derive(&["jane"]),
            campaign: None,
            created_at: at(10),
            disabled_at: None,
        };
        let active = |coupon: &Coupon| [9, 10, 19, 20].map(|second| coupon.is_active_at(at(second)));
        assert_eq!(active(&coupon), [false, true, true, true]);
        coupon.disabled_at = Some(at(20));
        assert_eq!(active(&coupon), [false, true, true, false]);
    }

    proptest! {
        #[test]
        fn no_text_makes_parsing_panic_and_a_code_reads_back(text in ".{0,110}") {
            if let Ok(code) = CouponCode::try_from(text) {
                let again = CouponCode::try_from(code.to_string());
                prop_assert_eq!(again, Ok(code));
            }
        }
    }
}
