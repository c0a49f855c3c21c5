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

fn allocated(minor: i64, weights: &[i64]) -> Vec<i64> {
    let parts = Money::new(minor, currency("USD")).allocate(weights).unwrap();
    parts.into_iter().map(Money::minor).collect()
}

#[test]
fn a_pool_is_allocated_by_the_largest_remainder() {
    for (minor, weights, expected) in [
        (10_000, vec![333_334, 333_333, 333_333], vec![3334, 3333, 3333]),
        (5000, vec![333_334, 333_333, 333_333], vec![1667, 1667, 1666]),
        (100, vec![1, 1, 1], vec![34, 33, 33]),
        (101, vec![1, 1, 1], vec![34, 34, 33]),
        (1, vec![1, 2, 1], vec![0, 1, 0]),
        (2, vec![1, 1, 1, 1], vec![1, 1, 0, 0]),
        (7, vec![0, 5, 0], vec![0, 7, 0]),
        (0, vec![1, 2], vec![0, 0]),
        (5, vec![0, 0], vec![0, 0]),
        (5, vec![], vec![]),
        (i64::MAX, vec![i64::MAX, i64::MAX], vec![i64::MAX / 2 + 1, i64::MAX / 2]),
    ] {
        assert_eq!(allocated(minor, &weights), expected, "{minor} by {weights:?}");
    }
}

proptest! {
    #[test]
    fn allocation_loses_nothing_and_is_off_by_less_than_a_minor_unit(
        minor in prop_oneof![0..1000_i64, 0..=i64::MAX],
        weights in prop::collection::vec(prop_oneof![Just(0), 1..10_i64, 0..=i64::MAX], 1..12),
    ) {
        let parts = allocated(minor, &weights);
        let whole: i128 = weights.iter().copied().map(i128::from).sum();
        let expected = if whole == 0 { 0 } else { minor };
        prop_assert_eq!(parts.iter().copied().map(i128::from).sum::<i128>(), i128::from(expected));
        for (part, weight) in parts.iter().zip(&weights).filter(|_| whole > 0) {
            let product = i128::from(minor) * i128::from(*weight);
            let floor = product / whole;
            let ceiling = floor + i128::from(product % whole > 0);
            prop_assert!((floor..=ceiling).contains(&i128::from(*part)), "{part} of {minor} for {weight} in {whole}");
        }
    }

    #[test]
    fn more_weight_never_gets_less(minor in 0..100_000_i64, weights in prop::collection::vec(0..1000_i64, 2..12)) {
        let parts = allocated(minor, &weights);
        let mut ranked: Vec<_> = weights.iter().zip(&parts).collect();
        ranked.sort();
        prop_assert!(ranked.windows(2).all(|pair| pair[0].0 == pair[1].0 || pair[0].1 <= pair[1].1), "{ranked:?}");
    }
}
