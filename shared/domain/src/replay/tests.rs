//! One conversion with everything that can happen to it, replayed; then one thing is spoiled.

use std::collections::BTreeMap;

use super::*;
use crate::{
    attribution::{Attribution, Outcome, Touch},
    conversion::{Charge, ConversionKind},
    id::{AdjustmentId, ConversionId, ProgramId},
    ledger::Account,
    money::Currency,
    program::TouchKind,
    risk::HoldReason,
};

fn usd() -> Currency {
    "USD".parse().unwrap()
}

fn money(text: &str) -> Money {
    Money::parse(text, usd()).unwrap()
}

fn at(day: u8) -> jiff::Timestamp {
    format!("2026-01-{day:02}T12:00:00Z").parse().unwrap()
}

fn partner(name: &str) -> PartnerId {
    PartnerId::derive(&[name])
}

fn plan(version: u32, rate: &str) -> PlanVersion {
    let json = serde_json::json!({
        "rules": [{ "id": "base", "reward": { "type": "percent", "rate": rate } }],
        "levels": [{ "of": "base", "rate": "0.05" }, { "of": "base", "rate": "0.01" }],
        "inactive_upline": "drop",
    });
    PlanVersion {
        program_id: ProgramId::derive(&["p"]),
        version,
        effective_from: at(1),
        plan: serde_json::from_value(json).unwrap(),
    }
}

/// Two versions, of which the first priced the sale.
fn plans() -> [PlanVersion; 2] {
    [plan(1, "0.20"), plan(2, "0.30")]
}

