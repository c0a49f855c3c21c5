//! Stripe's minor units, which for some currencies are not ISO 4217's.
//!
//! Source: <https://docs.stripe.com/currencies>, sections "Zero-decimal currencies",
//! "Three-decimal currencies" and "Special cases". An amount read with the wrong exponent is wrong
//! by a factor of 100, and nothing later would notice.

use domain::money::{Currency, Money, MoneyError};

/// Given in whole units. ISO 4217 gives MGA two digits; Stripe gives it none.
const ZERO_DECIMAL: [&str; 15] =
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"];

/// Without digits in ISO 4217, but given in hundredths, which must be 00, for old clients' sake.
/// Stripe's list of zero-decimal currencies names UGX too; its special cases say that 5 UGX is 500.
const WHOLE_HUNDREDS: [&str; 2] = ["ISK", "UGX"];

/// Given in thousandths, of which the last digit must be 0 in what we send.
const THREE_DECIMAL: [&str; 5] = ["BHD", "JOD", "KWD", "OMR", "TND"];

/// Why an amount cannot be taken over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// The code is not a currency.
    #[error(transparent)]
    Currency(#[from] MoneyError),
    /// Stripe does not deal in it.
    #[error("Stripe does not deal in {0}")]
    Unsupported(Currency),
    /// A fraction of what the other side counts in.
    #[error("{0} cannot be expressed exactly on both sides")]
    Inexact(Currency),
    /// The amount does not fit 64 bits.
    #[error("the amount is too large")]
    Overflow,
}

/// How many digits behind the point Stripe's integers have; none for a currency it does not have.
fn exponent(currency: Currency) -> Option<u32> {
    let code = currency.code();
    if ZERO_DECIMAL.contains(&code) {
        Some(0)
    } else if THREE_DECIMAL.contains(&code) {
        Some(3)
    } else if WHOLE_HUNDREDS.contains(&code) || currency.exponent() == 2 {
        Some(2)
    } else {
        None
    }
}

/// A Stripe currency, which is in lower case.
///
/// # Errors
/// When it is unknown.
pub fn currency(code: &str) -> Result<Currency, AmountError> {
    Ok(code.to_ascii_uppercase().parse()?)
}

/// Reads an amount of Stripe's.
///
/// # Errors
/// When Stripe does not have the currency, or the amount is a fraction of a minor unit.
pub fn from_stripe(amount: i64, currency: Currency) -> Result<Money, AmountError> {
    let stripe = exponent(currency).ok_or(AmountError::Unsupported(currency))?;
    let minor = rescale(amount, stripe, currency.exponent(), currency)?;
    Ok(Money::new(minor, currency))
}

/// Writes an amount for Stripe.
///
/// # Errors
/// When Stripe does not have the currency or cannot move this exact amount.
pub fn to_stripe(money: Money) -> Result<i64, AmountError> {
    let currency = money.currency();
    let stripe = exponent(currency).ok_or(AmountError::Unsupported(currency))?;
    let amount = rescale(money.minor(), currency.exponent(), stripe, currency)?;
    if stripe == 3 && amount % 10 != 0 {
        return Err(AmountError::Inexact(currency));
    }
    Ok(amount)
}

fn rescale(amount: i64, from: u32, to: u32, currency: Currency) -> Result<i64, AmountError> {
    let factor = 10_i64.checked_pow(from.abs_diff(to)).ok_or(AmountError::Overflow)?;
    if from <= to {
        amount.checked_mul(factor).ok_or(AmountError::Overflow)
    } else if amount % factor == 0 {
        Ok(amount / factor)
    } else {
        Err(AmountError::Inexact(currency))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_currency() -> Vec<Currency> {
        let letters = || 'A'..='Z';
        letters()
            .flat_map(|a| letters().flat_map(move |b| letters().map(move |c| format!("{a}{b}{c}"))))
            .filter_map(|code| code.parse().ok())
            .collect()
    }

    #[test]
    fn every_currency_comes_back_as_it_went() {
        let (mut moved, mut unsupported) = (0, Vec::new());
        for currency in every_currency() {
            // Ten whole units: what every currency can express on both sides.
            let money = Money::new(10_i64.pow(currency.exponent() + 1), currency);
            match to_stripe(money) {
                Ok(amount) => assert_eq!(from_stripe(amount, currency), Ok(money), "{currency}"),
                Err(error) => {
                    assert_eq!(error, AmountError::Unsupported(currency));
                    unsupported.push(currency.code());
                    continue;
                }
            }
            moved += 1;
        }
        assert!(moved > 140, "{moved}");
        assert_eq!(unsupported, ["CLF", "IQD", "LYD", "UYI", "UYW"]);
    }

    #[test]
    fn amounts_mean_what_stripe_says_they_mean() {
        for (amount, code, text) in [
            (1000, "usd", "10.00"),
            (500, "jpy", "500"),
            (500, "isk", "5"),
            (500, "ugx", "5"),
            (5, "mga", "5.00"),
            (5120, "kwd", "5.120"),
            (1045, "huf", "10.45"),
            (80_045, "twd", "800.45"),
            (0, "eur", "0.00"),
        ] {
            let currency = currency(code).unwrap();
            let money = Money::parse(text, currency).unwrap();
            assert_eq!(from_stripe(amount, currency), Ok(money), "{code}");
            assert_eq!(to_stripe(money), Ok(amount), "{code}");
        }
    }

    #[test]
    fn what_the_other_side_cannot_express_is_an_error() {
        let (krona, dinar, ariary) =
            (currency("isk").unwrap(), currency("kwd").unwrap(), currency("mga").unwrap());
        assert_eq!(from_stripe(550, krona), Err(AmountError::Inexact(krona)));
        assert_eq!(to_stripe(Money::new(5124, dinar)), Err(AmountError::Inexact(dinar)));
        assert_eq!(to_stripe(Money::new(150, ariary)), Err(AmountError::Inexact(ariary)));
        assert_eq!(from_stripe(i64::MAX, ariary), Err(AmountError::Overflow));
        assert_eq!(currency("usdc"), Err(AmountError::Currency(MoneyError::UnknownCurrency)));
    }
}
