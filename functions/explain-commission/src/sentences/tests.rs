//! Whole explanations, sentence by sentence.

use domain::{
    accrual::accrue,
    attribution::{Attribution, Outcome, Touch},
    bonus::goals,
    commission::{Adjustment, Calculation, Commission, Inputs, Seller, Sponsor, adjust, calculate, refund},
    conversion::{Charge, Conversion, ConversionKind, Refund, conversion_id},
    id::{AdjustmentId, PartnerId, ProgramId},
    ledger::Transaction,
    money::Money,
    performance::Performance,
    plan::{Bonus, Condition, LevelShare, Metric, PlanVersion, Reward, Rule, Threshold, Window},
    program::TouchKind,
};
use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::derivation::Mismatch;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn money(text: &str) -> Money {
    Money::parse(text, "USD".parse().unwrap()).unwrap()
}

fn partner(name: &str) -> PartnerId {
    PartnerId::derive(&[name])
}

fn program() -> ProgramId {
    ProgramId::derive(&["program"])
}

fn rule(id: &str, rate: &str, conditions: Vec<Condition>) -> Rule {
    Rule { id: id.into(), priority: 0, conditions, reward: Reward::Percent { rate: rate.parse().unwrap() } }
}

fn plan() -> PlanVersion {
    let gold = json!({ "field": "commission_tier", "equals": "gold" });
    let gold = serde_json::from_value(gold).unwrap();
    let plan = domain::plan::Plan {
        rules: vec![rule("base", "0.2", vec![]), rule("gold", "0.3", vec![gold])],
        levels: vec![LevelShare::LevelOne { rate: "0.125".parse().unwrap() }],
        upline_cap: Some("0.02".parse().unwrap()),
        inactive_upline: Default::default(),
        recurring: Default::default(),
        base: Default::default(),
        rounding: Default::default(),
        hold_days: 30,
        caps: vec![],
        attribution: None,
        existing_customers: Default::default(),
        tier_requirements: None,
        bonuses: vec![],
    };
    PlanVersion { program_id: program(), version: 1, effective_from: at("2026-01-01T00:00:00Z"), plan }
}

fn charge() -> Charge {
    Charge {
        kind: ConversionKind::Sale,
        occurred_at: at("2026-05-03T10:00:00Z"),
        amount: money("120.00"),
        tax: money("20.00"),
        shipping: money("0.00"),
        discount: money("0.00"),
        customer: None,
        clicks: None,
        country: None,
        coupon: None,
        lines: vec![],
        splits: vec![],
        aliases: vec![],
        metadata: Default::default(),
    }
}

fn touch() -> Touch {
    Touch {
        kind: TouchKind::Click,
        reference: "clk_1".into(),
        partner_id: partner("bob"),
        link_id: None,
        campaign: Some("spring".into()),
        at: at("2026-05-02T10:00:00Z"),
    }
}

fn seller() -> Seller {
    Seller { partner_id: partner("bob"), commission_tier: None, revenue_split: None }
}

/// A sale by bob, whom ann has recruited, with everything that was written about it.
struct Sale {
    conversion: Conversion,
    lines: Vec<Commission>,
    journal: Vec<Transaction>,
}

impl Sale {
    fn new() -> Self {
        let (plan, touch, charge) = (plan(), touch(), charge());
        let upline = [Sponsor { partner_id: partner("ann"), is_active: true }];
        let inputs = Inputs {
            plan: &plan,
            seller: &seller(),
            touch: &touch,
            charge: &charge,
            upline: &upline,
            customer_since: None,
            active_splits: &[],
            exchange: None,
            caps: &[],
        };
        let calculation: Calculation = calculate(&inputs).unwrap();
        let conversion = Conversion {
            id: conversion_id(&program(), "api", "order-1"),
            program_id: program(),
            source: "api".into(),
            external_id: "order-1".into(),
            received_at: charge.occurred_at,
            attribution: Attribution { outcome: Outcome::Attributed(touch), rejected: vec![] },
            terms: Some(calculation.terms.clone()),
            refunded: money("0.00"),
            charge,
        };
        let accrual = accrue(&conversion, &calculation, None, conversion.received_at).unwrap();
        Self { lines: accrual.commissions, journal: accrual.transaction.into_iter().collect(), conversion }
    }

    fn refunded(mut self, amount: &str) -> Self {
        let now = at("2026-05-05T00:00:00Z");
        let fact = Refund::made("re_1", money(amount), now);
        let reversal = refund(&self.conversion, &self.lines, &[], &fact, now).unwrap();
        self.conversion.refunded = reversal.refunded;
        for changed in reversal.commissions {
            let place = self.lines.iter().position(|line| line.id == changed.id).unwrap();
            self.lines[place] = changed;
        }
        self.journal.extend(reversal.transaction);
        self
    }

    fn explain(&self, level: usize, viewer: &Viewer) -> Result<Vec<String>, Mismatch> {
        let (plan, line) = (plan(), &self.lines[level - 1]);
        let derivation =
            Derivation::of(&self.conversion, &self.lines, line, Some(&plan), self.journal.clone())?;
        Ok(sentences(&derivation, &[], viewer)?)
    }
}

