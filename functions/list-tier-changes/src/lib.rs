//! `GET /admin/programs/{program_id}/partners/{partner_id}/tier-changes`: a partner's moves between
//! tiers and what each was decided by, the newest first.

use domain::{
    id::{PartnerId, ProgramId},
    performance::TierChange,
    plan::{Metric, Threshold},
};
use jiff::{Timestamp, civil::Date};
use runtime::{Answer, Cursors, NoFilters, Problem, Request, Response, view::list::ListView};
use serde::Serialize;
use store::Store;

/// A move.
#[derive(Debug, Serialize)]
struct TierChangeView {
    from: Option<String>,
    to: Option<String>,
    metric: Metric,
    value: Threshold,
    window: WindowView,
    plan_version: u32,
    at: Timestamp,
}

#[derive(Debug, Serialize)]
struct WindowView {
    first: Option<Date>,
    last: Date,
}

impl From<TierChange> for TierChangeView {
    fn from(change: TierChange) -> Self {
        Self {
            from: change.from,
            to: change.to,
            metric: change.metric,
            value: change.value,
            window: WindowView { first: change.window.first, last: change.window.last },
            plan_version: change.plan_version,
            at: change.at,
        }
    }
}

/// Lists a partner's moves between tiers.
///
/// # Errors
/// Every [`Problem`] that the contract lists for this operation.
pub async fn handle((store, cursors): (Store, Cursors), request: Request) -> Answer {
    request.admin()?;
    let program_id: ProgramId = request.path_id("program_id")?;
    let partner_id: PartnerId = request.path_id("partner_id")?;
    let (NoFilters {}, page) = request.page::<NoFilters>(&cursors, "list_tier_changes")?;
    store.agreement(&program_id, &partner_id).await?.ok_or_else(Problem::not_found)?;
    let changes = store.tier_changes(&program_id, &partner_id, &page).await?;
    let data = changes.data.into_iter().map(TierChangeView::from).collect();
    Response::ok(&ListView { data, next_cursor: changes.next })
}
