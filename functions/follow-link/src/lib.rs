//! `GET /r/{slug}`: sends a visitor on to the destination of a tracking link.
//!
//! The visitor comes first: what can fail beside the redirect fails quietly, and the click id
//! proves the click even when its record is lost.

mod automated;
mod route;

use std::time::Duration;

use data_encoding::HEXLOWER;
use domain::{
    click::{Click, ClickId},
    link::{CLICK_ID_PARAMETER, Link, Slug},
};
use jiff::{SignedDuration, Timestamp};
use runtime::{Answer, Keyring, Problem, Purpose, Request, Response, telemetry};
use store::Store;

pub use route::Routes;

/// A visitor does not notice this; a table that is slower than this is in trouble.
const RECORD_LIMIT: Duration = Duration::from_millis(50);
/// A conversion may be reported this long after it happened, and its click is still there.
const GRACE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Follows a link.
///
/// # Errors
/// 404 for a link that is unknown or disabled; 503 when the table cannot be read.
pub async fn handle((store, keyring, routes): (Store, Keyring, Routes), request: Request) -> Answer {
    let now = request.received_at();
    let slug = request.path_text("slug").map(|text| Slug::try_from(text.to_owned()));
    let Some(Ok(slug)) = slug else { return Err(Problem::not_found()) };
    let route = routes.find(&store, &slug.link_id(), now).await?;
    let route = route.filter(|route| route.link.is_active_at(now)).ok_or_else(Problem::not_found)?;
    if automated::is_automated(&request) {
        return Response::redirect(route.link.target(None).as_str());
    }
    let click = click(&keyring, &route.link, &request);
    let expires_at = now.saturating_add(route.window.saturating_add(GRACE)).unwrap_or(Timestamp::MAX);
    record(&store, &click, expires_at).await;
    let cookie = cookie(&click.id, route.window);
    Response::redirect(route.link.target(Some(click.id.as_str())).as_str())
        .map(|response| response.with_cookie(cookie))
}

fn click(keyring: &Keyring, link: &Link, request: &Request) -> Click {
    let at = request.received_at();
    let key = keyring.key(Purpose::ClickMac).as_bytes();
    let entropy = keyring.entropy(request.request_id());
    Click {
        id: ClickId::issue(key, &link.program_id, &link.id, at, entropy),
        link_id: link.id.clone(),
        program_id: link.program_id.clone(),
        partner_id: link.partner_id.clone(),
        campaign: link.campaign.clone(),
        at,
        visitor_hash: visitor_hash(keyring, request),
    }
}

/// Recognises a visitor without keeping who it is.
fn visitor_hash(keyring: &Keyring, request: &Request) -> String {
    let address = request.client_address().unwrap_or_default();
    let agent = request.user_agent().unwrap_or_default();
    // An address has no line break, so that nothing can move from one part to the other.
    HEXLOWER.encode(&keyring.key(Purpose::AddressHash).mac(format!("{address}\n{agent}").as_bytes()))
}

async fn record(store: &Store, click: &Click, expires_at: Timestamp) {
    let recording = Box::pin(store.record_click(click, expires_at));
    let cause = match tokio::time::timeout(RECORD_LIMIT, recording).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => telemetry::chain(&error),
        Err(_) => "the table took too long".to_owned(),
    };
    tracing::warn!(click.id = click.id.as_str(), error.cause = cause, "click not recorded");
    telemetry::metric("ClicksNotRecorded", 1, &[], click.at);
}

/// First-party, for the merchant whose shop shares the links' domain, and out of reach of scripts.
fn cookie(id: &ClickId, window: SignedDuration) -> String {
    let seconds = window.as_secs();
    format!("{CLICK_ID_PARAMETER}={id}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax")
}
