//! A sale, a refund and a payout that hold; then one thing is spoiled at a time.

mod story;

use story::{Story, at, currency, partner, program, usd};

use super::*;
use crate::{
    agreement::{Acceptance, AgreementStatus},
    commission::{CommissionStatus, refund},
    conversion::{Refund, RefundCause, RefundStage},
    id::{AgreementId, Level, PayoutId},
    ledger::{Account, TransactionKind},
    partner::PayoutProvider,
    payout::{Payout, PayoutStatus},
};

fn checks(breaches: &[Breach]) -> Vec<Check> {
    let mut checks: Vec<_> = breaches.iter().map(|breach| breach.check).collect();
    checks.sort();
    checks.dedup();
    checks
}

#[test]
fn what_holds_has_no_breach() {
    let story = Story::new();
    assert_eq!(story.case(), []);
    assert_eq!(story.account(&story.kept()), []);
    assert_eq!(story.books().expense(), []);
    assert_eq!(story.journal.iter().find_map(transaction), None);
}

#[test]
fn a_spoiled_conversion_is_named() {
    let spoil = |change: &dyn Fn(&mut Story)| {
        let mut story = Story::new();
        change(&mut story);
        story.case()
    };
    let amount = |story: &mut Story| story.lines[0].amount = usd(1201);
    assert_eq!(spoil(&amount), [Check::Commission, Check::Booking]);
    let earned = |story: &mut Story| story.lines[1].earned = usd(499);
    assert_eq!(spoil(&earned), [Check::Commission, Check::Booking]);
    let refunded = |story: &mut Story| story.conversion.refunded = usd(5000);
    assert_eq!(spoil(&refunded), [Check::Commission, Check::Refunds, Check::UplineCap]);
    let another = |story: &mut Story| story.refunds.push(Refund::made("re_2", usd(1), at()));
    assert_eq!(spoil(&another), [Check::Refunds]);
    let disputed = |story: &mut Story| {
        let (cause, stage) = (RefundCause::Dispute, RefundStage::Open);
        story.refunds.push(Refund { cause, stage, ..Refund::made("dp_1", usd(1), at()) });
    };
    assert_eq!(spoil(&disputed), [Check::Refunds], "of two lines one is paid");
    let held = |story: &mut Story| story.lines[1].status = CommissionStatus::Held;
    assert_eq!(spoil(&held), [Check::Refunds]);
    let too_much = |story: &mut Story| {
        story.conversion.refunded = usd(10_001);
        story.refunds[0].amount = Some(usd(10_001));
    };
    assert!(spoil(&too_much).contains(&Check::Refunds));
    let cap = |story: &mut Story| story.lines[1].amount = usd(301);
    assert_eq!(spoil(&cap), [Check::Commission, Check::UplineCap, Check::Booking]);
    let terms = |story: &mut Story| story.conversion.terms = None;
    assert_eq!(spoil(&terms), [Check::Commission]);
    let accrual = |story: &mut Story| drop(story.journal.remove(0));
    assert_eq!(spoil(&accrual), [Check::Booking]);
    let reversal = |story: &mut Story| drop(story.journal.remove(1));
    assert_eq!(spoil(&reversal), [Check::Booking]);
    let no_line = |story: &mut Story| drop(story.lines.pop());
    assert_eq!(spoil(&no_line), [Check::Booking]);
    let rejected = |story: &mut Story| story.lines[1].status = CommissionStatus::Rejected;
    assert_eq!(spoil(&rejected), [Check::Commission]);
}

#[test]
fn a_spoiled_adjustment_is_named() {
    assert_eq!(Story::adjusted().case(), []);
    let spoil = |change: &dyn Fn(&mut Story)| {
        let mut story = Story::adjusted();
        change(&mut story);
        story.case()
    };
    assert_eq!(spoil(&|story| story.lines[1].adjusted = usd(499)), [Check::Commission, Check::UplineCap]);
    assert_eq!(spoil(&|story| drop(story.journal.pop())), [Check::Booking]);
    assert_eq!(spoil(&|story| drop(story.adjustments.pop())), [Check::Commission, Check::Booking]);
}

