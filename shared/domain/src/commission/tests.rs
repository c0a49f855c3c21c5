//! Cases with their numbers, and the laws that hold for every plan and every order of refunds.

use proptest::prelude::*;

use super::*;
use crate::{
    accrual::accrue,
    agreement::{Acceptance, Agreement, AgreementStatus},
    attribution::{Attribution, Outcome, Touch},
    conversion::{Conversion, Refund},
    id::{AgreementId, ConversionId, ProgramId},
    ledger::{Account, Transaction, balances},
    money::Currency,
    plan::{Condition, InactiveUpline, LevelShare, Plan, PlanVersion, Recurring, Reward, Rule},
    program::TouchKind,
};

fn usd() -> Currency {
    "USD".parse().unwrap()
}

fn money(text: &str) -> Money {
    Money::parse(text, usd()).unwrap()
}

fn rate(text: &str) -> Rate {
    text.parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn partner(number: usize) -> PartnerId {
    PartnerId::derive(&[&number.to_string()])
}

fn percent(id: &str, share: &str) -> Rule {
    Rule { id: id.into(), priority: 0, conditions: vec![], reward: Reward::Percent { rate: rate(share) } }
}

fn flat(id: &str, amount: &str, on_refund: FlatRefund) -> Rule {
    Rule {
        id: id.into(),
        priority: 0,
        conditions: vec![],
        reward: Reward::Flat { amount: money(amount), on_refund },
    }
}

fn plan(rules: Vec<Rule>, shares: &[&str]) -> Plan {
    Plan {
        rules,
        levels: shares.iter().map(|share| LevelShare::Base { rate: rate(share) }).collect(),
        upline_cap: None,
        inactive_upline: InactiveUpline::Accrue,
        recurring: Recurring::Forever,
        base: Default::default(),
        rounding: Rounding::HalfEven,
        hold_days: 30,
    }
}

/// One sale by a partner with nine ancestors, and everything around it.
struct Case {
    plan: PlanVersion,
    agreement: Agreement,
    touch: Touch,
    charge: Charge,
    upline: Vec<Sponsor>,
    customer_since: Option<Timestamp>,
}

impl Case {
    fn new(plan: Plan, amount: &str) -> Self {
        let program_id = ProgramId::derive(&["program"]);
        let touch = Touch {
            kind: TouchKind::Click,
            reference: "clk_1".into(),
            partner_id: partner(1),
            link_id: None,
            campaign: Some("spring".into()),
            at: at("2026-01-01T00:00:00Z"),
        };
        let acceptance = Acceptance {
            version: "1".into(),
            sha256: String::new(),
            at: touch.at,
            address_hash: String::new(),
        };
        Self {
            plan: PlanVersion { program_id: program_id.clone(), version: 1, effective_from: touch.at, plan },
            agreement: Agreement {
                id: AgreementId::derive(&["a"]),
                program_id,
                partner_id: partner(1),
                status: AgreementStatus::Approved,
                reason: None,
                acceptance,
                commission_tier: Some("gold".into()),
                revenue_split: None,
                contract_start: None,
                contract_end: None,
                ancestors: (2..=10).map(partner).collect(),
                applied_at: touch.at,
                approved_at: Some(touch.at),
                stopped_at: None,
            },
            touch,
            charge: Charge {
                kind: ConversionKind::Sale,
                occurred_at: at("2026-01-31T12:00:00Z"),
                amount: money(amount),
                tax: money("0"),
                shipping: money("0"),
                discount: money("0"),
                customer: None,
                click_id: None,
                country: Some("DE".into()),
                aliases: vec![],
                metadata: Default::default(),
            },
            upline: (2..=10).map(|number| Sponsor { partner_id: partner(number), is_active: true }).collect(),
            customer_since: None,
        }
    }

    fn calculate(&self) -> Calculation {
        let Self { plan, agreement, touch, charge, upline, customer_since } = self;
        calculate(&Inputs { plan, agreement, touch, charge, upline, customer_since: *customer_since })
            .unwrap()
    }

    fn amounts(&self) -> Vec<String> {
        self.calculate().lines.iter().map(|line| line.amount.to_decimal().to_string()).collect()
    }

    fn book(&self) -> Booked {
        let calculation = self.calculate();
        let conversion = Conversion {
            id: ConversionId::derive(&["c"]),
            program_id: self.plan.program_id.clone(),
            source: "stripe".into(),
            external_id: "in_1".into(),
            received_at: self.charge.occurred_at,
            charge: self.charge.clone(),
            attribution: Attribution { outcome: Outcome::Attributed(self.touch.clone()), rejected: vec![] },
            terms: Some(calculation.terms.clone()),
            refunded: Money::zero(usd()),
        };
        let accrual = accrue(&conversion, &calculation, None, conversion.received_at).unwrap();
        Booked {
            conversion,
            commissions: accrual.commissions,
            journal: accrual.transaction.into_iter().collect(),
        }
    }
}

/// A booked conversion and its journal.
struct Booked {
    conversion: Conversion,
    commissions: Vec<Commission>,
    journal: Vec<Transaction>,
}

impl Booked {
    fn refund(&mut self, id: &str, amount: Money) -> Result<(), RefundError> {
        let fact = Refund { refund_id: id.into(), amount, occurred_at: self.conversion.received_at };
        let reversal = refund(&self.conversion, &self.commissions, &fact, fact.occurred_at)?;
        self.conversion.refunded = reversal.refunded;
        for changed in reversal.commissions {
            let line = self.commissions.iter_mut().find(|line| line.id == changed.id).unwrap();
            *line = changed;
        }
        self.journal.extend(reversal.transaction);
        Ok(())
    }

    fn mature(&mut self, number: usize) {
        let matured =
            mature(&self.conversion.program_id, &partner(number), usd(), &self.commissions, Timestamp::MAX)
                .unwrap();
        for changed in matured.commissions {
            let line = self.commissions.iter_mut().find(|line| line.id == changed.id).unwrap();
            *line = changed;
        }
        self.journal.extend(matured.transaction);
    }

    fn amounts(&self) -> Vec<String> {
        self.commissions.iter().map(|line| line.amount.to_decimal().to_string()).collect()
    }

    fn minors(&self) -> Vec<i64> {
        self.commissions.iter().map(|line| line.amount.minor()).collect()
    }

    fn balance(&self, account: Account) -> i128 {
        balances(&self.journal).get(&(account, usd())).copied().unwrap_or(0)
    }
}

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
fn a_refund_beyond_the_charge_is_refused_with_what_is_left() {
    let mut sale = Case::new(plan(vec![percent("base", "0.20")], &[]), "100.00").book();
    sale.refund("re_1", money("70.00")).unwrap();
    assert_eq!(sale.refund("re_2", money("30.01")), Err(RefundError::ExceedsCharge { left: money("30.00") }));
    assert_eq!(sale.refund("re_3", money("0")), Err(RefundError::NotPositive));
    assert_eq!(sale.refund("re_4", Money::new(1, "JPY".parse().unwrap())).is_err(), true);
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
        line.status = CommissionStatus::Held;
    }
    let reviewed =
        review(&sale.conversion, &sale.commissions, Decision::Reject, Timestamp::UNIX_EPOCH).unwrap();
    sale.commissions = reviewed.commissions;
    sale.journal.extend(reviewed.transaction);
    sale.refund("re_1", money("10.00")).unwrap();
    assert_eq!(sale.amounts(), ["0.00", "0.00"]);
    assert!(sale.commissions.iter().all(|line| line.status == CommissionStatus::Rejected));
    assert_eq!(sale.balance(Account::Expense), 0);
    let again = review(&sale.conversion, &sale.commissions, Decision::Release, Timestamp::UNIX_EPOCH);
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
    rule.conditions = vec![
        Condition::CommissionTier(["gold".to_owned()].into()),
        Condition::Campaign(["spring".to_owned()].into()),
        Condition::Country(["FR".to_owned()].into()),
    ];
    let mut case = Case::new(plan(vec![rule, percent("base", "0.10")], &[]), "10.00");
    let calculation = case.calculate();
    assert_eq!(calculation.trace.rules[0].outcome, RuleOutcome::NotMatched { field: "country".into() });
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
    let mut rule = percent("leads", "0.20");
    rule.conditions = vec![Condition::Kind([ConversionKind::Lead].into())];
    let none = Case::new(plan(vec![rule], &[]), "10.00").calculate();
    assert_eq!(none.terms.nothing_earned, Some(NothingEarned::NoRuleMatches));
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

fn any_share() -> impl Strategy<Value = String> {
    (0..=300_000_u32).prop_map(|millionths| format!("0.{millionths:06}"))
}

fn any_level() -> impl Strategy<Value = LevelShare> {
    prop_oneof![
        any_share().prop_map(|share| LevelShare::Base { rate: rate(&share) }),
        any_share().prop_map(|share| LevelShare::LevelOne { rate: rate(&share) }),
    ]
}

fn any_rule() -> impl Strategy<Value = Reward> {
    prop_oneof![
        any_share().prop_map(|share| Reward::Percent { rate: rate(&share) }),
        (1..100_000_i64).prop_map(|minor| Reward::Flat {
            amount: Money::new(minor, usd()),
            on_refund: FlatRefund::Prorate
        }),
    ]
}

fn any_rounding() -> impl Strategy<Value = Rounding> {
    prop::sample::select(vec![Rounding::HalfEven, Rounding::HalfUp, Rounding::Down])
}

prop_compose! {
    fn any_plan()(
        rewards in prop::collection::vec(any_rule(), 1..4),
        levels in prop::collection::vec(any_level(), 0..10),
        cap in prop::option::of(any_share()),
        rounding in any_rounding(),
    ) -> Plan {
        let rules = rewards.into_iter().enumerate().map(|(index, reward)| {
            Rule { id: format!("r{index}"), priority: 0, conditions: vec![], reward }
        }).collect();
        let upline_cap = cap.map(|share| rate(&share));
        Plan { rules, levels, upline_cap, rounding, ..plan(vec![], &[]) }
    }
}

prop_compose! {
    /// A sale and slices that add up to at most its amount.
    fn any_refunds()(amount in 1..10_000_000_i64, cuts in prop::collection::vec(0.0..1.0_f64, 1..6)) -> (i64, Vec<i64>) {
        let mut left = amount;
        let slices = cuts.into_iter().map(|cut| {
            #[expect(clippy::cast_possible_truncation, clippy::float_arithmetic, clippy::cast_precision_loss, reason = "only draws test data")]
            let slice = ((left as f64) * cut) as i64;
            left -= slice;
            slice
        }).filter(|slice| *slice > 0).collect();
        (amount, slices)
    }
}

proptest! {
    #[test]
    fn refunds_in_any_order_and_slicing_end_equal(plan in any_plan(), (amount, slices) in any_refunds(), seed: u64) {
        let case = Case { charge: Charge { amount: Money::new(amount, usd()), ..Case::new(plan.clone(), "0").charge }, ..Case::new(plan, "0") };
        let mut whole = case.book();
        let total: i64 = slices.iter().sum();
        if total > 0 {
            whole.refund("all", Money::new(total, usd())).unwrap();
        }
        let mut order: Vec<usize> = (0..slices.len()).collect();
        let places = order.len().max(1) as u64;
        order.rotate_left(usize::try_from(seed % places).unwrap());
        let mut sliced = case.book();
        for index in order {
            sliced.refund(&format!("re_{index}"), Money::new(slices[index], usd())).unwrap();
        }
        prop_assert_eq!(whole.minors(), sliced.minors());
        prop_assert_eq!(balances(&whole.journal), {
            let mut other = balances(&sliced.journal);
            other.retain(|account, _| balances(&whole.journal).contains_key(account));
            other
        });
    }

    #[test]
    fn a_full_refund_is_zero_on_every_level(plan in any_plan(), (amount, slices) in any_refunds()) {
        let case = Case { charge: Charge { amount: Money::new(amount, usd()), ..Case::new(plan.clone(), "0").charge }, ..Case::new(plan, "0") };
        let mut sale = case.book();
        let mut left = amount;
        for (index, slice) in slices.iter().enumerate() {
            sale.refund(&format!("re_{index}"), Money::new(*slice, usd())).unwrap();
            left -= slice;
        }
        if left > 0 {
            sale.refund("rest", Money::new(left, usd())).unwrap();
        }
        prop_assert!(sale.minors().iter().all(|minor| *minor == 0));
        prop_assert!(balances(&sale.journal).values().all(|balance| *balance == 0));
    }

    #[test]
    fn lines_never_exceed_what_the_plan_allows_and_the_ledger_holds_exactly_them(plan in any_plan(), amount in 0..10_000_000_i64) {
        let cap = plan.upline_cap;
        let case = Case { charge: Charge { amount: Money::new(amount, usd()), ..Case::new(plan.clone(), "0").charge }, ..Case::new(plan, "0") };
        let sale = case.book();
        prop_assert!(sale.minors().iter().all(|minor| *minor >= 0));
        if let (Some(cap), Some((_, upline))) = (cap, sale.minors().split_first()) {
            let most = cap.of(Money::new(amount, usd()), Rounding::Down).unwrap().minor();
            prop_assert!(upline.iter().sum::<i64>() <= most);
        }
        let total: i64 = sale.minors().iter().sum();
        prop_assert_eq!(sale.balance(Account::Expense), -i128::from(total));
        prop_assert_eq!(case.calculate(), case.calculate());
    }

    #[test]
    fn a_plan_without_faults_never_fails_to_calculate(plan in any_plan(), amount in 0..=i64::MAX / 4) {
        prop_assume!(plan.faults(usd()).is_empty());
        let case = Case { charge: Charge { amount: Money::new(amount, usd()), ..Case::new(plan.clone(), "0").charge }, ..Case::new(plan, "0") };
        case.calculate();
    }
}
