//! A sale, a refund and a payout that hold; then one thing is spoiled at a time.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::*;
use crate::{
    accrual::accrue,
    agreement::{Acceptance, AgreementStatus},
    attribution::{Attribution, Outcome, Touch},
    commission::{
        Adjustment, Calculation, Commission, CommissionStatus, Line, Price, Terms, Trace, adjust, mature,
        refund,
    },
    conversion::{Charge, Conversion, ConversionKind, Refund, RefundCause, RefundStage},
    id::{AdjustmentId, AgreementId, ConversionId, Level, PartnerId, PayoutId, ProgramId},
    ledger::{Account, Balances, TransactionKind},
    money::{Currency, Money, Rounding},
    partner::{PayoutMethod, PayoutProvider},
    payout::{Payout, PayoutEvent, PayoutStatus},
    program::TouchKind,
};

fn usd(minor: i64) -> Money {
    Money::new(minor, currency())
}

fn currency() -> Currency {
    "USD".parse().unwrap()
}

fn at() -> Timestamp {
    "2026-01-31T12:00:00Z".parse().unwrap()
}

fn program() -> ProgramId {
    ProgramId::derive(&["program"])
}

fn partner(name: &str) -> PartnerId {
    PartnerId::derive(&[name])
}

/// What is left after a sale of 100.00 at 20 % and 5 %, a refund of 40.00, maturity of the first
/// level and a payout of 10.00.
struct Story {
    conversion: Conversion,
    lines: Vec<Commission>,
    refunds: Vec<Refund>,
    adjustments: Vec<Adjustment>,
    journal: Vec<Transaction>,
    payout: Payout,
}

fn conversion() -> Conversion {
    let touch = Touch {
        kind: TouchKind::Click,
        reference: "clk_1".into(),
        partner_id: partner("kid"),
        link_id: None,
        campaign: None,
        at: at(),
    };
    let zero = usd(0);
    Conversion {
        id: ConversionId::derive(&["c"]),
        program_id: program(),
        source: "stripe".into(),
        external_id: "in_1".into(),
        received_at: at(),
        charge: Charge {
            kind: ConversionKind::Sale,
            occurred_at: at(),
            amount: usd(10_000),
            tax: zero,
            shipping: zero,
            discount: zero,
            customer: None,
            clicks: None,
            country: None,
            coupon: None,
            lines: vec![],
            splits: vec![],
            aliases: vec![],
            metadata: BTreeMap::new(),
        },
        attribution: Attribution { outcome: Outcome::Attributed(touch), rejected: vec![] },
        terms: Some(Terms {
            plan_version: 1,
            rule_id: None,
            commission_tier: None,
            revenue_split: None,
            customer_since: None,
            exchange: None,
            base: usd(10_000),
            upline_cap: Some("0.05".parse().unwrap()),
            caps: vec![],
            clamp: None,
            rounding: Rounding::HalfEven,
            hold_days: 30,
            nothing_earned: None,
        }),
        refunded: zero,
    }
}

fn line(level: u8, name: &str, rate: &str, minor: i64) -> Line {
    Line {
        level: Level::new(level).unwrap(),
        place: 0,
        partner_id: partner(name),
        price: Price::Percent { rate: rate.parse().unwrap() },
        amount: usd(minor),
    }
}

