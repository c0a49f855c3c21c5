//! Bonuses: what a partner earns for reaching a threshold within a month, a quarter, or at all.
//!
//! There is one award for each partner, bonus and window, under an id that follows from them. It is
//! granted when the threshold is reached, taken back when refunds bring the partner below it, and
//! granted again when it is reached again. Its terms are those of its first grant, for good.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{
    commission::{AccountChange, Commission, CommissionStatus, Price},
    conversion::ConversionKind,
    id::{CommissionId, ConversionId, Level, PartnerId, ProgramId, TransactionId},
    ledger::{Account, Entry, LedgerError, Transaction, TransactionKind},
    money::{Money, MoneyError},
    performance::{Performance, Period},
    plan::{Bonus, FlatRefund, Metric, PlanVersion, Threshold, Window, in_force},
};

/// The windows of a bonus that are looked at on a day: the one of the day and the one before, since a
/// sale or refund may be reported late.
fn periods(window: Window, today: Date) -> Vec<Period> {
    match window {
        // A plan with such a bonus is refused: it would be earned anew every day.
        Window::RollingDays(_) => Vec::new(),
        Window::Month | Window::Quarter | Window::Lifetime => {
            [Some(Period::of(window, today)), Period::before(window, today)].into_iter().flatten().collect()
        }
    }
}

/// The last moment at which plan versions count for a period.
fn end(period: Period, now: Timestamp) -> Timestamp {
    let next = period.last.saturating_add(1.day()).to_zoned(TimeZone::UTC);
    let last = next.ok().and_then(|next| next.timestamp().checked_sub(SignedDuration::from_nanos(1)).ok());
    last.map_or(now, |last| last.min(now))
}

/// Was the version in force at any time of a period?
fn was_in_force(version: &PlanVersion, versions: &[PlanVersion], period: Period, now: Timestamp) -> bool {
    let later = versions.iter().filter(|later| later.version > version.version);
    let replaced = later.map(|later| later.effective_from).min();
    let start = period.first.and_then(|first| first.to_zoned(TimeZone::UTC).ok());
    let is_over = replaced.zip(start).is_some_and(|(replaced, start)| replaced <= start.timestamp());
    version.effective_from <= end(period, now) && !is_over
}

/// What an award is granted by; frozen at its first grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BonusTerms {
    /// The plan version that promised it.
    pub plan_version: u32,
    /// What is measured.
    pub metric: Metric,
    /// What it takes.
    pub at_least: Threshold,
    /// What it pays.
    pub amount: Money,
    /// Days from a grant to maturity.
    pub hold_days: u16,
}

/// What was measured, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// When.
    pub at: Timestamp,
    /// What the metric stood at.
    pub value: Threshold,
}

/// A bonus that was granted to a partner for a period, whether it still is or was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Award {
    /// Derived from program, partner, bonus and period.
    pub id: ConversionId,
    /// The program.
    pub program_id: ProgramId,
    /// Who earns it.
    pub partner_id: PartnerId,
    /// The bonus' name in the plan.
    pub bonus_id: String,
    /// Over which time it is measured.
    pub window: Window,
    /// The days of sale that counted at its first grant; those of a month or quarter stay.
    pub period: Period,
    /// What it is granted by.
    pub terms: BonusTerms,
    /// The reading by which it was granted last.
    pub reached: Reading,
    /// The reading by which it was taken back; none while it is granted.
    pub missed: Option<Reading>,
    /// How often it was granted or taken back.
    pub bookings: u32,
}

impl Award {
    /// Is it granted?
    #[must_use]
    pub fn is_granted(&self) -> bool {
        self.missed.is_none()
    }

    /// What its line is worth by its terms.
    #[must_use]
    pub fn priced(&self) -> Money {
        match self.is_granted() {
            true => self.terms.amount,
            false => Money::zero(self.terms.amount.currency()),
        }
    }

