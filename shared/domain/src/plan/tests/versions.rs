//! Which version of a plan prices a sale.

use super::*;

fn version(version: u32, from: &str, existing_customers: Value) -> PlanVersion {
    PlanVersion {
        program_id: ProgramId::derive(&["g"]),
        version,
        effective_from: from.parse().unwrap(),
        plan: plan(with(json!({ "existing_customers": existing_customers }))),
    }
}

#[test]
fn the_highest_version_that_has_begun_is_in_force() {
    let follow = json!("follow_current");
    let versions = [
        version(1, "2026-01-01T00:00:00Z", follow.clone()),
        version(2, "2026-03-01T00:00:00Z", follow.clone()),
        // Published later, and for an earlier time: what it replaces never comes into force.
        version(3, "2026-02-01T00:00:00Z", follow),
    ];
    for (time, expected) in [
        ("2025-12-31T23:59:59Z", None),
        ("2026-01-01T00:00:00Z", Some(1)),
        ("2026-01-31T23:59:59Z", Some(1)),
        ("2026-02-01T00:00:00Z", Some(3)),
        ("2026-03-01T00:00:00Z", Some(3)),
    ] {
        let found = in_force(&versions, time.parse().unwrap()).map(|version| version.version);
        assert_eq!(found, expected, "{time}");
    }
}

#[test]
fn existing_customers_keep_what_the_version_that_won_them_promises() {
    let follow = || json!("follow_current");
    let priced = |first: Value, time: &str, since: Option<&str>| {
        let versions =
            [version(1, "2026-01-01T00:00:00Z", first), version(2, "2026-06-01T00:00:00Z", json!("keep"))];
        pricing(&versions, time.parse().unwrap(), since.map(|since| since.parse().unwrap()))
            .map(|version| version.version)
    };
    let won = Some("2026-01-31T08:00:00Z");
    for (first, time, since, expected) in [
        (follow(), "2026-05-31T23:59:59Z", won, Some(1)),
        (follow(), "2026-06-01T00:00:00Z", won, Some(2)),
        (json!("keep"), "2026-06-01T00:00:00Z", won, Some(1)),
        (json!("keep"), "2036-06-01T00:00:00Z", won, Some(1)),
        // A new customer, and one that the second version has won.
        (json!("keep"), "2026-06-01T00:00:00Z", None, Some(2)),
        (json!("keep"), "2026-07-01T00:00:00Z", Some("2026-06-01T00:00:00Z"), Some(2)),
        // A sale that is told with a time before the first one, and a customer from before every plan.
        (json!("keep"), "2026-05-31T00:00:00Z", Some("2026-06-02T00:00:00Z"), Some(1)),
        (json!("keep"), "2026-06-01T00:00:00Z", Some("2025-06-02T00:00:00Z"), Some(2)),
        // The thirteenth month begins where the twelfth ends, and the months' ends clamp.
        (json!({"keep_months": 12}), "2027-01-31T07:59:59Z", won, Some(1)),
        (json!({"keep_months": 12}), "2027-01-31T08:00:00Z", won, Some(2)),
        (json!({"keep_months": 13}), "2027-02-28T07:59:59Z", won, Some(1)),
        (json!({"keep_months": 13}), "2027-02-28T08:00:00Z", won, Some(2)),
        (json!({"keep_months": 1}), "2026-05-31T00:00:00Z", won, Some(1)),
        (json!("keep"), "2025-12-31T23:59:59Z", None, None),
    ] {
        assert_eq!(priced(first.clone(), time, since), expected, "{first} {time} {since:?}");
    }
}
