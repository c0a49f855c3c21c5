//! Cases with their numbers.

use super::*;

#[test]
fn a_sale_pays_three_levels_and_a_refund_takes_back_its_share() {
    let mut sale = Case::new(plan(vec![percent("base", "0.20")], &["0.05", "0.02"]), "100.00").book();
    assert_eq!(sale.amounts(), ["20.00", "5.00", "2.00"]);
    sale.refund("re_1", money("40.00")).unwrap();
    assert_eq!(sale.amounts(), ["12.00", "3.00", "1.20"]);
    sale.refund("re_2", money("60.00")).unwrap();
    assert_eq!(sale.amounts(), ["0.00", "0.00", "0.00"]);
    assert!(sale.commissions.iter().all(|line| line.status == CommissionStatus::Reversed));
    assert_eq!(sale.balance(Account::Expense), 0);
}

#[test]
fn a_whole_refund_takes_back_every_level() {
    let mut sale = Case::new(plan(vec![percent("base", "0.10")], &["0.05", "0.02"]), "49.99").book();
    assert_eq!(sale.amounts(), ["5.00", "2.50", "1.00"]);
    sale.refund("re_1", money("49.99")).unwrap();
    assert_eq!(sale.amounts(), ["0.00", "0.00", "0.00"]);
}

#[test]
fn what_was_sold_at_twenty_percent_goes_back_at_twenty_percent() {
    let mut case = Case::new(plan(vec![percent("base", "0.20")], &["0.10", "0.05"]), "100.00");
    let mut sale = case.book();
    assert_eq!(sale.amounts(), ["20.00", "10.00", "5.00"]);
    // Whatever the plan and the agreement say by now.
    case.plan.plan = plan(vec![percent("base", "0.50")], &[]);
    case.agreement.revenue_split = Some(rate("0.01"));
    sale.refund("re_1", money("50.00")).unwrap();
    assert_eq!(sale.amounts(), ["10.00", "5.00", "2.50"]);
    sale.refund("re_2", money("50.00")).unwrap();
    assert_eq!(sale.amounts(), ["0.00", "0.00", "0.00"]);
}

#[test]
fn refunds_beyond_the_charge_take_no_more_than_all_of_it() {
    let mut sale = Case::new(plan(vec![percent("base", "0.20")], &[]), "100.00").book();
    sale.refund("re_1", money("70.00")).unwrap();
    sale.refund("re_2", money("30.01")).unwrap();
    assert_eq!((sale.amounts(), sale.conversion.refunded), (vec!["0.00".to_owned()], money("100.00")));
    assert_eq!(sale.refund("re_3", money("0")), Err(RefundError::NotPositive));
    assert!(sale.refund("re_4", Money::new(1, "JPY".parse().unwrap())).is_err());
}

#[test]
fn a_refund_after_maturity_becomes_debt() {
    let mut sale = Case::new(plan(vec![percent("base", "0.20")], &["0.05"]), "100.00").book();
    sale.mature(1);
    assert_eq!(sale.balance(Account::Available(partner(1))), 2000);
    sale.refund("re_1", money("100.00")).unwrap();
    assert_eq!(sale.balance(Account::Available(partner(1))), 0);
    assert_eq!(sale.balance(Account::Pending(partner(2))), 0);
    assert_eq!(sale.balance(Account::Pending(partner(1))), 0);
}

#[test]
fn a_rejected_line_stays_at_zero() {
    let mut sale = Case::new(plan(vec![percent("base", "0.20")], &["0.05"]), "100.00").book();
    for line in &mut sale.commissions {
        (line.status, line.hold_reason) = (CommissionStatus::Held, Some(HoldReason::SelfReferral));
    }
    let reviewed =
        review(&sale.conversion, &sale.commissions, false, Decision::Reject, Timestamp::UNIX_EPOCH).unwrap();
    sale.commissions = reviewed.commissions;
    sale.journal.extend(reviewed.transaction);
    sale.refund("re_1", money("10.00")).unwrap();
    assert_eq!(sale.amounts(), ["0.00", "0.00"]);
    assert!(sale.commissions.iter().all(|line| line.status == CommissionStatus::Rejected));
    assert_eq!(sale.balance(Account::Expense), 0);
    let again = review(&sale.conversion, &sale.commissions, false, Decision::Release, Timestamp::UNIX_EPOCH);
    assert_eq!(again, Err(ReviewError::NothingHeld));
}

