//! Conditions as they are written, and what is wrong with the way they are.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Condition, Matcher, Range, Test, TextField};

/// The condition as it is written.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, remote = "Self")]
pub(super) struct Wire {
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    all: Option<Vec<Condition>>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    any: Option<Vec<Condition>>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    equals: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    any_of: Option<BTreeSet<String>>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    none_of: Option<BTreeSet<String>>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    starts_with: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    contains: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    at_least: Option<Bound>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    below: Option<Bound>,
}

crate::object!(Wire);

/// What is written has a value: null would look like a bound, and would be none.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A bound of a range: a whole number, or a text with an amount or a time.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged, expecting = "a bound is a whole number, or a text with an amount or a time")]
enum Bound {
    Whole(u32),
    Text(String),
}

/// A condition that is written in no way we know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConditionError {
    /// Neither a test nor a group, or several at once.
    #[error(
        "a condition is `all`, `any`, or a `field` with one of equals, any_of, none_of, starts_with, contains, or a range of at_least and below"
    )]
    Shape,
    /// There is no such field.
    #[error(
        "`{0}` is no field: use kind, commission_tier, campaign, country, coupon, product, metadata.<label>, amount, customer_age_months or occurred_at"
    )]
    UnknownField(String),
    /// The field has texts, and a range was given.
    #[error("`{0}` has texts: use equals, any_of, none_of, starts_with or contains")]
    NotARange(String),
    /// The field has numbers or times, and something else than a range was given.
    #[error("`{0}` has an order: use at_least and below")]
    NotAText(String),
    /// A bound does not fit the field.
    #[error("use {0} as a bound")]
    Bound(&'static str),
}

impl TryFrom<Wire> for Condition {
    type Error = ConditionError;

    fn try_from(wire: Wire) -> Result<Self, ConditionError> {
        let Wire { all, any, field, equals, any_of, none_of, starts_with, contains, at_least, below } = wire;
        let matchers: Vec<Matcher> = [
            equals.map(Matcher::Equals),
            any_of.map(Matcher::AnyOf),
            none_of.map(Matcher::NoneOf),
            starts_with.map(Matcher::StartsWith),
            contains.map(Matcher::Contains),
        ]
        .into_iter()
        .flatten()
        .collect();
        let range = Range { at_least, below };
        let has_range = range.at_least.is_some() || range.below.is_some();
        match (all, any, field, matchers.as_slice(), has_range) {
            (Some(all), None, None, [], false) => Ok(Self::All(all)),
            (None, Some(any), None, [], false) => Ok(Self::Any(any)),
            (None, None, Some(field), [matcher], false) => {
                let field = text_field(&field)?;
                Ok(Self::Test(Test::Text { field, matcher: matcher.clone() }))
            }
            (None, None, Some(field), [], true) => range_of(&field, range).map(Self::Test),
            _ => Err(ConditionError::Shape),
        }
    }
}

fn text_field(name: &str) -> Result<TextField, ConditionError> {
    match name {
        "kind" => Ok(TextField::Kind),
        "commission_tier" => Ok(TextField::CommissionTier),
        "campaign" => Ok(TextField::Campaign),
        "country" => Ok(TextField::Country),
        "coupon" => Ok(TextField::Coupon),
        "product" => Ok(TextField::Product),
        "amount" | "customer_age_months" | "occurred_at" => Err(ConditionError::NotAText(name.to_owned())),
        _ => match name.strip_prefix("metadata.") {
            Some(label) if !label.is_empty() => Ok(TextField::Metadata(label.to_owned())),
            _ => Err(ConditionError::UnknownField(name.to_owned())),
        },
    }
}

fn range_of(name: &str, range: Range<Bound>) -> Result<Test, ConditionError> {
    match name {
        "amount" => {
            let amount = |bound: Bound| match bound {
                Bound::Text(text) if is_plain(&text) => Decimal::from_str_exact(&text).ok(),
                _ => None,
            };
            Ok(Test::Amount(range.map(amount, "a decimal text such as \"100.00\"")?))
        }
        "customer_age_months" => {
            let months = |bound: Bound| match bound {
                Bound::Whole(months) => Some(months),
                Bound::Text(_) => None,
            };
            Ok(Test::CustomerAge(range.map(months, "a whole number of months such as 12")?))
        }
        "occurred_at" => {
            let time = |bound: Bound| match bound {
                Bound::Text(text) => text.parse().ok(),
                Bound::Whole(_) => None,
            };
            Ok(Test::OccurredAt(range.map(time, "a time such as \"2026-12-01T00:00:00Z\"")?))
        }
        _ => Err(text_field(name).map_or_else(|error| error, |_| ConditionError::NotARange(name.to_owned()))),
    }
}

/// Digits, with or without a point and more digits: no sign, exponent or separator.
fn is_plain(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

impl<T> Range<T> {
    fn map<U>(
        self,
        read: impl Fn(T) -> Option<U>,
        expected: &'static str,
    ) -> Result<Range<U>, ConditionError> {
        let bound = |bound: Option<T>| match bound {
            None => Ok(None),
            Some(bound) => read(bound).map(Some).ok_or(ConditionError::Bound(expected)),
        };
        Ok(Range { at_least: bound(self.at_least)?, below: bound(self.below)? })
    }

    fn bounds(self, write: impl Fn(T) -> Bound) -> (Option<Bound>, Option<Bound>) {
        (self.at_least.map(&write), self.below.map(&write))
    }
}

impl From<Condition> for Wire {
    fn from(condition: Condition) -> Self {
        match condition {
            Condition::All(all) => Self { all: Some(all), ..Self::default() },
            Condition::Any(any) => Self { any: Some(any), ..Self::default() },
            Condition::Test(test) => {
                let field = Some(test.field());
                let (at_least, below) = match test {
                    Test::Text { matcher, .. } => return Self { field, ..matcher.into() },
                    Test::Amount(range) => range.bounds(|amount| Bound::Text(amount.to_string())),
                    Test::CustomerAge(range) => range.bounds(Bound::Whole),
                    Test::OccurredAt(range) => range.bounds(|at| Bound::Text(at.to_string())),
                };
                Self { field, at_least, below, ..Self::default() }
            }
        }
    }
}

impl From<Matcher> for Wire {
    fn from(matcher: Matcher) -> Self {
        let none = Self::default();
        match matcher {
            Matcher::Equals(text) => Self { equals: Some(text), ..none },
            Matcher::AnyOf(texts) => Self { any_of: Some(texts), ..none },
            Matcher::NoneOf(texts) => Self { none_of: Some(texts), ..none },
            Matcher::StartsWith(text) => Self { starts_with: Some(text), ..none },
            Matcher::Contains(text) => Self { contains: Some(text), ..none },
        }
    }
}
