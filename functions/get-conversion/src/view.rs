//! A conversion as administrators see it.

use std::collections::BTreeMap;

use domain::{
    commission::{NothingEarned, Terms},
    conversion::{Charge, Conversion, ConversionKind, LineItem, Refund, RefundCause, RefundStage, Split},
    id::{ConversionId, CustomerId, ProgramId},
    money::{Money, MoneyError},
};
use jiff::Timestamp;
use runtime::view::{attribution::DecisionView, commission::CommissionView};
use serde::Serialize;
use store::conversion::Record;

#[derive(Serialize)]
pub(crate) struct ConversionView {
    id: ConversionId,
    program_id: ProgramId,
    source: String,
    external_id: String,
    received_at: Timestamp,
    charge: ChargeView,
    attribution: DecisionView,
    terms: Option<TermsView>,
    refunded: Money,
    is_disputed: bool,
    refunds: Vec<RefundView>,
    commissions: Vec<CommissionView>,
}

/// A charge, without the hash of an e-mail address, which tells nobody anything.
#[derive(Serialize)]
struct ChargeView {
    kind: ConversionKind,
    occurred_at: Timestamp,
    amount: Money,
    tax: Money,
    shipping: Money,
    discount: Money,
    customer_id: Option<CustomerId>,
    has_email: bool,
    clicks: Vec<String>,
    coupon: Option<String>,
    country: Option<String>,
    lines: Vec<LineView>,
    splits: Vec<Split>,
    aliases: Vec<String>,
    metadata: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct LineView {
    product: String,
    quantity: u32,
    amount: Money,
    tax: Option<Money>,
    discount: Option<Money>,
}

/// What priced it, in short: the explanation of a commission has all of it.
#[derive(Serialize)]
struct TermsView {
    plan_version: u32,
    rule_id: Option<String>,
    base: Money,
    customer_since: Option<Timestamp>,
    hold_days: u16,
    nothing_earned: Option<NothingEarned>,
}

#[derive(Serialize)]
struct RefundView {
    refund_id: String,
    cause: RefundCause,
    stage: RefundStage,
    amount: Option<Money>,
    occurred_at: Timestamp,
    state: State,
}

/// What became of what was told of a refund.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Counted,
    Waiting,
    NotCounted,
}

impl ConversionView {
    pub(crate) fn new(conversion: &Conversion, record: &Record) -> Result<Self, MoneyError> {
        let mut refunds: Vec<_> =
            record.refunds.iter().map(|refund| RefundView::new(refund, record)).collect();
        refunds.sort_by_key(|refund| refund.occurred_at);
        Ok(Self {
            id: conversion.id.clone(),
            program_id: conversion.program_id.clone(),
            source: conversion.source.clone(),
            external_id: conversion.external_id.clone(),
            received_at: conversion.received_at,
            charge: (&conversion.charge).into(),
            attribution: (&conversion.attribution).into(),
            terms: conversion.terms.as_ref().map(TermsView::from),
            refunded: conversion.refunded,
            is_disputed: record.is_disputed()?,
            refunds,
            commissions: record.commissions.iter().map(|line| (&line.value).into()).collect(),
        })
    }
}

impl From<&Charge> for ChargeView {
    fn from(charge: &Charge) -> Self {
        let clicks = charge.clicks.as_ref().map(|trail| trail.ids()).unwrap_or_default();
        Self {
            kind: charge.kind,
            occurred_at: charge.occurred_at,
            amount: charge.amount,
            tax: charge.tax,
            shipping: charge.shipping,
            discount: charge.discount,
            customer_id: charge.customer.as_ref().map(|customer| customer.id.clone()),
            has_email: charge.customer.as_ref().is_some_and(|customer| customer.email_hash.is_some()),
            clicks: clicks.iter().map(ToString::to_string).collect(),
            coupon: charge.coupon.clone(),
            country: charge.country.clone(),
            lines: charge.lines.iter().map(LineView::from).collect(),
            splits: charge.splits.clone(),
            aliases: charge.aliases.clone(),
            metadata: charge.metadata.clone(),
        }
    }
}

impl From<&LineItem> for LineView {
    fn from(line: &LineItem) -> Self {
        Self {
            product: line.product.clone(),
            quantity: line.quantity,
            amount: line.amount,
            tax: line.tax,
            discount: line.discount,
        }
    }
}

impl From<&Terms> for TermsView {
    fn from(terms: &Terms) -> Self {
        Self {
            plan_version: terms.plan_version,
            rule_id: terms.rule_id.clone(),
            base: terms.base,
            customer_since: terms.customer_since,
            hold_days: terms.hold_days,
            nothing_earned: terms.nothing_earned,
        }
    }
}

impl RefundView {
    fn new(refund: &Refund, record: &Record) -> Self {
        let state = if record.applied.contains(refund) {
            State::Counted
        } else if record.waiting.contains(refund) {
            State::Waiting
        } else {
            State::NotCounted
        };
        Self {
            refund_id: refund.refund_id.clone(),
            cause: refund.cause,
            stage: refund.stage,
            amount: refund.amount,
            occurred_at: refund.occurred_at,
            state,
        }
    }
}
