//! `POST /admin/webhook-endpoints`: makes an address for a payment provider's webhooks.

use domain::id::{ProgramId, WebhookEndpointId};
use jiff::Timestamp;
use providers::webhook;
use runtime::{
    Answer, Keyring, LinkBase, Problem, Request, Response, SealError, Violations, view::webhook::EndpointView,
};
use serde::Deserialize;
use store::{
    Store,
    idempotency::{Keep, Once},
    webhook::{SigningSecret, WebhookEndpoint},
};

/// One, and a second one while it replaces the first.
const SECRETS_MAX: usize = 2;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndpointRequest {
    program_id: ProgramId,
    provider: String,
    signing_secrets: Vec<String>,
}

/// Creates a webhook endpoint.
///
/// # Errors
/// Every [`Problem`] that the contract lists for this operation.
pub async fn handle((store, keyring, base): (Store, Keyring, LinkBase), request: Request) -> Answer {
    request.admin()?;
    let idempotency = request.idempotency("create_webhook_endpoint")?;
    let body: EndpointRequest = request.json()?;
    body.check()?;
    let now = request.received_at();
    if let Some(answer) = Response::earlier(store.earlier_answer(&idempotency, now).await?) {
        return answer;
    }
    store.program(&body.program_id).await?.ok_or_else(Problem::not_found)?;
    let id = WebhookEndpointId::derive(&[&idempotency.caller, idempotency.operation, &idempotency.key]);
    let endpoint = body.into_endpoint(id, &keyring, now).map_err(Problem::internal)?;
    let location = format!("/webhooks/{}/{}", endpoint.provider, endpoint.id);
    let view = EndpointView::new(endpoint.clone(), &base.of(&request)?, now);
    let response = Response::created(&location, &view)?;
    let once = Once { request: &idempotency, answer: &response.stored(), keep: Keep::Week, now };
    let committed = store.create_webhook_endpoint(&endpoint, once).await?;
    response.committed(committed)
}

impl EndpointRequest {
    fn check(&self) -> Result<(), Problem> {
        let mut violations = Violations::new();
        let sender = webhook::sender(&self.provider);
        if sender.is_none() {
            let known: Vec<_> = webhook::names().collect();
            let detail = format!("the providers known are: {}", known.join(", "));
            violations.add("/provider", "unknown_provider", detail);
        }
        let secrets = &self.signing_secrets;
        let fits = (1..=SECRETS_MAX).contains(&secrets.len());
        violations.check(fits, "/signing_secrets", "out_of_range", "an endpoint has 1 or 2 signing secrets");
        for (index, secret) in secrets.iter().enumerate() {
            let pointer = format!("/signing_secrets/{index}");
            if let Some(Err(error)) = sender.map(|sender| sender.check_secret(secret)) {
                violations.add(&pointer, "invalid", error.to_string());
            }
            let is_new = !secrets.iter().take(index).any(|other| other == secret);
            violations.check(is_new, &pointer, "duplicate", "give every secret once");
        }
        violations.finish()
    }

    fn into_endpoint(
        self,
        id: WebhookEndpointId,
        keyring: &Keyring,
        created_at: Timestamp,
    ) -> Result<WebhookEndpoint, SealError> {
        let context = WebhookEndpoint::secret_context(&id);
        let sealed = |(number, secret): (u32, String)| {
            let sealed = keyring.seal(&context, secret.as_bytes())?;
            Ok(SigningSecret { number, sealed, added_at: created_at, expires_at: None })
        };
        let secrets = (1..).zip(self.signing_secrets).map(sealed).collect::<Result<_, _>>()?;
        Ok(WebhookEndpoint { id, program_id: self.program_id, provider: self.provider, secrets, created_at })
    }
}
