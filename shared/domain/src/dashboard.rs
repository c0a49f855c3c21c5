//! The dashboard: a partner's figures over a period, from daily counters.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::money::{Currency, Money, MoneyError, Rounding};

/// What happened on one day in one campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Links followed.
    pub clicks: u64,
    /// Of these, the first of each visitor with a link on a day.
    pub unique_clicks: u64,
    /// Leads attributed.
    pub leads: u64,
    /// Sales and renewals attributed.
    pub sales: u64,
    /// What customers paid, less refunds.
    pub revenue: Money,
    /// What was earned, less reversals, booked on this day.
    pub earnings: Money,
}

impl Counters {
    /// Nothing, in a currency.
    #[must_use]
    pub fn zero(currency: Currency) -> Self {
        let zero = Money::zero(currency);
        Self { clicks: 0, unique_clicks: 0, leads: 0, sales: 0, revenue: zero, earnings: zero }
    }

    fn plus(self, other: Self) -> Result<Self, MoneyError> {
        Ok(Self {
            clicks: self.clicks.saturating_add(other.clicks),
            unique_clicks: self.unique_clicks.saturating_add(other.unique_clicks),
            leads: self.leads.saturating_add(other.leads),
            sales: self.sales.saturating_add(other.sales),
            revenue: self.revenue.plus(other.revenue)?,
            earnings: self.earnings.plus(other.earnings)?,
        })
    }
}

/// The counters of one day in one campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayCounters {
    /// The day, UTC.
    pub day: Date,
    /// The campaign; none for links without one and for earnings on recruits' sales.
    pub campaign: Option<String>,
    /// What happened.
    pub counters: Counters,
}

/// A partner's figures over a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// All of it.
    pub total: Counters,
    /// Conversions (leads and sales) per click, four decimal places; none without clicks.
    pub conversion_rate: Option<Decimal>,
    /// Earnings per click, rounded to a minor unit; none without clicks.
    pub epc: Option<Money>,
    /// By day, the earliest first.
    pub by_day: BTreeMap<Date, Counters>,
    /// By campaign; the empty name stands for no campaign.
    pub by_campaign: BTreeMap<String, Counters>,
}

/// Adds up daily counters.
///
/// # Errors
/// When currencies differ or a sum does not fit.
pub fn figures(currency: Currency, days: &[DayCounters]) -> Result<Figures, MoneyError> {
    let mut total = Counters::zero(currency);
    let (mut by_day, mut by_campaign) = (BTreeMap::new(), BTreeMap::new());
    for row in days {
        total = total.plus(row.counters)?;
        let day = by_day.entry(row.day).or_insert_with(|| Counters::zero(currency));
        *day = day.plus(row.counters)?;
        let name = row.campaign.clone().unwrap_or_default();
        let campaign = by_campaign.entry(name).or_insert_with(|| Counters::zero(currency));
        *campaign = campaign.plus(row.counters)?;
    }
    let per_click = |number: Decimal| number.checked_div(Decimal::from(total.clicks));
    let conversions = Decimal::from(total.leads.saturating_add(total.sales));
    let epc = per_click(Decimal::from(total.earnings.minor()))
        .map(|minor| Money::round(minor, currency, Rounding::HalfEven))
        .transpose()?;
    Ok(Figures {
        conversion_rate: per_click(conversions).map(|rate| rate.round_dp(4)),
        epc,
        total,
        by_day,
        by_campaign,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_add_up_by_day_and_by_campaign() {
        let usd: Currency = "USD".parse().unwrap();
        let row = |day: &str, campaign: Option<&str>, clicks, sales, earnings| DayCounters {
            day: day.parse().unwrap(),
            campaign: campaign.map(str::to_owned),
            counters: Counters { clicks, sales, earnings: Money::new(earnings, usd), ..Counters::zero(usd) },
        };
        let days = [
            row("2026-01-01", Some("spring"), 3, 1, 2000),
            row("2026-01-01", None, 0, 0, 500),
            row("2026-01-02", Some("spring"), 0, 0, -800),
        ];
        let figures = figures(usd, &days).unwrap();
        assert_eq!(figures.total.earnings.to_decimal().to_string(), "17.00");
        assert_eq!(figures.epc.unwrap().to_decimal().to_string(), "5.67");
        assert_eq!(figures.conversion_rate.unwrap().to_string(), "0.3333");
        assert_eq!(figures.by_day.len(), 2);
        assert_eq!(figures.by_campaign["spring"].earnings.minor(), 1200);
    }

    #[test]
    fn without_clicks_there_is_no_rate() {
        let usd: Currency = "USD".parse().unwrap();
        let figures = figures(usd, &[]).unwrap();
        assert_eq!((figures.conversion_rate, figures.epc), (None, None));
    }
}
