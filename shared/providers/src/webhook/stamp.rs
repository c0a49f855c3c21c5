//! The time that a sender signs.

use jiff::Timestamp;

use super::InvalidSignature;

/// Whole seconds or milliseconds, in plain digits: `+1`, `01` and ` 1` are other bytes for the same
/// number.
pub(crate) fn digits(text: &str) -> Result<i64, InvalidSignature> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    is_plain.then(|| text.parse().ok()).flatten().ok_or(InvalidSignature::Malformed)
}

/// A time in seconds that is at most so many seconds away from now, either way: a signature may not
/// be good for longer because a clock runs ahead.
pub(crate) fn check(seconds: i64, now: Timestamp, tolerance: u64) -> Result<(), InvalidSignature> {
    if now.as_second().abs_diff(seconds) <= tolerance { Ok(()) } else { Err(InvalidSignature::Stale) }
}

/// The same, in milliseconds.
pub(crate) fn check_millis(millis: i64, now: Timestamp, tolerance: u64) -> Result<(), InvalidSignature> {
    let limit = tolerance.saturating_mul(1000);
    if now.as_millisecond().abs_diff(millis) <= limit { Ok(()) } else { Err(InvalidSignature::Stale) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_plain_digits_are_a_time() {
        for text in ["", "0", "01", "+1", "-1", " 1", "1 ", "1.0", "1e9", "99999999999999999999", "\u{661}"] {
            assert_eq!(digits(text), Err(InvalidSignature::Malformed), "{text:?}");
        }
        assert_eq!(digits("1700000000"), Ok(1_700_000_000));
    }

    proptest! {
        #[test]
        fn a_time_is_fresh_within_the_tolerance_and_not_beyond(now in 0_i64..4_000_000_000, away in -1000_i64..1000) {
            let at = Timestamp::from_second(now).unwrap();
            prop_assert_eq!(check(now + away, at, 300).is_ok(), away.abs() <= 300);
            prop_assert_eq!(check_millis(1000 * (now + away), at, 300).is_ok(), away.abs() <= 300);
        }

        #[test]
        fn no_time_makes_it_panic(time: i64) {
            let _ = (check(time, Timestamp::MAX, 1), check_millis(time, Timestamp::MIN, u64::MAX));
        }
    }
}
