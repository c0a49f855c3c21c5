//! Sales in another currency than the program's.

use jiff::civil::Date;

use super::*;

/// A sale in a currency whose unit is worth so many of the program's.
fn abroad(plan: Plan, paid: &str, quote: &str) -> Case {
    let mut case = Case::new(plan, "0");
    let paid = amount(paid);
    let zero = Money::zero(paid.currency());
    case.charge.amount = paid;
    (case.charge.tax, case.charge.shipping, case.charge.discount) = (zero, zero, zero);
    case.exchange = Some(ExchangeRate {
        from: paid.currency(),
        to: usd(),
        day: Date::constant(2026, 1, 31),
        rate: quote.parse().unwrap(),
        source: "ECB".into(),
    });
    case
}

#[test]
fn the_base_is_converted_once_and_refunds_use_the_same_rate() {
    let mut sale = abroad(plan(vec![percent("base", "0.20")], &["0.05"]), "100.00 EUR", "1.0825").book();
    let terms = sale.conversion.terms.clone().unwrap();
    assert_eq!(
        (terms.base, terms.exchange.map(|rate| rate.source)),
        (money("108.25"), Some("ECB".to_owned()))
    );
    assert_eq!(sale.conversion.settlement_currency(), usd());
    assert_eq!(sale.conversion.settled(amount("40.00 EUR")), Ok(money("43.30")));
    assert_eq!(sale.amounts(), ["21.65", "5.41"]);
    assert!(sale.refund("re_0", money("10.00")).is_err(), "refunds are in the currency of the charge");
    // Half of 108.25 is 54.12 to the even cent.
    sale.refund("re_1", amount("50.00 EUR")).unwrap();
    assert_eq!(sale.amounts(), ["10.82", "2.71"]);
    sale.refund("re_2", amount("50.00 EUR")).unwrap();
    assert_eq!(sale.amounts(), ["0.00", "0.00"]);
    assert_eq!(sale.balance(Account::Expense), 0);
}

#[test]
fn digits_of_both_currencies_are_kept() {
    for (paid, quote, base, earned) in [
        ("1000 JPY", "0.0064", "6.40", "1.28"),
        ("1.000 KWD", "3.25", "3.25", "0.65"),
        ("0.0100 CLF", "42.5", "0.42", "0.08"),
        ("10.00 EUR", "0.0001", "0.00", "0.00"),
    ] {
        let calculation = abroad(plan(vec![percent("base", "0.20")], &[]), paid, quote).calculate();
        let total = sum(calculation.lines.iter().map(|line| line.amount), usd());
        assert_eq!((calculation.terms.base, total), (money(base), Ok(money(earned))), "{paid}");
    }
}

#[test]
fn lines_share_the_converted_base_without_loss() {
    let rules = vec![
        when(test("product", &["a"]), percent("a", "1")),
        when(test("product", &["b"]), percent("b", "0.5")),
    ];
    let mut case = abroad(plan(rules, &[]), "100.00 EUR", "1.0825");
    let item = |product: &str, paid| LineItem { amount: amount(paid), ..line(product, 1, "0") };
    case.charge.lines = vec![item("a", "33.33 EUR"), item("b", "33.33 EUR"), item("c", "33.34 EUR")];
    case.charge.check().unwrap();
    let Calculation { terms, lines, .. } = case.calculate();
    let Price::Parts { parts } = &lines[0].price else { panic!("two rules for three lines") };
    let bases: Vec<Money> = parts.iter().map(|part| part.base).collect();
    // 36.079725, 36.079725 and 36.09055 of 108.25.
    assert_eq!((bases, terms.base), (vec![money("36.08"), money("36.08")], money("108.25")));
    assert_eq!(lines[0].amount, money("54.12"));
}

#[test]
fn flat_amounts_brackets_caps_and_conditions_are_in_the_programs_currency() {
    let large = condition(serde_json::json!({ "field": "amount", "at_least": "108.25" }));
    let rules = vec![when(large, flat("large", "30.00", FlatRefund::Prorate)), percent("base", "0.20")];
    let mut case = abroad(plan(rules, &["0.05"]), "100.00 EUR", "1.0825");
    assert_eq!(case.amounts(), ["30.00", "5.41"]);
    let mut sale = case.book();
    sale.refund("re_1", amount("25.00 EUR")).unwrap();
    assert_eq!(sale.amounts(), ["22.50", "4.06"]);
    case.charge.amount = amount("99.99 EUR");
    assert_eq!(case.calculate().terms.rule_id.as_deref(), Some("base"));
    case.charge.amount = amount("100.00 EUR");
    case.plan.plan.caps =
        vec![Cap { scope: CapScope::Program, period: CapPeriod::Day, amount: money("31.00") }];
    assert_eq!(case.used(&[0]).amounts(), ["30.00", "1.00"]);
}

#[test]
fn prices_of_another_currency_than_the_programs_are_refused() {
    let brackets = vec![Bracket { from: amount("0 JPY"), rate: rate("0.1") }];
    let wrong = Rule { reward: Reward::Tiered { mode: TieredMode::Marginal, brackets }, ..percent("t", "0") };
    let case = Case::new(plan(vec![wrong], &[]), "10.00");
    assert!(matches!(case.try_calculate(), Err(MoneyError::CurrencyMismatch { .. })));
}
