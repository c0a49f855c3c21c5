//! Adjustments: what they book, what refuses them, and that their order with refunds does not matter.

use proptest::prelude::*;

use super::*;
use crate::id::AdjustmentId;

impl Booked {
    fn adjust(&mut self, place: usize, name: &str, minor: i64) -> Result<(), AdjustError> {
        let prices: Vec<Price> = self.commissions.iter().map(|line| line.price.clone()).collect();
        let Conversion { charge, refunded, terms, .. } = &self.conversion;
        let priced = terms.as_ref().unwrap().amounts(&prices, charge, *refunded).unwrap();
        let line = &self.commissions[place];
        let adjustment = Adjustment {
            id: AdjustmentId::derive(&[name]),
            commission_id: line.id.clone(),
            amount: Money::new(minor, usd()),
            reason: "because".into(),
            by: "root".into(),
            at: self.conversion.received_at,
        };
        let adjusted = adjust(line, priced[place], false, &adjustment)?;
        if let Some(booked) = &adjusted.transaction {
            assert_eq!(booked.id, adjustment.entry_id());
        }
        self.journal.extend(adjusted.transaction);
        self.commissions[place] = adjusted.commission;
        Ok(())
    }

    fn status(&self, place: usize) -> CommissionStatus {
        self.commissions[place].status
    }
}

/// 100.00 at 20 % and 5 %.
fn sale() -> Booked {
    Case::new(plan(vec![percent("base", "0.2")], &["0.05"]), "100.00").book()
}

#[test]
fn adjustments_stand_beside_what_refunds_leave() {
    let mut sale = sale();
    sale.adjust(0, "a", 500).unwrap();
    sale.adjust(0, "b", -300).unwrap();
    assert_eq!(sale.amounts(), ["22.00", "5.00"]);
    sale.refund("half", money("50.00")).unwrap();
    assert_eq!(sale.amounts(), ["12.00", "2.50"]);
    assert_eq!(sale.balance(Account::Pending(partner(1))), 1200);
    assert_eq!(sale.balance(Account::Expense), -1450);
    assert_eq!((sale.commissions[0].earned, sale.commissions[0].adjusted), (money("20"), money("2")));
}

#[test]
fn after_maturity_an_adjustment_moves_the_available_balance_even_below_zero() {
    let mut sale = sale();
    sale.mature(1);
    sale.adjust(0, "a", -1500).unwrap();
    assert_eq!(sale.balance(Account::Available(partner(1))), 500);
    assert_eq!(sale.status(0), CommissionStatus::Approved);
    assert_eq!(sale.balance(Account::Pending(partner(1))), 0);
}

#[test]
fn what_was_taken_back_whole_can_be_given_again() {
    let mut sale = sale();
    sale.adjust(0, "typo", -2000).unwrap();
    assert_eq!(sale.status(0), CommissionStatus::Reversed);
    sale.refund("half", money("50.00")).unwrap();
    assert_eq!(sale.balance(Account::Pending(partner(1))), 0);
    // Of the 20.00 that come back the refund has taken 10.00.
    sale.adjust(0, "mended", 2000).unwrap();
    assert_eq!((sale.status(0), sale.minors()[0]), (CommissionStatus::Pending, 1000));
    sale.mature(1);
    sale.refund("rest", money("50.00")).unwrap();
    assert_eq!(sale.status(0), CommissionStatus::Reversed);
    sale.commissions[0].payout_id = Some(PayoutId::derive(&["paid before"]));
    sale.adjust(0, "goodwill", 100).unwrap();
    assert_eq!((sale.status(0), sale.minors()[0]), (CommissionStatus::Approved, 100));
    assert_eq!(sale.commissions[0].payout_id, None, "no payout has covered what it is worth now");
    assert_eq!(sale.balance(Account::Available(partner(1))), 100);
}

#[test]
fn an_adjustment_that_cannot_be_is_refused() {
    let mut sale = sale();
    assert_eq!(sale.adjust(0, "a", 0), Err(AdjustError::Zero));
    assert_eq!(sale.adjust(0, "a", -2001), Err(AdjustError::ExceedsLeft { left: money("20.00") }));
    assert!(matches!(sale.adjust(0, "a", i64::MAX), Err(AdjustError::Money(MoneyError::Overflow))));
    let euros = Adjustment {
        id: AdjustmentId::derive(&["a"]),
        commission_id: sale.commissions[0].id.clone(),
        amount: Money::new(1, "EUR".parse().unwrap()),
        reason: "because".into(),
        by: "root".into(),
        at: sale.conversion.received_at,
    };
    let refused = adjust(&sale.commissions[0], money("20.00"), false, &euros);
    assert!(matches!(refused, Err(AdjustError::Money(MoneyError::CurrencyMismatch { .. }))));
    sale.commissions[0].status = CommissionStatus::Rejected;
    assert_eq!(sale.adjust(0, "a", 100), Err(AdjustError::Rejected));
}

proptest! {
    /// What refunds and adjustments come to does not depend on the order in which they come, as
    /// long as none of them is refused; and the journal holds just that.
    #[test]
    fn refunds_and_adjustments_end_equal_in_any_order(
        steps in prop::collection::vec((any::<bool>(), 0..2_usize, -3_000..3_000_i64), 1..8),
        matured in prop::option::of(0..8_usize),
        seed: u64,
    ) {
        let run = |order: &[usize]| {
            let mut sale = sale();
            for (turn, step) in order.iter().enumerate() {
                if matured == Some(turn) {
                    sale.mature(1);
                }
                let (is_refund, place, minor) = steps[*step];
                let done = if is_refund && minor > 0 {
                    sale.refund(&format!("re_{step}"), Money::new(minor, usd())).is_ok()
                } else {
                    sale.adjust(place, &format!("adj_{step}"), minor).is_ok()
                };
                if !done {
                    return None;
                }
            }
            Some(sale)
        };
        let mut order: Vec<usize> = (0..steps.len()).collect();
        let one = run(&order);
        let places = order.len() as u64;
        order.rotate_left(usize::try_from(seed % places).unwrap());
        let other = run(&order);
        if let (Some(one), Some(other)) = (&one, &other) {
            prop_assert_eq!(one.minors(), other.minors());
        }
        for sale in one.iter().chain(&other) {
            prop_assert!(sale.journal.iter().all(|booked| booked.check().is_ok()));
            let total: i64 = sale.minors().iter().sum();
            prop_assert_eq!(sale.balance(Account::Expense), -i128::from(total));
            for line in &sale.commissions {
                prop_assert_eq!(line.amount.is_zero(), line.status == CommissionStatus::Reversed);
            }
        }
    }
}
