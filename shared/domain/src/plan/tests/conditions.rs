//! Conditions as they are written, and what is told where they are written in another way.

use proptest::prelude::*;

use super::*;

fn read(json: Value) -> Result<Condition, String> {
    serde_json::from_value(json).map_err(|error| error.to_string())
}

#[test]
fn what_is_no_condition_is_refused_with_what_would_be_one() {
    let shape = "a condition is `all`, `any`, or a `field` with one of";
    for (json, told) in [
        (json!({}), shape),
        (json!({"field": "country"}), shape),
        (json!({"equals": "DE"}), shape),
        (json!({"field": "country", "equals": "DE", "any_of": ["DE"]}), shape),
        (json!({"field": "country", "equals": "DE", "at_least": "DE"}), shape),
        (json!({"all": [], "any": []}), shape),
        (json!({"all": [], "field": "country", "equals": "DE"}), shape),
        (json!({"any": [], "at_least": 1}), shape),
        (json!({"field": "colour", "equals": "red"}), "`colour` is no field"),
        (json!({"field": "colour", "at_least": 1}), "`colour` is no field"),
        (json!({"field": "metadata.", "equals": "x"}), "`metadata.` is no field"),
        (json!({"field": "metadata", "equals": "x"}), "`metadata` is no field"),
        (json!({"field": "Country", "equals": "DE"}), "`Country` is no field"),
        (json!({"field": "country", "at_least": "DE"}), "`country` has texts"),
        (json!({"field": "metadata.seats", "at_least": 10}), "`metadata.seats` has texts"),
        (json!({"field": "amount", "equals": "100.00"}), "`amount` has an order"),
        (json!({"field": "customer_age_months", "any_of": ["1"]}), "`customer_age_months` has an order"),
        (json!({"field": "occurred_at", "starts_with": "2026"}), "`occurred_at` has an order"),
        (json!({"field": "amount", "at_least": 100}), "use a decimal text such as \"100.00\" as a bound"),
        (json!({"field": "amount", "at_least": "1e2"}), "use a decimal text"),
        (json!({"field": "amount", "at_least": "1_000"}), "use a decimal text"),
        (json!({"field": "amount", "at_least": "-1"}), "use a decimal text"),
        (json!({"field": "amount", "at_least": "1."}), "use a decimal text"),
        (json!({"field": "amount", "at_least": ".5"}), "use a decimal text"),
        (json!({"field": "amount", "at_least": ""}), "use a decimal text"),
        (json!({"field": "amount", "at_least": "1.00", "below": "one"}), "use a decimal text"),
        (json!({"field": "amount", "at_least": "9".repeat(40)}), "use a decimal text"),
        (json!({"field": "customer_age_months", "below": "12"}), "use a whole number of months such as 12"),
        (json!({"field": "occurred_at", "below": 2026}), "use a time such as \"2026-12-01T00:00:00Z\""),
        (json!({"field": "occurred_at", "below": "2026-12-01"}), "use a time"),
        (json!({"field": "occurred_at", "below": "2026-13-01T00:00:00Z"}), "use a time"),
        (
            json!({"field": "amount", "below": 12.5}),
            "a bound is a whole number, or a text with an amount or a time",
        ),
        (json!({"field": "customer_age_months", "below": -1}), "a bound is a whole number"),
        (json!({"field": "country", "equals": ["DE"]}), "invalid type"),
        (json!({"field": "country", "any_of": "DE"}), "invalid type"),
        (json!({"field": "country", "equals": null}), "invalid type"),
        (json!({"field": "amount", "at_least": "1.00", "below": null}), "a bound is"),
        (json!({"field": "country", "not": "DE"}), "unknown field `not`"),
        (json!({"all": [{"field": "country"}]}), shape),
    ] {
        let error = read(json.clone()).unwrap_err();
        assert!(error.contains(told), "{json}: {error}");
    }
}

#[test]
fn conditions_are_written_as_they_are_read() {
    for json in [
        json!({"field": "country", "any_of": ["AT", "DE"]}),
        json!({"field": "metadata.a.b", "none_of": ["x"]}),
        json!({"field": "amount", "at_least": "100.00"}),
        json!({"field": "amount", "below": "0.001"}),
        json!({"field": "customer_age_months", "at_least": 0, "below": 12}),
        json!({"field": "occurred_at", "at_least": "2026-12-01T00:00:00.5Z"}),
        json!({"any": [{"all": []}, {"field": "kind", "equals": "sale"}]}),
    ] {
        assert_eq!(serde_json::to_value(read(json.clone()).unwrap()).unwrap(), json);
    }
    let sorted = read(json!({"field": "country", "any_of": ["DE", "AT", "DE"]})).unwrap();
    assert_eq!(serde_json::to_value(sorted).unwrap(), json!({"field": "country", "any_of": ["AT", "DE"]}));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        prop::sample::select(vec![
            "country",
            "amount",
            "occurred_at",
            "metadata.x",
            "1",
            "2026-12-01T00:00:00Z"
        ])
        .prop_map(Value::from),
        (0..3_u32).prop_map(Value::from),
    ];
    let keys = prop::sample::select(vec![
        "field",
        "all",
        "any",
        "equals",
        "any_of",
        "none_of",
        "starts_with",
        "contains",
        "at_least",
        "below",
    ]);
    leaf.prop_recursive(4, 24, 3, move |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            3 => prop::collection::btree_map(keys.clone().prop_map(str::to_owned), inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_read_as_a_condition_is_written_as_the_same_one(json in any_json()) {
        if let Ok(condition) = read(json) {
            let written = serde_json::to_value(&condition).unwrap();
            prop_assert_eq!(read(written), Ok(condition));
        }
    }
}
