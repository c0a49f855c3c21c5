//! Laws that hold for every plan and every order of refunds.

use proptest::prelude::*;

use super::*;

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
            per: FlatPer::Sale,
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