#[test]
fn the_rule_that_pays_most_money_wins_across_kinds() {
    let rules = || vec![flat("flat", "5.00", FlatRefund::Prorate), percent("percent", "0.30")];
    let large = Case::new(plan(rules(), &[]), "1000.00").calculate();
    assert_eq!((large.terms.rule_id.as_deref(), large.lines[0].amount), (Some("percent"), money("300.00")));
    let small = Case::new(plan(rules(), &[]), "10.00").calculate();
    assert_eq!((small.terms.rule_id.as_deref(), small.lines[0].amount), (Some("flat"), money("5.00")));
}

#[test]
fn between_equal_rules_priority_decides_then_the_smaller_id() {
    let mut rules = vec![percent("b", "0.10"), percent("a", "0.10")];
    assert_eq!(Case::new(plan(rules.clone(), &[]), "10.00").calculate().terms.rule_id.as_deref(), Some("a"));
    rules[0].priority = 1;
    assert_eq!(Case::new(plan(rules, &[]), "10.00").calculate().terms.rule_id.as_deref(), Some("b"));
}

#[test]
fn conditions_are_all_asked_and_the_first_that_fails_is_named() {
    let mut rule = percent("gold", "0.50");
    rule.conditions =
        vec![test("commission_tier", &["gold"]), test("campaign", &["spring"]), test("country", &["FR"])];
    let mut case = Case::new(plan(vec![rule, percent("base", "0.10")], &[]), "10.00");
    let calculation = case.calculate();
    assert_eq!(
        calculation.trace.rules[0].outcome,
        RuleOutcome::NotMatched { field: "country".into(), value: Some("DE".into()) }
    );
    assert_eq!(calculation.trace.rules[1].outcome, RuleOutcome::Matched { amount: money("1.00") });
    case.charge.country = Some("FR".into());
    assert_eq!(case.calculate().terms.rule_id.as_deref(), Some("gold"));
}

#[test]
fn the_agreements_own_rate_overrides_the_plan() {
    let mut case = Case::new(plan(vec![percent("base", "0.20")], &["0.05"]), "100.00");
    case.agreement.revenue_split = Some(rate("0.35"));
    assert_eq!(case.amounts(), ["35.00", "5.00"]);
    assert_eq!(case.calculate().terms.rule_id, None);
}

#[test]
fn a_lead_is_paid_by_the_rules_whatever_the_agreement_says() {
    let rules = vec![percent("base", "0.20"), flat("lead", "2.00", FlatRefund::Keep)];
    let mut case = Case::new(plan(rules, &[]), "0.00");
    case.charge.kind = ConversionKind::Lead;
    case.agreement.revenue_split = Some(rate("0.35"));
    assert_eq!(
        (case.amounts(), case.calculate().terms.rule_id.as_deref()),
        (vec!["2.00".into()], Some("lead"))
    );
}

#[test]
fn the_base_leaves_out_tax_and_shipping_and_a_refund_returns_its_share_of_them() {
    let mut case = Case::new(plan(vec![percent("base", "0.10")], &[]), "130.00");
    (case.charge.tax, case.charge.shipping, case.charge.discount) =
        (money("20.00"), money("10.00"), money("5.00"));
    let mut sale = case.book();
    assert_eq!(sale.amounts(), ["10.00"]);
    sale.refund("re_1", money("65.00")).unwrap();
    assert_eq!(sale.amounts(), ["5.00"]);
    case.plan.plan.base.include_discount = true;
    assert_eq!(case.amounts(), ["10.50"]);
    (case.plan.plan.base.include_tax, case.plan.plan.base.include_shipping) = (true, true);
    assert_eq!(case.amounts(), ["13.50"]);
}

