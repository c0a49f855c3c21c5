//! A conversion as the table holds it: its head, its lines and its refunds in one partition.
//!
//! The head is the one item at which a sale and its refunds meet. A refund that comes first puts
//! a stub there, so neither order can lose the other.

use domain::{
    attribution::{Attribution, Outcome, Unattributed},
    bonus::Award,
    commission::{Adjustment, Commission, Terms},
    conversion::{Charge, Conversion, ConversionKind, Customer, LineItem, Refund, Split, refunded},
    id::{CommissionId, ConversionId, CustomerId, ProgramId},
    money::{Currency, Money, MoneyError},
    replay::{Event, Step},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Store,
    adjust::AdjustmentItem,
    attribution::{RejectedItem, TouchItem},
    bonus::AwardItem,
    commission::CommissionItem,
    error::Error,
    history::ReviewItem,
    item::Shape,
    key,
    projection::RejectionItem,
    refund::{RefundItem, RefundState},
    table::Query,
    versioned::Versioned,
};

/// What is known of a charge.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Where the charge stands.
    pub head: Head,
    /// Its lines, level 1 first.
    pub commissions: Vec<Versioned<Commission>>,
    /// Refunds that wait for the charge, or for its lines.
    pub waiting: Vec<Refund>,
    /// What was told of refunds and counts.
    pub applied: Vec<Refund>,
    /// Every stage of a refund that is known, whatever became of it.
    pub refunds: Vec<Refund>,
    /// What administrators added to the lines or took from them, by id.
    pub adjustments: Vec<Adjustment>,
    /// When its commissions were granted, if any were.
    pub booked_at: Option<Timestamp>,
    /// What happened to it since, in any order.
    pub steps: Vec<Step>,
    /// The award, where it is that of a bonus and no charge.
    pub award: Option<Versioned<Award>>,
}

/// Where a charge stands.
#[derive(Debug, Clone, Default)]
pub enum Head {
    /// Nothing is known of it.
    #[default]
    Unknown,
    /// Only refunds are known.
    Stub {
        /// The stub's revision.
        revision: u64,
    },
    /// It is another id of the charge with this id.
    Alias {
        /// The charge's own id at its source.
        of: String,
    },
    /// The charge is known.
    Known(Box<Versioned<Conversion>>),
}

impl Head {
    /// The revision that the item has after it is replaced.
    pub(crate) fn next_revision(&self) -> u64 {
        match self {
            Self::Unknown | Self::Alias { .. } => 0,
            Self::Stub { revision } => revision + 1,
            Self::Known(known) => known.revision + 1,
        }
    }
}

impl Record {
    /// The conversion, when the charge is known.
    #[must_use]
    pub fn conversion(&self) -> Option<&Versioned<Conversion>> {
        match &self.head {
            Head::Known(conversion) => Some(conversion),
            Head::Unknown | Head::Stub { .. } | Head::Alias { .. } => None,
        }
    }

    /// What the terms give for a line at this moment, without any adjustment; nothing when it is no
    /// line of this record.
    ///
    /// # Errors
    /// When the terms cannot be applied, which would be a defect.
    pub fn priced(&self, line: &CommissionId) -> Result<Option<Money>, MoneyError> {
        let Some(place) = self.commissions.iter().position(|other| other.value.id == *line) else {
            return Ok(None);
        };
        if let Some(award) = &self.award {
            return Ok(Some(award.value.priced()));
        }
        let Some(known) = self.conversion() else { return Ok(None) };
        Ok(known.value.priced(&self.lines(), known.value.refunded)?.get(place).copied())
    }

    /// Is a dispute of the charge open? That of an award never is.
    ///
    /// # Errors
    /// When the refunds and the charge are of different currencies, which would be a defect.
    pub fn is_disputed(&self) -> Result<bool, MoneyError> {
        match self.conversion() {
            Some(known) => Ok(refunded(known.value.charge.amount, &self.applied)?.is_disputed),
            None => Ok(false),
        }
    }

    /// The revision of the charge, or of the award.
    pub(crate) fn revision(&self) -> Option<u64> {
        let award = self.award.as_ref().map(|award| award.revision);
        award.or_else(|| self.conversion().map(|known| known.revision))
    }

