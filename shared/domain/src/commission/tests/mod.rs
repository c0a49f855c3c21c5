//! One sale and everything around it, for the cases and the laws.

mod adjustments;
mod brackets;
mod caps;
mod cases;
mod currencies;
mod fields;
mod laws;
mod life;
mod products;
mod refund_laws;
mod replay_laws;
mod sample;
mod shares;

use super::*;
use crate::{
    accrual::accrue,
    agreement::{Acceptance, Agreement, AgreementStatus},
    attribution::{Attribution, Outcome, Touch},
    conversion::{Charge, Conversion, LineItem, Refund, Split, refunded},
    exchange::ExchangeRate,
    id::{AgreementId, ConversionId, ProgramId},
    ledger::{Account, Transaction, balances},
    money::{Currency, Rounding, sum},
    plan::{
        Bracket, Cap, CapPeriod, CapScope, Condition, ExistingCustomers, FlatPer, FlatRefund, InactiveUpline,
        LevelShare, Plan, PlanVersion, Recurring, Reward, Rule, TieredMode,
    },
    program::TouchKind,
    rate::Rate,
    risk::HoldReason,
};

fn usd() -> Currency {
    "USD".parse().unwrap()
}

fn money(text: &str) -> Money {
    Money::parse(text, usd()).unwrap()
}

/// An amount as it is written with its currency: `1.000 KWD`.
fn amount(text: &str) -> Money {
    let (digits, code) = text.split_once(' ').unwrap();
    Money::parse(digits, code.parse().unwrap()).unwrap()
}

