//! Replay: the journal of a conversion, recomputed from its facts and held against what is stored.
//!
//! The facts are the charge, whose it is, what was frozen of the world around it (tier, own rate,
//! first sale of the customer, exchange rate, what a cap had left), who earns on which level, and
//! what happened later, in its order. The price is no fact: the plan version that priced the
//! conversion computes base, rule, prices and amounts anew, and the entries follow from those.
//!
//! Recomputed are accruals, refunds, rejections and adjustments. Maturity books commissions of one
//! account in batches, as they were found; payouts are decisions of people and providers; bonuses
//! depend on all sales of a partner. None of them follows from the facts of one conversion, and the
//! audit checks them by their sums.

mod difference;
mod hash;

use jiff::Timestamp;

pub use difference::{Difference, Tally};
pub use hash::JournalHash;

use crate::{
    accrual::accrue,
    attribution::Rejection,
    commission::{
        AdjustError, Adjustment, Calculation, CapUse, Commission, CommissionEvent, Decision, Inputs,
        RefundError, ReviewError, Seller, Sponsor, adjust, calculate, refund, review,
    },
    conversion::{Conversion, Refund, refunded},
    id::{CommissionId, Level, PartnerId, TransactionId},
    ledger::{LedgerError, Transaction, TransactionKind},
    money::{Money, MoneyError},
    plan::{Cap, PlanVersion},
    risk::HoldReason,
};

/// What is known of one conversion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The conversion. Of its terms only what was frozen of the world is used.
    pub conversion: Conversion,
    /// Its lines, level 1 first: who earns, and whether they were held.
    pub lines: Vec<Commission>,
    /// When its commissions were granted, if any were.
    pub booked_at: Option<Timestamp>,
    /// What happened to it since, in the order in which it took effect.
    pub steps: Vec<Step>,
    /// Every stage of a refund that is known, whatever became of it.
    pub refunds: Vec<Refund>,
}

/// Something that happened to a conversion after it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The revision of the conversion that it led to: their order, whatever the clocks said.
    pub revision: u64,
    /// When it was booked.
    pub at: Timestamp,
    /// Lines that had become payable before it.
    pub matured: Vec<CommissionId>,
    /// Those of them that a payout had covered: a dispute does not freeze them.
    pub paid: Vec<CommissionId>,
    /// What happened.
    pub event: Event,
}

/// What happened to a conversion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Something was told of a refund.
    Refunded(Refund),
    /// An administrator decided on the held lines.
    Reviewed(Decision),
    /// An administrator added to a line or took from it.
    Adjusted(Adjustment),
}