#[test]
fn a_spoiled_account_is_named() {
    let story = Story::new();
    let spoil = |change: &dyn Fn(&mut Kept)| {
        let mut kept = story.kept();
        change(&mut kept);
        story.account(&kept)
    };
    assert_eq!(spoil(&|kept| kept.balances.available = usd(199)), [Check::Balances]);
    assert_eq!(spoil(&|kept| kept.balances.held = usd(1)), [Check::Balances]);
    assert_eq!(spoil(&|kept| kept.balances.transit = usd(1)), [Check::Balances, Check::Payouts]);
    assert_eq!(spoil(&|kept| kept.balances.paid = usd(999)), [Check::Payouts]);
    assert_eq!(spoil(&|kept| kept.lines.waiting = 1), [Check::Pending]);
    assert_eq!(spoil(&|kept| kept.lines.worth = 1), [Check::Expense]);
    assert_eq!(spoil(&|kept| kept.payouts.settled.clear()), [Check::Payouts]);
    let other_provider = |kept: &mut Kept| kept.payouts.settled = [(PayoutProvider::Paypal, 1000)].into();
    assert_eq!(spoil(&other_provider), [Check::Payouts]);
    assert_eq!(spoil(&|kept| kept.covered = 1), [Check::Payouts]);
    assert_eq!(spoil(&|kept| kept.lines.covered = 1), [Check::Payouts]);
    assert_eq!(spoil(&|kept| kept.projected.earned = 1), [Check::Projections]);
    assert_eq!(spoil(&|kept| kept.payouts.reserved = 5), [Check::Payouts]);
    assert_eq!(spoil(&|kept| kept.open_payout = Some(PayoutId::derive(&["x"]))), [Check::Payouts]);
    assert_eq!(spoil(&|kept| kept.payouts.open = vec![PayoutId::derive(&["x"]); 2]), [Check::Payouts]);
    assert_eq!(spoil(&|kept| kept.projected.pending = 1), [Check::Projections]);
    assert_eq!(spoil(&|kept| kept.projected.by_level = [(Level::ONE, 1)].into()), [Check::Projections]);
    let other_day = |kept: &mut Kept| kept.projected.by_day = [("2026-01-30".parse().unwrap(), 1200)].into();
    assert_eq!(spoil(&other_day), [Check::Projections]);
}

/// The cash of a payout that came back is back, and that of one that was paid after all has left: each
/// state of a payout goes with one journal only.
#[test]
fn a_payout_stands_as_the_journal_says() {
    let with = |kinds: &[TransactionKind], status: PayoutStatus| {
        let mut story = Story::new();
        story.journal.retain(|entry| entry.kind != TransactionKind::PayoutSettle);
        for kind in kinds {
            story.journal.extend(story.payout.transaction(*kind, story.payout.updated_at).unwrap());
        }
        story.payout.status = status;
        let mut kept = story.kept();
        let sums = story.books().accounts[&(partner("kid"), currency())].clone();
        let paid: i128 = sums.cash.values().sum();
        kept.balances.available = usd(i64::try_from(sums.available).unwrap());
        kept.balances.paid = usd(i64::try_from(paid).unwrap());
        story.account(&kept)
    };
    use TransactionKind::{PayoutFail, PayoutReturn, PayoutSettle, PayoutSettleLate};
    let histories: [(&[TransactionKind], PayoutStatus); 4] = [
        (&[PayoutSettle], PayoutStatus::Paid),
        (&[PayoutSettle, PayoutReturn], PayoutStatus::Returned),
        (&[PayoutFail], PayoutStatus::Failed),
        (&[PayoutFail, PayoutSettleLate], PayoutStatus::Paid),
    ];
    for (kinds, right) in histories {
        for status in [PayoutStatus::Paid, PayoutStatus::Failed, PayoutStatus::Returned] {
            let is_paid = |status| status == PayoutStatus::Paid;
            let expected = if is_paid(status) == is_paid(right) { vec![] } else { vec![Check::Payouts] };
            assert_eq!(with(kinds, status), expected, "{kinds:?} and {status:?}");
        }
    }
}

#[test]
fn a_spoiled_journal_is_named() {
    let mut story = Story::new();
    let posting = &mut story.journal[0].postings[0];
    assert_eq!(posting.account, Account::Expense);
    posting.minor += 1;
    let breach = transaction(&story.journal[0]).unwrap();
    assert_eq!((breach.check, &breach.items), (Check::Transaction, &vec![story.journal[0].id.to_string()]));
    assert_eq!(checks(&story.books().expense()), [Check::Expense]);
}

