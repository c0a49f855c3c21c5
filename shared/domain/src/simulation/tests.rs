//! A handful of sales under another plan.

use serde_json::{Value, json};

use super::*;
use crate::{
    accrual::accrue,
    attribution::{Attribution, Outcome},
    commission::{CapUse, refund},
    conversion::{Charge, ConversionKind, Refund},
    id::{ConversionId, ProgramId},
    program::TouchKind,
};

fn usd() -> Currency {
    "USD".parse().unwrap()
}

fn money(text: &str) -> Money {
    Money::parse(text, usd()).unwrap()
}

fn plan(json: Value) -> PlanVersion {
    PlanVersion {
        program_id: ProgramId::derive(&["p"]),
        version: 1,
        effective_from: "2026-01-01T00:00:00Z".parse().unwrap(),
        plan: serde_json::from_value(json).unwrap(),
    }
}

fn percent(rate: &str, levels: &[&str]) -> Value {
    let levels: Vec<_> = levels.iter().map(|rate| json!({ "of": "base", "rate": rate })).collect();
    json!({ "rules": [{ "id": "base", "reward": { "type": "percent", "rate": rate } }], "levels": levels })
}

fn partner(name: &str) -> PartnerId {
    PartnerId::derive(&[name])
}

fn upline() -> [Sponsor; 1] {
    [Sponsor { partner_id: partner("mum"), is_active: true }]
}

/// A sale by a partner on a day of 2026, recruited by `mum`, under a plan; some of it refunded.
struct Made {
    conversion: Conversion,
    lines: Vec<Commission>,
}

impl Made {
    fn new(plan: &PlanVersion, seller: &str, day: &str, amount: &str, refunded: &str) -> Self {
        let at = format!("2026-{day}T12:00:00Z").parse().unwrap();
        let touch = Touch {
            kind: TouchKind::Click,
            reference: "clk".into(),
            partner_id: partner(seller),
            link_id: None,
            campaign: None,
            at,
        };
        let zero = money("0");
        let charge = Charge {
            kind: ConversionKind::Sale,
            occurred_at: at,
            amount: money(amount),
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
        };
        let tier = Some(if seller == "kid" { "gold" } else { "silver" }.to_owned());
        let seller = Seller { partner_id: partner(seller), commission_tier: tier, revenue_split: None };
        let calculation = calculate(&Inputs {
            plan,
            seller: &seller,
            touch: &touch,
            charge: &charge,
            upline: &upline(),
            customer_since: None,
            active_splits: &[],
            exchange: None,
            caps: &[] as &[CapUse],
        })
        .unwrap();
        let conversion = Conversion {
            id: ConversionId::derive(&[day]),
            program_id: plan.program_id.clone(),
            source: "api".into(),
            external_id: day.into(),
            received_at: at,
            charge,
            attribution: Attribution { outcome: Outcome::Attributed(touch), rejected: vec![] },
            terms: Some(calculation.terms.clone()),
            refunded: zero,
        };
        let lines = accrue(&conversion, &calculation, None, at).unwrap().commissions;
        let mut made = Self { conversion, lines };
        if money(refunded) != zero {
            let fact = Refund::made("r", money(refunded), at);
            let reversal = refund(&made.conversion, &made.lines, &[], &fact, at).unwrap();
            made.conversion.refunded = reversal.refunded;
            for line in reversal.commissions {
                let place = made.lines.iter().position(|own| own.id == line.id).unwrap();
                made.lines[place] = line;
            }
        }
        made
    }

    fn reject(mut self) -> Self {
        for line in &mut self.lines {
            line.status = CommissionStatus::Rejected;
            line.amount = money("0");
        }
        self
    }
}

fn add(simulation: &mut Simulation<'_>, made: &Made) {
    let upline = upline();
    simulation.add(&Past { conversion: &made.conversion, lines: &made.lines, upline: &upline }).unwrap();
}

