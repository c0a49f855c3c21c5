//! `POST /admin/webhook-endpoints`: makes an address for a payment provider's webhooks.

use domain::id::{ProgramId, WebhookEndpointId};
use jiff::Timestamp;
use providers::webhook;
use runtime::{Answer, Keyring, LinkBase, Problem, Request, Response, SealError, Violations};
use serde::{Deserialize, Serialize};
use store::{
    Store,
    idempotency::{Keep, Once},
    webhook::WebhookEndpoint,
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

#[derive(Serialize)]
struct EndpointView<'a> {
    id: &'a WebhookEndpointId,
    program_id: &'a ProgramId,
    provider: &'a str,
    url: String,
    created_at: Timestamp,
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
    let path = format!("/webhooks/{}/{}", endpoint.provider, endpoint.id);
    let view = EndpointView {
        id: &endpoint.id,
        program_id: &endpoint.program_id,
        provider: &endpoint.provider,
        url: base.of(&request)?.beside(&path),
        created_at: endpoint.created_at,
    };
    let response = Response::created(&path, &view)?;
    let once = Once { request: &idempotency, answer: &response.stored(), keep: Keep::Week, now };
    let committed = store.create_webhook_endpoint(&endpoint, once).await?;
    response.committed(committed)
}

impl EndpointRequest {
    fn check(&self) -> Result<(), Problem> {
        let mut violations = Violations::new();
        let is_known = webhook::sender(&self.provider).is_some();
        violations.check(is_known, "/provider", "unknown_provider", "the providers known are: stripe");
        let secrets = &self.signing_secrets;
        let fits = (1..=SECRETS_MAX).contains(&secrets.len());
        violations.check(fits, "/signing_secrets", "out_of_range", "an endpoint has 1 or 2 signing secrets");
        for (index, secret) in secrets.iter().enumerate() {
            let pointer = format!("/signing_secrets/{index}");
            let is_secret = (8..=255).contains(&secret.len()) && secret.bytes().all(|b| b.is_ascii_graphic());
            let is_new = !secrets.iter().take(index).any(|other| other == secret);
            violations
                .check(is_secret, &pointer, "invalid", "a secret has 8 to 255 visible ASCII characters")
                .check(is_new, &pointer, "duplicate", "give every secret once");
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
        let seal = |secret: String| keyring.seal(&context, secret.as_bytes());
        let sealed_secrets = self.signing_secrets.into_iter().map(seal).collect::<Result<_, _>>()?;
        Ok(WebhookEndpoint {
            id,
            program_id: self.program_id,
            provider: self.provider,
            sealed_secrets,
            created_at,
        })
    }
}
