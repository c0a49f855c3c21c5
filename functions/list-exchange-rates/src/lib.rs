//! `GET /admin/exchange-rates`: the rates between two currencies, the newest first.

use domain::money::Currency;
use runtime::{Answer, Cursors, Request, Response, view::list::ListView};
use serde::Deserialize;
use store::Store;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filters {
    from: Currency,
    to: Currency,
}

/// Lists exchange rates.
///
/// # Errors
/// Every [`runtime::Problem`] that the contract lists for this operation.
pub async fn handle((store, cursors): (Store, Cursors), request: Request) -> Answer {
    request.admin()?;
    let (Filters { from, to }, page) = request.page(&cursors, "list_exchange_rates")?;
    let rates = store.exchange_rates(from, to, &page).await?;
    Response::ok(&ListView::new(rates, |rate| rate))
}