#[test]
fn a_payout_of_what_was_not_there_is_named() {
    let mut story = Story::new();
    let request = story.journal.iter_mut().find(|booked| booked.kind == TransactionKind::PayoutRequest);
    request.unwrap().at = "2026-01-31T11:00:00Z".parse().unwrap();
    assert_eq!(story.account(&story.kept()), [Check::Reserves]);
}

#[test]
fn an_entry_that_nothing_explains_is_named() {
    let story = Story::new();
    assert!(story.journal.iter().all(|booked| named(booked).is_none()));
    let slashed = Refund::made("re/1/2", usd(1), at());
    let booked = refund(&story.conversion, &story.lines, &story.refunds, &slashed, at()).unwrap();
    assert_eq!(named(&booked.transaction.unwrap()), None);
    let other = Transaction { subject: "another".into(), ..story.journal[0].clone() };
    assert_eq!(checks(named(&other).as_slice()), [Check::Journal]);

    let known = Case::entry_ids(&story.conversion, &story.refunds, &[]);
    let id = &story.conversion.id;
    assert_eq!(unexplained(id, [&story.journal[0].id], &known), []);
    let breach = unexplained(id, [&slashed.entry_id(id)], &known).remove(0);
    assert_eq!((breach.check, breach.items.len()), (Check::Booking, 2));
}

#[test]
fn a_payment_is_of_one_payout() {
    let payout = Story::new().payout;
    let with = |provider_id: Option<&str>, status| Payout {
        provider_id: provider_id.map(str::to_owned),
        status,
        ..payout.clone()
    };
    let (own, other) = (payout.id.clone(), PayoutId::derive(&["other"]));
    for (payout, named, holds) in [
        (with(None, PayoutStatus::Sending), None, true),
        (with(None, PayoutStatus::Failed), None, true),
        (with(None, PayoutStatus::Paid), None, false),
        (with(Some("tr_1"), PayoutStatus::Paid), Some(&own), true),
        (with(Some("tr_1"), PayoutStatus::Paid), None, false),
        (with(Some("tr_1"), PayoutStatus::Failed), Some(&other), false),
    ] {
        assert_eq!(payment(&payout, named).is_none(), holds, "{payout:?} {named:?}");
    }
}

#[test]
fn a_partner_stands_below_the_sponsor_and_nowhere_else() {
    let agreement = |name: &str, ancestors: &[&str]| Agreement {
        id: AgreementId::derive(&[name]),
        program_id: program(),
        partner_id: partner(name),
        status: AgreementStatus::Approved,
        reason: None,
        acceptance: Acceptance {
            version: "1".into(),
            sha256: String::new(),
            at: at(),
            address_hash: String::new(),
        },
        commission_tier: None,
        earlier_tiers: vec![],
        revenue_split: None,
        contract_start: None,
        contract_end: None,
        ancestors: ancestors.iter().map(|name| partner(name)).collect(),
        applied_at: at(),
        approved_at: None,
        stopped_at: None,
    };
    let (gran, mum) = (agreement("gran", &[]), agreement("mum", &["gran"]));
    assert_eq!(tree(&gran, None), None);
    assert_eq!(tree(&agreement("kid", &["mum", "gran"]), Some(&mum)), None);
    for (ancestors, sponsor) in [
        (&["mum"][..], Some(&mum)),
        (&["mum", "aunt"], Some(&mum)),
        (&["gran"], Some(&mum)),
        (&["mum", "gran"], None),
        (&["mum", "kid"], Some(&mum)),
    ] {
        let breach = tree(&agreement("kid", ancestors), sponsor).unwrap();
        assert_eq!(breach.check, Check::Tree, "{ancestors:?}");
    }
}

#[test]
fn a_breach_is_the_same_when_its_difference_is() {
    let seen = |one, other| Breach::unless_equal(Check::Balances, &[&"a"], ("x", one), ("y", other)).unwrap();
    assert!(seen(5, 3).is_same(&seen(105, 103)));
    assert!(!seen(5, 3).is_same(&seen(5, 4)));
    let names: std::collections::BTreeSet<_> = Check::ALL.iter().map(|check| check.as_str()).collect();
    assert_eq!(names.len(), Check::ALL.len());
}
