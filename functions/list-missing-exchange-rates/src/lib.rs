//! `GET /admin/exchange-rates/missing`: the rates that sales wait for, those of the earliest day
//! first.

use runtime::{Answer, Cursors, NoFilters, Request, Response, view::list::ListView};
use store::Store;

/// Lists the rates that sales wait for.
///
/// # Errors
/// Every [`runtime::Problem`] that the contract lists for this operation.
pub async fn handle((store, cursors): (Store, Cursors), request: Request) -> Answer {
    request.admin()?;
    let (NoFilters {}, page) = request.page(&cursors, "list_missing_exchange_rates")?;
    let missing = store.missing_exchange_rates(&page).await?;
    Response::ok(&ListView::new(missing, |missing| missing))
}
