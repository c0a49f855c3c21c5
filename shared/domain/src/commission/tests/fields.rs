//! Every field that a condition may ask for, and the time that each of them is read at.

use serde_json::{Value, json};

use super::*;

/// A sale with something in every field: coupon SPRING10, label plan=team, 100.00 USD.
fn case(asked: Value) -> Case {
    let mut case = Case::new(plan(vec![when(condition(asked), percent("asked", "0.10"))], &[]), "100.00");
    case.charge.coupon = Some("SPRING10".into());
    case.charge.metadata.insert("plan".into(), "team".into());
    case
}

fn holds(asked: Value) -> bool {
    !case(asked).calculate().lines.is_empty()
}

#[test]
fn each_field_is_compared_in_each_way() {
    for (asked, expected) in [
        (json!({"field": "kind", "equals": "sale"}), true),
        (json!({"field": "kind", "any_of": ["lead", "renewal"]}), false),
        (json!({"field": "commission_tier", "equals": "gold"}), true),
        (json!({"field": "commission_tier", "none_of": ["gold"]}), false),
        (json!({"field": "campaign", "starts_with": "spr"}), true),
        (json!({"field": "campaign", "starts_with": "ring"}), false),
        (json!({"field": "country", "any_of": ["AT", "DE"]}), true),
        (json!({"field": "country", "equals": "de"}), false),
        (json!({"field": "coupon", "starts_with": "SPRING"}), true),
        (json!({"field": "coupon", "contains": "RING1"}), true),
        (json!({"field": "coupon", "equals": "spring10"}), false),
        (json!({"field": "metadata.plan", "equals": "team"}), true),
        (json!({"field": "metadata.plan", "contains": "tea"}), true),
        (json!({"field": "metadata.Plan", "equals": "team"}), false),
        (json!({"field": "product", "equals": "a"}), false),
        (json!({"field": "product", "none_of": ["a"]}), true),
        (json!({"field": "metadata.shop", "equals": ""}), false),
        (json!({"field": "metadata.shop", "none_of": ["eu"]}), true),
        (json!({"field": "metadata.shop", "starts_with": "e"}), false),
    ] {
        assert_eq!(holds(asked.clone()), expected, "{asked}");
    }
}

#[test]
fn ranges_hold_their_lower_bound_and_not_their_upper_one() {
    for (asked, expected) in [
        (json!({"field": "amount", "at_least": "100.00"}), true),
        (json!({"field": "amount", "at_least": "100"}), true),
        (json!({"field": "amount", "at_least": "100.01"}), false),
        (json!({"field": "amount", "below": "100.00"}), false),
        (json!({"field": "amount", "below": "100.01"}), true),
        (json!({"field": "amount", "at_least": "99.99", "below": "100.00"}), false),
        (json!({"field": "occurred_at", "at_least": "2026-01-31T12:00:00Z"}), true),
        (json!({"field": "occurred_at", "at_least": "2026-01-31T12:00:00.000000001Z"}), false),
        (json!({"field": "occurred_at", "below": "2026-01-31T12:00:00Z"}), false),
        (json!({"field": "occurred_at", "below": "2026-01-31T13:00:01+01:00"}), true),
        (json!({"field": "customer_age_months", "at_least": 0}), true),
        (json!({"field": "customer_age_months", "at_least": 1}), false),
        (json!({"field": "customer_age_months", "below": 1}), true),
    ] {
        assert_eq!(holds(asked.clone()), expected, "{asked}");
    }
}

#[test]
fn groups_ask_for_all_or_any_of_what_they_hold() {
    let (yes, no) = (json!({"field": "kind", "equals": "sale"}), json!({"field": "country", "equals": "FR"}));
    for (asked, expected) in [
        (json!({"all": [yes, yes]}), true),
        (json!({"all": [yes, no]}), false),
        (json!({"any": [no, yes]}), true),
        (json!({"any": [no, no]}), false),
        (json!({"all": [yes, {"any": [no, {"all": [yes]}]}]}), true),
        (json!({"any": [{"all": [yes, no]}, {"any": [no]}]}), false),
    ] {
        assert_eq!(holds(asked.clone()), expected, "{asked}");
    }
    let outcome =
        case(json!({"all": [yes, {"any": [no, {"field": "coupon", "equals": "VIP"}]}]})).calculate();
    let first = RuleOutcome::NotMatched { field: "country".into(), value: Some("DE".into()) };
    assert_eq!(outcome.trace.rules[0].outcome, first);
}

