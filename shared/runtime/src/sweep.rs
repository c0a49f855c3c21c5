//! A sweep: a schedule looks at every active partner of every active program.

use domain::{agreement::Agreement, plan::PlanVersion, program::Program};
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use store::{Store, Versioned};

use crate::{
    telemetry,
    worker::{Failure, Outcome},
};

/// Partners that are looked at at a time.
const AT_A_TIME: usize = 16;

/// What a sweep does with a partner.
pub trait Look: Sync {
    /// The metric that counts what was changed.
    const CHANGES: &'static str;
    /// The metric that counts the partners and programs that could not be looked at.
    const FAILURES: &'static str;

    /// Do these versions of a program's plan ask for a look at its partners?
    fn concerns(&self, plans: &[PlanVersion]) -> bool;

    /// Looks at a partner, and changes what is to be changed; gives how much that was.
    fn look(
        &self,
        program: &Program,
        plans: &[PlanVersion],
        agreement: &Versioned<Agreement>,
    ) -> impl Future<Output = Result<u64, Failure>> + Send;
}

/// Looks at all of them. A partner or program that cannot be read does not keep the others from being
/// looked at.
///
/// # Errors
/// When one could not be looked at: the next run tries again.
pub async fn sweep<L: Look>(store: &Store, look: &L, now: Timestamp) -> Outcome {
    let mut run = Run::default();
    let mut start = None;
    loop {
        let (programs, next) = store.programs_page(start).await?;
        for program in programs.iter().filter(|program| program.is_active) {
            if let Err(error) = sweep_program(store, look, program, &mut run).await {
                run.fail(program, None, &error);
            }
        }
        start = next;
        if start.is_none() {
            break;
        }
    }
    telemetry::metric(L::CHANGES, run.changes, &[], now);
    telemetry::metric(L::FAILURES, run.failures, &[], now);
    match run.failures {
        0 => Ok(()),
        failures => Err(Failure::retry(format!("{failures} partners or programs could not be looked at"))),
    }
}

async fn sweep_program<L: Look>(
    store: &Store,
    look: &L,
    program: &Program,
    run: &mut Run,
) -> Result<(), Failure> {
    let plans = store.plans(&program.id).await?;
    if !look.concerns(&plans) {
        return Ok(());
    }
    let mut start = None;
    loop {
        let (agreements, next) = store.active_agreements(&program.id, start).await?;
        let plans = plans.as_slice();
        let mut looks = stream::iter(agreements)
            .map(|agreement| async move {
                match agreement {
                    Ok(agreement) => (look.look(program, plans, &agreement).await, Some(agreement)),
                    Err(error) => (Err(Failure::from(error)), None),
                }
            })
            .buffer_unordered(AT_A_TIME);
        while let Some((result, agreement)) = looks.next().await {
            match result {
                Ok(changes) => run.changes = run.changes.saturating_add(changes),
                Err(error) => run.fail(program, agreement.as_ref().map(|read| &read.value), &error),
            }
        }
        start = next;
        if start.is_none() {
            return Ok(());
        }
    }
}

/// What a run did.
#[derive(Default)]
struct Run {
    changes: u64,
    failures: u64,
}

impl Run {
    fn fail(&mut self, program: &Program, agreement: Option<&Agreement>, error: &Failure) {
        self.failures = self.failures.saturating_add(1);
        let partner = agreement.map_or("", |agreement| agreement.partner_id.as_str());
        let program = program.id.as_str();
        tracing::error!(program, partner, error = %error, "it could not be looked at");
    }
}
