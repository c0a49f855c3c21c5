//! A schedule: partners are moved to the tier that their performance reaches by the plan in force.

mod evaluation;

use domain::{
    agreement::Agreement,
    plan::{PlanVersion, TierRequirements, in_force},
    program::Program,
};
use jiff::Timestamp;
use runtime::{
    Failure, Outcome,
    sweep::{Look, sweep},
};
use store::{Store, Versioned};

use crate::evaluation::Evaluation;

/// Looks at every active partner of every active program whose plan has tiers; a run that did all it
/// had to changes nothing when it is repeated.
///
/// The metrics `TierMoves` and `TierFailures` count moves, and partners or programs that could not be
/// looked at.
///
/// # Errors
/// When there was such a failure: the next run tries again.
pub async fn handle(store: Store, now: Timestamp) -> Outcome {
    sweep(&store, &Tiers { store: &store, now }, now).await
}

struct Tiers<'a> {
    store: &'a Store,
    now: Timestamp,
}

impl Tiers<'_> {
    /// What the plan in force asks for a tier, with that plan's version.
    fn requirements<'p>(&self, plans: &'p [PlanVersion]) -> Option<(&'p TierRequirements, u32)> {
        let version = in_force(plans, self.now)?;
        Some((version.plan.tier_requirements.as_ref()?, version.version))
    }
}

impl Look for Tiers<'_> {
    const CHANGES: &'static str = "TierMoves";
    const FAILURES: &'static str = "TierFailures";

    fn concerns(&self, plans: &[PlanVersion]) -> bool {
        self.requirements(plans).is_some()
    }

    async fn look(
        &self,
        program: &Program,
        plans: &[PlanVersion],
        agreement: &Versioned<Agreement>,
    ) -> Result<u64, Failure> {
        let Some((requirements, plan_version)) = self.requirements(plans) else { return Ok(0) };
        let evaluation = Evaluation { store: self.store, program, requirements, plan_version, now: self.now };
        Ok(u64::from(evaluation.of(agreement).await?))
    }
}
