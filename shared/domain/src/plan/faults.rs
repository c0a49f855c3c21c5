//! What is wrong with a plan: a plan without faults never fails to calculate.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::{
    Bonus, CapPeriod, CapScope, Condition, ExistingCustomers, LevelShare, Matcher, Metric, Plan, Recurring,
    Reward, Test, TextField, Threshold, TieredMode, Window, condition, performance, reward,
};
use crate::{
    id::Level,
    money::{Currency, Money},
    profile::is_country,
    program::TouchKind,
};

/// The most rules one plan may have.
const RULES_MAX: usize = 50;
/// The most conditions one rule may have, those within groups counted.
const CONDITIONS_MAX: usize = 50;
/// The longest time a commission may be held, in days.
const HOLD_DAYS_MAX: u16 = 365;
/// The longest time that is told in months.
const MONTHS_MAX: u16 = 600;
/// The largest flat reward, in minor units: with it and the largest sale every sum of lines still fits.
const FLAT_MINOR_MAX: i64 = 1_000_000_000_000;
const KINDS: [&str; 3] = ["sale", "renewal", "lead"];

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

/// Collects faults.
struct Faults {
    currency: Currency,
    found: Vec<PlanFault>,
}

impl Plan {
    /// Everything that is wrong with the plan, for a program of this currency.
    #[must_use]
    pub fn faults(&self, currency: Currency) -> Vec<PlanFault> {
        let mut faults = Faults { currency, found: Vec::new() };
        faults.rules(self);
        faults.whole(self);
        faults.caps(self);
        faults.attribution(self);
        faults.tiers(self);
        faults.bonuses(&self.bonuses);
        faults.found
    }
}

impl Faults {
    fn add(&mut self, pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) {
        self.found.push(PlanFault { pointer: pointer.into(), code, detail: detail.into() });
    }

    fn unless(&mut self, holds: bool, pointer: impl Into<String>, code: &'static str, detail: &str) {
        if !holds {
            self.add(pointer, code, detail);
        }
    }

    fn rules(&mut self, plan: &Plan) {
        let fits = (1..=RULES_MAX).contains(&plan.rules.len());
        self.unless(fits, "/rules", "out_of_range", "a plan has 1 to 50 rules");
        let mut names = BTreeSet::new();
        for (index, rule) in plan.rules.iter().enumerate() {
            let place = format!("/rules/{index}");
            self.name(&rule.id, &format!("{place}/id"));
            let is_new = names.insert(&rule.id);
            self.unless(is_new, format!("{place}/id"), "duplicate", "another rule of the plan has this id");
            let count: usize = rule.conditions.iter().map(size).sum();
            let fits = count <= CONDITIONS_MAX;
            self.unless(
                fits,
                format!("{place}/conditions"),
                "out_of_range",
                "a rule has at most 50 conditions",
            );
            for (index, condition) in rule.conditions.iter().enumerate() {
                self.condition(condition, &format!("{place}/conditions/{index}"), 1);
            }
            self.reward(&rule.reward, &format!("{place}/reward"));
        }
    }

    fn condition(&mut self, condition: &Condition, place: &str, depth: usize) {
        let (group, name) = match condition {
            Condition::All(group) => (group, "all"),
            Condition::Any(group) => (group, "any"),
            Condition::Test(test) => return self.test(test, place),
        };
        self.unless(!group.is_empty(), format!("{place}/{name}"), "empty", "list at least one condition");
        if depth > condition::DEPTH_MAX {
            return self.add(place, "out_of_range", "groups stand at most four deep");
        }
        for (index, condition) in group.iter().enumerate() {
            self.condition(condition, &format!("{place}/{name}/{index}"), depth + 1);
        }
    }

    fn test(&mut self, test: &Test, place: &str) {
        let is_empty = match test {
            Test::Text { field, matcher } => return self.text(field, matcher, place),
            Test::Amount(range) => range.is_empty(),
            Test::CustomerAge(range) => range.is_empty(),
            Test::OccurredAt(range) => range.is_empty(),
        };
        self.unless(
            !is_empty,
            format!("{place}/below"),
            "out_of_range",
            "nothing is at least and below these",
        );
    }

