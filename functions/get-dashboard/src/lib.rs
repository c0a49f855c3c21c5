//! `GET /affiliate/dashboard`: the calling partner's figures of a period, and the balances as they
//! are now.

mod period;
mod view;

use domain::{dashboard::figures, id::ProgramId};
use jiff::civil::Date;
use runtime::{Answer, Enrolment, Problem, Request, Response};
use serde::Deserialize;
use store::Store;

use crate::{
    period::Period,
    view::{BalancesView, DashboardView},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    program_id: ProgramId,
    from: Option<Date>,
    to: Option<Date>,
}

/// Answers with the figures.
///
/// The balances `available`, `held`, `transit` and `paid` are read strongly; `pending` and the
/// figures are projections that follow the ledger by a moment.
///
/// # Errors
/// A problem, for the caller to read.
pub async fn handle(store: Store, request: Request) -> Answer {
    let partner = request.partner()?.id;
    let Query { program_id, from, to } = request.query()?;
    let now = request.received_at();
    let period = Period::of(from, to, now)?;
    let currency = Enrolment::load(&store, &program_id, &partner).await?.currency();
    let (days, account, totals) = tokio::try_join!(
        store.day_counters(&program_id, &partner, currency, period.from, period.to),
        store.account(&program_id, &partner, currency),
        store.totals(&program_id, &partner, currency),
    )?;
    let figures = figures(currency, &days).map_err(Problem::internal)?;
    let balances = BalancesView::new(&account.balances, totals.pending);
    Response::ok(&DashboardView::new(program_id, period, now, figures, balances))
}
