//! A sale, a refund and a payout that hold.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{super::*, checks};
use crate::{
    accrual::accrue,
    attribution::{Attribution, Outcome, Touch},
    commission::{Adjustment, Calculation, Commission, Line, Price, Terms, Trace, adjust, mature, refund},
    conversion::{Charge, Conversion, ConversionKind, Refund},
    id::{AdjustmentId, ConversionId, Level, PartnerId, PayoutId, ProgramId},
    ledger::{Balances, TransactionKind},
    money::{Currency, Money, Rounding},
    partner::{PayoutMethod, PayoutProvider},
    payout::{Payout, PayoutEvent, PayoutStatus},
    program::TouchKind,
};

pub(super) fn usd(minor: i64) -> Money {
    Money::new(minor, currency())
}

pub(super) fn currency() -> Currency {
    "USD".parse().unwrap()
}

pub(super) fn at() -> Timestamp {
    "2026-01-31T12:00:00Z".parse().unwrap()
}

pub(super) fn program() -> ProgramId {
    ProgramId::derive(&["program"])
}

pub(super) fn partner(name: &str) -> PartnerId {
    PartnerId::derive(&[name])
}

/// What is left after a sale of 100.00 at 20 % and 5 %, a refund of 40.00, maturity of the first
/// level and a payout of 10.00.
pub(super) struct Story {
    pub(super) conversion: Conversion,
    pub(super) lines: Vec<Commission>,
    pub(super) refunds: Vec<Refund>,
    pub(super) adjustments: Vec<Adjustment>,
    pub(super) journal: Vec<Transaction>,
    pub(super) payout: Payout,
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
    pub(super) fn new() -> Self {
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

    pub(super) fn case(&self) -> Vec<Check> {
        let ids = Case::entry_ids(&self.conversion, &self.refunds, &self.adjustments);
        let entries: Vec<_> = self.journal.iter().filter(|entry| ids.contains(&entry.id)).cloned().collect();
        let Self { conversion, lines, refunds, adjustments, .. } = self;
        checks(&Case { conversion, lines, refunds, adjustments, entries: &entries }.breaches())
    }

    /// Adds 5.00 to the second level, beyond the upline's cap.
    pub(super) fn adjusted() -> Self {
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

    pub(super) fn books(&self) -> Books {
        let mut books = Books::default();
        self.journal.iter().for_each(|booked| books.post(booked, true));
        books
    }

    pub(super) fn kept(&self) -> Kept {
        let mut kept = Kept {
            balances: Balances { available: usd(200), paid: usd(1000), ..Balances::zero(currency()) },
            covered: 0,
            open_payout: None,
            lines: LineSums::default(),
            payouts: PayoutSums::default(),
            projected: Projected {
                pending: 0,
                by_level: [(Level::ONE, 1200)].into(),
                by_day: [("2026-01-31".parse().unwrap(), 1200)].into(),
                earned: 1200,
            },
        };
        kept.lines.add(&self.lines[0]);
        kept.payouts.add(&self.payout);
        kept
    }

    pub(super) fn account(&self, kept: &Kept) -> Vec<Check> {
        let owner = (partner("kid"), currency());
        checks(&kept.breaches(&owner, &self.books().with(&Books::default(), &owner)))
    }
}
