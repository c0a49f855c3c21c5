//! The dashboard as it is shown.

use domain::{
    dashboard::{Counters, Figures},
    id::ProgramId,
    ledger::Balances,
    money::{Currency, Money},
};
use jiff::{Timestamp, civil::Date};
use serde::Serialize;

use crate::period::Period;

#[derive(Serialize)]
pub(crate) struct DashboardView {
    program_id: ProgramId,
    currency: Currency,
    from: Date,
    to: Date,
    as_of: Timestamp,
    totals: TotalsView,
    balances: BalancesView,
    by_day: Vec<DayView>,
    by_campaign: Vec<CampaignView>,
}

#[derive(Serialize)]
struct TotalsView {
    #[serde(flatten)]
    counters: Counters,
    conversion_rate: Option<String>,
    epc: Option<Money>,
}

#[derive(Serialize)]
pub(crate) struct BalancesView {
    pending: Money,
    available: Money,
    held: Money,
    transit: Money,
    paid: Money,
}

#[derive(Serialize)]
struct DayView {
    date: Date,
    #[serde(flatten)]
    counters: Counters,
}

#[derive(Serialize)]
struct CampaignView {
    campaign: Option<String>,
    #[serde(flatten)]
    counters: Counters,
}

impl DashboardView {
    pub(crate) fn new(
        program_id: ProgramId,
        period: Period,
        as_of: Timestamp,
        figures: Figures,
        balances: BalancesView,
    ) -> Self {
        let day = |(date, counters)| DayView { date, counters };
        Self {
            program_id,
            currency: figures.total.earnings.currency(),
            from: period.from,
            to: period.to,
            as_of,
            totals: TotalsView {
                counters: figures.total,
                conversion_rate: figures.conversion_rate.map(|rate| rate.to_string()),
                epc: figures.epc,
            },
            balances,
            by_day: figures.by_day.into_iter().map(day).collect(),
            by_campaign: by_campaign(figures.by_campaign),
        }
    }
}

/// In alphabetical order; what belongs to no campaign, and so has the empty name, comes last.
fn by_campaign(figures: impl IntoIterator<Item = (String, Counters)>) -> Vec<CampaignView> {
    let (nameless, mut named): (Vec<_>, Vec<_>) = figures.into_iter().partition(|(name, _)| name.is_empty());
    named.extend(nameless);
    let view = |(name, counters): (String, Counters)| CampaignView {
        campaign: Some(name).filter(|name| !name.is_empty()),
        counters,
    };
    named.into_iter().map(view).collect()
}

impl BalancesView {
    pub(crate) fn new(balances: &Balances, pending: Money) -> Self {
        let Balances { available, transit, held, paid } = *balances;
        Self { pending, available, held, transit, paid }
    }
}
