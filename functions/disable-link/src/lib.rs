//! `POST /affiliate/links/{link_id}/disable`: takes a tracking link out of use.

use domain::{id::LinkId, link::Link};
use runtime::{Answer, Caller, LinkBase, Problem, Request, Response, view::link::LinkView};
use store::Store;

/// Disables a link of the calling partner, or any link for an administrator.
///
/// Clicks from now on attribute nothing; those before keep what they are worth. Doing it again changes
/// nothing, so it takes no idempotency key.
///
/// # Errors
/// Every [`Problem`] that the contract lists for this operation.
pub async fn handle((store, base): (Store, LinkBase), request: Request) -> Answer {
    let caller = request.caller()?;
    if matches!(caller, Caller::Merchant(_)) {
        return Err(Problem::forbidden().detail("for partners and administrators only"));
    }
    let id: LinkId = request.path_id("link_id")?;
    let link = store.link_now(&id).await?.filter(|link| may_disable(&caller, link));
    let link = link.ok_or_else(Problem::not_found)?;
    let address = base.of(&request)?;
    let link = match link.disabled_at {
        None => store.disable_link(link, request.received_at()).await?,
        Some(_) => link,
    };
    let clicks = store.link_clicks(std::slice::from_ref(&id)).await?.remove(&id);
    Response::ok(&LinkView::new(link, clicks.unwrap_or_default(), &address))
}

fn may_disable(caller: &Caller, link: &Link) -> bool {
    match caller {
        Caller::Partner(partner) => partner.id == link.partner_id,
        Caller::Admin(_) => true,
        Caller::Merchant(_) => false,
    }
}
