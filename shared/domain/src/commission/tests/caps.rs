//! Caps with what of them was used before.

use super::*;
use crate::{conversion::Customer, id::CustomerId};

fn cap(scope: CapScope, period: CapPeriod, amount: &str) -> Cap {
    Cap { scope, period, amount: money(amount) }
}

/// 20.00, 5.00 and 2.00 on a sale of 100.00.
fn capped(caps: Vec<Cap>) -> Case {
    let plan = plan(vec![percent("base", "0.20")], &["0.05", "0.02"]);
    Case::new(Plan { caps, ..plan }, "100.00")
}

#[test]
fn what_is_over_comes_off_the_deepest_level_first() {
    let case = capped(vec![cap(CapScope::Partner, CapPeriod::Day, "50.00")]);
    for (used, expected) in [
        (0, ["20.00", "5.00", "2.00"]),
        (2300, ["20.00", "5.00", "2.00"]),
        (2301, ["20.00", "5.00", "1.99"]),
        (2500, ["20.00", "5.00", "0.00"]),
        (2800, ["20.00", "2.00", "0.00"]),
        (3001, ["19.99", "0.00", "0.00"]),
        (4999, ["0.01", "0.00", "0.00"]),
    ] {
        let case = case.clone().used(&[used]);
        assert_eq!(case.amounts(), expected, "{used}");
        let clamp = case.calculate().terms.clamp;
        assert_eq!(clamp.map(|clamp| clamp.left.minor()), (used > 2300).then_some(5000 - used), "{used}");
    }
}

#[test]
fn a_cap_that_is_used_up_leaves_nothing_and_says_so() {
    let case = capped(vec![cap(CapScope::Program, CapPeriod::AllTime, "50.00")]);
    for used in [5000, 5001, i64::MAX] {
        let Calculation { terms, lines, .. } = case.clone().used(&[used]).calculate();
        assert_eq!((lines.len(), terms.nothing_earned), (0, Some(NothingEarned::CapReached)));
        let clamp = terms.clamp.unwrap();
        assert_eq!(
            (clamp.limit, clamp.left, clamp.counter.period.as_str()),
            (money("50.00"), money("0"), "all")
        );
        assert_eq!(terms.caps, [], "what is granted nothing counts in no cap");
    }
}

#[test]
fn of_several_caps_the_one_that_leaves_least_is_noted_and_all_count() {
    let caps = vec![
        cap(CapScope::Partner, CapPeriod::Month, "30.00"),
        cap(CapScope::Program, CapPeriod::Day, "26.00"),
    ];
    let case = capped(caps);
    let counted = |used: &[i64]| case.clone().used(used).calculate().terms;
    let both = counted(&[0, 0]);
    assert_eq!(
        both.clamp.map(|clamp| (clamp.counter.scope, clamp.period)),
        Some((CapScope::Program, CapPeriod::Day))
    );
    assert_eq!(both.caps.len(), 2);
    let partner = counted(&[1000, 0]).clamp.unwrap();
    assert_eq!((partner.counter.scope, partner.left), (CapScope::Partner, money("20.00")));
    assert_eq!(case.clone().used(&[1000, 0]).amounts(), ["20.00", "0.00", "0.00"]);
}

#[test]
fn a_refund_of_a_clamped_sale_recomputes_within_what_was_left() {
    let case = capped(vec![cap(CapScope::Partner, CapPeriod::Day, "15.00")]).used(&[0]);
    let mut sale = case.book();
    assert_eq!(sale.amounts(), ["15.00", "0.00", "0.00"]);
    // 80.00 would earn 21.60: the cap still decides.
    assert_eq!(sale.refund("re_1", money("20.00")), Ok(0));
    assert_eq!(sale.amounts(), ["15.00", "0.00", "0.00"]);
    // 60.00 earns 16.20, of which level 1 is 12.00.
    assert_eq!(sale.refund("re_2", money("20.00")), Ok(0));
    assert_eq!(sale.amounts(), ["12.00", "3.00", "0.00"]);
    // 50.00 earns 13.50, which the cap leaves whole; the rest it may grant again.
    assert_eq!(sale.refund("re_3", money("10.00")), Ok(150));
    assert_eq!(sale.amounts(), ["10.00", "2.50", "1.00"]);
    assert_eq!(sale.refund("re_4", money("50.00")), Ok(1350));
    assert_eq!(sale.amounts(), ["0.00", "0.00", "0.00"]);
}

#[test]
fn the_plans_cap_of_the_upline_comes_before_the_caps() {
    let mut case = capped(vec![cap(CapScope::Partner, CapPeriod::Day, "23.00")]);
    case.plan.plan.upline_cap = Some(rate("0.06"));
    assert_eq!(case.clone().amounts(), ["20.00", "5.00", "1.00"]);
    assert_eq!(case.used(&[0]).amounts(), ["20.00", "3.00", "0.00"]);
}

#[test]
fn each_scope_counts_its_own_subject_in_its_period() {
    let scopes = [CapScope::Partner, CapScope::Customer, CapScope::Program, CapScope::Campaign];
    let mut case = capped(scopes.map(|scope| cap(scope, CapPeriod::Month, "1.00")).to_vec());
    case.charge.occurred_at = at("2026-03-01T00:30:00+01:00");
    let counters = |case: &Case| -> Vec<(String, String)> {
        let counters = cap_counters(&case.plan, &case.touch, &case.charge).into_iter();
        counters.map(|(_, counter)| (counter.subject, counter.period)).collect()
    };
    let customer = CustomerId::derive(&["c"]);
    case.charge.customer = Some(Customer { id: customer.clone(), email_hash: None });
    let subjects =
        [partner(1).to_string(), customer.to_string(), case.plan.program_id.to_string(), "spring".to_owned()];
    assert_eq!(counters(&case), subjects.clone().map(|subject| (subject, "2026-02".to_owned())));
    // Without a customer or a campaign there is nothing that could be used up.
    (case.charge.customer, case.touch.campaign) = (None, None);
    let [partner, _, program, _] = subjects;
    assert_eq!(counters(&case), [partner, program].map(|subject| (subject, "2026-02".to_owned())));
    for (period, expected) in [(CapPeriod::Day, "2026-02-28"), (CapPeriod::AllTime, "all")] {
        case.plan.plan.caps = vec![cap(CapScope::Program, period, "1.00")];
        assert_eq!(counters(&case)[0].1, expected);
    }
}
