//! `POST /affiliate/identity-checks`: opens a session with the identity checker for the calling
//! partner.

use domain::{
    id::EventId,
    partner::{Identity, IdentityStatus, Partner},
};
use providers::identity::{IdentityChecks, IdentityError};
use runtime::{
    Answer, HttpClient, Idempotency, Keyring, Problem, ProviderSettings, Request, Response, SealedAnswers,
};
use serde::Serialize;
use store::{
    Store,
    idempotency::{Keep, Once},
};

#[derive(Serialize)]
struct View<'a> {
    session_id: &'a str,
    url: &'a str,
    status: IdentityStatus,
}

/// Opens a session.
///
/// A session that is open already stays open with the checker, but is not listened to any more.
///
/// # Errors
/// Problems by the contract.
pub async fn handle(
    (store, keyring, settings, client): (Store, Keyring, ProviderSettings, HttpClient),
    request: Request,
) -> Answer {
    let caller = request.partner()?;
    let once = request.idempotency("start_identity_check")?;
    let now = request.received_at();
    // Whoever has the session's address can act in it for two days.
    let answers = SealedAnswers::new(&keyring, &once);
    if let Some(answer) = answers.earlier(store.earlier_answer(&once, now).await?) {
        return answer;
    }
    let read = store.partner(&caller.id).await?.ok_or_else(Problem::not_found)?;
    if read.value.identity.status == IdentityStatus::Verified {
        return Err(Problem::conflict("the identity is verified already"));
    }

    let checks = checks(&settings, client)?;
    let session = checks.start(&caller.id, &session_key(&once)).await.map_err(problem)?;
    let Some(url) = session.url.as_deref() else {
        return Err(Problem::conflict("this session is over; use a new Idempotency-Key for a new one"));
    };
    let identity = Identity::started(session.id.clone());
    let view = View { session_id: &session.id, url, status: identity.status };
    let response = Response::created("/affiliate/profile", &view)?;
    let answer = answers.stored(&response)?;
    let changed = Partner { identity, ..read.value.clone() };
    let once = Once { request: &once, answer: &answer, keep: Keep::Week, now };
    let committed = store.start_identity_check(&read, &changed, once).await?;
    answers.committed(response, committed)
}

fn checks(settings: &ProviderSettings, client: HttpClient) -> Result<IdentityChecks, Problem> {
    let key = settings
        .stripe_secret_key()
        .ok_or_else(|| Problem::conflict("identity checks are not offered here"))?;
    IdentityChecks::new(client, settings.stripe_api_url().clone(), key.expose()).map_err(Problem::internal)
}

/// Names the session towards the checker, so that a request repeated after a lost answer finds the
/// session it has opened. Hashed: the caller's own key may be longer than the checker takes.
fn session_key(request: &Idempotency) -> String {
    EventId::derive(&[&request.caller, request.operation, &request.key]).to_string()
}

fn problem(error: IdentityError) -> Problem {
    match error {
        IdentityError::Unavailable { .. } => Problem::unavailable(error),
        IdentityError::Refused { .. } => Problem::internal(error),
    }
}