#[test]
fn the_trace_tells_what_the_sale_has_in_the_field_that_failed() {
    for (asked, field, value) in [
        (json!({"field": "metadata.shop", "equals": "eu"}), "metadata.shop", None),
        (json!({"field": "metadata.plan", "equals": "solo"}), "metadata.plan", Some("team")),
        (json!({"field": "amount", "below": "1"}), "amount", Some("100.00")),
        (json!({"field": "customer_age_months", "at_least": 3}), "customer_age_months", Some("0")),
        (
            json!({"field": "occurred_at", "below": "2026-01-01T00:00:00Z"}),
            "occurred_at",
            Some("2026-01-31T12:00:00Z"),
        ),
    ] {
        let traced = case(asked).calculate().trace.rules.remove(0).outcome;
        let expected = RuleOutcome::NotMatched { field: field.into(), value: value.map(Into::into) };
        assert_eq!(traced, expected);
    }
}

#[test]
fn the_rate_steps_down_after_the_first_year_and_months_ends_clamp() {
    let young = condition(json!({"field": "customer_age_months", "below": 12}));
    let old = condition(json!({"field": "customer_age_months", "at_least": 12}));
    let rules = vec![when(young, percent("first-year", "0.20")), when(old, percent("later", "0.10"))];
    let mut case = Case::new(plan(rules, &[]), "100.00");
    case.charge.kind = ConversionKind::Renewal;
    for (since, time, expected) in [
        (None, "2026-01-31T12:00:00Z", "20.00"),
        (Some("2026-01-31T12:00:00Z"), "2027-01-31T11:59:59Z", "20.00"),
        (Some("2026-01-31T12:00:00Z"), "2027-01-31T12:00:00Z", "10.00"),
        // A year from a leap day ends on the last day of February.
        (Some("2028-02-29T08:00:00Z"), "2029-02-28T07:59:59Z", "20.00"),
        (Some("2028-02-29T08:00:00Z"), "2029-02-28T08:00:00Z", "10.00"),
        (Some("2020-02-29T08:00:00Z"), "2026-01-01T00:00:00Z", "10.00"),
        // A renewal that is told with a time before the first sale is of a new customer.
        (Some("2026-02-01T00:00:00Z"), "2026-01-01T00:00:00Z", "20.00"),
    ] {
        (case.customer_since, case.charge.occurred_at) = (since.map(at), at(time));
        assert_eq!(case.amounts(), [expected], "{since:?} {time}");
    }
    let months = condition(json!({"field": "customer_age_months", "at_least": 1, "below": 2}));
    case.plan.plan.rules = vec![when(months, percent("second-month", "0.20"))];
    case.customer_since = Some(at("2026-01-31T00:00:00Z"));
    for (time, is_second) in [
        ("2026-02-27T23:59:59Z", false),
        ("2026-02-28T00:00:00Z", true),
        ("2026-03-30T23:59:59Z", true),
        ("2026-03-31T00:00:00Z", false),
    ] {
        case.charge.occurred_at = at(time);
        assert_eq!(!case.calculate().lines.is_empty(), is_second, "{time}");
    }
}

#[test]
fn a_sale_is_priced_by_the_tier_of_its_own_time() {
    let rules =
        vec![when(test("commission_tier", &["gold"]), percent("gold", "0.30")), percent("base", "0.10")];
    let mut case = Case::new(plan(rules, &[]), "100.00");
    case.agreement.commission_tier = None;
    case.agreement = case.agreement.with_tier(Some("gold".into()), at("2026-02-01T00:00:00Z"));
    case.agreement = case.agreement.with_tier(Some("silver".into()), at("2026-03-01T00:00:00Z"));
    for (time, tier, earned) in [
        ("2026-01-31T23:59:59Z", None, "10.00"),
        ("2026-02-01T00:00:00Z", Some("gold"), "30.00"),
        ("2026-02-28T23:59:59Z", Some("gold"), "30.00"),
        ("2026-03-01T00:00:00Z", Some("silver"), "10.00"),
    ] {
        case.charge.occurred_at = at(time);
        assert_eq!(case.agreement.tier_at(at(time)), tier, "{time}");
        let Calculation { terms, lines, .. } = case.calculate();
        assert_eq!((terms.commission_tier.as_deref(), lines[0].amount), (tier, money(earned)), "{time}");
    }
}

#[test]
fn an_agreement_remembers_its_latest_tiers() {
    let mut agreement = Case::new(plan(vec![], &[]), "0").agreement;
    agreement.commission_tier = Some("t0".into());
    let month = |number: i32| at(&format!("{}-{:02}-01T00:00:00Z", 2026 + number / 12, number % 12 + 1));
    for number in 1..=30 {
        agreement = agreement.with_tier(Some(format!("t{number}")), month(number));
    }
    assert_eq!(agreement.tier_at(month(30)), Some("t30"));
    assert_eq!(agreement.tier_at(month(29)), Some("t29"));
    assert_eq!(agreement.tier_at(month(7)), Some("t7"));
    // What is older goes by the earliest tier that is known.
    assert_eq!(agreement.tier_at(month(1)), Some("t6"));
    assert_eq!(agreement.earlier_tiers.len(), 24);
}
