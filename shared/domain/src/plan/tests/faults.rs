//! Every fault with its place.

use super::*;

fn faults(json: Value) -> Vec<(String, &'static str)> {
    plan(json).faults(usd()).into_iter().map(|fault| (fault.pointer, fault.code)).collect()
}

/// Checks that a plan with these fields has these faults and no others.
fn check(fields: Value, expected: &[(&str, &'static str)]) {
    let expected: Vec<_> = expected.iter().map(|(pointer, code)| ((*pointer).to_owned(), *code)).collect();
    assert_eq!(faults(with(fields.clone())), expected, "{fields}");
}

fn rule(id: &str) -> Value {
    json!({"id": id, "reward": {"type": "percent", "rate": "0.2"}})
}

fn on(conditions: Value) -> Value {
    let mut rule = rule("a");
    rule["conditions"] = conditions;
    json!({"rules": [rule]})
}

fn paying(reward: Value) -> Value {
    json!({"rules": [{"id": "a", "reward": reward}]})
}

fn usd_of(amount: &str) -> Value {
    json!({"amount": amount, "currency": "USD"})
}

#[test]
fn rules_have_names_of_their_own_and_a_number() {
    check(json!({"rules": []}), &[("/rules", "out_of_range")]);
    let many = |count| (0..count).map(|number| rule(&format!("r{number}"))).collect::<Vec<_>>();
    check(json!({"rules": many(50)}), &[]);
    check(json!({"rules": many(51)}), &[("/rules", "out_of_range")]);
    for id in ["", "Base", "a b", "\u{e4}", &"a".repeat(41)] {
        check(json!({"rules": [rule(id)]}), &[("/rules/0/id", "invalid_name")]);
    }
    check(json!({"rules": [rule("a-_9"), rule("b"), rule("a-_9")]}), &[("/rules/2/id", "duplicate")]);
}

#[test]
fn conditions_can_hold() {
    let country = || json!({"field": "country", "equals": "DE"});
    check(on(json!(vec![country(); 50])), &[]);
    check(on(json!(vec![country(); 51])), &[("/rules/0/conditions", "out_of_range")]);
    check(on(json!([{"any": vec![country(); 49]}])), &[]);
    check(on(json!([{"any": vec![country(); 50]}])), &[("/rules/0/conditions", "out_of_range")]);
    check(on(json!([country(), {"all": []}])), &[("/rules/0/conditions/1/all", "empty")]);
    check(on(json!([{"all": [country(), {"any": []}]}])), &[("/rules/0/conditions/0/all/1/any", "empty")]);
    let nested = |depth: usize| (0..depth).fold(country(), |inner, _| json!({"all": [inner]}));
    check(on(json!([nested(4)])), &[]);
    check(on(json!([nested(5)])), &[("/rules/0/conditions/0/all/0/all/0/all/0/all/0", "out_of_range")]);
    for (field, least, above) in [
        ("amount", json!("10.00"), json!("10")),
        ("customer_age_months", json!(12), json!(12)),
        ("occurred_at", json!("2026-12-02T00:00:00Z"), json!("2026-12-01T00:00:00Z")),
    ] {
        let empty = json!([{"field": field, "at_least": least, "below": above}]);
        check(on(empty), &[("/rules/0/conditions/0/below", "out_of_range")]);
    }
    check(on(json!([{"field": "amount", "at_least": "10", "below": "10.01"}])), &[]);
}

#[test]
fn texts_can_match() {
    for (test, pointer, code) in [
        (json!({"field": "coupon", "any_of": []}), "any_of", "empty"),
        (json!({"field": "coupon", "none_of": []}), "none_of", "empty"),
        (json!({"field": "coupon", "starts_with": ""}), "starts_with", "empty"),
        (json!({"field": "coupon", "contains": ""}), "contains", "empty"),
        (json!({"field": "country", "any_of": ["DE", "us"]}), "any_of", "invalid"),
        (json!({"field": "country", "none_of": ["GER"]}), "none_of", "invalid"),
        (json!({"field": "country", "equals": "de"}), "equals", "invalid"),
        (json!({"field": "kind", "equals": "Sale"}), "equals", "invalid"),
        (json!({"field": "kind", "any_of": ["sale", "bonus"]}), "any_of", "invalid"),
    ] {
        let pointer = format!("/rules/0/conditions/0/any/0/{pointer}");
        check(on(json!([{"any": [test]}])), &[(&pointer, code)]);
    }
    check(
        on(
            json!([{"field": "kind", "any_of": ["sale", "renewal", "lead"]}, {"field": "country", "starts_with": "D"}]),
        ),
        &[],
    );
}

#[test]
fn rewards_pay_something_in_the_programs_currency() {
    let flat = |amount: Value| paying(json!({"type": "flat", "amount": amount}));
    check(flat(usd_of("0")), &[("/rules/0/reward/amount", "out_of_range")]);
    check(flat(usd_of("-1")), &[("/rules/0/reward/amount", "out_of_range")]);
    check(flat(usd_of("10000000000.00")), &[]);
    check(flat(usd_of("10000000000.01")), &[("/rules/0/reward/amount", "out_of_range")]);
    check(flat(json!({"amount": "1", "currency": "EUR"})), &[("/rules/0/reward/amount", "wrong_currency")]);
}

#[test]
fn brackets_rise_from_zero() {
    let tiered = |mode: &str, brackets: &[(&str, &str)]| {
        let bracket = |(from, rate): &(&str, &str)| json!({"from": usd_of(from), "rate": rate});
        let brackets: Vec<_> = brackets.iter().map(bracket).collect();
        paying(json!({"type": "tiered", "mode": mode, "brackets": brackets}))
    };
    check(tiered("whole", &[]), &[("/rules/0/reward/brackets", "out_of_range")]);
    let many: Vec<String> = (0..21).map(|number| number.to_string()).collect();
    let many: Vec<_> = many.iter().map(|from| (from.as_str(), "0.1")).collect();
    check(tiered("whole", &many[..20]), &[]);
    check(tiered("whole", &many), &[("/rules/0/reward/brackets", "out_of_range")]);
    check(tiered("whole", &[("1", "0.1")]), &[("/rules/0/reward/brackets/0/from", "out_of_range")]);
    for from in ["0", "5.00"] {
        let brackets = [("0", "0.1"), ("5.00", "0.1"), (from, "0.1")];
        check(tiered("marginal", &brackets), &[("/rules/0/reward/brackets/2/from", "out_of_range")]);
    }
    let falling = [("0", "0.2"), ("5.00", "0.1")];
    check(tiered("marginal", &falling), &[]);
    check(tiered("whole", &falling), &[("/rules/0/reward/brackets/1/rate", "out_of_range")]);
    let foreign = json!({"from": {"amount": "0", "currency": "JPY"}, "rate": "0.1"});
    let foreign = paying(json!({"type": "tiered", "mode": "whole", "brackets": [foreign]}));
    check(foreign, &[("/rules/0/reward/brackets/0/from", "wrong_currency")]);
}

#[test]
fn levels_give_away_no_more_than_there_is() {
    let levels = |of: &str, rates: &[&str]| json!({"levels": rates.iter().map(|rate| json!({"of": of, "rate": rate})).collect::<Vec<_>>()});
    check(levels("base", &["0"; 9]), &[]);
    check(levels("base", &["0"; 10]), &[("/levels", "out_of_range")]);
    for of in ["base", "level_one"] {
        check(levels(of, &["0.6", "0.4"]), &[]);
        check(levels(of, &["0.6", "0.400001"]), &[("/levels", "out_of_range")]);
    }
    check(json!({"levels": [{"of": "base", "rate": "1"}, {"of": "level_one", "rate": "1"}]}), &[]);
}

#[test]
fn times_are_within_their_bounds() {
    check(json!({"hold_days": 365}), &[]);
    check(json!({"hold_days": 366}), &[("/hold_days", "out_of_range")]);
    for months in [0, 601] {
        check(json!({"recurring": {"months": months}}), &[("/recurring/months", "out_of_range")]);
        let keep = json!({"existing_customers": {"keep_months": months}});
        check(keep, &[("/existing_customers/keep_months", "out_of_range")]);
    }
    check(json!({"recurring": {"months": 600}, "existing_customers": {"keep_months": 1}}), &[]);
    for days in [0, 366] {
        let attribution = json!({"attribution": {"window_days": days}});
        check(attribution, &[("/attribution/window_days", "out_of_range")]);
    }
    for precedence in [json!([]), json!(["click", "coupon", "click"])] {
        let attribution = json!({"attribution": {"precedence": precedence}});
        check(attribution, &[("/attribution/precedence", "invalid")]);
    }
}

#[test]
fn caps_are_amounts_of_one_scope_and_period_each() {
    let cap = |scope: &str, period: &str, amount: Value| json!({"scope": scope, "period": period, "amount": amount});
    let one = || usd_of("1");
    check(
        json!({"caps": [cap("partner", "day", one()), cap("partner", "month", one()), cap("program", "day", one())]}),
        &[],
    );
    check(
        json!({"caps": [cap("partner", "day", one()), cap("partner", "day", usd_of("2"))]}),
        &[("/caps/1", "duplicate")],
    );
    check(json!({"caps": [cap("partner", "day", usd_of("0"))]}), &[("/caps/0/amount", "out_of_range")]);
    let foreign = json!({"amount": "1", "currency": "EUR"});
    check(json!({"caps": [cap("partner", "day", foreign)]}), &[("/caps/0/amount", "wrong_currency")]);
}

#[test]
fn tiers_rise_and_are_measured_by_their_metric() {
    let tiers = |metric: &str, window: Value, tiers: &[(&str, Value)]| {
        let tier = |(name, least): &(&str, Value)| json!({"name": name, "at_least": least});
        let tiers: Vec<_> = tiers.iter().map(tier).collect();
        json!({"tier_requirements": {"metric": metric, "window": window, "tiers": tiers}})
    };
    let place = "/tier_requirements/tiers";
    check(tiers("conversions", json!("month"), &[("silver", json!(10)), ("gold", json!(11))]), &[]);
    check(tiers("revenue", json!("lifetime"), &[]), &[(place, "out_of_range")]);
    let many: Vec<String> = (0..11).map(|number| format!("t{number}")).collect();
    let many: Vec<_> =
        many.iter().zip(1..).map(|(name, least): (_, u64)| (name.as_str(), json!(least))).collect();
    check(tiers("conversions", json!("quarter"), &many[..10]), &[]);
    check(tiers("conversions", json!("quarter"), &many), &[(place, "out_of_range")]);
    for days in [0, 367] {
        let rolling = tiers("conversions", json!({"rolling_days": days}), &many[..1]);
        check(rolling, &[("/tier_requirements/window/rolling_days", "out_of_range")]);
    }
    for (metric, listed, expected) in [
        ("conversions", vec![("Gold", json!(1))], ("/0/name", "invalid_name")),
        ("conversions", vec![("a", json!(1)), ("a", json!(2))], ("/1/name", "duplicate")),
        ("conversions", vec![("a", json!(2)), ("b", json!(2))], ("/1/at_least", "out_of_range")),
        ("conversions", vec![("a", json!(0))], ("/0/at_least", "out_of_range")),
        ("active_customers", vec![("a", usd_of("1"))], ("/0/at_least", "invalid")),
        ("revenue", vec![("a", json!(1))], ("/0/at_least", "invalid")),
        ("revenue", vec![("a", usd_of("0"))], ("/0/at_least", "out_of_range")),
        (
            "revenue",
            vec![("a", json!({"amount": "1", "currency": "EUR"}))],
            ("/0/at_least", "wrong_currency"),
        ),
    ] {
        let pointer = format!("{place}{}", expected.0);
        check(tiers(metric, json!("month"), &listed), &[(&pointer, expected.1)]);
    }
}

#[test]
fn bonuses_can_be_reached_and_pay_something() {
    let bonus = |changes: Value| {
        let mut bonus = json!({"id": "b", "metric": "conversions", "window": "month", "at_least": 1, "amount": usd_of("1")});
        for (name, value) in changes.as_object().unwrap() {
            bonus[name] = value.clone();
        }
        bonus
    };
    let many =
        |count| (0..count).map(|number| bonus(json!({"id": format!("b{number}")}))).collect::<Vec<_>>();
    check(json!({"bonuses": many(10)}), &[]);
    check(json!({"bonuses": many(11)}), &[("/bonuses", "out_of_range")]);
    check(json!({"bonuses": [bonus(json!({})), bonus(json!({}))]}), &[("/bonuses/1/id", "duplicate")]);
    for (changes, pointer, code) in [
        (json!({"id": "B"}), "/bonuses/0/id", "invalid_name"),
        (json!({"window": {"rolling_days": 30}}), "/bonuses/0/window", "invalid"),
        (json!({"at_least": 0}), "/bonuses/0/at_least", "out_of_range"),
        (json!({"metric": "revenue"}), "/bonuses/0/at_least", "invalid"),
        (json!({"amount": usd_of("0")}), "/bonuses/0/amount", "out_of_range"),
        (json!({"amount": {"amount": "1", "currency": "EUR"}}), "/bonuses/0/amount", "wrong_currency"),
    ] {
        check(json!({"bonuses": [bonus(changes)]}), &[(pointer, code)]);
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let plan = json!({
        "rules": [
            {"id": "Base", "reward": {"type": "percent", "rate": "1"}},
            {"id": "a", "conditions": [{"field": "kind", "any_of": []}], "reward": {"type": "flat", "amount": usd_of("0")}},
        ],
        "hold_days": 366,
        "recurring": {"months": 0},
    });
    let expected = [
        ("/rules/0/id", "invalid_name"),
        ("/rules/1/conditions/0/any_of", "empty"),
        ("/rules/1/reward/amount", "out_of_range"),
        ("/hold_days", "out_of_range"),
        ("/recurring/months", "out_of_range"),
    ];
    assert_eq!(faults(plan), expected.map(|(pointer, code)| (pointer.to_owned(), code)));
}
