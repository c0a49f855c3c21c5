//! What a simulation answers with.

use domain::{
    id::PartnerId,
    money::{Money, MoneyError},
    simulation::{Change, Cost, Simulation},
};
use runtime::Problem;
use serde::Serialize;

#[derive(Serialize)]
pub(crate) struct SimulationView {
    totals: TotalsView,
    by_partner: Vec<PartnerView>,
    by_tier: Vec<TierView>,
    by_month: Vec<MonthView>,
    by_rule: Vec<RuleView>,
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct TotalsView {
    #[serde(flatten)]
    cost: CostView,
    margin_before: Money,
    margin_after: Money,
}

#[derive(Serialize)]
struct CostView {
    conversions: u64,
    revenue: Money,
    cost_before: Money,
    cost_after: Money,
}

#[derive(Serialize)]
struct PartnerView {
    partner_id: PartnerId,
    #[serde(flatten)]
    change: ChangeView,
}

#[derive(Serialize)]
struct ChangeView {
    before: Money,
    after: Money,
    difference: Money,
}

#[derive(Serialize)]
struct TierView {
    commission_tier: Option<String>,
    #[serde(flatten)]
    cost: CostView,
}

#[derive(Serialize)]
struct MonthView {
    month: String,
    #[serde(flatten)]
    cost: CostView,
}

#[derive(Serialize)]
struct RuleView {
    rule_id: Option<String>,
    #[serde(flatten)]
    change: ChangeView,
}

impl SimulationView {
    pub(crate) fn new(simulation: Simulation<'_>, next_cursor: Option<String>) -> Result<Self, Problem> {
        Self::of(simulation, next_cursor).map_err(Problem::internal)
    }

    fn of(simulation: Simulation<'_>, next_cursor: Option<String>) -> Result<Self, MoneyError> {
        let Simulation { totals, partners, tiers, months, rules, .. } = simulation;
        let (margin_before, margin_after) = totals.margins()?;
        let partner = |(partner_id, change)| Ok(PartnerView { partner_id, change: ChangeView::of(change)? });
        let mut by_partner = partners.into_iter().map(partner).collect::<Result<Vec<_>, MoneyError>>()?;
        // Who gains most comes first, who loses most last; the order of ids stands among equals.
        by_partner.sort_by_key(|view| std::cmp::Reverse(view.change.difference.minor()));
        let rule = |(rule_id, change)| Ok(RuleView { rule_id, change: ChangeView::of(change)? });
        let tier = |(commission_tier, cost): (_, Cost)| TierView { commission_tier, cost: cost.into() };
        let month = |(month, cost): (_, Cost)| MonthView { month, cost: cost.into() };
        Ok(Self {
            totals: TotalsView { cost: totals.into(), margin_before, margin_after },
            by_partner,
            by_tier: tiers.into_iter().map(tier).collect(),
            by_month: months.into_iter().map(month).collect(),
            by_rule: rules.into_iter().map(rule).collect::<Result<_, MoneyError>>()?,
            next_cursor,
        })
    }
}

impl From<Cost> for CostView {
    fn from(cost: Cost) -> Self {
        let Cost { conversions, revenue, before, after } = cost;
        Self { conversions, revenue, cost_before: before, cost_after: after }
    }
}

impl ChangeView {
    fn of(change: Change) -> Result<Self, MoneyError> {
        Ok(Self { before: change.before, after: change.after, difference: change.difference()? })
    }
}
