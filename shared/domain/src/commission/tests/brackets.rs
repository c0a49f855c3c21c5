//! Tiered shares: at, below and above their borders, and after refunds that drop a bracket.

use super::*;

fn tiered(mode: TieredMode) -> Rule {
    let bracket = |(from, share)| Bracket { from: money(from), rate: rate(share) };
    let brackets = [("0", "0.10"), ("100.00", "0.20"), ("500.00", "0.30")].map(bracket).to_vec();
    Rule { reward: Reward::Tiered { mode, brackets }, ..percent("tiered", "0") }
}

#[test]
fn a_border_belongs_to_the_bracket_above() {
    for (sale, marginal, whole) in [
        ("0.01", None, None),
        ("0.06", Some("0.01"), Some("0.01")),
        ("99.99", Some("10.00"), Some("10.00")),
        ("100.00", Some("10.00"), Some("20.00")),
        ("100.01", Some("10.00"), Some("20.00")),
        ("100.05", Some("10.01"), Some("20.01")),
        ("499.99", Some("90.00"), Some("100.00")),
        ("500.00", Some("90.00"), Some("150.00")),
        ("600.00", Some("120.00"), Some("180.00")),
    ] {
        for (mode, expected) in [(TieredMode::Marginal, marginal), (TieredMode::Whole, whole)] {
            let amounts = Case::new(plan(vec![tiered(mode)], &[]), sale).amounts();
            assert_eq!(amounts, Vec::from_iter(expected), "{sale} {mode:?}");
        }
    }
}

#[test]
fn a_refund_drops_brackets_with_the_base() {
    for (mode, expected) in [
        (TieredMode::Whole, ["180.00", "150.00", "100.00", "20.00", "10.00", "0.00"]),
        (TieredMode::Marginal, ["120.00", "90.00", "90.00", "10.00", "10.00", "0.00"]),
    ] {
        let mut sale = Case::new(plan(vec![tiered(mode)], &[]), "600.00").book();
        assert_eq!(sale.amounts(), [expected[0]], "{mode:?}");
        // 500.00, 499.99, 100.00, 99.99 and nothing are left.
        for (index, slice) in ["100.00", "0.01", "399.99", "0.01", "99.99"].into_iter().enumerate() {
            sale.refund(&format!("re_{index}"), money(slice)).unwrap();
            assert_eq!(sale.amounts(), [expected[index + 1]], "{mode:?} after {slice}");
        }
    }
}

#[test]
fn the_brackets_count_the_base_and_not_what_was_paid() {
    let mut case = Case::new(plan(vec![tiered(TieredMode::Whole)], &[]), "110.00");
    case.charge.tax = money("10.01");
    assert_eq!(case.amounts(), ["10.00"]);
    case.charge.tax = money("10.00");
    assert_eq!(case.amounts(), ["20.00"]);
}

#[test]
fn a_tiered_share_wins_where_it_pays_more() {
    let case =
        |sale| Case::new(plan(vec![tiered(TieredMode::Marginal), percent("flat-rate", "0.15")], &[]), sale);
    let won = |sale| case(sale).calculate().terms.rule_id.unwrap();
    assert_eq!((won("199.99").as_str(), won("200.40").as_str()), ("flat-rate", "tiered"));
    // At 200.00 both pay 30.00: the smaller id.
    assert_eq!(won("200.00"), "flat-rate");
}

#[test]
fn levels_above_follow_a_tiered_level_one() {
    let mut plan = plan(vec![tiered(TieredMode::Whole)], &["0.05"]);
    plan.levels.push(LevelShare::LevelOne { rate: rate("0.10") });
    let mut sale = Case::new(plan, "100.00").book();
    assert_eq!(sale.amounts(), ["20.00", "5.00", "2.00"]);
    sale.refund("re_1", money("1.00")).unwrap();
    assert_eq!(sale.amounts(), ["9.90", "4.95", "0.99"]);
}
