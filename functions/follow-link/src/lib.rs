//! `GET /r/{slug}`: sends a visitor on to the destination of a tracking link.
//!
//! The visitor comes first: the click is recorded when the redirect has gone out, and the click id proves
//! the click even when its record is lost.

mod automated;
mod route;
mod visit;

use domain::{
    click::{Click, ClickId},
    link::{CLICK_ID_PARAMETER, Link, Slug, Visit},
};
use jiff::{SignedDuration, Timestamp};
use runtime::{Answer, Keyring, Problem, Purpose, Request, Response};
use store::Store;

pub use route::Routes;

/// A conversion may be reported this long after it happened, and its click is still there.
const GRACE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Follows a link.
///
/// # Errors
/// 404 for a link that is unknown or disabled; 503 when the table cannot be read and the link was not
/// followed here before.
pub async fn handle((store, keyring, routes): (Store, Keyring, Routes), request: Request) -> Answer {
    let now = request.received_at();
    let slug = request.path_text("slug").map(|text| Slug::try_from(text.to_owned()));
    let Some(Ok(slug)) = slug else { return Err(Problem::not_found()) };
    let route = routes.find(&store, &slug.link_id(), now).await?;
    let route = route.filter(|route| route.link.is_active_at(now)).ok_or_else(Problem::not_found)?;
    let visit = visit::read(request.raw_query(), &route.hosts);
    let target =
        |click: Option<&ClickId>| route.link.target(&route.policy, &visit, click.map(ClickId::as_str));
    if automated::is_automated(&request) {
        return Response::redirect(target(None).as_str());
    }
    let click = click(&keyring, &route.link, &visit, &request);
    let response =
        Response::redirect(target(Some(&click.id)).as_str())?.with_cookie(cookie(&click.id, route.window));
    let expires_at = now.saturating_add(route.window.saturating_add(GRACE)).unwrap_or(Timestamp::MAX);
    request.afterwards("record_click", async move { store.record_click(&click, expires_at).await });
    Ok(response)
}

fn click(keyring: &Keyring, link: &Link, visit: &Visit, request: &Request) -> Click {
    let at = request.received_at();
    let key = keyring.key(Purpose::ClickMac).as_bytes();
    let entropy = keyring.entropy(request.request_id());
    let address = request.client_address().unwrap_or_default();
    let agent = request.user_agent().unwrap_or_default();
    Click {
        id: ClickId::issue(key, &link.program_id, &link.id, at, entropy),
        link_id: link.id.clone(),
        program_id: link.program_id.clone(),
        partner_id: link.partner_id.clone(),
        campaign: link.campaign.clone(),
        at,
        visitor_hash: keyring.visitor_hash(at, address, agent),
        sub_ids: link.labels(visit),
    }
}

/// First-party, for the merchant whose shop shares the links' domain, and out of reach of scripts.
fn cookie(id: &ClickId, window: SignedDuration) -> String {
    let seconds = window.as_secs();
    format!("{CLICK_ID_PARAMETER}={id}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax")
}
