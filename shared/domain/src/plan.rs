//! Plans: what a program pays, as data, in numbered versions that never change.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    conversion::ConversionKind,
    id::{Level, ProgramId},
    money::{Currency, Money, Rounding},
    profile::is_country,
    rate::Rate,
};

/// The most rules one plan may have.
pub const RULES_MAX: usize = 50;
/// The longest time a commission may be held, in days.
pub const HOLD_DAYS_MAX: u16 = 365;

/// One version of a program's plan; immutable once published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanVersion {
    /// The program.
    pub program_id: ProgramId,
    /// 1, 2, 3 and so on.
    pub version: u32,
    /// Conversions from this moment on are priced by it; inclusive.
    pub effective_from: Timestamp,
    /// What it pays.
    pub plan: Plan,
}

/// What a program pays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What the partner who sold earns: of the rules that match, the one that pays most money.
    pub rules: Vec<Rule>,
    /// What the sponsors above earn: the first entry is level 2.
    #[serde(default)]
    pub levels: Vec<LevelShare>,
    /// The most that levels 2 and deeper may earn together, as a share of the base.
    #[serde(default)]
    pub upline_cap: Option<Rate>,
    /// What happens to the share of a sponsor whose enrolment is not active.
    #[serde(default)]
    pub inactive_upline: InactiveUpline,
    /// For how long a customer's renewals earn.
    #[serde(default)]
    pub recurring: Recurring,
    /// What belongs to the commission base.
    #[serde(default)]
    pub base: BasePolicy,
    /// How products become whole minor units.
    #[serde(default)]
    pub rounding: Rounding,
    /// Days between the conversion and the moment its commission can be paid out, 0 to 365.
    #[serde(default = "default_hold_days")]
    pub hold_days: u16,
}

fn default_hold_days() -> u16 {
    30
}

/// One way to earn at level 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The rule's name within the plan: 1 to 40 characters of a-z, 0-9, hyphen and underscore.
    pub id: String,
    /// Between rules that pay the same, the higher priority wins; then the smaller id.
    #[serde(default)]
    pub priority: i32,
    /// All of these must hold; none means always.
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// What it pays.
    pub reward: Reward,
}

/// What a rule asks of the conversion or the partner: the value must be one of those listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "field", content = "any_of", rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// Kind of conversion.
    Kind(BTreeSet<ConversionKind>),
    /// The partner's tier.
    CommissionTier(BTreeSet<String>),
    /// The campaign of the link.
    Campaign(BTreeSet<String>),
    /// The customer's country, ISO 3166-1 alpha-2.
    Country(BTreeSet<String>),
}

impl Condition {
    /// The name of the field it looks at.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            Self::Kind(_) => "kind",
            Self::CommissionTier(_) => "commission_tier",
            Self::Campaign(_) => "campaign",
            Self::Country(_) => "country",
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Kind(values) => values.is_empty(),
            Self::CommissionTier(values) | Self::Campaign(values) | Self::Country(values) => {
                values.is_empty()
            }
        }
    }

    /// A country spelled in another way would never match, and nobody would be told.
    fn can_match(&self) -> bool {
        match self {
            Self::Country(values) => values.iter().all(|country| is_country(country)),
            Self::Kind(_) | Self::CommissionTier(_) | Self::Campaign(_) => true,
        }
    }
}

/// What a rule pays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Reward {
    /// A share of the commission base.
    Percent {
        /// The share.
        rate: Rate,
    },
    /// A fixed amount per conversion, in the program's currency.
    Flat {
        /// The amount, above zero.
        amount: Money,
        /// What a refund does to it.
        #[serde(default)]
        on_refund: FlatRefund,
    },
}

/// What refunds do to a fixed amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlatRefund {
    /// It is void once the whole charge has been refunded.
    #[default]
    VoidOnFullRefund,
    /// It shrinks in proportion.
    Prorate,
    /// It stays.
    Keep,
}

