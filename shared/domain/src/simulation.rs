//! Simulation: what a draft plan would have paid for sales that were made, beside what was paid.
//!
//! A sale is calculated again with the draft in place of the plan that priced it. Everything else
//! stays as it was frozen then: the touch, the seller's tier and own rate, the customer's first
//! sale, the exchange rate, the sponsors above. Before and after are both what the sale costs by
//! its terms once all its refunds so far have come off; what review turned down costs nothing
//! either way. Adjustments and bonuses stand beside the terms, and are in neither.
//!
//! Sales come in the order of their days, so that the draft's caps count as they would have: a sale
//! counts in a cap with what it costs after its refunds, and the counters begin at zero with the
//! first sale. They are carried from page to page in [`Counters`], together with nothing else.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::{
    attribution::Touch,
    commission::{
        Calculation, CapUse, Commission, CommissionStatus, Inputs, Price, Seller, Sponsor, Terms, calculate,
        cap_counters,
    },
    conversion::Conversion,
    id::PartnerId,
    money::{Currency, Money, MoneyError, sum},
    plan::{Cap, PlanVersion},
    replay::active_splits,
};

/// A sale as it was made.
#[derive(Debug, Clone, Copy)]
pub struct Past<'a> {
    /// The conversion.
    pub conversion: &'a Conversion,
    /// Its lines, level 1 first.
    pub lines: &'a [Commission],
    /// The sponsors above the seller, nearest first.
    pub upline: &'a [Sponsor],
}

/// What the draft's caps have been used by so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters(Vec<Counter>);

/// One cap's counters within its current period; those of earlier ones are never needed again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Counter {
    /// The period.
    p: String,
    /// Minor units by subject.
    u: BTreeMap<String, i64>,
}

/// What some sales cost, now and by the draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// How many there are.
    pub conversions: u64,
    /// What customers paid, less refunds, in the program's currency.
    pub revenue: Money,
    /// What they cost by the terms they were made under.
    pub before: Money,
    /// What they would cost by the draft.
    pub after: Money,
}

/// What one partner earns on them, or one rule pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// By the terms they were made under.
    pub before: Money,
    /// By the draft.
    pub after: Money,
}

impl Cost {
    fn zero(currency: Currency) -> Self {
        let zero = Money::zero(currency);
        Self { conversions: 0, revenue: zero, before: zero, after: zero }
    }

    fn add(&mut self, sale: &Self) -> Result<(), MoneyError> {
        self.conversions = self.conversions.saturating_add(sale.conversions);
        self.revenue = self.revenue.plus(sale.revenue)?;
        self.before = self.before.plus(sale.before)?;
        self.after = self.after.plus(sale.after)?;
        Ok(())
    }

    /// What of the revenue is left after the commissions: before, and after.
    ///
    /// # Errors
    /// When it does not fit.
    pub fn margins(&self) -> Result<(Money, Money), MoneyError> {
        Ok((self.revenue.minus(self.before)?, self.revenue.minus(self.after)?))
    }
}

impl Change {
    fn zero(currency: Currency) -> Self {
        let zero = Money::zero(currency);
        Self { before: zero, after: zero }
    }

    /// Above zero is gained, below zero lost.
    ///
    /// # Errors
    /// When it does not fit.
    pub fn difference(&self) -> Result<Money, MoneyError> {
        self.after.minus(self.before)
    }
}

/// A draft that is tried on sales.
#[derive(Debug, Clone)]
pub struct Simulation<'a> {
    draft: &'a PlanVersion,
    currency: Currency,
    /// What the draft's caps have been used by so far.
    pub counters: Counters,
    /// All sales together.
    pub totals: Cost,
    /// By who earns, on any level.
    pub partners: BTreeMap<PartnerId, Change>,
    /// By the seller's tier at the sale.
    pub tiers: BTreeMap<Option<String>, Cost>,
    /// By the month of the sale, UTC, such as `2026-11`.
    pub months: BTreeMap<String, Cost>,
    /// By the rule that priced level 1, with all levels: before by the plan of then, after by the
    /// draft. None is for several rules, the agreement's own rate, and no rule.
    pub rules: BTreeMap<Option<String>, Change>,
}

impl<'a> Simulation<'a> {
    /// Begins, or goes on with the counters of the page before.
    #[must_use]
    pub fn new(draft: &'a PlanVersion, currency: Currency, counters: Counters) -> Self {
        Self {
            draft,
            currency,
            counters,
            totals: Cost::zero(currency),
            partners: BTreeMap::new(),
            tiers: BTreeMap::new(),
            months: BTreeMap::new(),
            rules: BTreeMap::new(),
        }
    }

