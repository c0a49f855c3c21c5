//! Sales that several partners share.

use super::*;

fn shared(mut case: Case, weights: &[(usize, &str)]) -> Case {
    let split =
        |(number, weight): &(usize, &str)| Split { partner_id: partner(*number), weight: rate(weight) };
    case.charge.splits = weights.iter().map(split).collect();
    case.charge.check().unwrap();
    case
}

fn payees(case: &Case) -> Vec<(u8, u8, PartnerId)> {
    let lines = case.calculate().lines.into_iter();
    lines.map(|line| (line.level.number(), line.place, line.partner_id)).collect()
}

#[test]
fn three_thirds_of_a_hundred_lose_no_cent() {
    let case = Case::new(plan(vec![percent("base", "0.10")], &[]), "1000.00");
    let thirds = [(1, "0.333334"), (2, "0.333333"), (3, "0.333333")];
    let mut sale = shared(case, &thirds).book();
    assert_eq!(sale.amounts(), ["33.34", "33.33", "33.33"]);
    sale.refund("re_1", money("500.00")).unwrap();
    assert_eq!(sale.amounts(), ["16.67", "16.67", "16.66"]);
    sale.refund("re_2", money("500.00")).unwrap();
    assert_eq!(sale.amounts(), ["0.00", "0.00", "0.00"]);
    assert_eq!(sale.balance(Account::Expense), 0);
}

#[test]
fn ten_partners_share_seven_cents() {
    let case = Case::new(plan(vec![percent("base", "1")], &[]), "0.07");
    let tenths: Vec<_> = (1..=10).map(|number| (number, "0.1")).collect();
    let sale = shared(case, &tenths).book();
    assert_eq!(sale.minors(), [1, 1, 1, 1, 1, 1, 1, 0, 0, 0]);
    let ids: Vec<_> = sale.commissions.iter().map(|line| line.id.line()).collect();
    assert_eq!((ids[0].as_str(), ids[1].as_str(), ids[9].as_str()), ("01", "01_1", "01_9"));
}

#[test]
fn the_part_of_an_inactive_partner_goes_to_nobody() {
    let case = Case::new(plan(vec![percent("base", "0.10")], &["0.05"]), "1000.00");
    let mut case = shared(case, &[(21, "0.5"), (22, "0.3"), (23, "0.2")]);
    case.inactive = vec![partner(22)];
    assert_eq!(case.amounts(), ["50.00", "20.00", "50.00"]);
    assert_eq!(payees(&case), [(1, 0, partner(21)), (1, 2, partner(23)), (2, 0, partner(2))]);
    case.inactive = vec![partner(21), partner(22), partner(23)];
    let nobody = case.calculate();
    assert_eq!((nobody.lines.len(), nobody.terms.nothing_earned), (0, Some(NothingEarned::ZeroBase)));
}

#[test]
fn what_lapses_uses_up_no_cap() {
    let mut plan = plan(vec![percent("base", "0.10")], &["0.01"]);
    let cap = Cap { scope: CapScope::Program, period: CapPeriod::Day, amount: money("80.00") };
    plan.caps = vec![cap];
    let mut case = shared(Case::new(plan, "1000.00"), &[(21, "0.5"), (22, "0.3"), (23, "0.2")]);
    case.inactive = vec![partner(22)];
    // 50.00 and 20.00 of 100.00, and 10.00 above them: exactly what the cap allows.
    assert_eq!(case.clone().used(&[0]).amounts(), ["50.00", "20.00", "10.00"]);
    assert_eq!(case.clone().used(&[100]).amounts(), ["50.00", "20.00", "9.00"]);
    assert_eq!(case.clone().used(&[2000]).amounts(), ["42.86", "17.14", "0.00"]);
    assert_eq!(case.used(&[7999]).amounts(), ["0.01", "0.00", "0.00"]);
}

#[test]
fn who_shares_a_sale_earns_nothing_from_above_as_well() {
    let case = Case::new(plan(vec![percent("base", "0.10")], &["0.05", "0.02"]), "100.00");
    let mut case = shared(case, &[(1, "0.5"), (2, "0.5")]);
    assert_eq!(payees(&case), [(1, 0, partner(1)), (1, 1, partner(2)), (3, 0, partner(3))]);
    assert_eq!(case.calculate().trace.skipped, [partner(2)]);
    case.plan.plan.inactive_upline = InactiveUpline::Compress;
    assert_eq!(
        payees(&case),
        [(1, 0, partner(1)), (1, 1, partner(2)), (2, 0, partner(3)), (3, 0, partner(4))]
    );
    // An inactive one has no part of the sale, and stands above it like anybody else.
    case.inactive = vec![partner(2)];
    assert_eq!(payees(&case), [(1, 0, partner(1)), (2, 0, partner(2)), (3, 0, partner(3))]);
}

#[test]
fn levels_above_earn_of_the_whole_that_is_shared() {
    let mut plan = plan(vec![percent("base", "0.20")], &[]);
    plan.levels = vec![LevelShare::LevelOne { rate: rate("0.10") }];
    let mut sale = shared(Case::new(plan, "100.00"), &[(21, "0.75"), (22, "0.25")]).book();
    assert_eq!(sale.amounts(), ["15.00", "5.00", "2.00"]);
    sale.refund("re_1", money("30.00")).unwrap();
    assert_eq!(sale.amounts(), ["10.50", "3.50", "1.40"]);
}

#[test]
fn a_share_that_comes_back_by_rounding_is_earned_again() {
    let case = Case::new(plan(vec![percent("base", "1")], &[]), "0.05");
    let mut sale = shared(case, &[(1, "0.43"), (2, "0.43"), (3, "0.14")]).book();
    assert_eq!(sale.minors(), [2, 2, 1]);
    sale.refund("re_1", money("0.01")).unwrap();
    assert_eq!((sale.minors(), sale.commissions[2].status), (vec![2, 2, 0], CommissionStatus::Reversed));
    sale.refund("re_2", money("0.01")).unwrap();
    assert_eq!((sale.minors(), sale.commissions[2].status), (vec![1, 1, 1], CommissionStatus::Pending));
}
