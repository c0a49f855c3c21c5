//! Plans and sales of every kind, drawn at random, for the laws.

use std::collections::BTreeSet;

use jiff::{SignedDuration, civil::Date};
use proptest::{
    collection::{btree_map, btree_set, vec},
    option::weighted,
    prelude::*,
    sample::select,
};

use super::*;
use crate::{
    attribution::Touch,
    conversion::Customer,
    id::CustomerId,
    plan::{
        BasePolicy, Bonus, Matcher, Metric, Range, Test, TextField, Threshold, Tier, TierDirection,
        TierRequirements, Window,
    },
    program::{AttributionModel, AttributionPolicy},
};

/// The largest sale of most laws, in minor units.
pub(super) const LARGEST: i64 = 2_000_000;

/// So many cases of each law that all laws together take seconds; `PROPTEST_CASES` asks for more.
pub(super) fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig { cases: default.cases.div_ceil(2), ..default }
}

/// A sale of at most so many minor units, and everything around it.
pub(super) fn any_case(largest: i64) -> impl Strategy<Value = Case> {
    let is_reasonable = largest <= LARGEST;
    let abroad = (select(vec!["EUR", "ISK", "BHD", "CLF"]), 1..200_000_000_u32);
    let currencies = (select(vec!["USD", "JPY", "KWD"]), weighted(0.3, abroad));
    currencies.prop_flat_map(move |(home, abroad)| {
        let home: Currency = home.parse().unwrap();
        let abroad = abroad.filter(|_| is_reasonable);
        let paid = abroad.map_or(home, |(code, _)| code.parse().unwrap());
        let used = vec(0..=1100_i64, 12);
        (any_plan(home, largest), any_charge(paid, largest), any_world(), used).prop_map(
            move |(plan, charge, world, used)| {
                let exchange = abroad.map(|(_, millionths)| ExchangeRate {
                    from: paid,
                    to: home,
                    day: Date::constant(2026, 1, 31),
                    rate: format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000)
                        .parse()
                        .unwrap(),
                    source: "ECB".into(),
                });
                let used = plan.caps.iter().zip(&used).map(|(cap, part)| cap.amount.minor() / 1000 * part);
                let used: Vec<i64> = used.collect();
                Case { charge, exchange, ..world.around(plan) }.used(&used)
            },
        )
    })
}

/// Who sold, when the customer came, and who stands above.
#[derive(Debug, Clone)]
struct World {
    tier: Option<&'static str>,
    revenue_split: Option<Rate>,
    campaign: Option<&'static str>,
    hours_since: Option<i64>,
    upline: Vec<bool>,
    inactive: Vec<bool>,
}

impl World {
    fn around(self, plan: Plan) -> Case {
        let mut case = Case::new(plan, "0");
        case.agreement.commission_tier = self.tier.map(str::to_owned);
        case.agreement.revenue_split = self.revenue_split;
        case.touch = Touch { campaign: self.campaign.map(str::to_owned), ..case.touch };
        let since = |hours| case.charge.occurred_at.checked_sub(SignedDuration::from_hours(hours)).unwrap();
        case.customer_since = self.hours_since.map(since);
        for (sponsor, is_active) in case.upline.iter_mut().zip(&self.upline) {
            sponsor.is_active = *is_active;
        }
        case.upline.truncate(self.upline.len());
        let inactive = self.inactive.iter().enumerate().filter(|(_, is_inactive)| **is_inactive);
        case.inactive = inactive.map(|(number, _)| partner(number)).collect();
        case
    }
}

prop_compose! {
    fn any_world()(
        tier in weighted(0.5, select(vec!["gold", "silver"])),
        revenue_split in weighted(0.15, any_rate(1_000_000)),
        campaign in weighted(0.7, select(vec!["spring", "autumn"])),
        hours_since in weighted(0.6, 0..20_000_i64),
        upline in vec(prop::bool::weighted(0.8), 0..=9),
        inactive in vec(prop::bool::weighted(0.2), 30),
    ) -> World {
        World { tier, revenue_split, campaign, hours_since, upline, inactive }
    }
}

pub(super) fn any_rate(most: u32) -> impl Strategy<Value = Rate> {
    (0..=most)
        .prop_map(|millionths| rate(&format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000)))
}