/// What a sponsor earns on a recruit's conversions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case", deny_unknown_fields)]
pub enum LevelShare {
    /// A share of the commission base.
    Base {
        /// The share.
        rate: Rate,
    },
    /// A share of what level 1 earns.
    LevelOne {
        /// The share.
        rate: Rate,
    },
}

/// What happens to the share of a sponsor whose enrolment is not active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InactiveUpline {
    /// It is credited all the same and stays locked: an inactive enrolment cannot be paid out.
    /// The conversion then reads nothing but the seller's own agreement.
    #[default]
    Accrue,
    /// It lapses.
    Drop,
    /// The next active sponsor above moves up.
    Compress,
}

/// For how long a customer's renewals earn, counted from the customer's first sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recurring {
    /// As long as they come.
    #[default]
    Forever,
    /// Renewals earn nothing.
    FirstSaleOnly,
    /// For this many months, half open; a month's end clamps.
    Months(u16),
}

/// What belongs to the commission base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BasePolicy {
    /// Does tax belong to it? Not by default.
    pub include_tax: bool,
    /// Does shipping belong to it? Not by default.
    pub include_shipping: bool,
    /// Is the discount added back? Not by default: the base is what was paid.
    pub include_discount: bool,
}

/// Something wrong with a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanFault {
    /// Where, as a JSON pointer into the plan.
    pub pointer: String,
    /// A stable code.
    pub code: &'static str,
    /// What to do about it.
    pub detail: String,
}

impl Plan {
    /// Everything that is wrong with the plan: a plan without faults never fails to calculate.
    #[must_use]
    pub fn faults(&self, currency: Currency) -> Vec<PlanFault> {
        let mut faults = Vec::new();
        let mut fault = |pointer: String, code, detail: &str| {
            faults.push(PlanFault { pointer, code, detail: detail.to_owned() });
        };
        if self.rules.is_empty() || self.rules.len() > RULES_MAX {
            fault("/rules".into(), "out_of_range", "a plan has 1 to 50 rules");
        }
        let mut names = BTreeSet::new();
        for (index, rule) in self.rules.iter().enumerate() {
            if !is_name(&rule.id) {
                fault(
                    format!("/rules/{index}/id"),
                    "invalid_name",
                    "use 1 to 40 characters of a-z, 0-9, - and _",
                );
            }
            if !names.insert(&rule.id) {
                fault(format!("/rules/{index}/id"), "duplicate", "another rule of the plan has this id");
            }
            for (place, condition) in rule.conditions.iter().enumerate() {
                if condition.is_empty() {
                    let pointer = format!("/rules/{index}/conditions/{place}/any_of");
                    fault(pointer, "empty", "list at least one value: nothing could match");
                } else if !condition.can_match() {
                    let pointer = format!("/rules/{index}/conditions/{place}/any_of");
                    fault(
                        pointer,
                        "invalid",
                        "name countries by two capital letters of ISO 3166-1, such as DE",
                    );
                }
            }
            if let Reward::Flat { amount, .. } = &rule.reward {
                let pointer = format!("/rules/{index}/reward/amount");
                if amount.currency() != currency {
                    fault(pointer, "wrong_currency", "use the program's currency");
                } else if amount.minor() <= 0 {
                    fault(pointer, "out_of_range", "a flat reward is above zero");
                }
            }
        }
        if self.levels.len() >= usize::from(Level::MAX) {
            fault("/levels".into(), "out_of_range", "at most 9 levels above the seller, which is level 1");
        }
        if self.hold_days > HOLD_DAYS_MAX {
            fault("/hold_days".into(), "out_of_range", "hold for 0 to 365 days");
        }
        if matches!(self.recurring, Recurring::Months(0 | 601..)) {
            fault("/recurring/months".into(), "out_of_range", "1 to 600 months");
        }
        faults
    }
}

