//! Amounts of money: whole minor units of one currency.
//!
//! No amount is ever a float, no operation mixes currencies, and none wraps around. More digits
//! than a currency has are an error that says so, never a silent rounding.

use std::{fmt, str::FromStr};

use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::{Deserialize, Serialize};

/// An ISO 4217 currency that has a minor unit, such as USD (2 digits), JPY (0) or KWD (3).
///
/// Codes without a minor unit (XAU, XXX and the like) cannot be paid out and are refused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The currency's three-letter code.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Digits behind the decimal point: 0 to 4.
    #[must_use]
    pub fn exponent(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Currency {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.code().cmp(other.code())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(code: &str) -> Result<Self, MoneyError> {
        iso_currency::Currency::from_code(code)
            .filter(|currency| currency.exponent().is_some())
            .map(Self)
            .ok_or(MoneyError::UnknownCurrency)
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;

    fn try_from(code: String) -> Result<Self, MoneyError> {
        code.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Why an amount cannot be read or computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The code is not an ISO 4217 currency with a minor unit.
    #[error("unknown currency: use an upper-case ISO 4217 code such as USD")]
    UnknownCurrency,
    /// The text is not a plain decimal number.
    #[error("not an amount: use a decimal string such as \"12.34\", without exponent or separators")]
    NotADecimal,
    /// The text has more digits behind the point than the currency.
    #[error("too many digits: {currency} has {digits} behind the decimal point")]
    TooManyDigits {
        /// The currency of the amount.
        currency: Currency,
        /// How many digits it has.
        digits: u32,
    },
    /// Two amounts of different currencies met.
    #[error("{left} and {right} cannot be added or compared")]
    CurrencyMismatch {
        /// Currency of the first amount.
        left: Currency,
        /// Currency of the second.
        right: Currency,
    },
    /// The result does not fit 64 bits of minor units.
    #[error("the amount is too large")]
    Overflow,
}

/// An amount in minor units of a currency; may be negative.
///
/// On the wire it is `{"amount": "12.34", "currency": "USD"}`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "MoneyWire", into = "MoneyWire")]
pub struct Money {
    minor: i64,
    currency: Currency,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
struct MoneyWire {
    amount: String,
    currency: Currency,
}

crate::object!(MoneyWire);

impl Money {
    /// An amount of minor units: `Money::new(1234, usd)` is 12.34 USD.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, in a currency.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// Reads a decimal text such as `12.34` or `-5`.
    ///
    /// # Errors
    /// When the text is not a plain decimal, has more digits than the currency, or does not fit.
    pub fn parse(amount: &str, currency: Currency) -> Result<Self, MoneyError> {
        let (negative, digits) = match amount.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, amount),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) {
            return Err(MoneyError::NotADecimal);
        }
        let exponent = currency.exponent();
        let places = exponent as usize;
        let (kept, excess) = fraction.split_at(places.min(fraction.len()));
        if excess.bytes().any(|b| b != b'0') || (excess.len() > 1 && places == 0) {
            return Err(MoneyError::TooManyDigits { currency, digits: exponent });
        }
        let unsigned: i64 = format!("{whole}{kept:0<places$}").parse().map_err(|_| MoneyError::Overflow)?;
        Ok(Self::new(if negative { -unsigned } else { unsigned }, currency))
    }

    /// Whole minor units.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The amount as an exact decimal number of major units.
    #[must_use]
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.minor, self.currency.exponent())
    }

    /// Rounds a number of *minor* units to an amount.
    ///
    /// # Errors
    /// When the number does not fit 64 bits.
    pub fn round(minor: Decimal, currency: Currency, rounding: Rounding) -> Result<Self, MoneyError> {
        let whole = minor.round_dp_with_strategy(0, rounding.strategy());
        whole.to_i64().map(|minor| Self::new(minor, currency)).ok_or(MoneyError::Overflow)
    }

    /// Is it zero?
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// Is it below zero?
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.minor < 0
    }

    /// The sum.
    ///
    /// # Errors
    /// When the currencies differ or the sum does not fit.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self::new(minor, self.currency))
    }

    /// The difference.
    ///
    /// # Errors
    /// When the currencies differ or the difference does not fit.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.plus(other.negated()?)
    }

    /// The amount with the other sign.
    ///
    /// # Errors
    /// For the one 64-bit number that has no opposite.
    pub fn negated(self) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_neg().ok_or(MoneyError::Overflow)?;
        Ok(Self::new(minor, self.currency))
    }

    /// The smaller of two amounts.
    ///
    /// # Errors
    /// When the currencies differ.
    pub fn min(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        Ok(Self::new(self.minor.min(other.minor), self.currency))
    }

    /// The share `part / whole` of this amount, rounded once to a minor unit.
    ///
    /// # Errors
    /// When the currencies of part and whole differ, or `whole` is zero.
    pub fn prorate(self, part: Self, whole: Self, rounding: Rounding) -> Result<Self, MoneyError> {
        part.same_currency(whole)?;
        let product = i128::from(self.minor) * i128::from(part.minor);
        let minor = rounding.divide(product, i128::from(whole.minor)).ok_or(MoneyError::Overflow)?;
        i64::try_from(minor).map(|minor| Self::new(minor, self.currency)).map_err(|_| MoneyError::Overflow)
    }

    /// Divides the amount in proportion to the weights, by the largest remainder: the parts add up
    /// to the whole, and of equal remainders the earlier one gets the minor unit.
    ///
    /// The amount and the weights are not negative; weights that sum to zero leave nothing to anyone.
    ///
    /// # Errors
    /// When an amount does not fit.
    pub fn allocate(self, weights: &[i64]) -> Result<Vec<Self>, MoneyError> {
        let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
        let mut parts = Vec::with_capacity(weights.len());
        let mut left = i128::from(self.minor);
        for (place, weight) in weights.iter().enumerate() {
            let product = i128::from(self.minor) * i128::from(*weight);
            let (part, remainder) = if sum == 0 { (0, 0) } else { (product / sum, product % sum) };
            left -= part;
            parts.push((place, part, remainder));
        }
        parts.sort_by(|(_, _, one), (_, _, other)| other.cmp(one));
        for (_, part, _) in parts.iter_mut().filter(|(_, _, remainder)| *remainder > 0) {
            if left > 0 {
                *part += 1;
                left -= 1;
            }
        }
        parts.sort_by_key(|(place, _, _)| *place);
        let money = |(_, minor, _)| i64::try_from(minor).map(|minor| Self::new(minor, self.currency));
        parts.into_iter().map(money).collect::<Result<_, _>>().map_err(|_| MoneyError::Overflow)
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrencyMismatch { left: self.currency, right: other.currency })
        }
    }
}

