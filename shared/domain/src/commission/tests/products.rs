//! Product lines: which rule each line goes to, and what belongs to its base.

use super::*;
use crate::plan::BasePolicy;

fn of_product(product: &str, rule: Rule) -> Rule {
    when(test("product", &[product]), rule)
}

fn per_item(id: &str, amount: &str, on_refund: FlatRefund) -> Rule {
    Rule { reward: Reward::Flat { amount: money(amount), per: FlatPer::Item, on_refund }, ..percent(id, "0") }
}

/// Who is paid for which base: rule, base and amount are what `explain` shows.
fn parts(case: &Case) -> Vec<(Option<String>, String)> {
    let Calculation { terms, lines, .. } = case.calculate();
    match &lines[0].price {
        Price::Parts { parts } => {
            parts.iter().map(|part| (part.rule_id.clone(), part.base.to_decimal().to_string())).collect()
        }
        _ => vec![(terms.rule_id.clone(), terms.base.to_decimal().to_string())],
    }
}

fn some(id: &str, base: &str) -> (Option<String>, String) {
    (Some(id.into()), base.into())
}

#[test]
fn each_line_goes_to_the_rule_that_pays_most_for_it() {
    let rules = vec![percent("base", "0.10"), of_product("course", percent("course", "0.30"))];
    let lines = vec![line("book", 1, "50.00"), line("course", 1, "100.00"), line("pen", 3, "6.00")];
    let mut case = Case::of_lines(plan(rules, &["0.05"]), lines);
    assert_eq!(parts(&case), [some("base", "56.00"), some("course", "100.00")]);
    assert_eq!(case.calculate().terms.rule_id, None);
    assert_eq!(case.amounts(), ["35.60", "7.80"]);
    let mut sale = case.book();
    sale.refund("re_1", money("78.00")).unwrap();
    assert_eq!(sale.amounts(), ["17.80", "3.90"]);
    sale.refund("re_2", money("78.00")).unwrap();
    assert_eq!(sale.amounts(), ["0.00", "0.00"]);
    // A rule for the whole sale needs no parts.
    case.plan.plan.rules[0].reward = Reward::Percent { rate: rate("0.40") };
    assert_eq!(
        (parts(&case), case.amounts()),
        (vec![some("base", "156.00")], vec!["62.40".into(), "7.80".into()])
    );
}

#[test]
fn lines_that_no_rule_matches_earn_nothing_on_level_one() {
    let rules = vec![of_product("course", percent("course", "0.30"))];
    let lines = vec![line("book", 1, "50.00"), line("course", 1, "100.00")];
    let mut case = Case::of_lines(plan(rules, &["0.05"]), lines);
    assert_eq!(parts(&case), [some("course", "100.00")]);
    assert_eq!(case.calculate().terms.rule_id.as_deref(), Some("course"));
    assert_eq!(case.amounts(), ["30.00", "7.50"]);
    case.charge.lines[1].product = "video".into();
    let none = case.calculate();
    assert_eq!((none.lines.len(), none.terms.nothing_earned), (0, Some(NothingEarned::NoRuleMatches)));
    let failed = RuleOutcome::NotMatched { field: "product".into(), value: Some("book".into()) };
    assert_eq!(none.trace.rules[0].outcome, failed);
}

#[test]
fn an_amount_for_the_sale_wins_only_with_what_the_other_lines_earn() {
    let rules = || vec![percent("base", "0.10"), of_product("a", flat("once", "8.00", FlatRefund::Prorate))];
    for (a, b, expected, amount) in [
        // 8.00 and 5.00 against 10.00.
        ("50.00", "50.00", vec![some("once", "50.00"), some("base", "50.00")], "13.00"),
        // 8.00 and 5.00 against 15.00.
        ("100.00", "50.00", vec![some("base", "150.00")], "15.00"),
        // 8.00 and 5.00 against 13.00: equal, and the smaller id.
        ("80.00", "50.00", vec![some("base", "130.00")], "13.00"),
    ] {
        let case = Case::of_lines(plan(rules(), &[]), vec![line("a", 1, a), line("b", 1, b)]);
        assert_eq!((parts(&case), case.amounts()), (expected, vec![amount.to_owned()]), "{a} and {b}");
    }
    let mut equal = Case::of_lines(plan(rules(), &[]), vec![line("a", 1, "80.00"), line("b", 1, "50.00")]);
    equal.plan.plan.rules[1].priority = 1;
    assert_eq!(parts(&equal), [some("once", "80.00"), some("base", "50.00")]);
}

#[test]
fn an_amount_for_the_sale_is_paid_once_however_many_lines_match() {
    let rules = vec![flat("once", "5.00", FlatRefund::Prorate)];
    let lines = vec![line("a", 4, "10.00"), line("b", 1, "10.00")];
    assert_eq!(Case::of_lines(plan(rules, &[]), lines).amounts(), ["5.00"]);
}

#[test]
fn several_amounts_for_the_sale_are_paid_each_for_its_own_lines() {
    let once = |product, amount| of_product(product, flat(product, amount, FlatRefund::Prorate));
    let rules = vec![once("a", "8.00"), once("b", "3.00"), percent("base", "0.10")];
    let lines = vec![line("a", 1, "50.00"), line("b", 1, "20.00"), line("c", 1, "10.00")];
    let case = Case::of_lines(plan(rules, &[]), lines);
    assert_eq!(parts(&case), [some("a", "50.00"), some("b", "20.00"), some("base", "10.00")]);
    assert_eq!(case.amounts(), ["12.00"]);
}