fn is_name(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    (1..=40).contains(&text.len()) && text.bytes().all(allowed)
}

/// The version in force at a moment: the highest of those effective by then.
#[must_use]
pub fn in_force(versions: &[PlanVersion], at: Timestamp) -> Option<&PlanVersion> {
    versions.iter().filter(|version| version.effective_from <= at).max_by_key(|version| version.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(json: &str) -> Plan {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_least_plan_has_the_fields_defaults() {
        let plan = plan(r#"{"rules": [{"id": "base", "reward": {"type": "percent", "rate": "0.20"}}]}"#);
        assert_eq!(
            (plan.hold_days, plan.recurring, plan.rounding),
            (30, Recurring::Forever, Rounding::HalfEven)
        );
        assert_eq!(plan.faults("USD".parse().unwrap()), []);
    }

    #[test]
    fn every_fault_is_named_with_its_place() {
        let plan = plan(
            r#"{"rules": [
                {"id": "Base", "reward": {"type": "percent", "rate": "1"}},
                {"id": "a", "conditions": [{"field": "kind", "any_of": []}], "reward": {"type": "flat", "amount": {"amount": "0", "currency": "USD"}}},
                {"id": "a", "conditions": [{"field": "country", "any_of": ["DE", "us"]}], "reward": {"type": "flat", "amount": {"amount": "1", "currency": "EUR"}}}],
              "levels": [{"of": "base", "rate": "0"}, {"of": "base", "rate": "0"}, {"of": "base", "rate": "0"}, {"of": "base", "rate": "0"},
                {"of": "base", "rate": "0"}, {"of": "base", "rate": "0"}, {"of": "base", "rate": "0"}, {"of": "base", "rate": "0"},
                {"of": "base", "rate": "0"}, {"of": "level_one", "rate": "0"}],
              "hold_days": 366, "recurring": {"months": 0}}"#,
        );
        let faults: Vec<_> = plan
            .faults("USD".parse().unwrap())
            .into_iter()
            .map(|fault| (fault.pointer, fault.code))
            .collect();
        let expected = [
            ("/rules/0/id", "invalid_name"),
            ("/rules/1/conditions/0/any_of", "empty"),
            ("/rules/1/reward/amount", "out_of_range"),
            ("/rules/2/id", "duplicate"),
            ("/rules/2/conditions/0/any_of", "invalid"),
            ("/rules/2/reward/amount", "wrong_currency"),
            ("/levels", "out_of_range"),
            ("/hold_days", "out_of_range"),
            ("/recurring/months", "out_of_range"),
        ];
        assert_eq!(faults, expected.map(|(pointer, code)| (pointer.to_owned(), code)));
    }

    #[test]
    fn unknown_fields_are_refused() {
        for json in [
            r#"{"rules": [], "rate": "0.2"}"#,
            r#"{"rules": [{"id": "a", "reward": {"type": "percent", "rate": "0.2", "cap": 1}}]}"#,
            r#"{"rules": [{"id": "a", "reward": {"type": "percent", "rate": "20"}}]}"#,
        ] {
            assert!(serde_json::from_str::<Plan>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn the_highest_version_that_has_begun_is_in_force() {
        let version = |version, from: &str| PlanVersion {
            program_id: ProgramId::derive(&["g"]),
            version,
            effective_from: from.parse().unwrap(),
            plan: plan(r#"{"rules": []}"#),
        };
        let versions = [version(1, "2026-01-01T00:00:00Z"), version(2, "2026-02-01T00:00:00Z")];
        for (time, expected) in [
            ("2025-12-31T23:59:59Z", None),
            ("2026-01-01T00:00:00Z", Some(1)),
            ("2026-02-01T00:00:00Z", Some(2)),
        ] {
            let found = in_force(&versions, time.parse().unwrap()).map(|version| version.version);
            assert_eq!(found, expected, "{time}");
        }
    }
}
