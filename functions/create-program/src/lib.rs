//! `POST /admin/programs`: creates a program.

mod body;

use domain::{
    id::ProgramId,
    money::Currency,
    program::{AttributionPolicy, LinkPolicy, PayoutPolicy, Program, Reapplication, Terms},
};
use jiff::Timestamp;
use runtime::{Answer, Request, Response};
use serde::Serialize;
use store::{
    Store,
    idempotency::{Keep, Once},
};

use crate::body::ProgramRequest;

#[derive(Serialize)]
struct ProgramView<'a> {
    id: &'a ProgramId,
    name: &'a str,
    currency: Currency,
    is_active: bool,
    auto_approve: bool,
    reapplication: Reapplication,
    terms: &'a Terms,
    attribution: &'a AttributionPolicy,
    payout: &'a PayoutPolicy,
    link_hosts: &'a [String],
    links: &'a LinkPolicy,
    created_at: Timestamp,
}

/// Creates a program.
///
/// # Errors
/// Every [`runtime::Problem`] that the contract lists for this operation.
pub async fn handle(store: Store, request: Request) -> Answer {
    request.admin()?;
    let idempotency = request.idempotency("create_program")?;
    let body: ProgramRequest = request.json()?;
    body.check()?;
    let now = request.received_at();
    if let Some(answer) = Response::earlier(store.earlier_answer(&idempotency, now).await?) {
        return answer;
    }
    let id = ProgramId::derive(&[&idempotency.caller, idempotency.operation, &idempotency.key]);
    let program = body.into_program(id, now);
    let response =
        Response::created(&format!("/admin/programs/{}", program.id), &ProgramView::from(&program))?;
    let once = Once { request: &idempotency, answer: &response.stored(), keep: Keep::Week, now };
    let committed = store.create_program(&program, once).await?;
    response.committed(committed)
}

impl<'a> From<&'a Program> for ProgramView<'a> {
    fn from(program: &'a Program) -> Self {
        Self {
            id: &program.id,
            name: &program.name,
            currency: program.currency,
            is_active: program.is_active,
            auto_approve: program.auto_approve,
            reapplication: program.reapplication,
            terms: &program.terms,
            attribution: &program.attribution,
            payout: &program.payout,
            link_hosts: &program.link_hosts,
            links: &program.links,
            created_at: program.created_at,
        }
    }
}
