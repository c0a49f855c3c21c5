//! Digits, refusals, rounding and the laws of amounts.

use proptest::prelude::*;

use super::*;

fn currency(code: &str) -> Currency {
    code.parse().unwrap()
}

#[test]
fn amounts_keep_the_digits_of_their_currency() {
    for (text, code, minor, printed) in [
        ("12.34", "USD", 1234, "12.34"),
        ("12", "USD", 1200, "12.00"),
        ("0.5", "USD", 50, "0.50"),
        ("-0.05", "USD", -5, "-0.05"),
        ("1000", "JPY", 1000, "1000"),
        ("1.000", "KWD", 1000, "1.000"),
        ("1.2345", "CLF", 12345, "1.2345"),
        ("1.230", "USD", 123, "1.23"),
        ("92233720368547758.07", "USD", i64::MAX, "92233720368547758.07"),
    ] {
        let money = Money::parse(text, currency(code)).unwrap();
        assert_eq!(money.minor(), minor, "{text} {code}");
        assert_eq!(money.to_decimal().to_string(), printed);
    }
}

#[test]
fn what_is_not_an_amount_is_refused_with_its_cause() {
    for (text, code) in [
        ("", "USD"),
        ("1e3", "USD"),
        ("1,5", "USD"),
        (".5", "USD"),
        ("5.", "USD"),
        ("+1", "USD"),
        ("--1", "USD"),
        (" 1", "USD"),
        ("\u{661}", "USD"),
    ] {
        assert_eq!(Money::parse(text, currency(code)), Err(MoneyError::NotADecimal), "{text}");
    }
    for (text, code) in [("1.001", "USD"), ("1.5", "JPY"), ("1.0001", "KWD")] {
        let refused = Money::parse(text, currency(code));
        assert!(matches!(refused, Err(MoneyError::TooManyDigits { .. })), "{text} {code}");
    }
    assert_eq!(Money::parse("92233720368547758.08", currency("USD")), Err(MoneyError::Overflow));
    for code in ["usd", "XXX", "XAU", "ZZZ", "", "USDT"] {
        assert_eq!(code.parse::<Currency>(), Err(MoneyError::UnknownCurrency), "{code}");
    }
}

#[test]
fn currencies_never_mix() {
    let dollars = Money::new(1, currency("USD"));
    let yen = Money::new(1, currency("JPY"));
    assert!(matches!(dollars.plus(yen), Err(MoneyError::CurrencyMismatch { .. })));
    assert!(matches!(dollars.minus(yen), Err(MoneyError::CurrencyMismatch { .. })));
    assert!(matches!(dollars.min(yen), Err(MoneyError::CurrencyMismatch { .. })));
}

#[test]
fn halves_go_where_the_mode_says() {
    let round =
        |text: &str, mode| Money::round(text.parse().unwrap(), currency("USD"), mode).unwrap().minor();
    for (text, half_even, half_up, down) in
        [("0.5", 0, 1, 0), ("1.5", 2, 2, 1), ("2.5", 2, 3, 2), ("-0.5", 0, -1, 0), ("2.51", 3, 3, 2)]
    {
        assert_eq!(round(text, Rounding::HalfEven), half_even, "{text}");
        assert_eq!(round(text, Rounding::HalfUp), half_up, "{text}");
        assert_eq!(round(text, Rounding::Down), down, "{text}");
    }
}

proptest! {
    #[test]
    fn wire_form_round_trips(minor: i64, code in prop::sample::select(vec!["USD", "JPY", "KWD", "CLF", "EUR"])) {
        let money = Money::new(minor, currency(code));
        let json = serde_json::to_string(&money).unwrap();
        if minor != i64::MIN {
            prop_assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
        }
    }

    #[test]
    fn prorating_agrees_with_decimal_rounding(amount in 0..1_000_000_i64, part in 0..10_000_i64, whole in 1..10_000_i64) {
        let usd = currency("USD");
        for mode in [Rounding::HalfEven, Rounding::HalfUp, Rounding::Down] {
            let exact = Decimal::from(amount) * Decimal::from(part) / Decimal::from(whole);
            let share = Money::new(amount, usd).prorate(Money::new(part, usd), Money::new(whole, usd), mode);
            prop_assert_eq!(share, Money::round(exact, usd, mode));
        }
    }

    #[test]
    fn no_text_makes_parsing_panic(text in ".{0,40}") {
        let _ = Money::parse(&text, currency("USD"));
    }
}
