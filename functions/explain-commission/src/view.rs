//! The explanation as it is shown.

use domain::{
    bonus::Award,
    commission::{Adjustment, Commission, Price, RuleTrace},
    conversion::Conversion,
    exchange::ExchangeRate,
    id::{ConversionId, PartnerId, TransactionId},
    ledger,
    money::{Money, MoneyError, Rounding},
    plan::{CapPeriod, CapScope},
    rate::Rate,
};
use jiff::Timestamp;
use runtime::view::{
    attribution::{RejectedView, TouchView},
    commission::CommissionView,
};
use serde::Serialize;

mod bonus;

use bonus::{AdjustmentView, BonusView};

use crate::{
    derivation::{Derivation, Entry},
    sentences::{of_bonus, sentences},
    viewer::Viewer,
};

#[derive(Serialize)]
pub(crate) struct ExplanationView {
    commission: CommissionView,
    conversion: Option<ConversionView>,
    bonus: Option<BonusView>,
    attribution: AttributionView,
    terms: Option<TermsView>,
    price: Price,
    rules: Vec<RuleTrace>,
    skipped: Vec<PartnerId>,
    adjustments: Vec<AdjustmentView>,
    ledger: Vec<EntryView>,
    sentences: Vec<String>,
}

#[derive(Serialize)]
struct ConversionView {
    id: ConversionId,
    source: String,
    external_id: String,
    amount: Money,
    tax: Money,
    shipping: Money,
    discount: Money,
    refunded: Money,
}

/// Whose sale it is, to whoever may see the seller.
#[derive(Default, Serialize)]
struct AttributionView {
    touch: Option<TouchView>,
    rejected: Vec<RejectedView>,
}

#[derive(Serialize)]
struct TermsView {
    plan_version: u32,
    rule_id: Option<String>,
    commission_tier: Option<String>,
    revenue_split: Option<Rate>,
    customer_since: Option<Timestamp>,
    exchange: Option<ExchangeRate>,
    base: Money,
    base_left: Money,
    upline_cap: Option<Rate>,
    clamp: Option<ClampView>,
    rounding: Rounding,
    hold_days: u16,
}

/// A cap that left less than the lines come to. Whose counter it is stays out of it: a sponsor would
/// read the seller there.
#[derive(Serialize)]
struct ClampView {
    scope: CapScope,
    period: CapPeriod,
    limit: Money,
    left: Money,
}

#[derive(Serialize)]
struct EntryView {
    id: TransactionId,
    kind: ledger::TransactionKind,
    at: Timestamp,
    postings: Vec<PostingView>,
}

#[derive(Serialize)]
struct PostingView {
    account: &'static str,
    amount: Money,
}

impl ExplanationView {
    /// What the viewer may see of it. `upline` is everyone above the partner who sold.
    pub(crate) fn new(
        derivation: &Derivation<'_>,
        adjustments: &[Adjustment],
        viewer: &Viewer,
        upline: &[PartnerId],
    ) -> Result<Self, MoneyError> {
        let sees_the_seller = viewer.sees_the_seller(derivation.conversion);
        let attribution = if sees_the_seller {
            AttributionView::new(derivation.conversion, viewer)
        } else {
            AttributionView::default()
        };
        Ok(Self {
            commission: derivation.line.into(),
            conversion: Some(derivation.conversion.into()),
            bonus: None,
            attribution,
            terms: Some(TermsView::new(derivation, sees_the_seller)?),
            price: derivation.line.price.clone(),
            rules: if sees_the_seller { derivation.rules.clone() } else { Vec::new() },
            skipped: skipped(derivation, upline),
            adjustments: AdjustmentView::of(derivation.line, adjustments, viewer),
            ledger: derivation.entries.iter().map(EntryView::from).collect(),
            sentences: sentences(derivation, adjustments, viewer)?,
        })
    }