fn rate(text: &str) -> Rate {
    text.parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn partner(number: usize) -> PartnerId {
    PartnerId::derive(&[&number.to_string()])
}

fn percent(id: &str, share: &str) -> Rule {
    Rule { id: id.into(), priority: 0, conditions: vec![], reward: Reward::Percent { rate: rate(share) } }
}

fn flat(id: &str, amount: &str, on_refund: FlatRefund) -> Rule {
    Rule {
        id: id.into(),
        priority: 0,
        conditions: vec![],
        reward: Reward::Flat { amount: money(amount), per: FlatPer::Sale, on_refund },
    }
}

/// The same rule, on a condition.
fn when(condition: Condition, rule: Rule) -> Rule {
    let conditions = rule.conditions.into_iter().chain([condition]).collect();
    Rule { conditions, ..rule }
}

fn plan(rules: Vec<Rule>, shares: &[&str]) -> Plan {
    Plan {
        rules,
        levels: shares.iter().map(|share| LevelShare::Base { rate: rate(share) }).collect(),
        upline_cap: None,
        inactive_upline: InactiveUpline::Accrue,
        recurring: Recurring::Forever,
        base: Default::default(),
        rounding: Rounding::HalfEven,
        hold_days: 30,
        caps: vec![],
        attribution: None,
        existing_customers: ExistingCustomers::FollowCurrent,
        tier_requirements: None,
        bonuses: vec![],
    }
}

fn test(field: &str, values: &[&str]) -> Condition {
    condition(serde_json::json!({ "field": field, "any_of": values }))
}

fn condition(json: serde_json::Value) -> Condition {
    serde_json::from_value(json).unwrap()
}

/// A line of so many items, without tax and discount.
fn line(product: &str, quantity: u32, paid: &str) -> LineItem {
    LineItem { product: product.into(), quantity, amount: money(paid), tax: None, discount: None }
}

/// One sale by a partner with nine ancestors, and everything around it.
#[derive(Debug, Clone)]
struct Case {
    plan: PlanVersion,
    agreement: Agreement,
    touch: Touch,
    charge: Charge,
    upline: Vec<Sponsor>,
    customer_since: Option<Timestamp>,
    /// Of the partners who share the sale.
    inactive: Vec<PartnerId>,
    exchange: Option<ExchangeRate>,
    caps: Vec<CapUse>,
}

impl Case {
    fn new(plan: Plan, amount: &str) -> Self {
        let program_id = ProgramId::derive(&["program"]);
        let touch = Touch {
            kind: TouchKind::Click,
            reference: "clk_1".into(),
            partner_id: partner(1),
            link_id: None,
            campaign: Some("spring".into()),
            at: at("2026-01-01T00:00:00Z"),
        };
        let acceptance = Acceptance {
            version: "1".into(),
            sha256: String::new(),
            at: touch.at,
            address_hash: String::new(),
        };
        Self {
            plan: PlanVersion { program_id: program_id.clone(), version: 1, effective_from: touch.at, plan },
            agreement: Agreement {
                id: AgreementId::derive(&["a"]),
                program_id,
                partner_id: partner(1),
                status: AgreementStatus::Approved,
                reason: None,
                acceptance,
                commission_tier: Some("gold".into()),
                earlier_tiers: vec![],
                revenue_split: None,
                contract_start: None,
                contract_end: None,
                ancestors: (2..=10).map(partner).collect(),
                applied_at: touch.at,
                approved_at: Some(touch.at),
                stopped_at: None,
            },
            touch,
            charge: Charge {
                kind: ConversionKind::Sale,
                occurred_at: at("2026-01-31T12:00:00Z"),
                amount: money(amount),
                tax: money("0"),
                shipping: money("0"),
                discount: money("0"),
                customer: None,
                clicks: None,
                country: Some("DE".into()),
                coupon: None,
                lines: vec![],
                splits: vec![],
                aliases: vec![],
                metadata: Default::default(),
            },
            upline: (2..=10).map(|number| Sponsor { partner_id: partner(number), is_active: true }).collect(),
            customer_since: None,
            inactive: vec![],
            exchange: None,
            caps: vec![],
        }
    }

    /// A sale of these lines, and nothing else.
    fn of_lines(plan: Plan, lines: Vec<LineItem>) -> Self {
        let mut case = Self::new(plan, "0");
        case.charge.amount = sum(lines.iter().map(|line| line.amount), usd()).unwrap();
        case.charge.lines = lines;
        case.charge.check().unwrap();
        case
    }

    /// The same sale, with so much of the plan's caps used before.
    fn used(mut self, minors: &[i64]) -> Self {
        let counters = cap_counters(&self.plan, &self.touch, &self.charge);
        let uses = counters.into_iter().zip(minors);
        self.caps = uses.map(|((cap, counter), used)| CapUse { cap, counter, used: *used }).collect();
        self
    }

    fn calculate(&self) -> Calculation {
        self.try_calculate().unwrap()
    }

    fn try_calculate(&self) -> Result<Calculation, MoneyError> {
        let Self { plan, agreement, touch, charge, upline, customer_since, inactive, exchange, caps } = self;
        let partners = charge.splits.iter().map(|split| split.partner_id.clone());
        let active_splits: Vec<PartnerId> = partners.filter(|partner| !inactive.contains(partner)).collect();
        calculate(&Inputs {
            plan,
            seller: &Seller::of(agreement, charge.occurred_at),
            touch,
            charge,
            upline,
            customer_since: *customer_since,
            active_splits: &active_splits,
            exchange: exchange.as_ref(),
            caps,
        })
    }

    fn amounts(&self) -> Vec<String> {
        self.calculate().lines.iter().map(|line| line.amount.to_decimal().to_string()).collect()
    }

    fn book(&self) -> Booked {
        let calculation = self.calculate();
        let conversion = Conversion {
            id: ConversionId::derive(&["c"]),
            program_id: self.plan.program_id.clone(),
            source: "stripe".into(),
            external_id: "in_1".into(),
            received_at: self.charge.occurred_at,
            charge: self.charge.clone(),
            attribution: Attribution { outcome: Outcome::Attributed(self.touch.clone()), rejected: vec![] },
            terms: Some(calculation.terms.clone()),
            refunded: Money::zero(self.charge.amount.currency()),
        };
        let accrual = accrue(&conversion, &calculation, None, conversion.received_at).unwrap();
        Booked {
            conversion,
            commissions: accrual.commissions,
            journal: accrual.transaction.into_iter().collect(),
            refunds: vec![],
        }
    }
}

/// A booked conversion and its journal.
struct Booked {
    conversion: Conversion,
    commissions: Vec<Commission>,
    journal: Vec<Transaction>,
    refunds: Vec<Refund>,
}

impl Booked {
    /// Refunds, and tells how much the caps may grant again.
    fn refund(&mut self, id: &str, amount: Money) -> Result<i64, RefundError> {
        self.tell(Refund::made(id, amount, self.conversion.received_at))
    }

    /// The same for any stage of any refund; what is known already changes nothing.
    fn tell(&mut self, fact: Refund) -> Result<i64, RefundError> {
        if self.refunds.iter().any(|known| known.is_same(&fact)) {
            return Ok(0);
        }
        let at = fact.occurred_at;
        let reversal = refund(&self.conversion, &self.commissions, &self.refunds, &fact, at)?;
        self.conversion.refunded = reversal.refunded;
        self.refunds.push(fact);
        for changed in reversal.commissions {
            let line = self.commissions.iter_mut().find(|line| line.id == changed.id).unwrap();
            *line = changed;
        }
        self.journal.extend(reversal.transaction);
        Ok(reversal.freed)
    }

    fn is_disputed(&self) -> bool {
        refunded(self.conversion.charge.amount, &self.refunds).unwrap().is_disputed
    }

    fn mature(&mut self, number: usize) {
        let matured =
            mature(&self.conversion.program_id, &partner(number), usd(), &self.commissions, Timestamp::MAX)
                .unwrap();
        for changed in matured.commissions {
            let line = self.commissions.iter_mut().find(|line| line.id == changed.id).unwrap();
            *line = changed;
        }
        self.journal.extend(matured.transaction);
    }

    fn amounts(&self) -> Vec<String> {
        self.commissions.iter().map(|line| line.amount.to_decimal().to_string()).collect()
    }

    fn minors(&self) -> Vec<i64> {
        self.commissions.iter().map(|line| line.amount.minor()).collect()
    }

    fn balance(&self, account: Account) -> i128 {
        let currency = self.conversion.settlement_currency();
        balances(&self.journal).get(&(account, currency)).copied().unwrap_or(0)
    }
}
