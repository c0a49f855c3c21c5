//! `GET /affiliate/links`: the calling partner's links in a program with their clicks, the newest first.

use domain::id::ProgramId;
use runtime::{
    Answer, Cursors, LinkBase, Problem, Request, Response,
    view::{link::LinkView, list::ListView},
};
use serde::Deserialize;
use store::Store;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filters {
    program_id: ProgramId,
}

/// Lists links.
///
/// # Errors
/// Every [`Problem`] that the contract lists for this operation.
pub async fn handle((store, cursors, base): (Store, Cursors, LinkBase), request: Request) -> Answer {
    let partner = request.partner()?;
    let (filters, page) = request.page::<Filters>(&cursors, "list_links")?;
    store.agreement(&filters.program_id, &partner.id).await?.ok_or_else(Problem::not_found)?;
    let links = store.links(&filters.program_id, &partner.id, &page).await?;
    let ids: Vec<_> = links.data.iter().map(|link| link.id.clone()).collect();
    let clicks = store.link_clicks(&ids).await?;
    let address = base.of(&request)?;
    Response::ok(&ListView::new(links, |link| {
        let clicks = clicks.get(&link.id).copied().unwrap_or_default();
        LinkView::new(link, clicks, &address)
    }))
}