fn conversion() -> Conversion {
    let touch = Touch {
        kind: TouchKind::Click,
        reference: "clk".into(),
        partner_id: partner("kid"),
        link_id: None,
        campaign: None,
        at: at(1),
    };
    let zero = money("0");
    Conversion {
        id: ConversionId::derive(&["c"]),
        program_id: ProgramId::derive(&["p"]),
        source: "api".into(),
        external_id: "order-1".into(),
        received_at: at(2),
        charge: Charge {
            kind: ConversionKind::Sale,
            occurred_at: at(2),
            amount: money("100.00"),
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
        terms: None,
        refunded: zero,
    }
}

/// The sale as it is recorded; the sponsor on level 2 is not active.
fn facts(hold: Option<HoldReason>) -> Facts {
    let mut conversion = conversion();
    let sponsor = |name, is_active| Sponsor { partner_id: partner(name), is_active };
    let seller = Seller { partner_id: partner("kid"), commission_tier: None, revenue_split: None };
    let [plan, _] = &plans();
    let calculation = calculate(&Inputs {
        plan,
        seller: &seller,
        touch: conversion.attribution.touch().unwrap(),
        charge: &conversion.charge,
        upline: &[sponsor("mum", false), sponsor("gran", true)],
        customer_since: None,
        active_splits: &[],
        exchange: None,
        caps: &[],
    })
    .unwrap();
    conversion.terms = Some(calculation.terms.clone());
    let lines = accrue(&conversion, &calculation, hold, at(3)).unwrap().commissions;
    Facts { conversion, lines, booked_at: Some(at(3)), steps: Vec::new(), refunds: Vec::new() }
}

impl Facts {
    /// What happens next, on a day of its own.
    fn then(mut self, event: Event, matured: &[usize]) -> Self {
        let revision = u64::try_from(self.steps.len()).unwrap() + 1;
        if let Event::Refunded(refund) = &event {
            self.refunds.push(refund.clone());
        }
        let matured = matured.iter().map(|place| self.lines[*place].id.clone()).collect();
        let at = at(u8::try_from(revision).unwrap() + 10);
        self.steps.push(Step { revision, at, matured, paid: Vec::new(), event });
        self
    }

    fn adjusted(self, place: usize, amount: &str) -> Event {
        Event::Adjusted(Adjustment {
            id: AdjustmentId::derive(&[amount]),
            commission_id: self.lines[place].id.clone(),
            amount: money(amount),
            reason: "goodwill".into(),
            by: "root".into(),
            at: at(20),
        })
    }
}

fn refunded(id: &str, amount: &str) -> Event {
    Event::Refunded(Refund::made(id, money(amount), at(9)))
}

fn postings(entry: &Transaction) -> Vec<(String, i64)> {
    entry.postings.iter().map(|posting| (posting.account.to_string(), posting.minor)).collect()
}

#[test]
fn everything_that_follows_from_the_facts_is_booked_again() {
    let adjustment = facts(None).adjusted(0, "3.00");
    let facts = facts(None)
        .then(refunded("r1", "40.00"), &[])
        .then(adjustment, &[0])
        .then(refunded("r2", "10.00"), &[0, 1]);
    let entries = replay(&facts, &plans()).unwrap();
    let (kid, gran) = (partner("kid"), partner("gran"));
    let name = |account: Account| account.to_string();
    let pending = |id: &PartnerId| name(Account::Pending(id.clone()));
    let available = |id: &PartnerId| name(Account::Available(id.clone()));
    let expense = || name(Account::Expense);
    assert_eq!(
        entries.iter().map(postings).collect::<Vec<_>>(),
        [
            vec![(expense(), 2100), (pending(&kid), -2000), (pending(&gran), -100)],
            vec![(pending(&kid), 800), (pending(&gran), 40), (expense(), -840)],
            vec![(available(&kid), -300), (expense(), 300)],
            vec![(available(&kid), 200), (available(&gran), 10), (expense(), -210)],
        ]
    );
    assert_eq!(entries.iter().map(|entry| entry.at).collect::<Vec<_>>(), [3, 11, 20, 13].map(at));
    let ids: Vec<_> = entries.iter().map(|entry| entry.id.clone()).collect();
    assert!(ids.iter().all(|id| facts.entry_ids().contains(id)));
}

#[test]
fn a_rejection_takes_what_refunds_had_left_and_what_comes_later_takes_nothing() {
    let facts = facts(Some(HoldReason::SelfReferral))
        .then(refunded("r1", "50.00"), &[])
        .then(Event::Reviewed(Decision::Reject), &[])
        .then(refunded("r2", "50.00"), &[]);
    let entries = replay(&facts, &plans()).unwrap();
    let sums: Vec<_> = entries
        .iter()
        .map(|entry| postings(entry).into_iter().map(|(_, minor)| minor.max(0)).sum::<i64>())
        .collect();
    assert_eq!(sums, [2100, 1050, 1050]);
    assert_eq!(entries.last().unwrap().kind, TransactionKind::Reject);
    let released = self::facts(Some(HoldReason::SelfReferral)).then(Event::Reviewed(Decision::Release), &[]);
    assert_eq!(replay(&released, &plans()).unwrap().len(), 1);
}

#[test]
fn the_stored_price_is_not_believed() {
    let mut facts = facts(None);
    let expected = replay(&facts, &plans()).unwrap();
    let terms = facts.conversion.terms.as_mut().unwrap();
    terms.base = money("1.00");
    terms.rule_id = Some("other".into());
    for line in &mut facts.lines {
        line.price = crate::commission::Price::Flat {
            amount: money("0.01"),
            on_refund: crate::plan::FlatRefund::Keep,
        };
        line.earned = money("0.01");
    }
    assert_eq!(replay(&facts, &plans()), Ok(expected));
}

#[test]
fn a_clamp_gives_what_it_left_then() {
    let mut facts = facts(None);
    let counter = crate::plan::CapCounter {
        scope: crate::plan::CapScope::Partner,
        subject: partner("kid").to_string(),
        period: "2026-01".into(),
    };
    facts.conversion.terms.as_mut().unwrap().clamp = Some(crate::commission::Clamp {
        counter,
        period: crate::plan::CapPeriod::Month,
        limit: money("500.00"),
        left: money("20.40"),
    });
    let entries = replay(&facts, &plans()).unwrap();
    let minors: Vec<_> = postings(&entries[0]).into_iter().map(|(_, minor)| minor).collect();
    assert_eq!(minors, [2040, -2000, -40]);
}

#[test]
fn equal_journals_have_equal_hashes_and_the_first_difference_is_named() {
    let facts = facts(None).then(refunded("r1", "40.00"), &[]);
    let good = replay(&facts, &plans()).unwrap();
    let tally = |stored: &[Transaction]| {
        let mut tally = Tally::new();
        tally.add(&facts, &plans(), stored);
        assert_eq!(tally.expected == tally.stored, tally.first_difference.is_none());
        tally
    };
    let mut reversed = good.clone();
    reversed.reverse();
    assert_eq!(tally(&good), tally(&reversed), "the order of reading does not matter");
    assert_eq!((tally(&good).entries, tally(&good).first_difference), (2, None));
    let found = |spoil: &dyn Fn(&mut Vec<Transaction>)| {
        let mut spoiled = good.clone();
        spoil(&mut spoiled);
        let found = tally(&spoiled).first_difference.unwrap().to_string();
        found.split_once(", ").unwrap().1.to_owned()
    };
    let (accrual, back) = (&good[0].id, &good[1].id);
    let kid = partner("kid");
    for (spoil, expected) in [
        (
            &(|all: &mut Vec<Transaction>| all[1].postings[0].minor += 1) as &dyn Fn(&mut Vec<Transaction>),
            format!(
                "{back}, posting 1: expected pending:{kid} level 01 8.00 USD, stored pending:{kid} level 01 8.01 USD"
            ),
        ),
        (&|all| drop(all.remove(0)), format!("{accrual}, entry: expected accrue, stored nothing")),
        (&|all| drop(all[0].postings.pop()), {
            let gran = partner("gran");
            format!("{accrual}, posting 3: expected pending:{gran} level 03 -1.00 USD, stored nothing")
        }),
        (
            &|all| all[0].at = at(4),
            format!("{accrual}, at: expected 2026-01-03T12:00:00Z, stored 2026-01-04T12:00:00Z"),
        ),
        (
            &|all| {
                let id = TransactionKind::Reject.transaction_id(&[facts.conversion.id.as_str()]);
                let more = Transaction { id, kind: TransactionKind::Reject, ..all[1].clone() };
                all.push(more);
            },
            {
                let id = TransactionKind::Reject.transaction_id(&[facts.conversion.id.as_str()]);
                format!("{id}, entry: expected nothing, stored reject")
            },
        ),
    ] {
        assert_eq!(found(spoil), expected);
    }
}

#[test]
fn facts_that_contradict_each_other_are_a_difference() {
    let stored = replay(&facts(None), &plans()).unwrap();
    let too_much = facts(None).then(refunded("r1", "0.00"), &[]);
    for (facts, plans, reason) in [
        (too_much, &plans()[..], "a refund: a refund is above zero"),
        (facts(None), &plans()[1..], "there is no plan version 1"),
    ] {
        let mut tally = Tally::new();
        tally.add(&facts, plans, &stored);
        let found = tally.first_difference.unwrap();
        assert_eq!((found.what.as_str(), found.stored.as_deref()), ("facts", Some(reason)));
        assert_ne!(tally.expected, tally.stored);
    }
    let mut tally = Tally::new();
    tally.add_unreadable(&facts(None).conversion.id, "CNV#1 / #META");
    assert_ne!(tally.expected, tally.stored);
    let text = serde_json::to_string(&tally).unwrap();
    assert_eq!(serde_json::from_str::<Tally>(&text).unwrap(), tally);
}