/// The sum of amounts of one currency; zero when there are none.
///
/// # Errors
/// When a currency differs or the sum does not fit.
pub fn sum(amounts: impl IntoIterator<Item = Money>, currency: Currency) -> Result<Money, MoneyError> {
    amounts.into_iter().try_fold(Money::zero(currency), Money::plus)
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.to_decimal(), self.currency)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl TryFrom<MoneyWire> for Money {
    type Error = MoneyError;

    fn try_from(wire: MoneyWire) -> Result<Self, MoneyError> {
        Self::parse(&wire.amount, wire.currency)
    }
}

impl From<Money> for MoneyWire {
    fn from(money: Money) -> Self {
        Self { amount: money.to_decimal().to_string(), currency: money.currency }
    }
}

/// How a product of amount and rate becomes whole minor units; fixed by the plan version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// To the nearest, ties to the even digit: no drift over many sales.
    #[default]
    HalfEven,
    /// To the nearest, ties away from zero.
    HalfUp,
    /// Towards zero.
    Down,
}

impl Rounding {
    fn strategy(self) -> rust_decimal::RoundingStrategy {
        match self {
            Self::HalfEven => rust_decimal::RoundingStrategy::MidpointNearestEven,
            Self::HalfUp => rust_decimal::RoundingStrategy::MidpointAwayFromZero,
            Self::Down => rust_decimal::RoundingStrategy::ToZero,
        }
    }

    /// `numerator / denominator` as a whole number, or nothing for a zero denominator.
    fn divide(self, numerator: i128, denominator: i128) -> Option<i128> {
        let quotient = numerator.checked_div(denominator)?;
        let remainder = numerator.checked_rem(denominator)?;
        let doubled = remainder.unsigned_abs().checked_mul(2)?;
        let away = match (self, doubled.cmp(&denominator.unsigned_abs())) {
            (Self::Down, _) | (_, std::cmp::Ordering::Less) => false,
            (_, std::cmp::Ordering::Greater) | (Self::HalfUp, _) => true,
            (Self::HalfEven, std::cmp::Ordering::Equal) => quotient % 2 != 0,
        };
        let sign = if (numerator < 0) == (denominator < 0) { 1 } else { -1 };
        Some(if away { quotient + sign } else { quotient })
    }
}

#[cfg(test)]
mod tests;