#[test]
fn what_exceeds_the_cap_comes_off_the_deepest_level_first() {
    let mut plan = plan(vec![percent("base", "0.20")], &["0.05", "0.04", "0.03"]);
    plan.upline_cap = Some(rate("0.08"));
    assert_eq!(Case::new(plan.clone(), "100.00").amounts(), ["20.00", "5.00", "3.00", "0.00"]);
    plan.upline_cap = Some(rate("0"));
    assert_eq!(Case::new(plan, "100.00").amounts(), ["20.00", "0.00", "0.00", "0.00"]);
}

#[test]
fn an_inactive_sponsor_accrues_lapses_or_is_passed_over_by_the_plan() {
    let mut case = Case::new(plan(vec![percent("base", "0.20")], &["0.05", "0.02"]), "100.00");
    case.upline[0].is_active = false;
    let payees = |case: &Case| -> Vec<(u8, PartnerId)> {
        case.calculate().lines.into_iter().map(|line| (line.level.number(), line.partner_id)).collect()
    };
    assert_eq!(payees(&case), [(1, partner(1)), (2, partner(2)), (3, partner(3))]);
    case.plan.plan.inactive_upline = InactiveUpline::Drop;
    assert_eq!(payees(&case), [(1, partner(1)), (3, partner(3))]);
    assert_eq!(case.calculate().trace.skipped, [partner(2)]);
    case.plan.plan.inactive_upline = InactiveUpline::Compress;
    assert_eq!(payees(&case), [(1, partner(1)), (2, partner(3)), (3, partner(4))]);
    assert_eq!(case.calculate().trace.skipped, [partner(2)]);
    // Everyone who was passed over is told, and nobody whom it did not come to.
    for number in [1, 3, 4] {
        case.upline[number].is_active = false;
    }
    assert_eq!(payees(&case), [(1, partner(1)), (2, partner(4)), (3, partner(7))]);
    assert_eq!(case.calculate().trace.skipped, [partner(2), partner(3), partner(5), partner(6)]);
    case.upline.truncate(3);
    assert_eq!(payees(&case), [(1, partner(1)), (2, partner(4))]);
    case.plan.plan.inactive_upline = InactiveUpline::Drop;
    assert_eq!(payees(&case), [(1, partner(1))]);
    assert_eq!(case.calculate().trace.skipped, [partner(2), partner(3)]);
}

#[test]
fn a_share_of_level_one_follows_level_one() {
    let mut plan = plan(vec![percent("base", "0.20")], &[]);
    plan.levels = vec![LevelShare::LevelOne { rate: rate("0.10") }];
    let mut sale = Case::new(plan, "100.00").book();
    assert_eq!(sale.amounts(), ["20.00", "2.00"]);
    sale.refund("re_1", money("50.00")).unwrap();
    assert_eq!(sale.amounts(), ["10.00", "1.00"]);
}

#[test]
fn a_flat_reward_is_kept_prorated_or_voided() {
    for (on_refund, half, none) in [
        (FlatRefund::Keep, "5.00", "5.00"),
        (FlatRefund::Prorate, "2.50", "0.00"),
        (FlatRefund::VoidOnFullRefund, "5.00", "0.00"),
    ] {
        let mut sale = Case::new(plan(vec![flat("flat", "5.00", on_refund)], &[]), "100.00").book();
        sale.refund("re_1", money("50.00")).unwrap();
        assert_eq!(sale.amounts(), [half], "{on_refund:?}");
        sale.refund("re_2", money("50.00")).unwrap();
        assert_eq!(sale.amounts(), [none], "{on_refund:?}");
    }
}