    /// Adds a sale. One that nobody is credited for costs nothing, whatever the plan.
    ///
    /// # Errors
    /// When an amount does not fit.
    pub fn add(&mut self, past: &Past<'_>) -> Result<(), MoneyError> {
        let Past { conversion, lines, .. } = *past;
        let (Some(terms), Some(touch)) = (&conversion.terms, conversion.attribution.touch()) else {
            return Ok(());
        };
        let is_rejected = |line: &Commission| line.status == CommissionStatus::Rejected;
        let is_turned_down = lines.iter().any(is_rejected);
        let before = match is_turned_down {
            true => Vec::new(),
            false => lines
                .iter()
                .map(|line| &line.partner_id)
                .zip(conversion.priced(lines, conversion.refunded)?)
                .collect(),
        };
        let (calculation, amounts) = self.by_draft(past, terms, touch, is_turned_down)?;
        let after: Vec<_> = calculation.lines.iter().map(|line| &line.partner_id).zip(amounts).collect();
        let total =
            |lines: &[(&PartnerId, Money)]| sum(lines.iter().map(|(_, amount)| *amount), self.currency);
        let sale = Cost {
            conversions: 1,
            revenue: conversion.settled(conversion.charge.amount.minus(conversion.refunded)?)?,
            before: total(&before)?,
            after: total(&after)?,
        };
        self.totals.add(&sale)?;
        let zero = Cost::zero(self.currency);
        self.tiers.entry(terms.commission_tier.clone()).or_insert(zero).add(&sale)?;
        let day = conversion.charge.occurred_at.to_zoned(TimeZone::UTC).date();
        self.months.entry(day.strftime("%Y-%m").to_string()).or_insert(zero).add(&sale)?;
        let none = Change::zero(self.currency);
        let rule = self.rules.entry(terms.rule_id.clone()).or_insert(none);
        rule.before = rule.before.plus(sale.before)?;
        let rule = self.rules.entry(calculation.terms.rule_id).or_insert(none);
        rule.after = rule.after.plus(sale.after)?;
        for (partner, amount) in before {
            let change = self.partners.entry(partner.clone()).or_insert(none);
            change.before = change.before.plus(amount)?;
        }
        for (partner, amount) in after {
            let change = self.partners.entry(partner.clone()).or_insert(none);
            change.after = change.after.plus(amount)?;
        }
        Ok(())
    }

    /// The sale by the draft, and what each of its lines is worth after the refunds.
    fn by_draft(
        &mut self,
        past: &Past<'_>,
        frozen: &Terms,
        touch: &Touch,
        is_turned_down: bool,
    ) -> Result<(Calculation, Vec<Money>), MoneyError> {
        let Past { conversion, upline, .. } = *past;
        let charge = &conversion.charge;
        let caps: Vec<CapUse> = cap_counters(self.draft, touch, charge)
            .into_iter()
            .map(|(cap, counter)| CapUse {
                used: self.used(&cap, &counter.period, &counter.subject),
                cap,
                counter,
            })
            .collect();
        let seller = Seller {
            partner_id: touch.partner_id.clone(),
            commission_tier: frozen.commission_tier.clone(),
            revenue_split: frozen.revenue_split,
        };
        let calculation = calculate(&Inputs {
            plan: self.draft,
            seller: &seller,
            touch,
            charge,
            upline,
            customer_since: frozen.customer_since,
            active_splits: &active_splits(conversion),
            exchange: frozen.exchange.as_ref(),
            caps: &caps,
        })?;
        let prices: Vec<Price> = calculation.lines.iter().map(|line| line.price.clone()).collect();
        let mut amounts = calculation.terms.amounts(&prices, charge, conversion.refunded)?;
        if is_turned_down {
            amounts.iter_mut().for_each(|amount| *amount = Money::zero(amount.currency()));
        }
        let granted = sum(amounts.iter().copied(), self.currency)?.minor();
        for CapUse { cap, counter, .. } in &caps {
            self.count(cap, &counter.period, &counter.subject, granted);
        }
        Ok((calculation, amounts))
    }

    fn used(&self, cap: &Cap, period: &str, subject: &str) -> i64 {
        let counter = self.place(cap).and_then(|place| self.counters.0.get(place));
        let counter = counter.filter(|counter| counter.p == period);
        counter.and_then(|counter| counter.u.get(subject)).copied().unwrap_or_default()
    }

    fn count(&mut self, cap: &Cap, period: &str, subject: &str, granted: i64) {
        let Some(place) = self.place(cap) else { return };
        let Counters(counters) = &mut self.counters;
        counters.resize(self.draft.plan.caps.len(), Counter::default());
        let Some(counter) = counters.get_mut(place) else { return };
        if counter.p != period {
            *counter = Counter { p: period.to_owned(), u: BTreeMap::new() };
        }
        if granted != 0 {
            let used = counter.u.entry(subject.to_owned()).or_default();
            *used = used.saturating_add(granted);
        }
    }

    fn place(&self, cap: &Cap) -> Option<usize> {
        self.draft.plan.caps.iter().position(|own| own == cap)
    }
}

#[cfg(test)]
mod tests;