    /// The lines without their revisions.
    #[must_use]
    pub fn lines(&self) -> Vec<Commission> {
        self.commissions.iter().map(|line| line.value.clone()).collect()
    }
}

impl Store {
    /// Everything known of a charge, read strongly.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is corrupt.
    pub async fn conversion(&self, id: &ConversionId) -> Result<Record, Error> {
        let partition = key::conversion_with_lines(id);
        let mut record = Record::default();
        for row in self.query_all(Query::of(&partition)).await? {
            let revision = row.revision();
            match row.entity() {
                HeadItem::ENTITY => {
                    let mut item: HeadItem = row.parse()?;
                    record.booked_at = item.booked;
                    let review = item.reviewed.take();
                    let step = |review: ReviewItem| review.step.of(id, Event::Reviewed(review.decision));
                    record.steps.extend(review.map(step));
                    record.head = item.into_head(id, revision)?;
                }
                CommissionItem::ENTITY => {
                    let value = CommissionItem::commission(row)?;
                    record.commissions.push(Versioned { value, revision });
                }
                AwardItem::ENTITY => {
                    record.award = Some(Versioned { value: AwardItem::award(row, id)?, revision });
                }
                AdjustmentItem::ENTITY => {
                    let (adjustment, step) = AdjustmentItem::adjustment(row)?;
                    record.steps.push(step.of(id, Event::Adjusted(adjustment.clone())));
                    record.adjustments.push(adjustment);
                }
                // What it says stands in the lines, too.
                RejectionItem::ENTITY => {}
                _ => {
                    let item: RefundItem = row.parse()?;
                    record.refunds.push(item.refund());
                    match item.state {
                        RefundState::Waiting => record.waiting.push(item.refund()),
                        RefundState::Applied => {
                            let event = Event::Refunded(item.refund());
                            record.steps.extend(item.step.clone().map(|step| step.of(id, event)));
                            record.applied.push(item.refund());
                        }
                        RefundState::Refused | RefundState::Moved => {}
                    }
                }
            }
        }
        Ok(record)
    }
}

/// The head of a conversion.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HeadItem {
    pub(crate) state: HeadState,
    program: ProgramId,
    source: String,
    ext: String,
    #[serde(default)]
    rev: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) alias_of: Option<String>,
    #[serde(default)]
    refunded: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    charge: Option<ChargeItem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    touch: Option<TouchItem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unattributed: Option<Unattributed>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rejected: Vec<RejectedItem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    terms: Option<Terms>,
    /// When its commissions were granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) booked: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reviewed: Option<ReviewItem>,
}

/// Is the head a stub or an alias, or is the charge known?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HeadState {
    Stub,
    Alias,
    Known,
}

impl Shape for HeadItem {
    const ENTITY: &'static str = "conversion";
}

/// A charge, its amounts in minor units of one currency so that the head stays below a kilobyte.
#[derive(Debug, Serialize, Deserialize)]
struct ChargeItem {
    kind: ConversionKind,
    at: Timestamp,
    received: Timestamp,
    currency: Currency,
    amount: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    tax: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    shipping: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    discount: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    customer: Option<CustomerId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email_hash: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clicks: Option<domain::click::ClickTrail>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    coupon: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lines: Vec<LineItem>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    splits: Vec<Split>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<String>,
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    metadata: std::collections::BTreeMap<String, String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands skip_serializing_if a reference")]
fn is_zero(minor: &i64) -> bool {
    *minor == 0
}

impl HeadItem {
    /// The stub of a charge of which only a refund is known.
    pub(crate) fn stub(program: &ProgramId, source: &str, external_id: &str) -> Self {
        Self {
            state: HeadState::Stub,
            program: program.clone(),
            source: source.to_owned(),
            ext: external_id.to_owned(),
            rev: 0,
            alias_of: None,
            refunded: 0,
            charge: None,
            touch: None,
            unattributed: None,
            rejected: Vec::new(),
            terms: None,
            booked: None,
            reviewed: None,
        }
    }

    /// The head that says under which id the charge is kept.
    pub(crate) fn alias(program: &ProgramId, source: &str, alias: &str, of: &str, rev: u64) -> Self {
        let alias_of = Some(of.to_owned());
        Self { state: HeadState::Alias, rev, alias_of, ..Self::stub(program, source, alias) }
    }

