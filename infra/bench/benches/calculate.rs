//! The pure engine by itself: what a sale and a refund cost before any table is asked.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark that cannot go on says so by panicking; its entry points come from macros"
)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use domain::{
    accrual::accrue,
    agreement::{Acceptance, Agreement, AgreementStatus},
    attribution::{Attribution, Outcome, Touch},
    commission::{Calculation, Commission, Inputs, Sponsor, calculate, refund},
    conversion::{Charge, Conversion, ConversionKind, Refund},
    id::{AgreementId, ConversionId, PartnerId, ProgramId},
    money::Money,
    plan::{Plan, PlanVersion},
    program::TouchKind,
};
use jiff::Timestamp;
use serde_json::{Value, json};

const AT: Timestamp = Timestamp::UNIX_EPOCH;

/// One plan with one charge.
struct Case {
    plan: PlanVersion,
    agreement: Agreement,
    touch: Touch,
    charge: Charge,
    upline: Vec<Sponsor>,
}

impl Case {
    fn new(rules: &Value, levels: usize) -> Self {
        let program = ProgramId::derive(&["program"]);
        let partner = |number: usize| PartnerId::derive(&[&number.to_string()]);
        let upline = || (2..=levels).map(partner);
        let shares = vec![json!({ "of": "base", "rate": "0.01" }); levels - 1];
        let plan: Plan = serde_json::from_value(json!({ "rules": rules, "levels": shares })).unwrap();
        let acceptance =
            Acceptance { version: "1".into(), sha256: "0".repeat(64), at: AT, address_hash: String::new() };
        let agreement = Agreement {
            id: AgreementId::derive(&["agreement"]),
            program_id: program.clone(),
            partner_id: partner(1),
            status: AgreementStatus::Approved,
            reason: None,
            acceptance,
            commission_tier: Some("silver".into()),
            revenue_split: None,
            contract_start: None,
            contract_end: None,
            ancestors: upline().collect(),
            applied_at: AT,
            approved_at: Some(AT),
            stopped_at: None,
        };
        let touch = Touch {
            kind: TouchKind::Click,
            reference: "click".into(),
            partner_id: partner(1),
            link_id: None,
            campaign: Some("spring".into()),
            at: AT,
        };
        let charge = Charge {
            kind: ConversionKind::Sale,
            occurred_at: AT,
            amount: money("119.00"),
            tax: money("19.00"),
            shipping: money("0.00"),
            discount: money("0.00"),
            customer: None,
            click_id: None,
            country: Some("DE".into()),
            aliases: Vec::new(),
            metadata: [].into(),
        };
        let upline = upline().map(|partner_id| Sponsor { partner_id, is_active: true }).collect();
        let plan = PlanVersion { program_id: program, version: 1, effective_from: AT, plan };
        Self { plan, agreement, touch, charge, upline }
    }

    fn calculate(&self) -> Calculation {
        let Self { plan, agreement, touch, charge, upline } = self;
        let inputs = Inputs { plan, agreement, touch, charge, upline, customer_since: None };
        calculate(black_box(&inputs)).unwrap()
    }

    /// The sale as it is kept, with its lines.
    fn book(&self) -> (Conversion, Vec<Commission>) {
        let calculation = self.calculate();
        let conversion = Conversion {
            id: ConversionId::derive(&["conversion"]),
            program_id: self.plan.program_id.clone(),
            source: "api".into(),
            external_id: "order-1".into(),
            received_at: AT,
            charge: self.charge.clone(),
            attribution: Attribution {
                outcome: Outcome::Attributed(self.touch.clone()),
                rejected: Vec::new(),
            },
            terms: Some(calculation.terms.clone()),
            refunded: money("0.00"),
        };
        let accrual = accrue(&conversion, &calculation, None, AT).unwrap();
        (conversion, accrual.commissions)
    }
}

fn money(amount: &str) -> Money {
    serde_json::from_value(json!({ "amount": amount, "currency": "USD" })).unwrap()
}

fn standard() -> Value {
    json!([{ "id": "standard", "reward": { "type": "percent", "rate": "0.20" } }])
}

/// Rules that each ask four things, of which the last one fails for all but one rule.
fn fifty_rules() -> Value {
    let rule = |number: usize| {
        json!({
            "id": format!("rule-{number}"),
            "conditions": [
                { "field": "kind", "any_of": ["sale", "renewal"] },
                { "field": "campaign", "any_of": ["spring", "summer"] },
                { "field": "country", "any_of": ["AT", "CH", "DE"] },
                { "field": "commission_tier", "any_of": [if number == 49 { "silver" } else { "gold" }] },
            ],
            "reward": { "type": "percent", "rate": "0.20" },
        })
    };
    (0..50).map(rule).collect()
}

fn engine(criterion: &mut Criterion) {
    for (name, rules, levels) in [
        ("calculate, one level", standard(), 1),
        ("calculate, ten levels", standard(), 10),
        ("calculate, fifty rules of four conditions", fifty_rules(), 1),
    ] {
        let case = Case::new(&rules, levels);
        assert_eq!(case.calculate().lines.len(), levels, "{name}");
        criterion.bench_function(name, |bencher| bencher.iter(|| case.calculate()));
    }
    let (conversion, lines) = Case::new(&standard(), 10).book();
    let given_back = Refund { refund_id: "refund-1".into(), amount: money("40.00"), occurred_at: AT };
    criterion.bench_function("refund, ten levels", |bencher| {
        bencher.iter(|| refund(black_box(&conversion), black_box(&lines), &given_back, AT).unwrap());
    });
}

criterion_group!(benches, engine);
criterion_main!(benches);