/// Why the entries of a conversion cannot be recomputed: its facts contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// The plan that priced it is not there.
    #[error("there is no plan version {0}")]
    NoPlan(u32),
    /// An adjustment of a line that the plan does not give.
    #[error("there is an adjustment of {0}, which is no line")]
    NoLine(CommissionId),
    /// Amounts of another currency, or too large.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// An entry does not balance.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A refund that counts would be refused.
    #[error("a refund: {0}")]
    Refund(#[from] RefundError),
    /// A decision that counts would be refused.
    #[error("a review: {0}")]
    Review(#[from] ReviewError),
    /// An adjustment that counts would be refused.
    #[error("an adjustment: {0}")]
    Adjustment(#[from] AdjustError),
}

impl Facts {
    /// The ids of all entries that the conversion can have, whether it should or not.
    #[must_use]
    pub fn entry_ids(&self) -> Vec<TransactionId> {
        let id = self.conversion.id.as_str();
        let once = [TransactionKind::Accrue, TransactionKind::Reject].map(|kind| kind.transaction_id(&[id]));
        let refunds = self.refunds.iter().map(|refund| refund.entry_id(&self.conversion.id));
        let adjustments = self.steps.iter().filter_map(|step| match &step.event {
            Event::Adjusted(adjustment) => Some(adjustment.entry_id()),
            Event::Refunded(_) | Event::Reviewed(_) => None,
        });
        once.into_iter().chain(refunds).chain(adjustments).collect()
    }
}

/// The entries that a conversion must have, in the order in which they were booked. `plans` are all
/// versions of its program.
///
/// # Errors
/// When the facts contradict each other.
pub fn replay(facts: &Facts, plans: &[PlanVersion]) -> Result<Vec<Transaction>, ReplayError> {
    let Some(calculation) = recalculate(facts, plans)? else { return Ok(Vec::new()) };
    let mut conversion = Conversion {
        terms: Some(calculation.terms.clone()),
        refunded: Money::zero(facts.conversion.charge.amount.currency()),
        ..facts.conversion.clone()
    };
    let hold = hold_reason(facts);
    let at = facts.booked_at.unwrap_or(conversion.received_at);
    let accrual = accrue(&conversion, &calculation, hold, at)?;
    let mut lines = accrual.commissions;
    let mut entries: Vec<_> = accrual.transaction.into_iter().collect();
    let mut refunds = Vec::new();
    for step in &facts.steps {
        mature(&mut lines, step);
        entries.extend(take(&mut conversion, &mut lines, &mut refunds, step)?);
    }
    Ok(entries)
}

/// Why the lines were held when they were granted: it stands on them until they are let pass.
fn hold_reason(facts: &Facts) -> Option<HoldReason> {
    let was_reviewed = facts.steps.iter().any(|step| matches!(step.event, Event::Reviewed(_)));
    let reason = facts.lines.first().and_then(|line| line.hold_reason);
    reason.or(was_reviewed.then_some(HoldReason::SelfReferral))
}

/// The calculation with what was frozen in place of what was looked up; nothing for a conversion
/// that nobody is credited for.
fn recalculate(facts: &Facts, plans: &[PlanVersion]) -> Result<Option<Calculation>, ReplayError> {
    let Conversion { charge, attribution, terms, .. } = &facts.conversion;
    let (Some(touch), Some(terms)) = (attribution.touch(), terms) else { return Ok(None) };
    let plan = plans.iter().find(|plan| plan.version == terms.plan_version);
    let plan = plan.ok_or(ReplayError::NoPlan(terms.plan_version))?;
    let seller = Seller {
        partner_id: touch.partner_id.clone(),
        commission_tier: terms.commission_tier.clone(),
        revenue_split: terms.revenue_split,
    };
    // What the cap that left least had left; the others did not matter.
    let cap = terms.clamp.as_ref().map(|clamp| CapUse {
        cap: Cap { scope: clamp.counter.scope, period: clamp.period, amount: clamp.limit },
        counter: clamp.counter.clone(),
        used: clamp.limit.minor().saturating_sub(clamp.left.minor()),
    });
    let active_splits = active_splits(&facts.conversion);
    let calculation = calculate(&Inputs {
        plan,
        seller: &seller,
        touch,
        charge,
        upline: &upline(&facts.lines, active_splits.first().unwrap_or(&touch.partner_id)),
        customer_since: terms.customer_since,
        active_splits: &active_splits,
        exchange: terms.exchange.as_ref(),
        caps: cap.as_slice(),
    })?;
    Ok(Some(calculation))
}

/// The sponsors above, as the lines tell: a level without a line had a sponsor who was passed over.
fn upline(lines: &[Commission], seller: &PartnerId) -> Vec<Sponsor> {
    let deepest = lines.iter().map(|line| line.id.level()).max().unwrap_or(Level::ONE);
    let levels = (2..=Level::MAX).filter_map(Level::new).take_while(|level| *level <= deepest);
    levels
        .map(|level| match lines.iter().find(|line| line.id.level() == level) {
            Some(line) => Sponsor { partner_id: line.partner_id.clone(), is_active: true },
            // Who is not active, or has a part of the sale already, is passed over: here both.
            None => Sponsor { partner_id: seller.clone(), is_active: false },
        })
        .collect()
}

/// Of the partners who share a sale, those who were active: the others were rejected with it.
pub(crate) fn active_splits(conversion: &Conversion) -> Vec<PartnerId> {
    let rejected = &conversion.attribution.rejected;
    let is_out = |partner: &PartnerId| {
        rejected
            .iter()
            .any(|touch| touch.reason == Rejection::AgreementInactive && touch.reference == partner.as_str())
    };
    let partners = conversion.charge.splits.iter().map(|split| &split.partner_id);
    partners.filter(|partner| !is_out(partner)).cloned().collect()
}

/// Moves the lines that had matured before a step, which decides from which account it takes.
fn mature(lines: &mut [Commission], step: &Step) {
    let is_due = |line: &&mut Commission| line.matured_at.is_none() && step.matured.contains(&line.id);
    for line in lines.iter_mut().filter(is_due) {
        line.status = line.status.after(CommissionEvent::Mature).unwrap_or(line.status);
        line.matured_at = Some(step.at);
    }
    for line in lines.iter_mut().filter(|line| step.paid.contains(&line.id)) {
        line.status = line.status.after(CommissionEvent::Pay).unwrap_or(line.status);
    }
}

/// Applies a step, and gives what it books.
fn take(
    conversion: &mut Conversion,
    lines: &mut [Commission],
    refunds: &mut Vec<Refund>,
    step: &Step,
) -> Result<Option<Transaction>, ReplayError> {
    let is_disputed = refunded(conversion.charge.amount, refunds)?.is_disputed;
    let (changed, transaction) = match &step.event {
        Event::Refunded(fact) => {
            let reversal = refund(conversion, lines, refunds, fact, step.at)?;
            conversion.refunded = reversal.refunded;
            refunds.push(fact.clone());
            (reversal.commissions, reversal.transaction)
        }
        Event::Reviewed(decision) => {
            let reviewed = review(conversion, lines, is_disputed, *decision, step.at)?;
            (reviewed.commissions, reviewed.transaction)
        }
        Event::Adjusted(adjustment) => {
            let line = lines.iter().zip(conversion.priced(lines, conversion.refunded)?);
            let line = line.into_iter().find(|(line, _)| line.id == adjustment.commission_id);
            let no_line = || ReplayError::NoLine(adjustment.commission_id.clone());
            let (line, priced) = line.ok_or_else(no_line)?;
            let adjusted = adjust(line, priced, is_disputed, adjustment)?;
            (vec![adjusted.commission], adjusted.transaction)
        }
    };
    for line in changed {
        if let Some(place) = lines.iter_mut().find(|place| place.id == line.id) {
            *place = line;
        }
    }
    Ok(transaction)
}

#[cfg(test)]
mod tests;
