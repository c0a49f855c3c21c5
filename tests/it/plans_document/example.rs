//! Sales as the page abbreviates them, priced by the same function as every real one.

use std::collections::BTreeMap;

use domain::{
    attribution::Touch,
    commission::{Calculation, CapUse, Inputs, Price, Seller, Sponsor, calculate, cap_counters},
    conversion::{Charge, ConversionKind, Customer, LineItem, Split},
    exchange::ExchangeRate,
    id::{CustomerId, PartnerId, ProgramId},
    money::{Currency, Money},
    performance::Performance,
    plan::{CapPeriod, CapScope, Plan, PlanVersion, TierRequirements, pricing},
    program::TouchKind,
    rate::Rate,
};
use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;
use serde_json::{Value, json};

use super::usd;

/// The versions of a program's plan.
pub(crate) struct Program {
    pub(crate) versions: Vec<PlanVersion>,
}

/// One version, as the page writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Version {
    effective_from: Timestamp,
    plan: Plan,
}

/// A sale, what surrounds it, and what it pays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Example {
    sale: Sale,
    /// What of the amount has gone back to the customer.
    refunded: Option<String>,
    /// The partner who sold or those who share it, then the sponsors, nearest first.
    pays: Vec<String>,
    /// Why it pays less than the rules say, or nothing.
    reason: Option<String>,
    /// The rule that wins, where the page tells.
    rule: Option<String>,
    /// The version that prices it, where the page tells.
    version: Option<u32>,
    tier: Option<String>,
    revenue_split: Option<Rate>,
    campaign: Option<String>,
    customer_since: Option<Timestamp>,
    #[serde(default)]
    sponsors: usize,
    /// Sponsors whose enrolment is not active: 1 is the nearest.
    #[serde(default)]
    inactive_sponsors: Vec<usize>,
    /// Of those who share the sale, whose enrolment is not active.
    #[serde(default)]
    inactive: Vec<String>,
    /// Dollars for one unit of the sale's currency.
    rate: Option<String>,
    /// What of the caps earlier sales have used, by scope and period.
    #[serde(default)]
    used: BTreeMap<String, String>,
}

/// What a merchant reports, with amounts shortened to their numbers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sale {
    #[serde(default = "sale")]
    r#type: ConversionKind,
    #[serde(default = "zero")]
    amount: String,
    #[serde(default = "usd")]
    currency: Currency,
    #[serde(default = "zero")]
    tax: String,
    #[serde(default = "zero")]
    shipping: String,
    #[serde(default = "zero")]
    discount: String,
    #[serde(default = "some_day")]
    occurred_at: Timestamp,
    country: Option<String>,
    coupon: Option<String>,
    #[serde(default)]
    lines: Vec<Line>,
    #[serde(default)]
    splits: Vec<Share>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    product: String,
    #[serde(default = "one")]
    quantity: u32,
    amount: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Share {
    partner: String,
    weight: Rate,
}

/// What a partner has achieved within a window, and what that is worth.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Goals {
    #[serde(default)]
    current: Achieved,
    /// Within the window before.
    previous: Option<Achieved>,
    /// The tier so far.
    standing: Option<String>,
    #[serde(default)]
    tier: Option<String>,
    #[serde(default)]
    bonuses: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Achieved {
    revenue: Option<String>,
    conversions: u64,
    active_customers: u64,
}

fn sale() -> ConversionKind {
    ConversionKind::Sale
}

fn zero() -> String {
    "0".to_owned()
}

fn one() -> u32 {
    1
}

fn some_day() -> Timestamp {
    "2026-11-15T12:00:00Z".parse().unwrap()
}

fn partner(name: &str) -> PartnerId {
    PartnerId::derive(&[name])
}

impl Program {
    pub(crate) fn of(plan: Plan) -> Self {
        Self::of_versions(vec![Version { effective_from: Timestamp::UNIX_EPOCH, plan }])
    }

    pub(crate) fn of_versions(versions: Vec<Version>) -> Self {
        let version = |(version, Version { effective_from, plan })| PlanVersion {
            program_id: ProgramId::derive(&["program"]),
            version,
            effective_from,
            plan,
        };
        Self { versions: (1_u32..).zip(versions).map(version).collect() }
    }
}

impl Example {
    pub(crate) fn check(&self, program: &Program, place: &str) {
        let charge = self.sale.charge();
        charge.check().unwrap_or_else(|error| panic!("{place}: {error}"));
        let plan = pricing(&program.versions, charge.occurred_at, self.customer_since).unwrap();
        let Calculation { terms, lines, .. } = self.calculate(plan, &charge);
        let refunded = self.refunded.as_deref().unwrap_or("0");
        let refunded = Money::parse(refunded, charge.amount.currency()).unwrap();
        let prices: Vec<Price> = lines.iter().map(|line| line.price.clone()).collect();
        let pays = terms.amounts(&prices, &charge, refunded).unwrap();
        let pays: Vec<_> = pays.iter().map(|amount| amount.to_decimal().to_string()).collect();
        assert_eq!(pays, self.pays, "{place}");
        let reason = match (terms.nothing_earned, &terms.clamp) {
            (Some(reason), _) => json!(reason),
            (None, Some(_)) => json!("cap_reached"),
            (None, None) => Value::Null,
        };
        assert_eq!(reason, json!(self.reason), "{place}");
        if self.rule.is_some() {
            assert_eq!(terms.rule_id, self.rule, "{place}");
        }
        if let Some(version) = self.version {
            assert_eq!(terms.plan_version, version, "{place}");
        }
    }

