//! Rates: exact decimal fractions between 0 and 1.

use std::{fmt, str::FromStr};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::money::{Money, MoneyError, Rounding};

/// A share between 0 and 1 with at most six decimal places: `0.2` is twenty percent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rate(Decimal);

/// A text that is not a rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a rate: use a decimal string between \"0\" and \"1\" with at most six places, such as \"0.20\" for 20 %"
)]
pub struct RateError;

impl Rate {
    /// All of it.
    pub const ONE: Self = Self(Decimal::ONE);
    const PLACES_MAX: u32 = 6;

    /// The fraction in millionths, which are always whole.
    #[must_use]
    pub fn millionths(self) -> i64 {
        let mut fraction = self.0;
        fraction.rescale(Self::PLACES_MAX);
        i64::try_from(fraction.mantissa()).unwrap_or(i64::MAX)
    }

    /// This share of an amount, rounded once.
    ///
    /// # Errors
    /// When the product does not fit.
    pub fn of(self, amount: Money, rounding: Rounding) -> Result<Money, MoneyError> {
        let exact = Decimal::from(amount.minor()).checked_mul(self.0).ok_or(MoneyError::Overflow)?;
        Money::round(exact, amount.currency(), rounding)
    }

    /// The fraction.
    #[must_use]
    pub fn fraction(self) -> Decimal {
        self.0
    }

    /// The fraction in percent, for people: `0.075` is `7.5`.
    #[must_use]
    pub fn percent(self) -> Decimal {
        (self.0 * Decimal::ONE_HUNDRED).normalize()
    }
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        if !text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return Err(RateError);
        }
        let fraction = Decimal::from_str_exact(text).map_err(|_| RateError)?.normalize();
        let is_share = fraction >= Decimal::ZERO && fraction <= Decimal::ONE;
        if is_share && fraction.scale() <= Self::PLACES_MAX { Ok(Self(fraction)) } else { Err(RateError) }
    }
}

impl TryFrom<String> for Rate {
    type Error = RateError;

    fn try_from(text: String) -> Result<Self, RateError> {
        text.parse()
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> Self {
        rate.0.to_string()
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.percent())
    }
}

impl fmt::Debug for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_shares_are_rates() {
        for text in ["0", "1", "0.2", "0.20", "0.000001", "1.000000"] {
            assert!(text.parse::<Rate>().is_ok(), "{text}");
        }
        for text in ["", "-0.1", "1.1", "20", "0.0000001", "1e-2", "abc", "+0.1", "0.2 "] {
            assert_eq!(text.parse::<Rate>(), Err(RateError), "{text}");
        }
    }

    #[test]
    fn a_share_is_rounded_once() {
        let usd = "USD".parse().unwrap();
        let rate: Rate = "0.075".parse().unwrap();
        let share = |minor| rate.of(Money::new(minor, usd), Rounding::HalfEven).unwrap().minor();
        assert_eq!((share(10_000), share(9_999), share(20), share(60)), (750, 750, 2, 4));
    }

    #[test]
    fn the_largest_amount_does_not_wrap() {
        let usd = "USD".parse().unwrap();
        let rate: Rate = "0.999999".parse().unwrap();
        let largest = Money::new(i64::MAX, usd);
        assert!(rate.of(largest, Rounding::HalfEven).unwrap().minor() < i64::MAX);
    }
}
