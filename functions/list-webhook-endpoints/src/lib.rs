//! `GET /admin/webhook-endpoints`: a program's webhook endpoints, the oldest first, and how they are
//! used.

use domain::id::ProgramId;
use futures_util::future::try_join_all;
use jiff::Timestamp;
use runtime::{
    Answer, Cursors, LinkBase, Problem, Request, Response,
    view::{list::ListView, webhook::EndpointView},
};
use serde::{Deserialize, Serialize};
use store::{
    Store,
    page::Page,
    webhook::{LastFailure, WebhookTraffic},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filters {
    program_id: ProgramId,
}

#[derive(Serialize)]
struct UsedEndpointView {
    #[serde(flatten)]
    endpoint: EndpointView,
    received: u64,
    last_received_at: Option<Timestamp>,
    failed: u64,
    last_failure: Option<LastFailure>,
}

/// Lists webhook endpoints.
///
/// # Errors
/// Every [`Problem`] that the contract lists for this operation.
pub async fn handle((store, cursors, base): (Store, Cursors, LinkBase), request: Request) -> Answer {
    request.admin()?;
    let (filters, page): (Filters, _) = request.page(&cursors, "list_webhook_endpoints")?;
    store.program(&filters.program_id).await?.ok_or_else(Problem::not_found)?;
    let (address, now) = (base.of(&request)?, request.received_at());
    let Page { data, next } = store.webhook_endpoints(&filters.program_id, &page).await?;
    let used = data.into_iter().map(|endpoint| async {
        let traffic = store.webhook_traffic(&endpoint.id).await?;
        let WebhookTraffic { received, last_received_at, failed, last_failure } = traffic;
        let endpoint = EndpointView::new(endpoint, &address, now);
        Ok::<_, store::Error>(UsedEndpointView { endpoint, received, last_received_at, failed, last_failure })
    });
    Response::ok(&ListView { data: try_join_all(used).await?, next_cursor: next })
}