#[test]
fn the_seller_reads_it_from_touch_to_cent() {
    let sentences = Sale::new().refunded("48.00").explain(1, &Viewer::Partner(partner("bob"))).unwrap();
    let expected = [
        "On 2 May 2026 the customer followed your link (campaign spring).",
        "On 3 May 2026 the customer paid 120.00 USD; less 20.00 USD tax, the base is 100.00 USD.",
        "Rule base of plan version 1 pays 20 % of 100.00 USD: 20.00 USD.",
        "Rule gold does not apply: its condition on the commission tier does not hold.",
        "Refunds of 48.00 USD leave a base of 60.00 USD: 12.00 USD.",
        "It becomes payable on 2 June 2026, 30 days after the customer acted.",
    ];
    assert_eq!(sentences, expected);
}

#[test]
fn a_sponsor_reads_of_the_own_share_and_not_of_the_seller() {
    let sentences = Sale::new().explain(2, &Viewer::Partner(partner("ann"))).unwrap();
    let expected = [
        "A partner in the line below you brought the customer: you earn on level 2.",
        "On 3 May 2026 the customer paid 120.00 USD; less 20.00 USD tax, the base is 100.00 USD.",
        "Level 2 of plan version 1 pays 12.5 % of what level 1 earns, 20.00 USD: 2.50 USD.",
        "Levels 2 and deeper earn at most 2 % of the base together, 2.00 USD, which leaves 2.00 USD for this level.",
        "It becomes payable on 2 June 2026, 30 days after the customer acted.",
    ];
    assert_eq!(sentences, expected);
}

#[test]
fn a_number_that_the_journal_does_not_hold_is_not_explained() {
    let viewer = Viewer::Admin;
    let mut sale = Sale::new();
    sale.journal.clear();
    assert_eq!(sale.explain(1, &viewer), Err(Mismatch::Journal { stored: money("20.00"), booked: 0 }));

    let mut sale = Sale::new();
    sale.lines[0].amount = money("20.01");
    assert!(matches!(sale.explain(1, &viewer), Err(Mismatch::Left { .. })));
    sale.lines[0].earned = money("20.01");
    assert!(matches!(sale.explain(1, &viewer), Err(Mismatch::Earned { .. })));

    let mut sale = Sale::new();
    sale.conversion.terms.as_mut().unwrap().commission_tier = Some("gold".into());
    assert!(matches!(sale.explain(1, &viewer), Err(Mismatch::Price { .. })));
}

#[test]
fn adjustments_are_told_with_their_reasons() {
    let mut sale = Sale::new();
    let adjustment = |name: &str, amount: &str, reason: &str| Adjustment {
        id: AdjustmentId::derive(&[name]),
        commission_id: sale.lines[0].id.clone(),
        amount: money(amount),
        reason: reason.into(),
        by: "root".into(),
        at: at("2026-05-04T00:00:00Z"),
    };
    let adjustments = [
        adjustment("a", "5.00", "Our apologies for the broken link."),
        adjustment("b", "-25.00", "The customer was invented."),
    ];
    for one in &adjustments {
        let adjusted = adjust(&sale.lines[0], money("20.00"), false, one).unwrap();
        sale.lines[0] = adjusted.commission;
        sale.journal.extend(adjusted.transaction);
    }
    let (plan, viewer) = (plan(), Viewer::Partner(partner("bob")));
    let derivation =
        Derivation::of(&sale.conversion, &sale.lines, &sale.lines[0], Some(&plan), sale.journal.clone())
            .unwrap();
    let mut expected = [
        "On 4 May 2026 an administrator added 5.00 USD: Our apologies for the broken link.",
        "On 4 May 2026 an administrator took 25.00 USD off: The customer was invented.",
        "With that it is worth 0.00 USD.",
        "Nothing of it is left.",
    ];
    if adjustments[1].id < adjustments[0].id {
        expected.swap(0, 1);
    }
    let told = sentences(&derivation, &adjustments, &viewer).unwrap();
    assert_eq!(told[told.len() - 4..], expected);
    let of_the_sponsor =
        Derivation::of(&sale.conversion, &sale.lines, &sale.lines[1], Some(&plan), sale.journal.clone());
    let told = sentences(&of_the_sponsor.unwrap(), &adjustments, &Viewer::Admin).unwrap();
    assert!(!told.iter().any(|sentence| sentence.contains("administrator")), "{told:#?}");
}

#[test]
fn a_bonus_is_told_from_goal_to_reversal() {
    let ten = Bonus {
        id: "ten".into(),
        metric: Metric::Conversions,
        window: Window::Quarter,
        at_least: Threshold::Count(10),
        amount: money("50.00"),
    };
    let mut version = plan();
    version.plan.bonuses = vec![ten];
    let (versions, now) = ([version], at("2026-05-04T00:00:00Z"));
    let goal = goals(&versions, now)[0];
    let sold = |conversions| Performance { revenue: money("0.00"), conversions, active_customers: 1 };
    let owner = (&program(), &partner("bob"));
    let granted = goal.book(owner, None, &sold(12), now).unwrap().unwrap();
    let viewer = Viewer::Partner(partner("bob"));
    let mut expected = vec![
        "Bonus ten of plan version 1 pays 50.00 USD for 10 sales or more from 1 April 2026 to 30 June 2026.",
        "On 4 May 2026 you had reached it with 12 sales.",
        "It becomes payable on 3 June 2026, 30 days after it was granted.",
    ];
    assert_eq!(of_bonus(&granted.award, &granted.commission, &[], &viewer), expected);
    let standing = Some((&granted.award, &granted.commission));
    let taken = goal.book(owner, standing, &sold(9), at("2026-05-09T00:00:00Z")).unwrap().unwrap();
    expected[2] = "On 9 May 2026 refunds had left 9 sales: it was taken back.";
    assert_eq!(of_bonus(&taken.award, &taken.commission, &[], &viewer), expected);
}