#[test]
fn renewals_earn_until_the_month_is_over_and_month_ends_clamp() {
    let mut case = Case::new(plan(vec![percent("base", "0.20")], &[]), "100.00");
    case.charge.kind = ConversionKind::Renewal;
    case.customer_since = Some(at("2026-01-31T12:00:00Z"));
    case.plan.plan.recurring = Recurring::Months(1);
    for (time, earns) in [("2026-02-28T11:59:59Z", true), ("2026-02-28T12:00:00Z", false)] {
        case.charge.occurred_at = at(time);
        assert_eq!(!case.calculate().lines.is_empty(), earns, "{time}");
    }
    assert_eq!(case.calculate().terms.nothing_earned, Some(NothingEarned::RecurringOver));
    case.plan.plan.recurring = Recurring::FirstSaleOnly;
    assert!(case.calculate().lines.is_empty());
    case.plan.plan.recurring = Recurring::Forever;
    assert_eq!(case.calculate().lines.len(), 1);
}

#[test]
fn nothing_earned_has_a_reason() {
    let zero = Case::new(plan(vec![percent("base", "0.20")], &["0.05"]), "0.00").calculate();
    assert_eq!((zero.lines.len(), zero.terms.nothing_earned), (0, Some(NothingEarned::ZeroBase)));
    let mut bounty = Case::new(plan(vec![flat("bounty", "5.00", FlatRefund::Keep)], &[]), "0.00");
    assert_eq!(bounty.calculate().terms.nothing_earned, Some(NothingEarned::ZeroBase));
    bounty.charge.kind = ConversionKind::Lead;
    assert_eq!(bounty.calculate().lines.len(), 1, "a lead has no amount, and a flat reward pays for it");
    let mut rule = percent("leads", "0.20");
    rule.conditions = vec![test("kind", &["lead"])];
    let none = Case::new(plan(vec![rule], &[]), "10.00").calculate();
    assert_eq!(none.terms.nothing_earned, Some(NothingEarned::NoRuleMatches));
    // A rule that matches and pays nothing is another reason than no rule.
    let brackets = vec![Bracket { from: money("0"), rate: rate("0") }];
    let reward = Reward::Tiered { mode: TieredMode::Whole, brackets };
    let free = Case::new(plan(vec![Rule { reward, ..percent("free", "0") }], &[]), "10.00").calculate();
    assert_eq!(free.terms.nothing_earned, Some(NothingEarned::ZeroBase));
}

#[test]
fn digits_of_every_currency_are_kept() {
    for (code, amount, commission) in
        [("KWD", "1.000", "0.200"), ("JPY", "1000", "200"), ("USD", "10.00", "2.00")]
    {
        let mut case = Case::new(plan(vec![percent("base", "0.20")], &[]), "0");
        let currency: Currency = code.parse().unwrap();
        let zero = Money::zero(currency);
        case.charge.amount = Money::parse(amount, currency).unwrap();
        (case.charge.tax, case.charge.shipping, case.charge.discount) = (zero, zero, zero);
        assert_eq!(case.amounts(), [commission]);
    }
}

#[test]
fn a_held_conversion_holds_every_level_and_nothing_of_it_matures() {
    let case = Case::new(plan(vec![percent("base", "0.20")], &["0.05"]), "100.00");
    let booked = case.book();
    let hold = Some(HoldReason::SelfReferral);
    let accrual = accrue(&booked.conversion, &case.calculate(), hold, Timestamp::UNIX_EPOCH).unwrap();
    assert!(
        accrual
            .commissions
            .iter()
            .all(|line| line.status == CommissionStatus::Held && line.hold_reason == hold)
    );
    let matured =
        mature(&booked.conversion.program_id, &partner(1), usd(), &accrual.commissions, Timestamp::MAX)
            .unwrap();
    assert_eq!((matured.commissions.len(), matured.minor, matured.transaction), (0, 0, None));
}