#[test]
fn an_amount_for_each_item_counts_the_items_that_match() {
    let lines = || vec![line("a", 3, "30.00"), line("b", 2, "10.00"), line("a", 1, "10.00")];
    let rules = vec![of_product("a", per_item("item", "1.50", FlatRefund::Prorate))];
    let mut sale = Case::of_lines(plan(rules, &[]), lines()).book();
    assert_eq!(sale.amounts(), ["6.00"]);
    sale.refund("re_1", money("20.00")).unwrap();
    assert_eq!(sale.amounts(), ["3.60"]);
    // Line by line against a share: 4.50 against 6.00, 3.00 against 2.00, 1.50 against 2.00.
    let rules = vec![per_item("item", "1.50", FlatRefund::VoidOnFullRefund), percent("share", "0.20")];
    let case = Case::of_lines(plan(rules, &[]), lines());
    assert_eq!(parts(&case), [some("share", "40.00"), some("item", "10.00")]);
    let mut sale = case.book();
    assert_eq!(sale.amounts(), ["11.00"]);
    sale.refund("re_1", money("25.00")).unwrap();
    assert_eq!(sale.amounts(), ["7.00"]);
    sale.refund("re_2", money("25.00")).unwrap();
    assert_eq!(sale.amounts(), ["0.00"]);
    // A charge without lines is one item.
    let rules = vec![per_item("item", "1.50", FlatRefund::Prorate)];
    assert_eq!(Case::new(plan(rules, &[]), "10.00").amounts(), ["1.50"]);
}

#[test]
fn a_tiered_share_counts_the_lines_that_match_together() {
    let brackets = [("0", "0.10"), ("100.00", "0.20")];
    let bracket = |(from, share)| Bracket { from: money(from), rate: rate(share) };
    let reward = Reward::Tiered { mode: TieredMode::Whole, brackets: brackets.map(bracket).to_vec() };
    let rules = vec![of_product("a", Rule { reward, ..percent("tiered", "0") }), percent("base", "0.05")];
    let lines = vec![line("a", 1, "60.00"), line("b", 1, "90.00"), line("a", 1, "40.00")];
    let case = Case::of_lines(plan(rules, &[]), lines);
    assert_eq!(parts(&case), [some("tiered", "100.00"), some("base", "90.00")]);
    let mut sale = case.book();
    assert_eq!(sale.amounts(), ["24.50"]);
    // 99.00 of the lines that are tiered, and 89.10 of the other one.
    sale.refund("re_1", money("1.90")).unwrap();
    assert_eq!(sale.amounts(), ["14.36"]);
}

#[test]
fn tax_discount_and_shipping_belong_to_the_base_by_the_policy() {
    let mut case = Case::of_lines(
        plan(vec![percent("base", "0.10")], &[]),
        vec![line("a", 1, "60.00"), line("b", 2, "40.00")],
    );
    (case.charge.lines[0].tax, case.charge.lines[0].discount) = (Some(money("10.00")), Some(money("5.00")));
    case.charge.lines[1].discount = Some(money("1.00"));
    (case.charge.tax, case.charge.discount) = (money("10.00"), money("6.00"));
    (case.charge.shipping, case.charge.amount) = (money("7.00"), money("107.00"));
    case.charge.check().unwrap();
    let only_a = Plan { rules: vec![of_product("a", percent("a", "0.10"))], ..case.plan.plan.clone() };
    for (include_tax, include_shipping, include_discount, all, first) in [
        (false, false, false, "9.00", "5.00"),
        (true, false, false, "10.00", "6.00"),
        (false, true, false, "9.70", "5.00"),
        (false, false, true, "9.60", "5.50"),
        (true, true, true, "11.30", "6.50"),
    ] {
        let base = BasePolicy { include_tax, include_shipping, include_discount };
        case.plan.plan.base = base;
        assert_eq!(case.amounts(), [all], "{base:?}");
        // Without lines the base is the same. Shipping is of no product.
        let mut whole = case.clone();
        whole.charge.lines = vec![];
        assert_eq!(whole.amounts(), [all], "{base:?}");
        let mut first_only = case.clone();
        first_only.plan.plan = Plan { base, ..only_a.clone() };
        assert_eq!(first_only.amounts(), [first], "{base:?}");
    }
}

#[test]
fn the_agreements_own_rate_pays_for_the_lines_that_a_rule_matches() {
    let rules =
        vec![of_product("a", percent("a", "0.10")), of_product("b", flat("b", "9.00", FlatRefund::Keep))];
    let lines = vec![line("a", 1, "50.00"), line("b", 1, "30.00"), line("c", 1, "20.00")];
    let mut case = Case::of_lines(plan(rules, &[]), lines);
    case.agreement.revenue_split = Some(rate("0.50"));
    assert_eq!((parts(&case), case.amounts()), (vec![(None, "80.00".into())], vec!["40.00".into()]));
    case.charge.lines.truncate(2);
    case.charge.amount = money("80.00");
    assert_eq!(case.calculate().lines[0].price, Price::Percent { rate: rate("0.50") });
}

#[test]
fn many_small_lines_add_up_to_what_the_better_rule_pays() {
    let rules = vec![percent("better", "0.12"), Rule { priority: 1, ..percent("preferred", "0.10") }];
    let lines = |count: usize, paid| vec![line("a", 1, paid); count];
    // Neither pays a cent for one of these lines, and for all of them one pays more.
    let many = Case::of_lines(plan(rules.clone(), &[]), lines(100, "0.04"));
    assert_eq!((parts(&many), many.amounts()), (vec![some("better", "4.00")], vec!["0.48".into()]));
    // Both pay two cents: priority.
    let one = Case::of_lines(plan(rules, &[]), lines(1, "0.20"));
    assert_eq!((parts(&one), one.amounts()), (vec![some("preferred", "0.20")], vec!["0.02".into()]));
}
