//! `POST /admin/api-keys`: creates an API key for a merchant's server.

use std::collections::BTreeSet;

use domain::id::{ApiKeyId, ProgramId};
use jiff::Timestamp;
use runtime::{
    Answer, ApiKey, Idempotency, Keyring, Problem, Request, Response, Scope, SealedAnswers, Violations,
};
use serde::{Deserialize, Serialize};
use store::{
    Store,
    api_key::ApiKeyRecord,
    idempotency::{Keep, Once},
};

const NAME_MAX: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    program_id: ProgramId,
    name: String,
    scopes: Vec<Scope>,
}

/// The key as it is shown once.
#[derive(Serialize)]
struct View<'a> {
    id: &'a ApiKeyId,
    program_id: &'a ProgramId,
    name: &'a str,
    scopes: &'a [String],
    token: String,
    created_at: Timestamp,
}

/// Creates an API key.
///
/// # Errors
/// Problems by the contract.
pub async fn handle((store, keyring): (Store, Keyring), request: Request) -> Answer {
    request.admin()?;
    let once = request.idempotency("create_api_key")?;
    let input = request.json::<Input>()?.checked()?;
    let now = request.received_at();
    // The table keeps a digest of the token; an answer kept readable would undo that.
    let answers = SealedAnswers::new(&keyring, &once);
    if let Some(answer) = answers.earlier(store.earlier_answer(&once, now).await?) {
        return answer;
    }
    if store.program(&input.program_id).await?.is_none() {
        return Err(Problem::not_found().detail("there is no such program"));
    }

    let key = ApiKey::issue(&keyring, key_id(&once));
    let record = input.record(&key, now);
    let response = Response::created(&format!("/admin/api-keys/{}", record.id), &view(&record, &key))?;
    let answer = answers.stored(&response)?;
    let once = Once { request: &once, answer: &answer, keep: Keep::Week, now };
    match store.create_api_key(&record, once).await {
        Ok(committed) => answers.committed(response, committed),
        Err(error) if error.failures().is_some() => Err(Problem::conflict(
            "this Idempotency-Key created an API key more than a week ago; use a new one for a new key",
        )),
        Err(error) => Err(error.into()),
    }
}

fn key_id(request: &Idempotency) -> ApiKeyId {
    ApiKeyId::derive(&[&request.caller, request.operation, &request.key])
}

fn view<'a>(record: &'a ApiKeyRecord, key: &ApiKey) -> View<'a> {
    View {
        id: &record.id,
        program_id: &record.program_id,
        name: &record.name,
        scopes: &record.scopes,
        token: key.token(),
        created_at: record.created_at,
    }
}

impl Input {
    fn checked(self) -> Result<Self, Problem> {
        let mut violations = Violations::new();
        let length = self.name.chars().count();
        violations.check(
            (1..=NAME_MAX).contains(&length),
            "/name",
            "invalid",
            "expected 1 to 100 characters",
        );
        violations.check(!self.scopes.is_empty(), "/scopes", "too_few", "give at least one scope");
        let distinct: BTreeSet<_> = self.scopes.iter().collect();
        violations.check(distinct.len() == self.scopes.len(), "/scopes", "repeated", "give every scope once");
        violations.finish()?;
        Ok(self)
    }

    fn record(self, key: &ApiKey, created_at: Timestamp) -> ApiKeyRecord {
        ApiKeyRecord {
            id: key.id().clone(),
            program_id: self.program_id,
            name: self.name,
            digest: key.digest(),
            scopes: self.scopes.iter().map(Scope::to_string).collect(),
            created_at,
            revoked_at: None,
        }
    }
}
