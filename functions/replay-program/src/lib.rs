//! `POST /admin/programs/{program_id}/replay`: recomputes the journal of a program's conversions
//! from the stored facts and compares the two, page by page.

use domain::{
    id::ProgramId,
    replay::{Difference, Tally},
};
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use runtime::{Answer, Cursors, Problem, Progress, Request, Response, Violations};
use serde::{Deserialize, Serialize};
use store::{Store, history::Walk};

/// Conversions of one page when the caller names no number.
const LIMIT: u16 = 200;
/// Most conversions of one page: each is two reads, sixteen at a time.
const LIMIT_MAX: u16 = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReplayRequest {
    #[serde(default)]
    from: Option<Date>,
    #[serde(default)]
    to: Option<Date>,
    #[serde(default)]
    limit: Option<u16>,
    #[serde(default)]
    cursor: Option<String>,
}

/// Where a replay stands between two pages.
#[derive(Serialize, Deserialize)]
struct State {
    walk: Walk,
    last: Date,
    tally: Tally,
}

#[derive(Serialize)]
struct ReplayView {
    conversions: u64,
    entries: u64,
    expected_hash: String,
    stored_hash: String,
    first_difference: Option<Difference>,
    next_cursor: Option<String>,
}

/// Replays the next conversions, and answers with what was found since the first page.
///
/// # Errors
/// Every [`Problem`] that the contract lists for this operation.
pub async fn handle((store, cursors): (Store, Cursors), request: Request) -> Answer {
    request.admin()?;
    let program_id: ProgramId = request.path_id("program_id")?;
    let body: ReplayRequest = request.json()?;
    let limit = body.check()?;
    let asked = format!("{:?} {:?}", body.from, body.to);
    let progress = Progress::of(&request, &cursors, "replayProgram", asked)?;
    let earlier = progress.resume(body.cursor.as_deref())?;
    let program = store.program(&program_id).await?.ok_or_else(Problem::not_found)?;
    let plans = store.plans(&program_id).await?;
    let State { walk, last, mut tally } = earlier.unwrap_or_else(|| {
        let first = body.from.map(Walk::from);
        let walk = first.unwrap_or_else(|| Walk::from_the_first(&program, &plans));
        // Clocks of workers may be a little ahead.
        let tomorrow = request.received_at().to_zoned(TimeZone::UTC).date().saturating_add(1.day());
        State { walk, last: body.to.unwrap_or(tomorrow), tally: Tally::new() }
    });
    let page = store.walk(&program_id, walk, last, limit).await?;
    store.replay(&plans, &page.conversions, &mut tally).await?;
    let next_cursor = match page.next {
        Some(walk) => {
            let cursor = progress.pause(&State { walk, last, tally: tally.clone() });
            Some(cursor.ok_or_else(|| Problem::unavailable("the replay cannot be carried on"))?)
        }
        None => None,
    };
    Response::ok(&ReplayView {
        conversions: tally.conversions,
        entries: tally.entries,
        expected_hash: tally.expected.to_string(),
        stored_hash: tally.stored.to_string(),
        first_difference: tally.first_difference,
        next_cursor,
    })
}

impl ReplayRequest {
    /// The number of conversions that are wanted.
    fn check(&self) -> Result<usize, Problem> {
        let limit = self.limit.unwrap_or(LIMIT);
        let mut violations = Violations::new();
        let is_period = self.from.is_none_or(|from| self.to.is_none_or(|to| from <= to));
        violations.check(is_period, "/from", "after_to", "the first day is not after the last one").check(
            (1..=LIMIT_MAX).contains(&limit),
            "/limit",
            "out_of_range",
            "use 1 to 500",
        );
        violations.finish()?;
        Ok(usize::from(limit))
    }
}
