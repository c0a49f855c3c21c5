//! `GET /affiliate/referrals`: the partners whom the caller has recruited, generation by
//! generation, and what the caller has earned by level.

mod line;

use domain::{
    id::{Level, PartnerId, ProgramId},
    money::Money,
};
use runtime::{Answer, Cursors, Enrolment, Request, Response, Violations};
use serde::{Deserialize, Serialize};
use store::{Store, projection::Totals};

use crate::line::{Line, ReferralView};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filters {
    program_id: ProgramId,
    #[serde(default = "direct_only")]
    depth: u8,
}

fn direct_only() -> u8 {
    1
}

#[derive(Serialize)]
struct ReferralList {
    earnings_by_level: Vec<LevelView>,
    data: Vec<ReferralView>,
    /// Recruits' recruits may be missing, because the answer was full.
    truncated: bool,
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct LevelView {
    level: Level,
    earnings: Money,
}

/// Answers with a page of direct recruits and what stands below them.
///
/// # Errors
/// A problem, for the caller to read.
pub async fn handle((store, cursors): (Store, Cursors), request: Request) -> Answer {
    let partner = request.partner()?.id;
    let (Filters { program_id, depth }, page) = request.page::<Filters>(&cursors, "list_referrals")?;
    let mut violations = Violations::new();
    violations.check(
        (1..=Level::MAX).contains(&depth),
        "/depth",
        "out_of_range",
        "depth is a number from 1 to 10",
    );
    violations.finish()?;
    let currency = Enrolment::load(&store, &program_id, &partner).await?.currency();
    let (direct, totals) = tokio::try_join!(
        store.recruits(&program_id, &partner, &page),
        store.totals(&program_id, &partner, currency),
    )?;
    let direct_ids: Vec<PartnerId> = direct.data.iter().map(|recruit| recruit.partner_id.clone()).collect();
    let people = store.partners(&direct_ids).await?;
    let line = Line { store: &store, cursors: &cursors, caller: &partner, now: request.received_at() };
    let (data, truncated) = line.below(&program_id, direct.data, &people, depth).await?;
    Response::ok(&ReferralList {
        earnings_by_level: by_level(totals),
        data,
        truncated,
        next_cursor: direct.next,
    })
}

fn by_level(totals: Totals) -> Vec<LevelView> {
    let earned = totals.earnings_by_level.into_iter().filter(|(_, earnings)| !earnings.is_zero());
    earned.map(|(level, earnings)| LevelView { level, earnings }).collect()
}
