//! Laws of refunds: whatever their number, order and size, only their sum counts.

use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*, sample::Index};

use super::{
    sample::{LARGEST, any_case, any_cuts, config, slices},
    *,
};
use crate::conversion::{RefundCause, RefundStage};

/// What each account of the journal holds, where that is anything.
fn held(sale: &Booked) -> BTreeMap<(Account, Currency), i128> {
    balances(&sale.journal).into_iter().filter(|(_, balance)| *balance != 0).collect()
}

fn keeps(price: &Price) -> bool {
    match price {
        Price::Flat { on_refund, .. } => *on_refund == FlatRefund::Keep,
        Price::Parts { parts } => parts.iter().any(|part| keeps(&part.price)),
        Price::Share { of, .. } => keeps(of),
        Price::Percent { .. } | Price::OfLevelOne { .. } | Price::Tiered { .. } => false,
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn refunds_in_any_order_and_slicing_end_equal(case in any_case(LARGEST), cuts in any_cuts(), turn in 0..6_usize) {
        let mut slices = slices(case.charge.amount, &cuts);
        let (mut whole, mut sliced) = (case.book(), case.book());
        let refunded = sum(slices.iter().copied(), case.charge.amount.currency()).unwrap();
        if !refunded.is_zero() {
            whole.refund("all", refunded).unwrap();
        }
        let places = slices.len().max(1);
        slices.rotate_left(turn % places);
        for (index, slice) in slices.into_iter().enumerate() {
            sliced.refund(&format!("re_{index}"), slice).unwrap();
        }
        prop_assert_eq!(whole.minors(), sliced.minors());
        prop_assert_eq!(held(&whole), held(&sliced));
    }

    #[test]
    fn a_full_refund_takes_everything_but_what_is_to_be_kept(case in any_case(LARGEST), cuts in any_cuts()) {
        let mut sale = case.book();
        let mut left = case.charge.amount;
        for (index, slice) in slices(left, &cuts).into_iter().enumerate() {
            sale.refund(&format!("re_{index}"), slice).unwrap();
            left = left.minus(slice).unwrap();
        }
        if !left.is_zero() {
            sale.refund("rest", left).unwrap();
        }
        // A lead has nothing to refund.
        if case.charge.amount.is_zero() || sale.commissions.iter().any(|line| keeps(&line.price)) {
            return Ok(());
        }
        prop_assert!(sale.minors().iter().all(|minor| *minor == 0), "{:?}", sale.minors());
        prop_assert_eq!(held(&sale), BTreeMap::new());
    }

    #[test]
    fn at_every_refund_the_limits_hold_and_the_ledger_holds_exactly_the_lines(case in any_case(LARGEST), cuts in any_cuts()) {
        let mut sale = case.book();
        let mut earlier: i64 = sale.minors().iter().sum();
        for (index, slice) in slices(case.charge.amount, &cuts).into_iter().enumerate() {
            let freed = sale.refund(&format!("re_{index}"), slice).unwrap();
            let terms = sale.conversion.terms.as_ref().unwrap();
            let total: i64 = sale.minors().iter().sum();
            prop_assert!(sale.minors().iter().all(|minor| *minor >= 0));
            prop_assert!(terms.clamp.as_ref().is_none_or(|clamp| total <= clamp.left.minor()));
            if let Some(cap) = terms.upline_cap {
                let base = terms.base_left(&case.charge, sale.conversion.refunded).unwrap();
                let upline = sale.commissions.iter().filter(|line| line.id.level().number() > 1);
                let upline: i64 = upline.map(|line| line.amount.minor()).sum();
                prop_assert!(upline <= cap.of(base, Rounding::Down).unwrap().minor());
            }
            prop_assert_eq!(freed, earlier - total);
            // The part of an inactive partner lapses, and a minor unit may round to it or to another.
            let is_shared = case.charge.splits.iter().any(|split| case.inactive.contains(&split.partner_id));
            prop_assert!(freed >= if is_shared { -10 } else { 0 }, "{freed} were freed");
            earlier = total;
            prop_assert_eq!(sale.balance(Account::Expense), -i128::from(total));
            let mut owed: BTreeMap<_, i128> = BTreeMap::new();
            for line in &sale.commissions {
                *owed.entry((line.account(), terms.base.currency())).or_default() += i128::from(line.amount.minor());
            }
            owed.retain(|_, minor| *minor != 0);
            let mut accounts = held(&sale);
            accounts.remove(&(Account::Expense, terms.base.currency()));
            prop_assert_eq!(accounts, owed);
        }
    }

    #[test]
    fn a_line_that_was_reversed_earns_nothing(case in any_case(400), cuts in any_cuts()) {
        let mut sale = case.book();
        for (index, slice) in slices(case.charge.amount, &cuts).into_iter().enumerate() {
            sale.refund(&format!("re_{index}"), slice).unwrap();
            for line in &sale.commissions {
                prop_assert!(line.status != CommissionStatus::Reversed || line.amount.is_zero(), "{line:?}");
            }
        }
    }

    #[test]
    fn whatever_is_told_of_refunds_ends_equal_in_any_order_and_number(
        case in any_case(LARGEST),
        told in vec(any_telling(), 1..8),
        order in vec(any::<Index>(), 0..12),
        matures in any::<bool>(),
    ) {
        let facts: Vec<Refund> = told.into_iter().map(|told| told.of(case.charge.amount)).collect();
        let (mut straight, mut shuffled) = (case.book(), case.book());
        if matures {
            (1..=20).for_each(|number| straight.mature(number));
            (1..=20).for_each(|number| shuffled.mature(number));
        }
        for fact in &facts {
            straight.tell(fact.clone()).unwrap();
        }
        // Some in another order, some of them twice; then all of them backwards.
        let picked = order.iter().map(|index| index.get(&facts));
        for fact in picked.chain(facts.iter().rev()) {
            shuffled.tell(fact.clone()).unwrap();
        }
        prop_assert_eq!(&straight.commissions, &shuffled.commissions);
        prop_assert_eq!(held(&straight), held(&shuffled));
        prop_assert_eq!(straight.conversion.refunded, shuffled.conversion.refunded);
        let disputed = refunded(case.charge.amount, &facts).unwrap().is_disputed;
        let is_held = |line: &Commission| line.status == CommissionStatus::Held;
        prop_assert!(straight.commissions.iter().all(|line| disputed || !is_held(line)));
    }

    #[test]
    fn what_is_void_after_all_leaves_nothing_behind(case in any_case(LARGEST), told in vec(any_telling(), 1..8)) {
        let untouched = case.book();
        let mut sale = case.book();
        for told in told {
            let fact = told.of(case.charge.amount);
            sale.tell(fact.clone()).unwrap();
            sale.tell(Refund { stage: RefundStage::Void, amount: None, ..fact }).unwrap();
        }
        prop_assert_eq!(&untouched.commissions, &sale.commissions);
        prop_assert_eq!(held(&untouched), held(&sale));
    }
}

/// Something told of one of a few refunds.
#[derive(Debug, Clone, Copy)]
struct Telling {
    id: u8,
    cause: RefundCause,
    stage: RefundStage,
}

fn any_telling() -> impl Strategy<Value = Telling> {
    let causes = [RefundCause::Refund, RefundCause::Dispute, RefundCause::Cancellation, RefundCause::Total];
    let stages = [RefundStage::Open, RefundStage::Done, RefundStage::Void];
    (0..3_u8, prop::sample::select(causes.to_vec()), prop::sample::select(stages.to_vec()))
        .prop_map(|(id, cause, stage)| Telling { id, cause, stage })
}

impl Telling {
    /// The fact: 17, 57 or 97 percent of the charge, so that some are more than is left.
    fn of(self, charge: Money) -> Refund {
        let Self { id, cause, stage } = self;
        let percent = i64::from(id) * 40 + 17;
        let part = Money::new((charge.minor() / 100 * percent).max(1), charge.currency());
        let amount = (cause != RefundCause::Cancellation).then_some(part);
        Refund { refund_id: format!("re_{id}"), cause, stage, amount, occurred_at: Timestamp::UNIX_EPOCH }
    }
}