impl Story {
    fn new() -> Self {
        let mut conversion = conversion();
        let calculation = Calculation {
            terms: conversion.terms.clone().unwrap(),
            lines: vec![line(1, "kid", "0.20", 2000), line(2, "mum", "0.05", 500)],
            trace: Trace { rules: vec![], skipped: vec![] },
        };
        let accrual = accrue(&conversion, &calculation, None, at()).unwrap();
        let mut lines = accrual.commissions;
        let mut journal: Vec<_> = accrual.transaction.into_iter().collect();
        let fact = Refund::made("re_1", usd(4000), at());
        let reversal = refund(&conversion, &lines, &[], &fact, at()).unwrap();
        (conversion.refunded, lines) = (reversal.refunded, reversal.commissions);
        journal.extend(reversal.transaction);
        let matured = mature(&program(), &partner("kid"), currency(), &lines, Timestamp::MAX).unwrap();
        lines[0] = matured.commissions[0].clone();
        // At its real time, not at the end of all.
        journal.extend(matured.transaction.map(|booked| Transaction { at: at(), ..booked }));
        let method =
            PayoutMethod { provider: PayoutProvider::Stripe, hint: String::new(), version: 1, set_at: at() };
        let payout = Payout {
            id: PayoutId::derive(&["p"]),
            program_id: program(),
            partner_id: partner("kid"),
            amount: usd(1000),
            status: PayoutStatus::Sent,
            method,
            provider_id: None,
            failure: None,
            requested_at: at(),
            updated_at: at(),
            paid_at: None,
        };
        for kind in [TransactionKind::PayoutRequest, TransactionKind::PayoutSettle] {
            journal.extend(payout.transaction(kind, at()).unwrap());
        }
        let payout = payout.after(PayoutEvent::Settle, at()).unwrap();
        Self { conversion, lines, refunds: vec![fact], adjustments: vec![], journal, payout }
    }

    fn case(&self) -> Vec<Check> {
        let ids = Case::entry_ids(&self.conversion, &self.refunds, &self.adjustments);
        let entries: Vec<_> = self.journal.iter().filter(|entry| ids.contains(&entry.id)).cloned().collect();
        let Self { conversion, lines, refunds, adjustments, .. } = self;
        checks(&Case { conversion, lines, refunds, adjustments, entries: &entries }.breaches())
    }

    /// Adds 5.00 to the second level, beyond the upline's cap.
    fn adjusted() -> Self {
        let mut story = Self::new();
        let adjustment = Adjustment {
            id: AdjustmentId::derive(&["a"]),
            commission_id: story.lines[1].id.clone(),
            amount: usd(500),
            reason: "a thank-you".into(),
            by: "root".into(),
            at: at(),
        };
        let adjusted = adjust(&story.lines[1], story.lines[1].amount, false, &adjustment).unwrap();
        story.lines[1] = adjusted.commission;
        story.journal.extend(adjusted.transaction);
        story.adjustments.push(adjustment);
        story
    }

    fn books(&self) -> Books {
        let mut books = Books::default();
        self.journal.iter().for_each(|booked| books.post(booked, true));
        books
    }

    fn kept(&self) -> Kept {
        let mut kept = Kept {
            balances: Balances { available: usd(200), paid: usd(1000), ..Balances::zero(currency()) },
            open_payout: None,
            lines: LineSums::default(),
            payouts: PayoutSums::default(),
            projected: Projected {
                pending: 0,
                by_level: [(Level::ONE, 1200)].into(),
                by_day: [("2026-01-31".parse().unwrap(), 1200)].into(),
            },
        };
        kept.lines.add(&self.lines[0]);
        kept.payouts.add(&self.payout);
        kept
    }

    fn account(&self, kept: &Kept) -> Vec<Check> {
        let owner = (partner("kid"), currency());
        checks(&kept.breaches(&owner, &self.books().with(&Books::default(), &owner)))
    }
}

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
    assert_eq!(spoil(&|kept| kept.payouts.settled = 0), [Check::Payouts]);
    assert_eq!(spoil(&|kept| kept.payouts.reserved = 5), [Check::Payouts]);
    assert_eq!(spoil(&|kept| kept.open_payout = Some(PayoutId::derive(&["x"]))), [Check::Payouts]);
    assert_eq!(spoil(&|kept| kept.payouts.open = vec![PayoutId::derive(&["x"]); 2]), [Check::Payouts]);
    assert_eq!(spoil(&|kept| kept.projected.pending = 1), [Check::Projections]);
    assert_eq!(spoil(&|kept| kept.projected.by_level = [(Level::ONE, 1)].into()), [Check::Projections]);
    let other_day = |kept: &mut Kept| kept.projected.by_day = [("2026-01-30".parse().unwrap(), 1200)].into();
    assert_eq!(spoil(&other_day), [Check::Projections]);
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