prop_compose! {
    /// A plan without faults, of a program of this currency.
    pub(super) fn any_plan(currency: Currency, largest: i64)(
        rules in vec(any_rule(currency, largest), 1..6),
        levels in any_levels(),
        upline_cap in weighted(0.4, any_rate(300_000)),
        inactive_upline in select(vec![InactiveUpline::Accrue, InactiveUpline::Drop, InactiveUpline::Compress]),
        recurring in prop_oneof![3 => Just(Recurring::Forever), 1 => Just(Recurring::FirstSaleOnly), 1 => (1..=600_u16).prop_map(Recurring::Months)],
        base in any::<[bool; 3]>(),
        rounding in select(vec![Rounding::HalfEven, Rounding::HalfUp, Rounding::Down]),
        hold_days in 0..=365_u16,
        caps in any_caps(currency, largest),
        promises in any_promises(currency),
    ) -> Plan {
        let rules = rules.into_iter().enumerate();
        let (attribution, existing_customers, tier_requirements, bonuses) = promises;
        Plan {
            rules: rules.map(|(index, rule)| Rule { id: format!("r{index}"), ..rule }).collect(),
            levels, upline_cap, inactive_upline, recurring, rounding, hold_days, caps,
            base: BasePolicy { include_tax: base[0], include_shipping: base[1], include_discount: base[2] },
            attribution, existing_customers, tier_requirements, bonuses,
        }
    }
}

prop_compose! {
    fn any_rule(currency: Currency, largest: i64)(
        priority in -1..=1_i32,
        conditions in prop_oneof![3 => Just(vec![]), 2 => vec(any_condition(), 1..3), 2 => vec(any_product(), 1)],
        reward in any_reward(currency, largest),
    ) -> Rule {
        Rule { id: String::new(), priority, conditions, reward }
    }
}

fn any_reward(currency: Currency, largest: i64) -> impl Strategy<Value = Reward> {
    let most = (largest / 20).min(1_000_000_000_000);
    let per = select(vec![FlatPer::Sale, FlatPer::Item]);
    let on_refund = select(vec![FlatRefund::Keep, FlatRefund::Prorate, FlatRefund::VoidOnFullRefund]);
    let borders = btree_set(1..=largest / 4, 0..4);
    let mode = select(vec![TieredMode::Marginal, TieredMode::Whole]);
    prop_oneof![
        4 => any_rate(1_000_000).prop_map(|rate| Reward::Percent { rate }),
        3 => (1..=most, per, on_refund).prop_map(move |(minor, per, on_refund)| {
            Reward::Flat { amount: Money::new(minor, currency), per, on_refund }
        }),
        3 => (mode, borders, vec(any_rate(1_000_000), 4)).prop_map(move |(mode, borders, mut rates)| {
            if mode == TieredMode::Whole {
                rates.sort();
            }
            let starts = [0].into_iter().chain(borders).map(|minor| Money::new(minor, currency));
            let brackets = starts.zip(rates).map(|(from, rate)| Bracket { from, rate }).collect();
            Reward::Tiered { mode, brackets }
        }),
    ]
}

/// Conditions that hold for about half of the sales.
pub(super) fn any_condition() -> impl Strategy<Value = Condition> {
    let text = (select(TEXTS.to_vec()), 0..5_u8).prop_map(|((field, value), matcher)| {
        let one: BTreeSet<String> = [value.to_owned()].into();
        let field = match field {
            "kind" => TextField::Kind,
            "commission_tier" => TextField::CommissionTier,
            "campaign" => TextField::Campaign,
            "country" => TextField::Country,
            "coupon" => TextField::Coupon,
            "product" => TextField::Product,
            label => TextField::Metadata(label.to_owned()),
        };
        let matcher = match matcher {
            0 => Matcher::Equals(value.to_owned()),
            1 => Matcher::AnyOf(one),
            2 => Matcher::NoneOf(one),
            3 => Matcher::StartsWith(value.chars().take(1).collect()),
            _ => Matcher::Contains(value.chars().skip(1).collect()),
        };
        Test::Text { field, matcher }
    });
    let test = prop_oneof![
        3 => text,
        1 => any_range(0..5_000_u32).prop_map(|range| Test::Amount(Range {
            at_least: range.at_least.map(|units| rust_decimal::Decimal::new(units.into(), 2)),
            below: range.below.map(Into::into),
        })),
        1 => any_range(0..24_u32).prop_map(Test::CustomerAge),
        1 => any_range(0..1_000_u32).prop_map(|range| {
            let day = |day: u32| at("2025-01-01T00:00:00Z") + SignedDuration::from_hours(24 * i64::from(day));
            Test::OccurredAt(Range { at_least: range.at_least.map(day), below: range.below.map(day) })
        }),
    ];
    test.prop_map(Condition::Test).prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 1..3).prop_map(Condition::All),
            vec(inner, 1..3).prop_map(Condition::Any),
        ]
    })
}

