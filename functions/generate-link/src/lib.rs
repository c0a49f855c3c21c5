//! `POST /affiliate/links/generate`: makes a tracking link.

mod body;

use domain::{agreement::Agreement, link::Link, program::Program};
use jiff::Timestamp;
use runtime::{Answer, Code, LinkAddress, LinkBase, Problem, Request, Response, view::link::LinkView};
use store::{
    Store,
    click::LinkClicks,
    idempotency::{Keep, Once},
    link::LinkCreated,
};

use crate::body::{Author, LinkRequest};

/// Makes a link.
///
/// # Errors
/// Every [`Problem`] that the contract lists for this operation.
pub async fn handle((store, base): (Store, LinkBase), request: Request) -> Answer {
    let partner = request.partner()?;
    let idempotency = request.idempotency("generate_link")?;
    let wanted = request.json::<LinkRequest>()?.check()?;
    let now = request.received_at();
    if let Some(answer) = Response::earlier(store.earlier_answer(&idempotency, now).await?) {
        return answer;
    }
    let agreement = store.agreement(&wanted.program_id, &partner.id).await?.ok_or_else(Problem::not_found)?;
    let program = store.program(&wanted.program_id).await?.ok_or_else(Problem::not_found)?;
    check_active(&program, &agreement.value, now)?;
    wanted.check_destination(&program)?;
    let slug_is_made_up = wanted.slug.is_none();
    let author = Author { partner_id: partner.id, caller: &idempotency.caller, key: &idempotency.key };
    let link = wanted.into_link(author, now);
    let address = base.of(&request)?;
    let response = created(&link, &address)?;
    let once = Once { request: &idempotency, answer: &response.stored(), keep: Keep::Week, now };
    match store.create_link(&link, program.links.limit_per_partner, once).await? {
        LinkCreated::Committed(committed) => response.committed(committed),
        // A slug is made up from the key, so the same request has come before, so long ago that
        // its answer is no longer kept.
        LinkCreated::SlugTaken(other) if slug_is_made_up && is_same(&link, &other) => {
            created(&other, &address)
        }
        LinkCreated::SlugTaken(_) => {
            let detail = format!("{} is in use; choose another slug, or leave it out", link.slug.as_str());
            Err(Problem::new(Code::SlugTaken).detail(detail))
        }
        LinkCreated::LimitReached => {
            let limit = program.links.limit_per_partner;
            let detail = format!("the program allows {limit} links; disable one that is no longer needed");
            Err(Problem::new(Code::LinkLimitReached).detail(detail))
        }
    }
}

fn check_active(program: &Program, agreement: &Agreement, now: Timestamp) -> Result<(), Problem> {
    if !program.is_active {
        return Err(Problem::conflict("the program is not active"));
    }
    if !agreement.is_active_at(now) {
        return Err(Problem::conflict("the enrolment in the program is not active"));
    }
    Ok(())
}

fn created(link: &Link, address: &LinkAddress) -> Answer {
    Response::created(
        &format!("/r/{}", link.slug.as_str()),
        &LinkView::new(link.clone(), LinkClicks::default(), address),
    )
}

fn is_same(link: &Link, other: &Link) -> bool {
    *link == Link { created_at: link.created_at, ..other.clone() }
}
