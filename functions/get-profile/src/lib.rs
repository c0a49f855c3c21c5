//! `GET /affiliate/profile`: the calling partner, its enrolments, and what is missing to be paid.

use runtime::{Answer, Problem, Request, Response, view::profile::ProfileView};
use store::Store;

/// Shows the caller's own profile.
///
/// # Errors
/// Problems by the contract.
pub async fn handle(store: Store, request: Request) -> Answer {
    let caller = request.partner()?;
    let partner = store.partner(&caller.id).await?.ok_or_else(Problem::not_found)?;
    let enrolments = store.enrolments(&caller.id).await?;
    let next_tiers = store.next_tiers(&enrolments, request.received_at()).await?;
    Response::ok(&ProfileView::new(&partner.value, &enrolments, next_tiers))
}
