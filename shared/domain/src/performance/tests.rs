//! Windows, tiers and distances by example.

use serde_json::json;

use super::*;
use crate::money::Currency;

fn usd() -> Currency {
    "USD".parse().unwrap()
}

fn revenue(minor: i64) -> Performance {
    Performance { revenue: Money::new(minor, usd()), conversions: 0, active_customers: 0 }
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// Silver from 100.00, gold from 500.00.
fn requirements(window: &str, direction: &str) -> TierRequirements {
    let dollars = |amount: &str| json!({ "amount": amount, "currency": "USD" });
    let requirements = json!({
        "metric": "revenue",
        "window": window,
        "direction": direction,
        "tiers": [
            { "name": "silver", "at_least": dollars("100.00") },
            { "name": "gold", "at_least": dollars("500.00") },
        ],
    });
    serde_json::from_value(requirements).unwrap()
}

#[test]
fn a_window_is_the_days_around_today() {
    use Window::{Lifetime, Month, Quarter, RollingDays};
    let cases = [
        (Month, "2026-11-22", Some("2026-11-01"), "2026-11-30", Some(("2026-10-01", "2026-10-31"))),
        (Month, "2026-03-01", Some("2026-03-01"), "2026-03-31", Some(("2026-02-01", "2026-02-28"))),
        (Month, "2028-02-29", Some("2028-02-01"), "2028-02-29", Some(("2028-01-01", "2028-01-31"))),
        (Month, "2026-01-31", Some("2026-01-01"), "2026-01-31", Some(("2025-12-01", "2025-12-31"))),
        (Quarter, "2026-01-01", Some("2026-01-01"), "2026-03-31", Some(("2025-10-01", "2025-12-31"))),
        (Quarter, "2026-06-30", Some("2026-04-01"), "2026-06-30", Some(("2026-01-01", "2026-03-31"))),
        (Quarter, "2026-12-31", Some("2026-10-01"), "2026-12-31", Some(("2026-07-01", "2026-09-30"))),
        (RollingDays(1), "2026-03-01", Some("2026-03-01"), "2026-03-01", None),
        (RollingDays(30), "2026-03-01", Some("2026-01-31"), "2026-03-01", None),
        (Lifetime, "2026-03-01", None, "2026-03-01", None),
    ];
    for (window, today, first, last, before) in cases {
        let period = |first: Option<&str>, last| Period { first: first.map(day), last: day(last) };
        assert_eq!(Period::of(window, day(today)), period(first, last), "{window:?} {today}");
        let before = before.map(|(first, last)| period(Some(first), last));
        assert_eq!(Period::before(window, day(today)), before, "{window:?} {today}");
    }
}

#[test]
fn the_highest_tier_is_final_where_none_is_lost() {
    for (direction, standing, expected) in [
        ("up_only", Some("gold"), true),
        ("up_only", Some("silver"), false),
        ("up_only", None, false),
        ("both_ways", Some("gold"), false),
    ] {
        let plan = requirements("month", direction);
        assert_eq!(plan.is_final(standing), expected, "{direction} {standing:?}");
    }
}

#[test]
fn a_threshold_is_reached_by_what_is_left_after_refunds() {
    let sold = Money::new(60_000, usd()).minus(Money::new(40_000, usd())).unwrap();
    let gold = Threshold::Amount(Money::new(50_000, usd()));
    for (minor, expected) in [(sold.minor(), false), (49_999, false), (50_000, true), (-1, false)] {
        assert_eq!(revenue(minor).reaches(Metric::Revenue, gold), expected, "{minor}");
    }
    let counted = Performance { conversions: 3, active_customers: 2, ..revenue(0) };
    assert!(counted.reaches(Metric::Conversions, Threshold::Count(3)));
    assert!(!counted.reaches(Metric::ActiveCustomers, Threshold::Count(3)));
}

#[test]
fn tiers_go_up_and_where_the_plan_says_so_down() {
    let (up, both) = (requirements("month", "up_only"), requirements("month", "both_ways"));
    /// The plan, what was sold now and in the window before, the tier so far, and the tier then.
    type Case<'a> = (&'a TierRequirements, i64, Option<i64>, Option<&'a str>, Option<&'a str>);
    let cases: [Case<'_>; 19] = [
        (&up, 9_999, None, None, None),
        (&up, 10_000, None, None, Some("silver")),
        (&up, 49_999, None, None, Some("silver")),
        (&up, 50_000, None, None, Some("gold")),
        (&up, 60_000 - 40_000, None, None, Some("silver")),
        (&up, 60_000 - 40_000, None, Some("silver"), Some("silver")),
        (&up, 50_000, None, Some("silver"), Some("gold")),
        (&up, 0, None, Some("gold"), Some("gold")),
        (&up, 10_000, None, Some("gold"), Some("gold")),
        (&up, 0, None, Some("friend"), Some("friend")),
        (&up, 10_000, None, Some("friend"), Some("silver")),
        (&both, 0, Some(50_000), None, Some("gold")),
        (&both, 0, Some(50_000), Some("gold"), Some("gold")),
        (&both, 10_000, Some(0), Some("gold"), Some("silver")),
        (&both, 10_000, Some(50_000), Some("silver"), Some("gold")),
        (&both, 0, Some(0), Some("gold"), None),
        (&both, 0, None, Some("silver"), None),
        (&both, 0, Some(0), Some("friend"), Some("friend")),
        (&both, 50_000, Some(0), Some("friend"), Some("gold")),
    ];
    for (place, (plan, current, previous, standing, expected)) in cases.into_iter().enumerate() {
        let previous = previous.map(revenue);
        let decision = plan.decide(&revenue(current), previous.as_ref(), standing);
        assert_eq!(decision.tier.as_deref(), expected, "case {place}");
    }
    let by =
        |current, previous| both.decide(&revenue(current), Some(&revenue(previous)), None).is_by_previous;
    assert_eq!([by(0, 50_000), by(50_000, 10_000), by(10_000, 10_000)], [true, false, false]);
}

#[test]
fn the_distance_is_to_the_tier_above_the_one_that_stands() {
    let plan = requirements("month", "up_only");
    let cases = [
        (0, None, Some(("silver", 10_000, 10_000))),
        (-500, None, Some(("silver", 10_000, 10_500))),
        (20_000, Some("silver"), Some(("gold", 50_000, 30_000))),
        (50_000, Some("silver"), Some(("gold", 50_000, 0))),
        (9_999, Some("friend"), Some(("silver", 10_000, 1))),
        (0, Some("gold"), None),
    ];
    for (has, standing, expected) in cases {
        let next = plan.next(&revenue(has), standing);
        let amount = |minor| Threshold::Amount(Money::new(minor, usd()));
        let expected = expected.map(|(name, at_least, missing)| NextTier {
            name: name.to_owned(),
            metric: Metric::Revenue,
            at_least: amount(at_least),
            has: amount(has),
            missing: amount(missing),
        });
        assert_eq!(next, expected, "{has} {standing:?}");
    }
    assert_eq!(Threshold::Count(5).less(Threshold::Count(7)), Threshold::Count(0));
}
