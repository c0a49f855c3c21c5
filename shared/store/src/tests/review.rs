//! Decisions on held lines.

use domain::{
    accrual::{Accrual, accrue},
    attribution::{Attribution, Outcome, Touch},
    commission::{
        Calculation, Commission, CommissionStatus, Decision, Inputs, Sponsor, calculate, refund, review,
    },
    conversion::{Charge, Conversion, ConversionKind, Refund, conversion_id},
    id::TransactionId,
    ledger::{Account, TransactionKind},
    money::Money,
    program::TouchKind,
    risk::HoldReason,
};

use super::{
    now,
    sample::{agreement, minutes, partner_id, plan, program_id},
};
use crate::{Store, accrual::Written, conversion::Record, testing::TestTable};

fn money(minor: i64) -> Money {
    Money::new(minor, "USD".parse().unwrap())
}

fn charge() -> Charge {
    let zero = money(0);
    Charge {
        kind: ConversionKind::Sale,
        occurred_at: now(),
        amount: money(10_000),
        tax: zero,
        shipping: zero,
        discount: zero,
        customer: None,
        click_id: None,
        country: None,
        aliases: Vec::new(),
        metadata: Default::default(),
    }
}

/// A sale by bob, whom ann has recruited, priced by the sample plan.
fn sale() -> (Conversion, Calculation) {
    let touch = Touch {
        kind: TouchKind::Click,
        reference: "clk_1".to_owned(),
        partner_id: partner_id("bob"),
        link_id: None,
        campaign: Some("spring".to_owned()),
        at: now(),
    };
    let (plan, charge) = (plan(1), charge());
    let agreement = agreement("bob", Some(&agreement("ann", None, now())), now());
    let upline = [Sponsor { partner_id: partner_id("ann"), is_active: true }];
    let inputs = Inputs {
        plan: &plan,
        agreement: &agreement,
        touch: &touch,
        charge: &charge,
        upline: &upline,
        customer_since: None,
    };
    let calculation = calculate(&inputs).unwrap();
    let conversion = Conversion {
        id: conversion_id(&program_id(), "api", "order-1"),
        program_id: program_id(),
        source: "api".to_owned(),
        external_id: "order-1".to_owned(),
        received_at: now(),
        charge,
        attribution: Attribution { outcome: Outcome::Attributed(touch), rejected: Vec::new() },
        terms: Some(calculation.terms.clone()),
        refunded: money(0),
    };
    (conversion, calculation)
}

/// Records the sale with its lines held, and reads it back.
async fn held(store: &Store) -> Record {
    let (conversion, calculation) = sale();
    let accrual: Accrual = accrue(&conversion, &calculation, Some(HoldReason::SelfReferral), now()).unwrap();
    assert_eq!(accrual.commissions.len(), 2);
    let written = store.accrue(&Record::default(), &conversion, &accrual).await.unwrap();
    assert_eq!(written, Written::Now);
    store.conversion(&conversion.id).await.unwrap()
}

async fn decide(store: &Store, record: &Record, decision: Decision) -> Written {
    let known = record.conversion().unwrap();
    let reviewed = review(&known.value, &record.lines(), decision, minutes(1)).unwrap();
    store.record_review(record, &reviewed, minutes(1)).await.unwrap()
}

fn statuses(lines: &[Commission]) -> Vec<(CommissionStatus, i64)> {
    lines.iter().map(|line| (line.status, line.amount.minor())).collect()
}

fn rejection(record: &Record) -> TransactionId {
    TransactionKind::Reject.transaction_id(&[record.conversion().unwrap().value.id.as_str()])
}

#[tokio::test]
async fn released_lines_go_on_to_maturity_and_book_nothing() {
    let store = TestTable::create().await.store();
    let record = held(&store).await;
    let later = minutes(60 * 24 * 15);
    assert_eq!(store.due_commissions(later, 10).await.unwrap(), [], "held lines do not mature");
    assert_eq!(decide(&store, &record, Decision::Release).await, Written::Now);

    let after = store.conversion(record.commissions[0].value.id.conversion()).await.unwrap();
    let pending = |minor| (CommissionStatus::Pending, minor);
    assert_eq!(statuses(&after.lines()), [pending(2_000), pending(500)]);
    assert_eq!(store.due_commissions(later, 10).await.unwrap().len(), 2);
    assert_eq!(store.transaction(&rejection(&record)).await.unwrap(), None);
}

#[tokio::test]
async fn rejected_lines_earn_nothing_and_the_journal_says_so() {
    let store = TestTable::create().await.store();
    let record = held(&store).await;
    assert_eq!(decide(&store, &record, Decision::Reject).await, Written::Now);

    let after = store.conversion(record.commissions[0].value.id.conversion()).await.unwrap();
    assert_eq!(statuses(&after.lines()), [(CommissionStatus::Rejected, 0); 2]);
    let booked = store.transaction(&rejection(&record)).await.unwrap().unwrap();
    let of_ann = Account::Pending(partner_id("ann"));
    let posting = booked.postings.iter().find(|posting| posting.account == of_ann).unwrap();
    assert_eq!((posting.minor, posting.level.unwrap().number()), (500, 2));
}

#[tokio::test]
async fn of_two_decisions_on_the_same_lines_one_counts() {
    let store = TestTable::create().await.store();
    let record = held(&store).await;
    assert_eq!(decide(&store, &record, Decision::Release).await, Written::Now);
    assert_eq!(decide(&store, &record, Decision::Reject).await, Written::Stale);
    assert_eq!(store.transaction(&rejection(&record)).await.unwrap(), None);
}

#[tokio::test]
async fn a_refund_and_a_decision_do_not_overtake_each_other() {
    let store = TestTable::create().await.store();
    let record = held(&store).await;
    let known = record.conversion().unwrap();
    let half = Refund { refund_id: "re_1".to_owned(), amount: money(5_000), occurred_at: minutes(2) };
    let reversal = refund(&known.value, &record.lines(), &half, minutes(2)).unwrap();
    assert_eq!(decide(&store, &record, Decision::Reject).await, Written::Now);
    let late = store.apply_refund(&record, &half, &reversal, minutes(2)).await.unwrap();
    assert_eq!(late, Written::Stale, "it was computed from the lines before the decision");
    assert_eq!(decide(&store, &record, Decision::Reject).await, Written::Stale);
}
