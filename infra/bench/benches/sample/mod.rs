//! One plan with one charge, for the benches of the pure engine.

use std::hint::black_box;

use domain::{
    accrual::accrue,
    attribution::{Attribution, Outcome, Touch},
    commission::{Calculation, Commission, Inputs, Seller, Sponsor, calculate},
    conversion::{Charge, Conversion, ConversionKind},
    id::{ConversionId, PartnerId, ProgramId},
    money::Money,
    plan::{Plan, PlanVersion},
    program::TouchKind,
};
use jiff::Timestamp;
use serde_json::{Value, json};

pub(crate) const AT: Timestamp = Timestamp::UNIX_EPOCH;

/// One plan with one charge.
pub(crate) struct Case {
    pub(crate) plan: PlanVersion,
    seller: Seller,
    touch: Touch,
    pub(crate) charge: Charge,
    upline: Vec<Sponsor>,
}

impl Case {
    pub(crate) fn new(rules: &Value, levels: usize) -> Self {
        let program = ProgramId::derive(&["program"]);
        let partner = |number: usize| PartnerId::derive(&[&number.to_string()]);
        let upline = (2..=levels).map(partner);
        let shares = vec![json!({ "of": "base", "rate": "0.01" }); levels - 1];
        let plan: Plan = serde_json::from_value(json!({ "rules": rules, "levels": shares })).unwrap();
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
            clicks: None,
            country: Some("DE".into()),
            coupon: None,
            lines: Vec::new(),
            splits: Vec::new(),
            aliases: Vec::new(),
            metadata: [].into(),
        };
        Self {
            plan: PlanVersion { program_id: program, version: 1, effective_from: AT, plan },
            seller: Seller {
                partner_id: partner(1),
                commission_tier: Some("silver".into()),
                revenue_split: None,
            },
            touch,
            charge,
            upline: upline.map(|partner_id| Sponsor { partner_id, is_active: true }).collect(),
        }
    }

    pub(crate) fn calculate(&self) -> Calculation {
        let Self { plan, seller, touch, charge, upline } = self;
        let inputs = Inputs {
            plan,
            seller,
            touch,
            charge,
            upline,
            customer_since: None,
            active_splits: &[],
            exchange: None,
            caps: &[],
        };
        calculate(black_box(&inputs)).unwrap()
    }

    /// The sale as it is kept, with its lines.
    pub(crate) fn book(&self, id: &str) -> (Conversion, Vec<Commission>) {
        let calculation = self.calculate();
        let conversion = Conversion {
            id: ConversionId::derive(&[id]),
            program_id: self.plan.program_id.clone(),
            source: "api".into(),
            external_id: id.into(),
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

pub(crate) fn money(amount: &str) -> Money {
    serde_json::from_value(json!({ "amount": amount, "currency": "USD" })).unwrap()
}

pub(crate) fn standard() -> Value {
    json!([{ "id": "standard", "reward": { "type": "percent", "rate": "0.20" } }])
}