    fn calculate(&self, plan: &PlanVersion, charge: &Charge) -> Calculation {
        let active = |share: &&Share| !self.inactive.contains(&share.partner);
        let active_splits: Vec<_> =
            self.sale.splits.iter().filter(active).map(|share| partner(&share.partner)).collect();
        let seller = active_splits.first().cloned().unwrap_or_else(|| partner("seller"));
        let touch = Touch {
            kind: TouchKind::Click,
            reference: "click".to_owned(),
            partner_id: seller.clone(),
            link_id: None,
            campaign: self.campaign.clone(),
            at: charge.occurred_at,
        };
        let sponsor = |number| Sponsor {
            partner_id: partner(&format!("sponsor {number}")),
            is_active: !self.inactive_sponsors.contains(&number),
        };
        calculate(&Inputs {
            plan,
            seller: &Seller {
                partner_id: seller,
                commission_tier: self.tier.clone(),
                revenue_split: self.revenue_split,
            },
            touch: &touch,
            charge,
            upline: &(1..=self.sponsors).map(sponsor).collect::<Vec<_>>(),
            customer_since: self.customer_since,
            active_splits: &active_splits,
            exchange: self.exchange().as_ref(),
            caps: &self.caps(plan, &touch, charge),
        })
        .unwrap()
    }

    fn exchange(&self) -> Option<ExchangeRate> {
        let rate = self.rate.as_deref()?.parse().unwrap();
        let day = self.sale.occurred_at.to_zoned(TimeZone::UTC).date();
        Some(ExchangeRate { from: self.sale.currency, to: usd(), day, rate, source: "ECB".to_owned() })
    }

    fn caps(&self, plan: &PlanVersion, touch: &Touch, charge: &Charge) -> Vec<CapUse> {
        let mut used = self.used.clone();
        let counters = cap_counters(plan, touch, charge).into_iter();
        let uses = counters.map(|(cap, counter)| {
            let used = used.remove(&name(cap.scope, cap.period)).unwrap_or_else(zero);
            CapUse { cap, counter, used: Money::parse(&used, usd()).unwrap().minor() }
        });
        let uses = uses.collect();
        assert!(used.is_empty(), "the plan has no such caps: {used:?}");
        uses
    }
}

/// How the page names a cap.
fn name(scope: CapScope, period: CapPeriod) -> String {
    format!("{}/{}", scope.as_str(), json!(period).as_str().unwrap())
}

impl Sale {
    fn charge(&self) -> Charge {
        let money = |amount: &str| Money::parse(amount, self.currency).unwrap();
        let line = |line: &Line| LineItem {
            product: line.product.clone(),
            quantity: line.quantity,
            amount: money(&line.amount),
            tax: None,
            discount: None,
        };
        let split = |share: &Share| Split { partner_id: partner(&share.partner), weight: share.weight };
        Charge {
            kind: self.r#type,
            occurred_at: self.occurred_at,
            amount: money(&self.amount),
            tax: money(&self.tax),
            shipping: money(&self.shipping),
            discount: money(&self.discount),
            customer: Some(Customer { id: CustomerId::derive(&["customer"]), email_hash: None }),
            clicks: None,
            country: self.country.clone(),
            coupon: self.coupon.clone(),
            lines: self.lines.iter().map(line).collect(),
            splits: self.splits.iter().map(split).collect(),
            aliases: Vec::new(),
            metadata: self.metadata.clone(),
        }
    }
}

impl Goals {
    pub(crate) fn check(&self, plan: &Plan, place: &str) {
        let current = self.current.performance();
        let previous = self.previous.as_ref().map(Achieved::performance);
        let decide = |requirements: &TierRequirements| {
            requirements.decide(&current, previous.as_ref(), self.standing.as_deref()).tier
        };
        assert_eq!(plan.tier_requirements.as_ref().and_then(decide), self.tier, "{place}");
        let reached = plan.bonuses.iter().filter(|bonus| current.reaches(bonus.metric, bonus.at_least));
        let bonuses: Vec<_> = reached.map(|bonus| bonus.id.clone()).collect();
        assert_eq!(bonuses, self.bonuses, "{place}");
    }
}

impl Achieved {
    fn performance(&self) -> Performance {
        let revenue = Money::parse(self.revenue.as_deref().unwrap_or("0"), usd()).unwrap();
        Performance { revenue, conversions: self.conversions, active_customers: self.active_customers }
    }
}