    /// Its one line.
    #[must_use]
    pub fn commission_id(&self) -> CommissionId {
        CommissionId::new(self.id.clone(), Level::ONE)
    }

    /// The ids of its journal transactions, the first grant first.
    #[must_use]
    pub fn entry_ids(&self) -> Vec<TransactionId> {
        let id =
            |number: u32| TransactionKind::Bonus.transaction_id(&[self.id.as_str(), &number.to_string()]);
        (1..=self.bookings).map(id).collect()
    }
}

/// A bonus and a period that a partner is measured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Goal<'a> {
    /// The bonus' name in the plan.
    pub bonus_id: &'a str,
    /// Over which time it is measured.
    pub window: Window,
    /// The days of sale that count.
    pub period: Period,
    /// The bonus with the plan version that promises it; none when it can only be taken back, since
    /// the version in force at the end of the period does not have it.
    pub offer: Option<(&'a PlanVersion, &'a Bonus)>,
}

/// What partners are measured by now: every bonus for the current period and the one before.
///
/// The version in force at the end of a period, or now when it has not ended, says which bonuses it
/// has. Bonuses of other versions that were in force within it are among the goals without an offer: one
/// of them may have been granted before it was dropped.
#[must_use]
pub fn goals(versions: &[PlanVersion], now: Timestamp) -> Vec<Goal<'_>> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let (mut goals, mut seen) = (Vec::new(), BTreeSet::new());
    let bonuses =
        versions.iter().flat_map(|version| version.plan.bonuses.iter().map(move |bonus| (version, bonus)));
    for (version, bonus) in bonuses {
        for period in periods(bonus.window, today) {
            let name = (bonus.id.as_str(), period.first, period.last);
            if !was_in_force(version, versions, period, now) || !seen.insert(name) {
                continue;
            }
            let offer = in_force(versions, end(period, now)).and_then(|version| {
                let has_it = |other: &&Bonus| other.id == bonus.id && other.window == bonus.window;
                Some((version, version.plan.bonuses.iter().find(has_it)?))
            });
            goals.push(Goal { bonus_id: &bonus.id, window: bonus.window, period, offer });
        }
    }
    goals
}

/// An award that is granted or taken back, with everything that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// The award as it is afterwards.
    pub award: Award,
    /// Its line as it is afterwards.
    pub commission: Commission,
    /// Changes of the partner's balances; may drive the available one below zero.
    pub account: AccountChange,
    /// The journal's account of it; none where adjustments had already taken what it takes back.
    pub transaction: Option<Transaction>,
}

/// Why an award cannot be booked; both are defects.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BonusError {
    /// Currencies differ, or an amount does not fit.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// The entry does not balance.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl Goal<'_> {
    /// The id of a partner's award for this goal.
    #[must_use]
    pub fn award_id(&self, program: &ProgramId, partner: &PartnerId) -> ConversionId {
        let window = match self.window {
            Window::Month => "month",
            Window::Quarter => "quarter",
            Window::Lifetime | Window::RollingDays(_) => "lifetime",
        };
        let first = self.period.first.map_or_else(String::new, |first| first.to_string());
        let parts = ["bonus", program.as_str(), partner.as_str(), self.bonus_id, window, &first];
        ConversionId::derive(&parts)
    }

    /// Is there anything to book, by what is known of the award and what was measured?
    #[must_use]
    pub fn is_due(&self, award: Option<&Award>, performance: &Performance) -> bool {
        match (award, self.offer) {
            (Some(award), _) => {
                let BonusTerms { metric, at_least, .. } = award.terms;
                performance.reaches(metric, at_least) != award.is_granted()
            }
            (None, Some((_, bonus))) => performance.reaches(bonus.metric, bonus.at_least),
            (None, None) => false,
        }
    }

    /// Grants the award, takes it back or grants it again; nothing when it is as it should be.
    ///
    /// # Errors
    /// When the amounts cannot be computed or do not balance.
    pub fn book(
        &self,
        (program, partner): (&ProgramId, &PartnerId),
        standing: Option<(&Award, &Commission)>,
        performance: &Performance,
        at: Timestamp,
    ) -> Result<Option<Booking>, BonusError> {
        if !self.is_due(standing.map(|(award, _)| award), performance) {
            return Ok(None);
        }
        match (standing, self.offer) {
            (Some((award, line)), _) => turn(award, line, performance, at).map(Some),
            (None, Some((version, bonus))) => {
                let award = Award {
                    id: self.award_id(program, partner),
                    program_id: program.clone(),
                    partner_id: partner.clone(),
                    bonus_id: self.bonus_id.to_owned(),
                    window: self.window,
                    period: self.period,
                    terms: BonusTerms {
                        plan_version: version.version,
                        metric: bonus.metric,
                        at_least: bonus.at_least,
                        amount: bonus.amount,
                        hold_days: version.plan.hold_days,
                    },
                    reached: Reading { at, value: performance.value(bonus.metric) },
                    missed: None,
                    bookings: 1,
                };
                let line = line(&award);
                booking(award, &line, line.amount, at).map(Some)
            }
            (None, None) => Ok(None),
        }
    }
}