    fn text(&mut self, field: &TextField, matcher: &Matcher, place: &str) {
        let (name, values): (_, Vec<&String>) = match matcher {
            Matcher::Equals(value) => ("equals", vec![value]),
            Matcher::StartsWith(value) => ("starts_with", vec![value]),
            Matcher::Contains(value) => ("contains", vec![value]),
            Matcher::AnyOf(values) => ("any_of", values.iter().collect()),
            Matcher::NoneOf(values) => ("none_of", values.iter().collect()),
        };
        let place = format!("{place}/{name}");
        if values.is_empty() {
            return self.add(place, "empty", "list at least one value: nothing could match");
        }
        if matches!(matcher, Matcher::StartsWith(_) | Matcher::Contains(_)) {
            return self.unless(values.iter().all(|value| !value.is_empty()), place, "empty", "name a text");
        }
        // A value spelled in another way would never match, and nobody would be told.
        match field {
            TextField::Country if !values.iter().all(|country| is_country(country)) => {
                let detail = "name countries by two capital letters of ISO 3166-1, such as DE";
                self.add(place, "invalid", detail);
            }
            TextField::Kind if !values.iter().all(|kind| KINDS.contains(&kind.as_str())) => {
                self.add(place, "invalid", "the kinds are sale, renewal and lead");
            }
            _ => {}
        }
    }

    fn reward(&mut self, reward: &Reward, place: &str) {
        match reward {
            Reward::Percent { .. } => {}
            Reward::Flat { amount, .. } => {
                let place = format!("{place}/amount");
                self.amount(*amount, &place, "a flat reward is above zero");
                let fits = amount.minor() <= FLAT_MINOR_MAX;
                self.unless(fits, place, "out_of_range", "a flat reward has at most 10^12 minor units");
            }
            Reward::Tiered { mode, brackets } => {
                let place = format!("{place}/brackets");
                let fits = (1..=reward::BRACKETS_MAX).contains(&brackets.len());
                self.unless(fits, place.clone(), "out_of_range", "a tiered reward has 1 to 20 brackets");
                let mut last: Option<&super::Bracket> = None;
                for (index, bracket) in brackets.iter().enumerate() {
                    let place = format!("{place}/{index}");
                    if bracket.from.currency() != self.currency {
                        self.add(format!("{place}/from"), "wrong_currency", "use the program's currency");
                    }
                    let rises = match last {
                        None => bracket.from.is_zero(),
                        Some(last) => last.from.minor() < bracket.from.minor(),
                    };
                    let detail = "the first bracket begins at zero, each other one above the one before";
                    self.unless(rises, format!("{place}/from"), "out_of_range", detail);
                    let pays =
                        *mode == TieredMode::Marginal || last.is_none_or(|last| last.rate <= bracket.rate);
                    let detail =
                        "a lower rate for the whole base would pay less for a larger sale: use marginal";
                    self.unless(pays, format!("{place}/rate"), "out_of_range", detail);
                    last = Some(bracket);
                }
            }
        }
    }

    fn whole(&mut self, plan: &Plan) {
        let fits = plan.levels.len() < usize::from(Level::MAX);
        self.unless(fits, "/levels", "out_of_range", "at most 9 levels above the seller, which is level 1");
        self.shares(&plan.levels);
        self.unless(plan.hold_days <= HOLD_DAYS_MAX, "/hold_days", "out_of_range", "hold for 0 to 365 days");
        if let Recurring::Months(months) = plan.recurring {
            let fits = (1..=MONTHS_MAX).contains(&months);
            self.unless(fits, "/recurring/months", "out_of_range", "1 to 600 months");
        }
        if let ExistingCustomers::KeepMonths(months) = plan.existing_customers {
            let fits = (1..=MONTHS_MAX).contains(&months);
            self.unless(fits, "/existing_customers/keep_months", "out_of_range", "1 to 600 months");
        }
    }

    /// Nobody means to give away more than there is, and such sums might not fit.
    fn shares(&mut self, levels: &[LevelShare]) {
        let (mut of_base, mut of_level_one) = (Decimal::ZERO, Decimal::ZERO);
        for share in levels {
            match share {
                LevelShare::Base { rate } => of_base += rate.fraction(),
                LevelShare::LevelOne { rate } => of_level_one += rate.fraction(),
            }
        }
        let fits = of_base <= Decimal::ONE && of_level_one <= Decimal::ONE;
        let detail = "all levels together earn at most the whole base, and the whole of level 1";
        self.unless(fits, "/levels", "out_of_range", detail);
    }

    fn caps(&mut self, plan: &Plan) {
        let mut seen: BTreeSet<(CapScope, CapPeriod)> = BTreeSet::new();
        for (index, cap) in plan.caps.iter().enumerate() {
            let is_new = seen.insert((cap.scope, cap.period));
            let detail = "another cap of the plan has this scope and period";
            self.unless(is_new, format!("/caps/{index}"), "duplicate", detail);
            self.amount(cap.amount, &format!("/caps/{index}/amount"), "a cap is above zero");
        }
    }

