//! The calculation: one plan version, one seller, one charge; lines and a trace out.

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{
    price::Price,
    rules::{LevelOne, RuleTrace, price_level_one},
    sale,
    terms::{Clamp, NothingEarned, Terms},
};
use crate::{
    agreement::Agreement,
    attribution::Touch,
    conversion::{Charge, ConversionKind},
    exchange::ExchangeRate,
    id::{Level, PartnerId},
    money::{Money, MoneyError, sum},
    plan::{Cap, CapCounter, InactiveUpline, Plan, PlanVersion, Recurring},
    rate::Rate,
};

/// Everything a calculation depends on.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The plan version in force at the conversion.
    pub plan: &'a PlanVersion,
    /// The partner who sold, as the enrolment stands at the conversion.
    pub seller: &'a Seller,
    /// The touch that attributed the conversion.
    pub touch: &'a Touch,
    /// The charge.
    pub charge: &'a Charge,
    /// The sponsors above, nearest first.
    pub upline: &'a [Sponsor],
    /// When the customer first bought through this partner; none when this is the first sale.
    pub customer_since: Option<Timestamp>,
    /// Of the partners who share the sale, those whose enrolment is active; none for other sales.
    pub active_splits: &'a [PartnerId],
    /// The rate of the day, where the charge is in another currency than the program's.
    pub exchange: Option<&'a ExchangeRate>,
    /// What the plan's caps have been used by so far; see [`cap_counters`].
    pub caps: &'a [CapUse],
}

/// A cap, and how much of it was used before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapUse {
    /// The cap.
    pub cap: Cap,
    /// Its counter for this conversion.
    pub counter: CapCounter,
    /// What the counter stands at, in minor units.
    pub used: i64,
}

/// The caps that a conversion counts in, with their counters.
#[must_use]
pub fn cap_counters(version: &PlanVersion, touch: &Touch, charge: &Charge) -> Vec<(Cap, CapCounter)> {
    let caps = version.plan.caps.iter();
    caps.filter_map(|cap| Some((*cap, cap.counter(&version.program_id, touch, charge)?))).collect()
}

/// The partner who sold, with what the enrolment says about prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seller {
    /// Who.
    pub partner_id: PartnerId,
    /// The tier.
    pub commission_tier: Option<String>,
    /// The agreement's own level-1 rate.
    pub revenue_split: Option<Rate>,
}

impl Seller {
    /// What an agreement says at a moment.
    #[must_use]
    pub fn of(agreement: &Agreement, at: Timestamp) -> Self {
        Self {
            partner_id: agreement.partner_id.clone(),
            commission_tier: agreement.tier_at(at).map(str::to_owned),
            revenue_split: agreement.revenue_split,
        }
    }
}

/// A sponsor above the partner who sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sponsor {
    /// Who.
    pub partner_id: PartnerId,
    /// Is the enrolment active at the conversion? True where the plan does not ask.
    pub is_active: bool,
}

/// What a conversion earns, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calculation {
    /// The terms to freeze with the conversion.
    pub terms: Terms,
    /// One line a level, level 1 first; none when nothing is earned.
    pub lines: Vec<Line>,
    /// How it came about.
    pub trace: Trace,
}

/// What one partner earns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// 1 is the partner who sold.
    pub level: Level,
    /// The place among the partners who share the sale; 0 for every other line.
    pub place: u8,
    /// Who earns.
    pub partner_id: PartnerId,
    /// What the line pays.
    pub price: Price,
    /// How much that is.
    pub amount: Money,
}

/// How level 1's price and the upline came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// Every rule of the plan with its outcome, in the plan's order.
    pub rules: Vec<RuleTrace>,
    /// Sponsors who were passed over: their enrolment was not active, or they share the sale.
    pub skipped: Vec<PartnerId>,
}

/// Prices a conversion: the same inputs always give the same lines.
///
/// # Errors
/// When an amount does not fit 64 bits of minor units, or currencies differ.
pub fn calculate(inputs: &Inputs<'_>) -> Result<Calculation, MoneyError> {
    let Inputs { plan: PlanVersion { version, plan, .. }, seller, charge, .. } = inputs;
    let lines = sale::lines(&plan.base, charge, inputs.exchange, plan.rounding)?;
    let currency = inputs.exchange.map_or(charge.amount.currency(), |exchange| exchange.to);
    let mut terms = Terms {
        plan_version: *version,
        rule_id: None,
        commission_tier: seller.commission_tier.clone(),
        revenue_split: seller.revenue_split,
        customer_since: inputs.customer_since,
        exchange: inputs.exchange.cloned(),
        base: sum(lines.iter().map(|line| line.base), currency)?,
        upline_cap: plan.upline_cap,
        caps: inputs.caps.iter().map(|used| used.counter.clone()).collect(),
        clamp: None,
        rounding: plan.rounding,
        hold_days: plan.hold_days,
        nothing_earned: None,
    };
    let LevelOne { choice, rules } = price_level_one(plan, &terms, inputs.touch, charge)?;
    let mut trace = Trace { rules, skipped: Vec::new() };
    let mut lines = Vec::new();
    let is_over = recurring_over(plan, inputs);
    // Not even a flat reward pays for a sale of nothing. A lead is no sale.
    let is_free = charge.kind != ConversionKind::Lead && terms.base.is_zero();
    match choice.filter(|_| !is_over && !is_free) {
        None => {
            terms.nothing_earned = Some(match (is_over, is_free) {
                (true, _) => NothingEarned::RecurringOver,
                (false, true) => NothingEarned::ZeroBase,
                (false, false) => NothingEarned::NoRuleMatches,
            });
        }
        Some(choice) => {
            terms.rule_id = choice.rule_id;
            let (upline, skipped) = upline(plan, inputs);
            trace.skipped = skipped;
            let mut payees = sellers(inputs, choice.price);
            // Where nobody earns on level 1, nobody above does.
            if !payees.is_empty() {
                payees.extend(upline);
            }
            lines = clamped(&mut terms, inputs, payees)?;
            if lines.iter().all(|line| line.amount.is_zero()) {
                lines.clear();
                let is_clamped = terms.clamp.is_some();
                terms.nothing_earned =
                    Some(if is_clamped { NothingEarned::CapReached } else { NothingEarned::ZeroBase });
            }
        }
    }
    if lines.is_empty() {
        // It is granted nothing, so it counts in no cap.
        terms.caps.clear();
    }
    Ok(Calculation { terms, lines, trace })
}

