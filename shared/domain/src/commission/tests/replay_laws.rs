//! Laws of replay: whatever the plan and the story, the journal follows from the facts.

use proptest::{collection::vec, prelude::*};

use super::{
    sample::{LARGEST, any_case, any_cuts, config, slices},
    *,
};
use crate::{
    attribution::{RejectedTouch, Rejection},
    conversion::{RefundCause, RefundStage},
    replay::{Event, Facts, Step, Tally, replay},
};

/// What was frozen of the world, and nothing that the plan gives.
fn forget_the_price(facts: &mut Facts) {
    let terms = facts.conversion.terms.as_mut().unwrap();
    (terms.rule_id, terms.upline_cap, terms.nothing_earned) = (None, None, None);
    (terms.base, terms.hold_days) = (Money::zero(terms.base.currency()), 0);
    terms.rounding = Rounding::Down;
    for line in &mut facts.lines {
        line.price = Price::Percent { rate: rate("0") };
        (line.earned, line.amount) = (Money::zero(terms.base.currency()), Money::zero(terms.base.currency()));
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_journal_follows_from_the_facts(
        case in any_case(LARGEST),
        cuts in any_cuts(),
        matures in vec(any::<bool>(), 40),
        decided in prop::option::of((0..4_usize, any::<bool>())),
        told in vec(prop::option::of(prop::sample::select(stages())), 10),
    ) {
        let hold = decided.map(|_| HoldReason::SelfReferral);
        let mut sale = case.book();
        for line in sale.commissions.iter_mut().filter(|_| hold.is_some()) {
            (line.status, line.hold_reason) = (CommissionStatus::Held, hold);
        }
        let splits = case.charge.splits.iter().map(|split| &split.partner_id);
        let rejected = splits.filter(|partner| case.inactive.contains(partner)).map(|partner| RejectedTouch {
            kind: TouchKind::Split,
            reference: partner.to_string(),
            reason: Rejection::AgreementInactive,
            partner_id: Some(partner.clone()),
            at: None,
        });
        sale.conversion.attribution.rejected = rejected.collect();
        let mut steps: Vec<Step> = Vec::new();
        let mut matures = matures.into_iter();
        for (index, slice) in slices(case.charge.amount, &cuts).into_iter().enumerate() {
            let at = sale.conversion.received_at;
            for line in &mut sale.commissions {
                if line.status == CommissionStatus::Pending && matures.next() == Some(true) {
                    (line.status, line.matured_at) = (CommissionStatus::Approved, Some(at));
                }
                if line.status == CommissionStatus::Approved && matures.next() == Some(true) {
                    line.status = CommissionStatus::Paid;
                }
            }
            let lines_that = |keep: &dyn Fn(&Commission) -> bool| {
                sale.commissions.iter().filter(|line| keep(line)).map(|line| line.id.clone()).collect::<Vec<_>>()
            };
            let matured = lines_that(&|line| line.matured_at.is_some());
            let paid = lines_that(&|line| line.status == CommissionStatus::Paid);
            let event = match decided.filter(|(place, _)| *place == index) {
                Some((_, rejects)) => {
                    let decision = if rejects { Decision::Reject } else { Decision::Release };
                    // Refunds may have taken everything before.
                    let Ok(reviewed) = review(&sale.conversion, &sale.commissions, sale.is_disputed(), decision, at) else { continue };
                    for line in reviewed.commissions {
                        let place = sale.commissions.iter().position(|own| own.id == line.id).unwrap();
                        sale.commissions[place] = line;
                    }
                    sale.journal.extend(reviewed.transaction);
                    Event::Reviewed(decision)
                }
                None => {
                    let made = Refund::made(format!("re_{index}"), slice, at);
                    let dispute = |stage| Refund { cause: RefundCause::Dispute, stage, ..made.clone() };
                    let fact = match told.get(index) {
                        Some(Some(stage)) => Refund { refund_id: "du_1".into(), ..dispute(*stage) },
                        _ => made,
                    };
                    if sale.refunds.iter().any(|known| known.is_same(&fact)) {
                        continue;
                    }
                    sale.tell(fact.clone()).unwrap();
                    Event::Refunded(fact)
                }
            };
            steps.push(Step { revision: u64::try_from(index).unwrap(), at, matured, paid, event });
        }
        let mut facts = Facts {
            booked_at: Some(sale.conversion.received_at),
            conversion: sale.conversion,
            lines: sale.commissions,
            steps,
            refunds: sale.refunds,
        };
        let plans = [case.plan];
        prop_assert_eq!(&replay(&facts, &plans).unwrap(), &sale.journal);
        forget_the_price(&mut facts);
        prop_assert_eq!(&replay(&facts, &plans).unwrap(), &sale.journal);
        let mut tally = Tally::new();
        tally.add(&facts, &plans, &sale.journal);
        prop_assert_eq!(tally.expected, tally.stored);
        if let Some(entry) = sale.journal.first_mut() {
            entry.postings[0].minor += 1;
            let mut tally = Tally::new();
            tally.add(&facts, &plans, &sale.journal);
            prop_assert!(tally.first_difference.is_some() && tally.expected != tally.stored);
        }
    }
}

fn stages() -> Vec<RefundStage> {
    vec![RefundStage::Open, RefundStage::Done, RefundStage::Void]
}
