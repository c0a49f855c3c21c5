//! Plans as they are written, what is wrong with them, and which version prices a sale.

mod conditions;
mod faults;
mod versions;

use serde_json::{Value, json};

use super::*;
use crate::money::Currency;

fn usd() -> Currency {
    "USD".parse().unwrap()
}

fn plan(json: Value) -> Plan {
    serde_json::from_value(json).unwrap()
}

/// The least plan, with these fields set.
fn with(fields: Value) -> Value {
    let mut plan = json!({"rules": [{"id": "base", "reward": {"type": "percent", "rate": "0.20"}}]});
    for (name, value) in fields.as_object().unwrap() {
        plan[name] = value.clone();
    }
    plan
}

#[test]
fn the_least_plan_has_the_fields_defaults() {
    let plan = plan(with(json!({})));
    assert_eq!((plan.hold_days, plan.recurring, plan.rounding), (30, Recurring::Forever, Rounding::HalfEven));
    assert_eq!(plan.existing_customers, ExistingCustomers::FollowCurrent);
    assert_eq!((plan.base, plan.inactive_upline), (BasePolicy::default(), InactiveUpline::Accrue));
    assert_eq!(plan.faults(usd()), []);
}

#[test]
fn every_field_of_a_plan_is_written_as_it_is_read() {
    let written = json!({
        "rules": [
            {"id": "course", "priority": 2, "conditions": [
                {"all": [
                    {"field": "product", "any_of": ["a", "b"]},
                    {"any": [{"field": "coupon", "starts_with": "VIP"}, {"field": "metadata.plan", "contains": "team"}]},
                ]},
                {"field": "amount", "at_least": "100.00", "below": "500.00"},
                {"field": "customer_age_months", "below": 12},
                {"field": "occurred_at", "at_least": "2026-12-01T00:00:00Z", "below": "2027-01-01T00:00:00Z"},
                {"field": "country", "none_of": ["FR"]},
                {"field": "kind", "equals": "sale"},
            ], "reward": {"type": "flat", "amount": {"amount": "5.00", "currency": "USD"}, "per": "item", "on_refund": "prorate"}},
            {"id": "large", "priority": 0, "conditions": [], "reward": {"type": "tiered", "mode": "marginal", "brackets": [
                {"from": {"amount": "0.00", "currency": "USD"}, "rate": "0.1"},
                {"from": {"amount": "100.00", "currency": "USD"}, "rate": "0.2"},
            ]}},
        ],
        "levels": [{"of": "base", "rate": "0.05"}, {"of": "level_one", "rate": "0.1"}],
        "upline_cap": "0.08",
        "inactive_upline": "compress",
        "recurring": {"months": 12},
        "base": {"include_tax": true, "include_shipping": false, "include_discount": true},
        "rounding": "half_up",
        "hold_days": 14,
        "caps": [{"scope": "campaign", "period": "all_time", "amount": {"amount": "1000.00", "currency": "USD"}}],
        "attribution": {"window_days": 30, "model": "first_click", "precedence": ["coupon", "click"]},
        "existing_customers": {"keep_months": 12},
        "tier_requirements": {"metric": "revenue", "window": {"rolling_days": 30}, "direction": "both_ways", "tiers": [
            {"name": "silver", "at_least": {"amount": "1000.00", "currency": "USD"}},
        ]},
        "bonuses": [{"id": "hundred", "metric": "conversions", "window": "quarter", "at_least": 100,
            "amount": {"amount": "50.00", "currency": "USD"}}],
    });
    let plan = plan(written.clone());
    assert_eq!(plan.faults(usd()), []);
    assert_eq!(serde_json::to_value(&plan).unwrap(), written);
}

#[test]
fn what_is_no_plan_is_refused() {
    for json in [
        json!({}),
        json!({"rules": [], "rate": "0.2"}),
        json!({"rules": [{"id": "a", "reward": {"type": "percent", "rate": "0.2", "cap": 1}}]}),
        json!({"rules": [{"id": "a", "reward": {"type": "percent", "rate": "20"}}]}),
        json!({"rules": [{"id": "a", "reward": {"type": "percent", "rate": 0.2}}]}),
        json!({"rules": [{"id": "a", "reward": {"type": "share", "rate": "0.2"}}]}),
        with(json!({"base": {"include_fees": true}})),
        with(json!({"recurring": {"months": -1}})),
        with(json!({"recurring": {"years": 1}})),
        with(json!({"hold_days": 65_536})),
        with(
            json!({"caps": [{"scope": "country", "period": "day", "amount": {"amount": "1", "currency": "USD"}}]}),
        ),
        with(json!({"levels": [{"of": "level_two", "rate": "0.1"}]})),
        with(json!({"bonuses": [{"id": "b", "metric": "conversions", "window": "month", "at_least": 1.5,
            "amount": {"amount": "1", "currency": "USD"}}]})),
    ] {
        assert!(serde_json::from_value::<Plan>(json.clone()).is_err(), "{json}");
    }
}