    /// The same of a bonus, with what the journal says about it.
    pub(crate) fn of_bonus(
        award: &Award,
        line: &Commission,
        entries: &[Entry],
        adjustments: &[Adjustment],
        viewer: &Viewer,
    ) -> Self {
        Self {
            commission: line.into(),
            conversion: None,
            bonus: Some(award.into()),
            attribution: AttributionView::default(),
            terms: None,
            price: line.price.clone(),
            rules: Vec::new(),
            skipped: Vec::new(),
            adjustments: AdjustmentView::of(line, adjustments, viewer),
            ledger: entries.iter().map(EntryView::from).collect(),
            sentences: of_bonus(award, line, adjustments, viewer),
        }
    }
}

/// Sponsors within the paid levels who have no line: their enrolments were not active.
fn skipped(derivation: &Derivation<'_>, upline: &[PartnerId]) -> Vec<PartnerId> {
    let is_paid = |sponsor: &PartnerId| derivation.lines.iter().any(|line| line.partner_id == *sponsor);
    upline.iter().take(derivation.plan.levels.len()).filter(|sponsor| !is_paid(sponsor)).cloned().collect()
}

impl From<&Conversion> for ConversionView {
    fn from(conversion: &Conversion) -> Self {
        let charge = &conversion.charge;
        Self {
            id: conversion.id.clone(),
            source: conversion.source.clone(),
            external_id: conversion.external_id.clone(),
            amount: charge.amount,
            tax: charge.tax,
            shipping: charge.shipping,
            discount: charge.discount,
            refunded: conversion.refunded,
        }
    }
}

impl AttributionView {
    fn new(conversion: &Conversion, viewer: &Viewer) -> Self {
        let attribution = &conversion.attribution;
        let rejected = attribution.rejected.iter().map(|touch| match viewer {
            Viewer::Admin => RejectedView::from(touch),
            Viewer::Partner(partner) => RejectedView::to_partner(touch, partner),
        });
        Self { touch: attribution.touch().map(TouchView::from), rejected: rejected.collect() }
    }
}

impl TermsView {
    fn new(derivation: &Derivation<'_>, sees_the_seller: bool) -> Result<Self, MoneyError> {
        let (terms, conversion) = (derivation.terms, derivation.conversion);
        Ok(Self {
            plan_version: terms.plan_version,
            rule_id: terms.rule_id.clone().filter(|_| sees_the_seller),
            commission_tier: terms.commission_tier.clone().filter(|_| sees_the_seller),
            revenue_split: terms.revenue_split.filter(|_| sees_the_seller),
            customer_since: terms.customer_since.filter(|_| sees_the_seller),
            exchange: terms.exchange.clone(),
            base: terms.base,
            base_left: terms.base_left(&conversion.charge, conversion.refunded)?,
            upline_cap: terms.upline_cap,
            clamp: terms.clamp.as_ref().map(|clamp| ClampView {
                scope: clamp.counter.scope,
                period: clamp.period,
                limit: clamp.limit,
                left: clamp.left,
            }),
            rounding: terms.rounding,
            hold_days: terms.hold_days,
        })
    }
}

impl From<&Entry> for EntryView {
    fn from(entry: &Entry) -> Self {
        let Entry { transaction, postings } = entry;
        let view = |posting: &ledger::Posting| {
            let account = match posting.account {
                ledger::Account::Pending(_) => "pending",
                ledger::Account::Available(_) => "available",
                ledger::Account::Transit(_) => "transit",
                ledger::Account::Held(_) => "held",
                ledger::Account::Expense | ledger::Account::Cash(_) => return None,
            };
            // A credit is negative in the journal; to the partner it is more.
            let amount = Money::new(posting.minor.checked_neg()?, transaction.currency);
            Some(PostingView { account, amount })
        };
        Self {
            id: transaction.id.clone(),
            kind: transaction.kind,
            at: transaction.at,
            postings: postings.iter().filter_map(view).collect(),
        }
    }
}