/// The line of an award that is granted for the first time.
fn line(award: &Award) -> Commission {
    let (amount, at) = (award.terms.amount, award.reached.at);
    Commission {
        id: award.commission_id(),
        program_id: award.program_id.clone(),
        partner_id: award.partner_id.clone(),
        price: Price::Flat { amount, on_refund: FlatRefund::Keep },
        status: CommissionStatus::Pending,
        hold_reason: None,
        earned: amount,
        amount,
        adjusted: Money::zero(amount.currency()),
        kind: ConversionKind::Bonus,
        campaign: None,
        occurred_at: at,
        eligible_at: eligible_at(award),
        matured_at: None,
        payout_id: None,
        payout_date: None,
    }
}

/// A grant has its holding period, and so has a grant after it was taken back.
fn eligible_at(award: &Award) -> Timestamp {
    let hold = SignedDuration::from_hours(24 * i64::from(award.terms.hold_days));
    award.reached.at.checked_add(hold).unwrap_or(Timestamp::MAX)
}

/// Takes a granted award back, or grants one again that was taken back.
fn turn(
    award: &Award,
    line: &Commission,
    performance: &Performance,
    at: Timestamp,
) -> Result<Booking, BonusError> {
    let reading = Reading { at, value: performance.value(award.terms.metric) };
    let bookings = award.bookings.saturating_add(1);
    let award = match award.is_granted() {
        true => Award { missed: Some(reading), bookings, ..award.clone() },
        false => Award { reached: reading, missed: None, bookings, ..award.clone() },
    };
    let mut after = line.worth(line.at(award.priced())?, false);
    if award.is_granted() && after.status == CommissionStatus::Pending {
        after.eligible_at = eligible_at(&award);
    }
    let change = after.amount.minus(line.amount)?;
    booking(award, &after, change, at)
}

/// The booking by which the line is worth so much more, or less, than before.
fn booking(
    award: Award,
    commission: &Commission,
    change: Money,
    at: Timestamp,
) -> Result<Booking, BonusError> {
    let (minor, account) = (change.minor(), commission.account());
    let available = if matches!(account, Account::Available(_)) { minor } else { 0 };
    let covered = if commission.payout_id.is_some() { available } else { 0 };
    let mut entry = Entry::new().debit(Account::Expense, minor);
    entry.push(account, minor.saturating_neg(), Some(Level::ONE));
    let number = award.bookings.to_string();
    let subject = [award.id.as_str(), number.as_str()];
    let kind = TransactionKind::Bonus;
    let transaction = entry.close(&award.program_id, kind, &subject, at, change.currency())?;
    let account = AccountChange { available, covered, held: 0 };
    Ok(Booking { award, commission: commission.clone(), account, transaction })
}

#[cfg(test)]
mod tests;