#[test]
fn who_gains_and_who_loses_is_told_by_partner_tier_month_and_rule() {
    let old = plan(percent("0.20", &["0.05"]));
    let mut draft = percent("0.10", &["0.08"]);
    draft["rules"][0]["id"] = json!("lower");
    let draft = plan(draft);
    let mut simulation = Simulation::new(&draft, usd(), Counters::default());
    add(&mut simulation, &Made::new(&old, "kid", "01-31", "100.00", "0.00"));
    add(&mut simulation, &Made::new(&old, "son", "02-01", "200.00", "100.00"));
    add(&mut simulation, &Made::new(&old, "son", "02-02", "50.00", "0.00").reject());

    let cost = |conversions, revenue, before, after| Cost {
        conversions,
        revenue: money(revenue),
        before: money(before),
        after: money(after),
    };
    assert_eq!(simulation.totals, cost(3, "250.00", "50.00", "36.00"));
    assert_eq!(simulation.totals.margins(), Ok((money("200.00"), money("214.00"))));
    let difference = |name: &str| simulation.partners[&partner(name)].difference().unwrap();
    assert_eq!(
        [difference("kid"), difference("son"), difference("mum")],
        ["-10.00", "-10.00", "6.00"].map(money)
    );
    assert_eq!(simulation.tiers[&Some("gold".to_owned())], cost(1, "100.00", "25.00", "18.00"));
    assert_eq!(simulation.tiers[&Some("silver".to_owned())], cost(2, "150.00", "25.00", "18.00"));
    assert_eq!(simulation.months["2026-01"], cost(1, "100.00", "25.00", "18.00"));
    assert_eq!(simulation.months["2026-02"], cost(2, "150.00", "25.00", "18.00"));
    let rule = |name: &str| simulation.rules[&Some(name.to_owned())];
    assert_eq!(rule("base"), Change { before: money("50.00"), after: money("0.00") });
    assert_eq!(rule("lower"), Change { before: money("0.00"), after: money("36.00") });
}

#[test]
fn the_same_plan_changes_nothing() {
    let old = plan(percent("0.20", &["0.05"]));
    let mut simulation = Simulation::new(&old, usd(), Counters::default());
    for (day, refunded) in [("01-01", "0.00"), ("01-02", "0.03"), ("01-03", "99.99"), ("01-04", "100.00")] {
        add(&mut simulation, &Made::new(&old, "kid", day, "100.00", refunded));
    }
    assert_eq!(simulation.totals.before, simulation.totals.after);
    assert!(simulation.partners.values().all(|change| change.difference() == Ok(money("0.00"))));
}

#[test]
fn caps_of_the_draft_count_over_pages_and_begin_anew_with_their_period() {
    let old = plan(percent("0.10", &[]));
    let mut draft = percent("0.20", &[]);
    draft["caps"] = json!([
        { "scope": "partner", "period": "month", "amount": { "amount": "50.00", "currency": "USD" } },
        { "scope": "program", "period": "all_time", "amount": { "amount": "90.00", "currency": "USD" } },
    ]);
    let draft = plan(draft);
    let sales = [
        // 20.00, and half of it goes back.
        Made::new(&old, "kid", "01-01", "100.00", "50.00"),
        // 40.00 is what is left of the partner's month.
        Made::new(&old, "kid", "01-02", "300.00", "0.00"),
        Made::new(&old, "son", "01-03", "50.00", "0.00"),
        // Another month for the partner; of the program's 90.00 are 30.00 left.
        Made::new(&old, "kid", "02-01", "200.00", "0.00"),
        Made::new(&old, "son", "02-02", "50.00", "0.00"),
    ];
    let mut whole = Simulation::new(&draft, usd(), Counters::default());
    sales.iter().for_each(|sale| add(&mut whole, sale));
    assert_eq!(whole.totals.after, money("90.00"));
    assert_eq!(whole.months["2026-02"].after, money("30.00"));
    assert_eq!(whole.partners[&partner("son")].after, money("10.00"));

    let (mut counters, mut after) = (Counters::default(), money("0.00"));
    for sale in &sales {
        let text = serde_json::to_string(&counters).unwrap();
        let mut page = Simulation::new(&draft, usd(), serde_json::from_str(&text).unwrap());
        add(&mut page, sale);
        after = after.plus(page.totals.after).unwrap();
        counters = page.counters;
    }
    assert_eq!((after, &counters), (whole.totals.after, &whole.counters));
}
