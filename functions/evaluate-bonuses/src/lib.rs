//! A schedule: bonuses are granted to who reaches them, and taken back from who does so no longer.

use domain::{
    agreement::Agreement,
    bonus::{Goal, goals},
    performance::Performance,
    plan::PlanVersion,
    program::Program,
};
use jiff::Timestamp;
use runtime::{
    Failure, Outcome,
    sweep::{Look, sweep},
};
use store::{Error, Store, Versioned, accrual::Written};

/// How often an award is decided on anew because it changed in between.
const ATTEMPTS: usize = 3;

/// Looks at the bonuses of every active partner. A run that did all it had to changes nothing when it
/// is repeated.
///
/// # Errors
/// When somebody could not be looked at: the next run tries again.
pub async fn handle(store: Store, now: Timestamp) -> Outcome {
    sweep(&store, &Bonuses { store: &store, now }, now).await
}

struct Bonuses<'a> {
    store: &'a Store,
    now: Timestamp,
}

impl Look for Bonuses<'_> {
    const CHANGES: &'static str = "BonusBookings";
    const FAILURES: &'static str = "BonusFailures";

    fn concerns(&self, plans: &[PlanVersion]) -> bool {
        plans.iter().any(|version| !version.plan.bonuses.is_empty())
    }

    async fn look(
        &self,
        program: &Program,
        plans: &[PlanVersion],
        agreement: &Versioned<Agreement>,
    ) -> Result<u64, Failure> {
        let goals = goals(plans, self.now);
        let partner = &agreement.value.partner_id;
        let ids: Vec<_> = goals.iter().map(|goal| goal.award_id(&program.id, partner)).collect();
        let awards = self.store.awards(&ids).await?;
        // Several bonuses of one period are measured at once.
        let mut measured: Vec<(_, Performance)> = Vec::new();
        let mut booked = 0;
        for (goal, id) in goals.iter().zip(&ids) {
            let award = awards.iter().find(|award| award.id == *id);
            if award.is_none() && goal.offer.is_none() {
                continue;
            }
            let known = measured.iter().find(|(period, _)| *period == goal.period);
            let performance = match known {
                Some((_, performance)) => *performance,
                None => {
                    let performance = self.performance(program, &agreement.value, goal).await?;
                    measured.push((goal.period, performance));
                    performance
                }
            };
            if goal.is_due(award, &performance)
                && self.book(program, &agreement.value, goal, &performance).await?
            {
                booked += 1;
            }
        }
        Ok(booked)
    }
}

impl Bonuses<'_> {
    async fn performance(
        &self,
        program: &Program,
        agreement: &Agreement,
        goal: &Goal<'_>,
    ) -> Result<Performance, Error> {
        let (first, last) = (goal.period.first, goal.period.last);
        self.store.performance(&program.id, &agreement.partner_id, program.currency, first, last).await
    }

    /// Books what is due by the award and the line as they stand now; false when nothing is any more,
    /// or they keep changing, which the next run sees.
    async fn book(
        &self,
        program: &Program,
        agreement: &Agreement,
        goal: &Goal<'_>,
        performance: &Performance,
    ) -> Result<bool, Failure> {
        let owner = (&program.id, &agreement.partner_id);
        for _ in 0..ATTEMPTS {
            let record = self.store.conversion(&goal.award_id(owner.0, owner.1)).await?;
            let award = record.award.as_ref().map(|award| &award.value);
            let standing = award.zip(record.commissions.first().map(|line| &line.value));
            let Some(booking) = goal.book(owner, standing, performance, self.now).map_err(Failure::retry)?
            else {
                return Ok(false);
            };
            if self.store.book_award(&record, &booking).await? == Written::Now {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