    /// The head of a known charge at a revision.
    pub(crate) fn known(conversion: &Conversion, rev: u64) -> Self {
        let (touch, unattributed) = match &conversion.attribution.outcome {
            Outcome::Attributed(touch) => (Some(TouchItem::new(touch, &conversion.charge)), None),
            Outcome::Unattributed(reason) => (None, Some(*reason)),
        };
        let rejected = &conversion.attribution.rejected;
        Self {
            state: HeadState::Known,
            rev,
            refunded: conversion.refunded.minor(),
            charge: Some(ChargeItem::new(&conversion.charge, conversion.received_at)),
            touch,
            unattributed,
            rejected: rejected.iter().map(|touch| RejectedItem::new(touch, &conversion.charge)).collect(),
            terms: conversion.terms.clone(),
            ..Self::stub(&conversion.program_id, &conversion.source, &conversion.external_id)
        }
    }

    fn into_head(mut self, id: &ConversionId, revision: u64) -> Result<Head, Error> {
        match (self.state, self.alias_of.take()) {
            (HeadState::Stub, _) => return Ok(Head::Stub { revision }),
            (HeadState::Alias, Some(of)) => return Ok(Head::Alias { of }),
            _ => {}
        }
        let value = self.conversion(id)?;
        Ok(Head::Known(Box::new(Versioned { value, revision })))
    }

    /// The conversion of a known head.
    pub(crate) fn conversion(self, id: &ConversionId) -> Result<Conversion, Error> {
        let corrupt = |reason: &str| Error::Corrupt { key: key::conversion(id), reason: reason.to_owned() };
        let item = self.charge.ok_or_else(|| corrupt("a known charge is missing"))?;
        let (received_at, currency) = (item.received, item.currency);
        let charge = item.charge();
        let missing_click = || corrupt("a touch names a click that the charge has not");
        let outcome = match (self.touch, self.unattributed) {
            (Some(touch), None) => Outcome::Attributed(touch.touch(&charge).ok_or_else(missing_click)?),
            (None, Some(reason)) => Outcome::Unattributed(reason),
            _ => return Err(corrupt("it needs either a touch or a reason why there is none")),
        };
        let rejected = self.rejected.into_iter().map(|touch| touch.touch(&charge).ok_or_else(missing_click));
        let rejected = rejected.collect::<Result<_, _>>()?;
        Ok(Conversion {
            id: id.clone(),
            program_id: self.program,
            source: self.source,
            external_id: self.ext,
            received_at,
            charge,
            attribution: Attribution { outcome, rejected },
            terms: self.terms,
            refunded: Money::new(self.refunded, currency),
        })
    }
}

impl ChargeItem {
    fn new(charge: &Charge, received: Timestamp) -> Self {
        Self {
            kind: charge.kind,
            at: charge.occurred_at,
            received,
            currency: charge.amount.currency(),
            amount: charge.amount.minor(),
            tax: charge.tax.minor(),
            shipping: charge.shipping.minor(),
            discount: charge.discount.minor(),
            customer: charge.customer.as_ref().map(|customer| customer.id.clone()),
            email_hash: charge.customer.as_ref().and_then(|customer| customer.email_hash.clone()),
            clicks: charge.clicks.clone(),
            country: charge.country.clone(),
            coupon: charge.coupon.clone(),
            lines: charge.lines.clone(),
            splits: charge.splits.clone(),
            aliases: charge.aliases.clone(),
            metadata: charge.metadata.clone(),
        }
    }

    fn charge(self) -> Charge {
        let money = |minor| Money::new(minor, self.currency);
        Charge {
            kind: self.kind,
            occurred_at: self.at,
            amount: money(self.amount),
            tax: money(self.tax),
            shipping: money(self.shipping),
            discount: money(self.discount),
            customer: self.customer.map(|id| Customer { id, email_hash: self.email_hash }),
            clicks: self.clicks,
            country: self.country,
            coupon: self.coupon,
            lines: self.lines,
            splits: self.splits,
            aliases: self.aliases,
            metadata: self.metadata,
        }
    }
}