/// A condition on the line, so that a sale is priced by several rules.
fn any_product() -> impl Strategy<Value = Condition> {
    btree_set(select(vec!["p0", "p1", "p2"]), 1..3).prop_map(|products| {
        let products = products.into_iter().map(str::to_owned).collect();
        Condition::Test(Test::Text { field: TextField::Product, matcher: Matcher::AnyOf(products) })
    })
}

const TEXTS: [(&str, &str); 9] = [
    ("kind", "sale"),
    ("kind", "renewal"),
    ("commission_tier", "gold"),
    ("campaign", "spring"),
    ("country", "DE"),
    ("coupon", "SPRING10"),
    ("product", "p1"),
    ("product", "p2"),
    ("plan", "team"),
];

fn any_range(values: std::ops::Range<u32>) -> impl Strategy<Value = Range<u32>> {
    let most = values.end;
    (values, 1..=most, 0..3_u8).prop_map(|(from, width, bounds)| Range {
        at_least: (bounds != 0).then_some(from),
        below: (bounds != 1).then_some(from + width),
    })
}

fn any_levels() -> impl Strategy<Value = Vec<LevelShare>> {
    let level = |most| {
        (any::<bool>(), any_rate(most)).prop_map(|(of_base, rate)| {
            if of_base { LevelShare::Base { rate } } else { LevelShare::LevelOne { rate } }
        })
    };
    prop_oneof![4 => vec(level(111_111), 0..=9), 1 => vec(level(1_000_000), 1)]
}

fn any_caps(currency: Currency, largest: i64) -> impl Strategy<Value = Vec<Cap>> {
    let scopes = select(vec![CapScope::Partner, CapScope::Customer, CapScope::Program, CapScope::Campaign]);
    let periods = select(vec![CapPeriod::Day, CapPeriod::Month, CapPeriod::AllTime]);
    let caps = btree_map((scopes, periods), 1..=largest / 8, 1..4);
    prop_oneof![Just(std::collections::BTreeMap::new()), caps].prop_map(move |caps| {
        let cap = |((scope, period), minor)| Cap { scope, period, amount: Money::new(minor, currency) };
        caps.into_iter().map(cap).collect()
    })
}

/// What a plan says beside its prices.
type Promises = (Option<AttributionPolicy>, ExistingCustomers, Option<TierRequirements>, Vec<Bonus>);

fn any_promises(currency: Currency) -> impl Strategy<Value = Promises> {
    let model = select(vec![AttributionModel::LastClick, AttributionModel::FirstClick]);
    let attribution = (1..=365_u16, model).prop_map(|(window_days, model)| AttributionPolicy {
        window_days,
        model,
        ..AttributionPolicy::default()
    });
    let existing = prop_oneof![
        Just(ExistingCustomers::FollowCurrent),
        Just(ExistingCustomers::Keep),
        (1..=600_u16).prop_map(ExistingCustomers::KeepMonths)
    ];
    let windows = || {
        let rolling = (1..=366_u16).prop_map(Window::RollingDays);
        prop_oneof![Just(Window::Month), Just(Window::Quarter), Just(Window::Lifetime), rolling]
    };
    let threshold = move |metric, height: u32| match metric {
        Metric::Revenue => Threshold::Amount(Money::new(height.into(), currency)),
        _ => Threshold::Count(height.into()),
    };
    let metrics = || select(vec![Metric::Revenue, Metric::Conversions, Metric::ActiveCustomers]);
    let direction = select(vec![TierDirection::UpOnly, TierDirection::BothWays]);
    let heights = btree_set(1..u32::MAX, 1..=10);
    let tiers =
        (metrics(), windows(), direction, heights).prop_map(move |(metric, window, direction, heights)| {
            let tiers = heights.into_iter().enumerate().map(|(place, height)| Tier {
                name: format!("tier_{place}"),
                at_least: threshold(metric, height),
            });
            TierRequirements { metric, window, direction, tiers: tiers.collect() }
        });
    let goal = (metrics(), select(vec![Window::Month, Window::Quarter, Window::Lifetime]), 1..u32::MAX);
    let bonuses = vec(goal, 0..=10).prop_map(move |goals| {
        let bonus = |(place, (metric, window, height)): (usize, (Metric, Window, u32))| Bonus {
            id: format!("bonus-{place}"),
            metric,
            window,
            at_least: threshold(metric, height),
            amount: Money::new(height.into(), currency),
        };
        goals.into_iter().enumerate().map(bonus).collect()
    });
    (weighted(0.3, attribution), existing, weighted(0.3, tiers), bonuses)
}

