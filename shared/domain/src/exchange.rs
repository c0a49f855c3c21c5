//! Exchange rates: dated, published once, never changed.
//!
//! A sale in another currency than the program's is priced by the rate of its day, UTC. Rate and
//! source are frozen with the conversion, and its refunds use them again. Without a rate of that
//! very day the conversion waits: a rate of another day would be a guess.

use std::{fmt, str::FromStr};

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::money::{Currency, Money, MoneyError, Rounding};

/// How many units of one currency a unit of another is worth on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct ExchangeRate {
    /// The currency of the sale.
    pub from: Currency,
    /// The currency of the program.
    pub to: Currency,
    /// The day of the sale, UTC.
    pub day: Date,
    /// Units of `to` for one unit of `from`.
    pub rate: Quote,
    /// Who published it, such as `ECB`.
    pub source: String,
}

crate::object!(ExchangeRate);

impl ExchangeRate {
    /// Converts an amount of `from`, rounded once.
    ///
    /// # Errors
    /// When the amount is of another currency, or the result does not fit.
    pub fn convert(&self, amount: Money, rounding: Rounding) -> Result<Money, MoneyError> {
        if amount.currency() != self.from {
            return Err(MoneyError::CurrencyMismatch { left: amount.currency(), right: self.from });
        }
        let units = amount.to_decimal().checked_mul(self.rate.0).ok_or(MoneyError::Overflow)?;
        let minor = units.checked_mul(Decimal::from(10_u64.pow(self.to.exponent())));
        Money::round(minor.ok_or(MoneyError::Overflow)?, self.to, rounding)
    }
}

/// A positive exact decimal with at most ten places.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Quote(Decimal);

/// A text that is not a quote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not an exchange rate: use a decimal string above \"0\" and below \"1000000\" with at most ten places, such as \"1.0825\""
)]
pub struct QuoteError;

impl Quote {
    const PLACES_MAX: u32 = 10;
    const LIMIT: u32 = 1_000_000;
}

impl FromStr for Quote {
    type Err = QuoteError;

    fn from_str(text: &str) -> Result<Self, QuoteError> {
        if !text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return Err(QuoteError);
        }
        let quote = Decimal::from_str_exact(text).map_err(|_| QuoteError)?.normalize();
        let is_quote = quote > Decimal::ZERO && quote < Decimal::from(Self::LIMIT);
        if is_quote && quote.scale() <= Self::PLACES_MAX { Ok(Self(quote)) } else { Err(QuoteError) }
    }
}

impl TryFrom<String> for Quote {
    type Error = QuoteError;

    fn try_from(text: String) -> Result<Self, QuoteError> {
        text.parse()
    }
}

impl From<Quote> for String {
    fn from(quote: Quote) -> Self {
        quote.0.to_string()
    }
}

impl fmt::Display for Quote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Debug for Quote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(from: &str, to: &str, rate: &str) -> ExchangeRate {
        let day = Date::constant(2026, 11, 22);
        let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
        ExchangeRate { from, to, day, rate: rate.parse().unwrap(), source: "ECB".into() }
    }

    #[test]
    fn amounts_are_converted_between_currencies_of_any_exponent() {
        for (from, amount, quote, to, expected) in [
            ("EUR", "100.00", "1.0825", "USD", "108.25"),
            ("JPY", "1000", "0.0064", "USD", "6.40"),
            ("USD", "10.00", "156.25", "JPY", "1562"),
            ("KWD", "1.000", "3.25", "USD", "3.25"),
        ] {
            let rate = rate(from, to, quote);
            let amount = Money::parse(amount, rate.from).unwrap();
            let converted = rate.convert(amount, Rounding::HalfEven).unwrap();
            assert_eq!(converted, Money::parse(expected, rate.to).unwrap(), "{from} to {to}");
        }
    }

    #[test]
    fn only_positive_plain_decimals_are_quotes() {
        for text in ["0.0000000001", "1", "1.0825", "999999.99"] {
            assert!(text.parse::<Quote>().is_ok(), "{text}");
        }
        for text in ["", "0", "-1", "1e2", "1000000", "0.00000000001", "1,5"] {
            assert!(text.parse::<Quote>().is_err(), "{text}");
        }
    }
}
