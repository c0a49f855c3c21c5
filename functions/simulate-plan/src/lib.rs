//! `POST /admin/programs/{program_id}/plans/simulate`: tries a draft plan on the sales of a period.
//! Nothing is written.

mod history;
mod view;

use domain::{
    id::ProgramId,
    plan::{Plan, PlanVersion},
    simulation::{Counters, Simulation},
};
use jiff::civil::Date;
use runtime::{Answer, Cursors, Problem, Progress, Request, Response, Violations};
use serde::{Deserialize, Serialize};
use store::{Store, history::Walk};

use view::SimulationView;

/// Conversions of one page when the caller names no number.
const LIMIT: u16 = 200;
/// Most conversions of one page.
const LIMIT_MAX: u16 = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SimulationRequest {
    plan: Plan,
    from: Date,
    to: Date,
    #[serde(default)]
    limit: Option<u16>,
    #[serde(default)]
    cursor: Option<String>,
}

/// Where a simulation stands between two pages.
#[derive(Serialize, Deserialize)]
struct State {
    walk: Walk,
    counters: Counters,
}

/// Tries the draft on the next sales, and answers with what it changes for these.
///
/// # Errors
/// Every [`Problem`] that the contract lists for this operation.
pub async fn handle((store, cursors): (Store, Cursors), request: Request) -> Answer {
    request.admin()?;
    let program_id: ProgramId = request.path_id("program_id")?;
    let SimulationRequest { plan, from, to, limit, cursor } = request.json()?;
    let asked = serde_json::to_string(&(&plan, from, to)).map_err(Problem::internal)?;
    let progress = Progress::of(&request, &cursors, "simulatePlan", asked)?;
    let earlier = progress.resume(cursor.as_deref())?;
    let program = store.program(&program_id).await?.ok_or_else(Problem::not_found)?;
    let mut violations = Violations::new();
    let limit = limit.unwrap_or(LIMIT);
    violations
        .plan(&plan, program.currency)
        .check(from <= to, "/from", "after_to", "the first day is not after the last one")
        .check((1..=LIMIT_MAX).contains(&limit), "/limit", "out_of_range", "use 1 to 500");
    violations.finish()?;
    let begin = || State { walk: Walk::from(from), counters: Counters::default() };
    let State { walk, counters } = earlier.unwrap_or_else(begin);
    let page = store.walk(&program_id, walk, to, usize::from(limit)).await?;
    // It prices all of them, from whatever time on it would be in force.
    let draft = PlanVersion { program_id, version: 0, effective_from: request.received_at(), plan };
    let mut simulation = Simulation::new(&draft, program.currency, counters);
    history::add(&store, &draft, &page.conversions, &mut simulation).await?;
    let next_cursor = match page.next {
        Some(walk) => {
            let state = State { walk, counters: simulation.counters.clone() };
            Some(progress.pause(&state).ok_or_else(too_many_counters)?)
        }
        None => None,
    };
    Response::ok(&SimulationView::new(simulation, next_cursor)?)
}

/// A counter for each subject of the draft's caps goes from page to page: there is room for some
/// thousands, and a result that left some out would be wrong.
fn too_many_counters() -> Problem {
    let mut violations = Violations::new();
    let detail = "its caps count more partners, customers or campaigns at a time than can be carried from \
                  page to page: take a shorter period, or leave the cap out";
    violations.add("/plan/caps", "too_many_counters", detail);
    violations.into()
}
