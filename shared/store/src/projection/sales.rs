//! What sales, refunds and reviews change of the counters.
//!
//! Two stories are told of the same sale. The dashboard's: a sale counts on its day, a refund on
//! the day it came. And the performance's, by which partners qualify: a sale counts on its day for
//! what it came to in the end, so a refund lessens the day of its sale. What is refunded whole, or
//! turned down in review, was no sale.

use domain::{
    conversion::{Conversion, ConversionKind},
    id::{CustomerId, PartnerId, ProgramId},
    money::{Money, MoneyError},
    performance::{Sold, is_sale, sold},
};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::days::Days;
use crate::{
    conversion::HeadItem,
    error::Error,
    expression::Update,
    item::{ENTITY, Row, Shape, VERSION},
    key,
    performance::ActiveItem,
    refund::{RefundItem, RefundState},
    transaction::Transaction,
};

/// What a sale counts for, or what is taken off that again, and whose it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Credit {
    program: ProgramId,
    /// The day of the sale.
    sold_on: Date,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    customer: Option<CustomerId>,
    /// Does it change the performance? Not when the sale was turned down before, or is none.
    performs: bool,
    /// Did the sale earn anybody anything?
    earns: bool,
    /// Sales that are gone with it: one when all of it is refunded, minus one when it comes back.
    #[serde(default)]
    sales: i64,
    parts: Vec<Part>,
}

/// One partner's part, in minor units of the program's currency.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Part {
    partner: PartnerId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    campaign: Option<String>,
    revenue: i64,
}

impl Credit {
    /// What a conversion counts for before any refund; nothing when nobody is credited for it, or
    /// no customer did anything.
    fn of_sale(conversion: &Conversion) -> Result<Option<Self>, MoneyError> {
        let nothing = Money::zero(conversion.charge.amount.currency());
        let credit = Self::between(conversion, nothing, conversion.charge.amount)?;
        Ok(credit.map(|credit| Self { sales: 1, ..credit }))
    }

    /// What a refund takes off that brings the refunded sum to `refunded`; nothing when that changes
    /// nothing. It is negative where a refund is void after all.
    pub(crate) fn of_refund(
        conversion: &Conversion,
        refunded: Money,
        is_turned_down: bool,
    ) -> Result<Option<Self>, MoneyError> {
        let (before, whole) = (conversion.refunded, conversion.charge.amount);
        if refunded == before {
            return Ok(None);
        }
        let credit = Self::between(conversion, before, refunded)?;
        Ok(credit.map(|credit| Self {
            performs: credit.performs && !is_turned_down,
            sales: i64::from(refunded == whole) - i64::from(before == whole),
            ..credit
        }))
    }

    /// What a review takes off that turns a sale down: all that refunds have left of it.
    fn of_rejection(conversion: &Conversion) -> Result<Option<Self>, MoneyError> {
        let Conversion { charge, refunded, .. } = conversion;
        let is_gone = !refunded.is_zero() && *refunded == charge.amount;
        let credit = Self::between(conversion, *refunded, charge.amount)?;
        Ok(credit.filter(|_| !is_gone).map(|credit| Self { sales: 1, ..credit }))
    }

    /// What the charge comes to between two sums of it. Differences of sums add up to the whole,
    /// however it is sliced and rounded.
    fn between(conversion: &Conversion, from: Money, to: Money) -> Result<Option<Self>, MoneyError> {
        let charge = &conversion.charge;
        let Some(touch) = conversion.attribution.touch().filter(|_| charge.kind != ConversionKind::Bonus)
        else {
            return Ok(None);
        };
        let campaign = |partner: &PartnerId| {
            touch.campaign.clone().filter(|campaign| *partner == touch.partner_id && !campaign.is_empty())
        };
        let part = |(from, to): (Sold, Sold)| {
            let revenue = to.revenue.minus(from.revenue)?.minor();
            Ok(Part { campaign: campaign(&to.partner_id), partner: to.partner_id, revenue })
        };
        let parts = sold(conversion, from)?.into_iter().zip(sold(conversion, to)?).map(part);
        Ok(Some(Self {
            program: conversion.program_id.clone(),
            sold_on: key::day(charge.occurred_at),
            customer: charge.customer.as_ref().map(|customer| customer.id.clone()),
            performs: is_sale(charge.kind),
            earns: conversion.terms.as_ref().is_some_and(|terms| terms.nothing_earned.is_none()),
            sales: 0,
            parts: parts.collect::<Result<_, MoneyError>>()?,
        }))
    }

