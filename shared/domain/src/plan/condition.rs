//! Conditions: what a rule asks of a sale.
//!
//! A condition is one test of one field, or a group of conditions of which all or any must hold.
//! A field that the sale does not have passes no test but `none_of`.

mod wire;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
pub use wire::ConditionError;

use crate::conversion::ConversionKind;

/// How deep groups may stand within groups.
pub(super) const DEPTH_MAX: usize = 4;

/// What a rule asks of a sale.
///
/// On the wire: `{"all": [...]}`, `{"any": [...]}`, or a field with what its value must be, such as
/// `{"field": "country", "any_of": ["AT", "DE"]}` or `{"field": "amount", "at_least": "100.00"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "wire::Wire", into = "wire::Wire")]
pub enum Condition {
    /// Every one of these.
    All(Vec<Self>),
    /// At least one of these.
    Any(Vec<Self>),
    /// This test.
    Test(Test),
}

/// A test of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// Of a text.
    Text {
        /// Which.
        field: TextField,
        /// What it must be.
        matcher: Matcher,
    },
    /// Of what the customer paid, in units of the program's currency.
    Amount(Range<Decimal>),
    /// Of the whole months since the customer's first sale through the partner.
    CustomerAge(Range<u32>),
    /// Of the time of the sale.
    OccurredAt(Range<Timestamp>),
}

/// A field with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextField {
    /// `sale`, `renewal` or `lead`.
    Kind,
    /// The partner's tier at the sale.
    CommissionTier,
    /// The campaign of the link.
    Campaign,
    /// The customer's country, ISO 3166-1 alpha-2.
    Country,
    /// The code that the customer used.
    Coupon,
    /// The product of a line.
    Product,
    /// One of the merchant's own labels.
    Metadata(String),
}

/// What a text must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matcher {
    /// This.
    Equals(String),
    /// One of these.
    AnyOf(BTreeSet<String>),
    /// None of these; no text at all is none of them.
    NoneOf(BTreeSet<String>),
    /// A text that starts with this.
    StartsWith(String),
    /// A text that has this within it.
    Contains(String),
}

/// A half-open range: the lower bound belongs to it, the upper one does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range<T> {
    /// The lowest value inside, if there is one.
    pub at_least: Option<T>,
    /// The lowest value above, if there is one.
    pub below: Option<T>,
}

/// What conditions are asked about: one sale, or one line of it.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// What kind of conversion it is.
    pub kind: ConversionKind,
    /// The partner's tier at the sale.
    pub commission_tier: Option<&'a str>,
    /// The campaign of the link.
    pub campaign: Option<&'a str>,
    /// The customer's country.
    pub country: Option<&'a str>,
    /// The code that the customer used.
    pub coupon: Option<&'a str>,
    /// The product of the line.
    pub product: Option<&'a str>,
    /// The merchant's own labels.
    pub metadata: &'a BTreeMap<String, String>,
    /// What the customer paid, in units of the program's currency.
    pub amount: Decimal,
    /// Whole months since the customer's first sale through the partner.
    pub customer_age_months: u32,
    /// When the customer bought.
    pub occurred_at: Timestamp,
}

impl Condition {
    /// The first test that stands in the way; none when the condition holds.
    #[must_use]
    pub fn failure(&self, subject: &Subject<'_>) -> Option<&Test> {
        match self {
            Self::All(conditions) => conditions.iter().find_map(|condition| condition.failure(subject)),
            Self::Any(conditions) => {
                let mut first = None;
                for condition in conditions {
                    first = first.or(Some(condition.failure(subject)?));
                }
                first
            }
            Self::Test(test) => (!test.holds(subject)).then_some(test),
        }
    }
}

impl Test {
    /// The field's name on the wire.
    #[must_use]
    pub fn field(&self) -> String {
        match self {
            Self::Text { field, .. } => field.name(),
            Self::Amount(_) => "amount".to_owned(),
            Self::CustomerAge(_) => "customer_age_months".to_owned(),
            Self::OccurredAt(_) => "occurred_at".to_owned(),
        }
    }

    /// The value that was tested.
    #[must_use]
    pub fn value(&self, subject: &Subject<'_>) -> Option<String> {
        match self {
            Self::Text { field, .. } => field.value(subject).map(str::to_owned),
            Self::Amount(_) => Some(subject.amount.to_string()),
            Self::CustomerAge(_) => Some(subject.customer_age_months.to_string()),
            Self::OccurredAt(_) => Some(subject.occurred_at.to_string()),
        }
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        match self {
            Self::Text { field, matcher } => matcher.holds(field.value(subject)),
            Self::Amount(range) => range.holds(&subject.amount),
            Self::CustomerAge(range) => range.holds(&subject.customer_age_months),
            Self::OccurredAt(range) => range.holds(&subject.occurred_at),
        }
    }
}

impl TextField {
    fn name(&self) -> String {
        match self {
            Self::Kind => "kind".to_owned(),
            Self::CommissionTier => "commission_tier".to_owned(),
            Self::Campaign => "campaign".to_owned(),
            Self::Country => "country".to_owned(),
            Self::Coupon => "coupon".to_owned(),
            Self::Product => "product".to_owned(),
            Self::Metadata(label) => format!("metadata.{label}"),
        }
    }

    fn value<'a>(&self, subject: &Subject<'a>) -> Option<&'a str> {
        match self {
            Self::Kind => Some(subject.kind.as_str()),
            Self::CommissionTier => subject.commission_tier,
            Self::Campaign => subject.campaign,
            Self::Country => subject.country,
            Self::Coupon => subject.coupon,
            Self::Product => subject.product,
            Self::Metadata(label) => subject.metadata.get(label).map(String::as_str),
        }
    }
}

impl Matcher {
    fn holds(&self, value: Option<&str>) -> bool {
        match self {
            Self::NoneOf(values) => value.is_none_or(|value| !values.contains(value)),
            Self::Equals(wanted) => value == Some(wanted),
            Self::AnyOf(values) => value.is_some_and(|value| values.contains(value)),
            Self::StartsWith(start) => value.is_some_and(|value| value.starts_with(start)),
            Self::Contains(part) => value.is_some_and(|value| value.contains(part)),
        }
    }
}

impl<T: PartialOrd> Range<T> {
    fn holds(&self, value: &T) -> bool {
        self.at_least.as_ref().is_none_or(|least| value >= least)
            && self.below.as_ref().is_none_or(|above| value < above)
    }

    /// Can any value be inside?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!((&self.at_least, &self.below), (Some(least), Some(above)) if least >= above)
    }
}