    fn attribution(&mut self, plan: &Plan) {
        let Some(policy) = &plan.attribution else { return };
        let fits = (1..=365).contains(&policy.window_days);
        self.unless(fits, "/attribution/window_days", "out_of_range", "a window has 1 to 365 days");
        let kinds: BTreeSet<_> = policy.precedence.iter().collect();
        let is_list = !kinds.is_empty() && kinds.len() == policy.precedence.len();
        // A split is the merchant's word for one sale, and has no place in a policy.
        let fits = is_list && !kinds.contains(&TouchKind::Split);
        let detail = "list at least one of customer, email, coupon and click, each at most once";
        self.unless(fits, "/attribution/precedence", "invalid", detail);
    }

    fn tiers(&mut self, plan: &Plan) {
        let Some(requirements) = &plan.tier_requirements else { return };
        let place = "/tier_requirements";
        let fits = (1..=performance::TIERS_MAX).contains(&requirements.tiers.len());
        self.unless(fits, format!("{place}/tiers"), "out_of_range", "there are 1 to 10 tiers");
        self.window(requirements.window, &format!("{place}/window"));
        let mut names = BTreeSet::new();
        let mut last = None;
        for (index, tier) in requirements.tiers.iter().enumerate() {
            let place = format!("{place}/tiers/{index}");
            self.name(&tier.name, &format!("{place}/name"));
            let is_new = names.insert(&tier.name);
            self.unless(is_new, format!("{place}/name"), "duplicate", "another tier has this name");
            let place = format!("{place}/at_least");
            self.threshold(requirements.metric, tier.at_least, &place);
            let height = tier.at_least.height();
            let rises = last.is_none_or(|last| last < height);
            self.unless(rises, place, "out_of_range", "each tier takes more than the one before");
            last = Some(height);
        }
    }

    fn bonuses(&mut self, bonuses: &[Bonus]) {
        let fits = bonuses.len() <= performance::BONUSES_MAX;
        self.unless(fits, "/bonuses", "out_of_range", "a plan has at most 10 bonuses");
        let mut names = BTreeSet::new();
        for (index, bonus) in bonuses.iter().enumerate() {
            let place = format!("/bonuses/{index}");
            self.name(&bonus.id, &format!("{place}/id"));
            let is_new = names.insert(&bonus.id);
            self.unless(is_new, format!("{place}/id"), "duplicate", "another bonus of the plan has this id");
            if matches!(bonus.window, Window::RollingDays(_)) {
                let detail = "a rolling window never ends: use month, quarter or lifetime";
                self.add(format!("{place}/window"), "invalid", detail);
            }
            self.threshold(bonus.metric, bonus.at_least, &format!("{place}/at_least"));
            self.amount(bonus.amount, &format!("{place}/amount"), "a bonus is above zero");
        }
    }

    fn window(&mut self, window: Window, place: &str) {
        if let Window::RollingDays(days) = window {
            let fits = (1..=performance::WINDOW_DAYS_MAX).contains(&days);
            self.unless(fits, format!("{place}/rolling_days"), "out_of_range", "1 to 366 days");
        }
    }

    fn threshold(&mut self, metric: Metric, threshold: Threshold, place: &str) {
        match (metric, threshold) {
            (Metric::Revenue, Threshold::Amount(amount)) => {
                self.amount(amount, place, "it takes more than nothing")
            }
            (Metric::Revenue, Threshold::Count(_)) => self.add(place, "invalid", "revenue takes an amount"),
            (_, Threshold::Count(count)) => {
                self.unless(count > 0, place, "out_of_range", "it takes more than nothing");
            }
            (_, Threshold::Amount(_)) => self.add(place, "invalid", "this metric takes a whole number"),
        }
    }

    fn amount(&mut self, amount: Money, place: &str, detail: &str) {
        if amount.currency() != self.currency {
            self.add(place, "wrong_currency", "use the program's currency");
        } else {
            self.unless(amount.minor() > 0, place, "out_of_range", detail);
        }
    }

    fn name(&mut self, name: &str, place: &str) {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        let fits = (1..=40).contains(&name.len()) && name.bytes().all(allowed);
        self.unless(fits, place, "invalid_name", "use 1 to 40 characters of a-z, 0-9, - and _");
    }
}

/// How many tests and groups a condition is.
fn size(condition: &Condition) -> usize {
    match condition {
        Condition::All(group) | Condition::Any(group) => group.iter().map(size).sum::<usize>() + 1,
        Condition::Test(_) => 1,
    }
}
