//! Plans: a plan without faults never fails to calculate.

use domain::{
    attribution::Touch,
    click::ClickTrail,
    commission::{CapUse, Inputs, Seller, Sponsor, calculate, cap_counters},
    conversion::{Charge, ConversionKind, LineItem},
    id::{PartnerId, ProgramId},
    money::{Currency, Money, sum},
    plan::{Plan, PlanVersion},
    program::TouchKind,
};
use jiff::Timestamp;

/// Reads bytes as a plan, and what follows a line break as a charge.
pub(crate) fn run(data: &[u8]) {
    let mut parts = data.splitn(2, |byte| *byte == b'\n');
    let Some(Ok(plan)) = parts.next().map(serde_json::from_slice::<Plan>) else { return };
    let Ok(currency) = "USD".parse::<Currency>() else { return };
    let faults = plan.faults(currency);
    assert!(faults.iter().all(|fault| fault.pointer.starts_with('/') && !fault.detail.is_empty()));
    let json = serde_json::to_string(&plan).unwrap();
    let again: Plan = serde_json::from_str(&json).unwrap();
    assert_eq!(again, plan, "written and read again");
    assert_eq!(again.faults(currency), faults);
    if !faults.is_empty() {
        return;
    }
    let told = parts.next().and_then(|part| serde_json::from_slice::<Charge>(part).ok());
    let told = told.filter(|charge| charge.check().is_ok() && charge.amount.currency() == currency);
    let version = PlanVersion {
        program_id: ProgramId::derive(&["fuzz"]),
        version: 1,
        effective_from: Timestamp::UNIX_EPOCH,
        plan,
    };
    for charge in samples(currency).into_iter().chain(told) {
        check(&version, &charge);
    }
}

/// Nobody earns less than nothing, nor more than a cap leaves, and of what went back nothing is earned.
fn check(plan: &PlanVersion, charge: &Charge) {
    let touch = touch(charge.occurred_at);
    let seller = Seller { partner_id: partner(1), commission_tier: Some("gold".into()), revenue_split: None };
    let upline: Vec<Sponsor> =
        (2..=10).map(|number| Sponsor { partner_id: partner(number), is_active: number % 3 != 0 }).collect();
    let active: Vec<PartnerId> = charge.splits.iter().map(|split| split.partner_id.clone()).collect();
    let caps: Vec<CapUse> = cap_counters(plan, &touch, charge)
        .into_iter()
        .map(|(cap, counter)| CapUse { cap, counter, used: cap.amount.minor() / 2 })
        .collect();
    let inputs = Inputs {
        plan,
        seller: &seller,
        touch: &touch,
        charge,
        upline: &upline,
        customer_since: charge.customer.is_some().then_some(Timestamp::UNIX_EPOCH),
        active_splits: &active,
        exchange: None,
        caps: &caps,
    };
    let calculation = calculate(&inputs).unwrap();
    let currency = charge.amount.currency();
    let lines = &calculation.lines;
    assert!(lines.iter().all(|line| !line.amount.is_negative()), "a line below zero");
    let total = sum(lines.iter().map(|line| line.amount), currency).unwrap();
    for cap in &caps {
        let left = cap.cap.amount.minor() - cap.used;
        assert!(lines.is_empty() || total.minor() <= left, "more than a cap leaves");
    }
    let prices: Vec<_> = lines.iter().map(|line| line.price.clone()).collect();
    let of = |refunded| calculation.terms.amounts(&prices, charge, refunded).unwrap();
    let earned: Vec<Money> = lines.iter().map(|line| line.amount).collect();
    assert_eq!(of(Money::zero(currency)), earned, "the terms that are frozen give what was earned");
    for minor in [charge.amount.minor() / 2, charge.amount.minor()] {
        let left = of(Money::new(minor, currency));
        assert!(left.iter().all(|amount| !amount.is_negative()), "a line below zero");
        assert!(sum(left, currency).unwrap().minor() <= total.minor(), "a refund pays");
    }
    let text = serde_json::to_string(&calculation.terms).unwrap();
    assert_eq!(serde_json::from_str::<domain::commission::Terms>(&text).unwrap(), calculation.terms);
}

fn partner(number: u32) -> PartnerId {
    PartnerId::derive(&[&number.to_string()])
}

fn touch(at: Timestamp) -> Touch {
    Touch {
        kind: TouchKind::Click,
        reference: "clk_1".into(),
        partner_id: partner(1),
        link_id: None,
        campaign: Some("spring".into()),
        at,
    }
}

/// A sale, the largest one that fits, a renewal of several lines and a lead.
fn samples(currency: Currency) -> Vec<Charge> {
    let zero = Money::zero(currency);
    let charge = |kind, minor, lines| Charge {
        kind,
        occurred_at: Timestamp::from_second(1_795_348_800).unwrap_or_default(),
        amount: Money::new(minor, currency),
        tax: Money::new(minor / 10, currency),
        shipping: zero,
        discount: zero,
        customer: None,
        clicks: None::<ClickTrail>,
        country: Some("DE".into()),
        coupon: Some("SPRING".into()),
        lines,
        splits: Vec::new(),
        aliases: Vec::new(),
        metadata: [("plan".to_owned(), "pro".to_owned())].into(),
    };
    let line = |product: &str, quantity, minor| LineItem {
        product: product.into(),
        quantity,
        amount: Money::new(minor, currency),
        tax: Some(Money::new(minor / 10, currency)),
        discount: None,
    };
    vec![
        charge(ConversionKind::Sale, 10_000, Vec::new()),
        charge(ConversionKind::Sale, i64::MAX / 4, Vec::new()),
        charge(ConversionKind::Renewal, 5_000, vec![line("a", 3, 2_000), line("b", 1, 3_000)]),
        charge(ConversionKind::Lead, 0, Vec::new()),
    ]
}