/// Somebody who earns, with the level and place among those who share it, and the price.
type Payee = (Level, u8, PartnerId, Price);

/// The partner who sold, or those who share the sale.
fn sellers(inputs: &Inputs<'_>, price: Price) -> Vec<Payee> {
    let Inputs { seller, charge, active_splits, .. } = inputs;
    if charge.splits.is_empty() {
        return vec![(Level::ONE, 0, seller.partner_id.clone(), price)];
    }
    let places = (0_u8..).zip(&charge.splits);
    let active = places.filter(|(_, split)| active_splits.contains(&split.partner_id));
    active
        .map(|(place, split)| {
            let price = Price::Share { weight: split.weight, of: Box::new(price.clone()) };
            (Level::ONE, place, split.partner_id.clone(), price)
        })
        .collect()
}

/// The lines, within what the caps leave. Of several caps the one that leaves least is noted.
fn clamped(terms: &mut Terms, inputs: &Inputs<'_>, payees: Vec<Payee>) -> Result<Vec<Line>, MoneyError> {
    let prices: Vec<Price> = payees.iter().map(|(_, _, _, price)| price.clone()).collect();
    let nothing = Money::zero(inputs.charge.amount.currency());
    let mut amounts = terms.amounts(&prices, inputs.charge, nothing)?;
    let total = sum(amounts.iter().copied(), terms.base.currency())?;
    let left = |used: &&CapUse| used.cap.amount.minor().saturating_sub(used.used).max(0);
    if let Some(least) = inputs.caps.iter().min_by_key(left).filter(|used| left(used) < total.minor()) {
        terms.clamp = Some(Clamp {
            counter: least.counter.clone(),
            period: least.cap.period,
            limit: least.cap.amount,
            left: Money::new(left(&least), terms.base.currency()),
        });
        amounts = terms.amounts(&prices, inputs.charge, nothing)?;
    }
    let line = |((level, place, partner_id, price), amount)| Line { level, place, partner_id, price, amount };
    Ok(payees.into_iter().zip(amounts).map(line).collect())
}

/// Has the plan stopped paying for this customer's renewals?
fn recurring_over(plan: &Plan, inputs: &Inputs<'_>) -> bool {
    if inputs.charge.kind != ConversionKind::Renewal {
        return false;
    }
    match plan.recurring {
        Recurring::Forever => false,
        Recurring::FirstSaleOnly => true,
        Recurring::Months(months) => {
            let since = inputs.customer_since.unwrap_or(inputs.charge.occurred_at);
            let end = since.to_zoned(TimeZone::UTC).checked_add(i64::from(months).months());
            end.is_ok_and(|end| end.timestamp() <= inputs.charge.occurred_at)
        }
    }
}

/// Who earns on each level above the seller, and who was passed over.
fn upline(plan: &Plan, inputs: &Inputs<'_>) -> (Vec<Payee>, Vec<PartnerId>) {
    // Who has a part of the sale already gets none of it again from above.
    let shares = |sponsor: &Sponsor| inputs.active_splits.contains(&sponsor.partner_id);
    let is_out = |sponsor: &Sponsor| {
        shares(sponsor) || (!sponsor.is_active && plan.inactive_upline != InactiveUpline::Accrue)
    };
    let (mut payees, mut skipped) = (Vec::new(), Vec::new());
    let mut levels = plan.levels.iter().zip(2_u8..).peekable();
    for sponsor in inputs.upline {
        if levels.peek().is_none() {
            break;
        }
        let is_out = is_out(sponsor);
        if is_out {
            skipped.push(sponsor.partner_id.clone());
        }
        if is_out && plan.inactive_upline == InactiveUpline::Compress {
            continue;
        }
        let next = levels.next().filter(|_| !is_out);
        payees.extend(next.and_then(|(share, level)| {
            Some((Level::new(level)?, 0, sponsor.partner_id.clone(), Price::from(*share)))
        }));
    }
    (payees, skipped)
}