    /// Adds it to the performance, or takes it off: `sign` is 1 or -1.
    fn perform(&self, sign: i64, days: &mut Days, transaction: &mut Transaction) {
        if !self.performs {
            return;
        }
        let sales = sign * self.sales;
        for Part { partner, campaign, revenue } in &self.parts {
            let mut add = |counter, amount| {
                if amount != 0 {
                    days.add(partner, self.sold_on, campaign.as_deref(), counter, amount);
                }
            };
            add("net_revenue", sign * revenue);
            add("net_sales", sales);
            if !self.earns {
                add("idle_revenue", sign * revenue);
                add("idle_sales", sales);
            }
            let Some(customer) = self.customer.as_ref().filter(|_| sales != 0) else { continue };
            let update = Update::new(key::active_customer(&self.program, partner, self.sold_on, customer))
                .set(ENTITY, ActiveItem::ENTITY)
                .set(VERSION, ActiveItem::VERSION)
                .set("day", self.sold_on.to_string())
                .set("customer", customer.as_str())
                .add("sales", sales);
            transaction.update(if self.earns { update } else { update.add("idle", sales) });
        }
    }
}

/// A conversion was turned down in review.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RejectionItem {
    credit: Credit,
}

impl Shape for RejectionItem {
    const ENTITY: &'static str = "rejection";
}

/// The row that takes a sale off which is turned down, marked for the projections; none when
/// there is nothing left of it.
pub(crate) fn rejection_row(conversion: &Conversion, now: Timestamp) -> Result<Option<Row>, Error> {
    let key = key::rejection(&conversion.id);
    let credit = Credit::of_rejection(conversion)
        .map_err(|error| Error::Corrupt { key: key.clone(), reason: error.to_string() })?;
    let Some(credit) = credit.filter(|credit| credit.performs) else { return Ok(None) };
    Row::new(&key, &RejectionItem { credit }).map(|row| Some(row.outbox(now)))
}

/// A sale or lead counts on the day it happened.
pub(super) fn add_conversion(transaction: &mut Transaction, row: Row) -> Result<(), Error> {
    let key = row.key();
    let corrupt = |reason: String| Error::Corrupt { key: key.clone(), reason };
    let id = key.pk.strip_prefix("CNV#").unwrap_or_default().parse();
    let id = id.map_err(|_| corrupt("not a conversion".to_owned()))?;
    let conversion = row.parse::<HeadItem>()?.conversion(&id)?;
    let credit = Credit::of_sale(&conversion).map_err(|error| corrupt(error.to_string()))?;
    let Some(credit) = credit else { return Ok(()) };
    let counter = if is_sale(conversion.charge.kind) { "sales" } else { "leads" };
    let mut days = Days::default();
    for Part { partner, campaign, revenue } in &credit.parts {
        days.add(partner, credit.sold_on, campaign.as_deref(), counter, 1);
        days.add(partner, credit.sold_on, campaign.as_deref(), "revenue", *revenue);
    }
    credit.perform(1, &mut days, transaction);
    days.write(&credit.program, transaction);
    Ok(())
}

/// A refund lessens the revenue of the day it happened, and the performance of its sale's day.
pub(super) fn add_refund(transaction: &mut Transaction, row: Row) -> Result<(), Error> {
    let item: RefundItem = row.parse()?;
    let Some(credit) = item.credit.as_ref().filter(|_| item.state == RefundState::Applied) else {
        return Ok(());
    };
    let day = key::day(item.occurred_at());
    let mut days = Days::default();
    for Part { partner, campaign, revenue } in &credit.parts {
        days.add(partner, day, campaign.as_deref(), "revenue", -revenue);
    }
    credit.perform(-1, &mut days, transaction);
    days.write(&credit.program, transaction);
    Ok(())
}

/// A sale that is turned down performs no longer. What customers paid is revenue still.
pub(super) fn add_rejection(transaction: &mut Transaction, row: Row) -> Result<(), Error> {
    let RejectionItem { credit } = row.parse()?;
    let mut days = Days::default();
    credit.perform(-1, &mut days, transaction);
    days.write(&credit.program, transaction);
    Ok(())
}