/// One line as it is drawn: product, quantity, amount, tax in thousandths of it, discount.
type Item = (&'static str, u32, i64, i64, i64);

prop_compose! {
    /// A charge of at most so many minor units that keeps its own arithmetic.
    pub(super) fn any_charge(currency: Currency, largest: i64)(
        kind in prop_oneof![6 => Just(ConversionKind::Sale), 2 => Just(ConversionKind::Renewal), 1 => Just(ConversionKind::Lead)],
        items in vec(any_item(largest / 16), 1..6),
        has_lines in any::<bool>(),
        shipping in prop_oneof![Just(0), 0..=largest / 16],
        splits in weighted(0.35, (vec(1..1000_u32, 2..=10), any::<[bool; 10]>())),
        minutes in 0..500_000_i64,
        country in weighted(0.7, select(vec!["DE", "FR"])),
        coupon in weighted(0.5, select(vec!["SPRING10", "SPRING20", "VIP"])),
        metadata in btree_map(select(vec!["plan", "shop"]), select(vec!["team", "solo"]), 0..=2),
        has_customer in any::<bool>(),
    ) -> Charge {
        let money = |minor| Money::new(minor, currency);
        let is_lead = kind == ConversionKind::Lead;
        let paid = |minor: i64| money(if is_lead { 0 } else { minor });
        let part = |minor: i64| (minor > 0 && !is_lead).then(|| money(minor));
        let lines: Vec<LineItem> = items.into_iter().map(|(product, quantity, amount, tax, discount)| LineItem {
            product: product.into(),
            quantity,
            amount: paid(amount),
            tax: part(amount / 1000 * tax),
            discount: part(discount),
        }).collect();
        let total = |of: &dyn Fn(&LineItem) -> Option<Money>| sum(lines.iter().filter_map(of), currency).unwrap();
        let charge = Charge {
            kind,
            occurred_at: at("2026-01-01T00:00:00Z") + SignedDuration::from_mins(minutes),
            amount: total(&|line| Some(line.amount)).plus(paid(shipping)).unwrap(),
            tax: total(&|line| line.tax),
            shipping: paid(shipping),
            discount: total(&|line| line.discount),
            customer: has_customer.then(|| Customer { id: CustomerId::derive(&["c"]), email_hash: None }),
            clicks: None,
            country: country.map(Into::into),
            coupon: coupon.map(Into::into),
            lines: if has_lines { lines } else { vec![] },
            splits: splits.map(|(parts, is_upline)| any_splits(&parts, &is_upline)).unwrap_or_default(),
            aliases: vec![],
            metadata: metadata.into_iter().map(|(label, value)| (label.into(), value.into())).collect(),
        };
        charge.check().unwrap();
        charge
    }
}

fn any_item(most: i64) -> impl Strategy<Value = Item> {
    let amounts = prop_oneof![1 => 0..=20_i64, 4 => 0..=most];
    let discounts = prop_oneof![Just(0), 0..=most];
    (select(vec!["p0", "p1", "p2"]), 1..20_u32, amounts, 0..=1000_i64, discounts)
}

/// Weights that add up to one, of partners of whom some stand above the seller too.
fn any_splits(parts: &[u32], is_upline: &[bool]) -> Vec<Split> {
    let whole: u32 = parts.iter().sum();
    let mut left = 1_000_000;
    let last = parts.len() - 1;
    let splits = parts.iter().zip(is_upline).enumerate();
    splits
        .map(|(place, (part, is_upline))| {
            let weight = if place == last { left } else { 1_000_000 * part / whole };
            left -= weight;
            let partner_id = partner(if *is_upline { place + 1 } else { place + 20 });
            Split { partner_id, weight: rate(&format!("0.{weight:06}")) }
        })
        .collect()
}

/// In what slices a sale is refunded: thousandths of what is left each time.
pub(super) fn any_cuts() -> impl Strategy<Value = Vec<i64>> {
    vec(0..=1000_i64, 1..6)
}

/// The slices that are above zero.
pub(super) fn slices(amount: Money, cuts: &[i64]) -> Vec<Money> {
    let mut left = amount.minor();
    let slice = |cut: &i64| {
        let slice = left / 1000 * cut + left % 1000 * cut / 1000;
        left -= slice;
        Money::new(slice, amount.currency())
    };
    cuts.iter().map(slice).filter(|slice| slice.minor() > 0).collect()
}
