//! Amounts of one object, which are all of one currency. Nothing is rounded: what cannot be expressed
//! exactly is an error.

use domain::money::{Currency, Money, MoneyError};
use serde::Deserialize;
use serde_json::Number;

use super::{Unreadable, json::Event};

/// Digits of a decimal number that survive being written as a JSON number and read as a double.
const DIGITS_MAX: usize = 15;

/// A decimal amount in major units, as text or, from senders who do not know better, as a number.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Decimal {
    /// Such as `"12.34"`.
    Text(String),
    /// Such as `12.34`, or whole ones such as `12`.
    Number(Number),
}

/// Reads the amounts of one object.
#[derive(Clone, Copy)]
pub(crate) struct Amounts<'a> {
    event: &'a Event<'a>,
    /// Of all of them.
    pub(crate) currency: Currency,
}

impl<'a> Amounts<'a> {
    /// For amounts of a currency, by its code in upper or lower case.
    pub(crate) fn new(event: &'a Event<'a>, code: &str) -> Result<Self, Unreadable> {
        let currency = code.to_ascii_uppercase().parse();
        Ok(Self { event, currency: currency.map_err(|error: MoneyError| event.wrong_amount(error))? })
    }

    /// Nothing.
    pub(crate) fn zero(&self) -> Money {
        Money::zero(self.currency)
    }

    /// An amount in ISO 4217's minor units.
    pub(crate) fn minor(&self, minor: i64) -> Money {
        Money::new(minor, self.currency)
    }

    /// An amount in ISO 4217's minor units, written as text.
    pub(crate) fn minor_text(&self, minor: &str) -> Result<Money, Unreadable> {
        let digits = minor.strip_prefix('-').unwrap_or(minor);
        let is_whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let parsed = is_whole.then(|| minor.parse().ok()).flatten();
        parsed.map(|minor| self.minor(minor)).ok_or_else(|| self.event.wrong_amount("not a whole number"))
    }

    /// A decimal amount in major units. Zeros behind the currency's own digits change nothing:
    /// some senders write two digits in every currency.
    pub(crate) fn decimal(&self, amount: &Decimal) -> Result<Money, Unreadable> {
        match amount {
            Decimal::Text(text) => self.decimal_text(text),
            Decimal::Number(number) => {
                let text = number.to_string();
                if text.bytes().filter(u8::is_ascii_digit).count() > DIGITS_MAX {
                    return Err(self.event.wrong_amount("a number of more digits than a double keeps"));
                }
                self.decimal_text(&text)
            }
        }
    }

    /// A decimal amount in major units, as text.
    pub(crate) fn decimal_text(&self, text: &str) -> Result<Money, Unreadable> {
        let text = match text.split_once('.') {
            Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => whole,
            _ => text,
        };
        self.money(Money::parse(text, self.currency))
    }

    /// The sum of amounts.
    pub(crate) fn sum(&self, amounts: impl IntoIterator<Item = Money>) -> Result<Money, Unreadable> {
        self.money(domain::money::sum(amounts, self.currency))
    }

    /// What came of a computation with these amounts.
    pub(crate) fn money<T>(&self, result: Result<T, MoneyError>) -> Result<T, Unreadable> {
        result.map_err(|error| self.event.wrong_amount(error))
    }
}

#[cfg(test)]
mod tests {
    use domain::id::ProgramId;
    use jiff::Timestamp;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::webhook::Context;

    fn with<T>(code: &str, read: impl FnOnce(&Amounts<'_>) -> T) -> Result<T, Unreadable> {
        let program_id = ProgramId::derive(&["p"]);
        let hash_email = |email: &str| email.to_owned();
        let currency = "USD".parse().unwrap();
        let context = Context { program_id: &program_id, currency, hash_email: &hash_email };
        let (at, object) = (Timestamp::UNIX_EPOCH, &Value::Null);
        let event = Event { kind: "sold", at, object, context: &context };
        Amounts::new(&event, code).map(|amounts| read(&amounts))
    }

    fn decimal(amount: Value, code: &str) -> Option<i64> {
        let amount: Decimal = serde_json::from_value(amount).unwrap();
        with(code, |amounts| amounts.decimal(&amount)).unwrap().ok().map(Money::minor)
    }

    #[test]
    fn decimals_are_read_exactly_or_not_at_all() {
        for (amount, code, expected) in [
            (json!("12.34"), "EUR", Some(1234)),
            (json!("12.3"), "eur", Some(1230)),
            (json!("12.340"), "EUR", Some(1234)),
            (json!("12.345"), "EUR", None),
            (json!("500.00"), "JPY", Some(500)),
            (json!("500.50"), "JPY", None),
            (json!("-5.00"), "EUR", Some(-500)),
            (json!("1,234.00"), "EUR", None),
            (json!("12."), "EUR", None),
            (json!(""), "EUR", None),
            (json!(12.34), "EUR", Some(1234)),
            (json!(12), "EUR", Some(1200)),
            (json!(500.0), "JPY", Some(500)),
            (json!(0.1), "EUR", Some(10)),
            (json!(-0.07), "EUR", Some(-7)),
            (json!(1.005), "EUR", None),
            (json!(1e300), "EUR", None),
            (json!(1234567890123.45), "EUR", Some(123_456_789_012_345)),
            (json!(12345678901234.56), "EUR", None),
        ] {
            assert_eq!(decimal(amount.clone(), code), expected, "{amount} {code}");
        }
    }

    #[test]
    fn minor_units_as_text_are_whole_numbers() {
        for (text, expected) in [
            ("1234", Some(1234)),
            ("-1234", Some(-1234)),
            ("0", Some(0)),
            ("+1", None),
            ("1.0", None),
            ("", None),
            ("-", None),
            ("99999999999999999999", None),
        ] {
            let read = with("USD", |amounts| amounts.minor_text(text)).unwrap();
            assert_eq!(read.ok().map(Money::minor), expected, "{text:?}");
        }
        assert!(with("XXX", |_| ()).is_err() && with("", |_| ()).is_err());
    }

    proptest! {
        #[test]
        fn any_amount_of_15_digits_comes_back_from_a_number(minor in -999_999_999_999_999_i64..=999_999_999_999_999) {
            let text = Money::new(minor, "EUR".parse().unwrap()).to_decimal().to_string();
            let number: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(decimal(number, "EUR"), Some(minor));
        }
    }
}
