//! `GET /admin/webhook-events`: the events that came to a webhook endpoint, the latest first, or one
//! of them.

use domain::id::WebhookEndpointId;
use runtime::{
    Answer, Cursors, Problem, Request, Response,
    view::{list::ListView, webhook::EventView},
};
use serde::Deserialize;
use store::Store;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filters {
    endpoint_id: WebhookEndpointId,
    event_id: Option<String>,
}

/// Lists webhook events.
///
/// # Errors
/// Every [`Problem`] that the contract lists for this operation.
pub async fn handle((store, cursors): (Store, Cursors), request: Request) -> Answer {
    request.admin()?;
    let (filters, page): (Filters, _) = request.page(&cursors, "list_webhook_events")?;
    let Filters { endpoint_id, event_id } = filters;
    store.webhook_endpoint(&endpoint_id).await?.ok_or_else(Problem::not_found)?;
    let Some(event_id) = event_id else {
        let events = store.webhook_events(&endpoint_id, &page).await?;
        return Response::ok(&ListView::new(events, EventView::from));
    };
    let event = store.webhook_event(&endpoint_id, &event_id).await?;
    Response::ok(&ListView { data: event.into_iter().map(EventView::from).collect(), next_cursor: None })
}
