//! `POST /webhooks/{provider}/{endpoint_id}`: takes what a payment provider reports.
//!
//! An event is written down and acknowledged; `publish-events` sends its facts on. Whatever keeps
//! it from being written is not answered with 200, so that the sender tries again.

mod record;

use domain::id::WebhookEndpointId;
use providers::webhook::{self, Context, Delivery, Proof, Unreadable, WebhookSender};
use runtime::{Answer, Code, Keyring, Problem, Request, Response, telemetry};
use serde::Serialize;
use store::{Store, webhook::WebhookEndpoint};

use crate::record::{park, record};

#[derive(Serialize)]
struct Acknowledged {
    received: bool,
}

/// Receives a webhook.
///
/// # Errors
/// Every [`Problem`] that the contract lists for this operation.
pub async fn handle((store, keyring): (Store, Keyring), request: Request) -> Answer {
    let delivery = Delivery { headers: request.headers(), body: request.raw_body()? };
    let sender = request.path_text("provider").and_then(webhook::sender).ok_or_else(Problem::not_found)?;
    let endpoint_id: WebhookEndpointId = request.path_id("endpoint_id")?;
    let endpoint = store.webhook_endpoint(&endpoint_id).await?.map(|read| read.value);
    let endpoint =
        endpoint.filter(|endpoint| endpoint.provider == sender.name()).ok_or_else(Problem::not_found)?;
    verify(sender, &endpoint, (&store, &keyring), &request, delivery)?;
    let program = store.program(&endpoint.program_id).await?.ok_or_else(Problem::not_found)?;
    let (now, hash_email) = (request.received_at(), |email: &str| keyring.email_hash(email));
    let context = Context { program_id: &program.id, currency: program.currency, hash_email: &hash_email };
    match sender.parse(&delivery, &context) {
        Ok(received) => record(&store, &endpoint, received, now).await?,
        Err(error @ (Unreadable::NotJson | Unreadable::NotAnEvent { .. })) => {
            return Err(Problem::new(Code::UnreadableBody).detail(error.to_string()));
        }
        Err(error) => park(&store, &keyring, sender, &endpoint, &delivery, &error, now).await?,
    }
    Response::ok(&Acknowledged { received: true })
}

/// Did the sender sign these bytes? The answer does not say why not, which would help only
/// somebody who tries out signatures.
fn verify(
    sender: &dyn WebhookSender,
    endpoint: &WebhookEndpoint,
    (store, keyring): (&Store, &Keyring),
    request: &Request,
    delivery: Delivery<'_>,
) -> Result<(), Problem> {
    let now = request.received_at();
    let context = WebhookEndpoint::secret_context(&endpoint.id);
    let secrets = endpoint.live_secrets(now).map(|secret| keyring.open(&context, &secret.sealed));
    let secrets: Vec<_> = secrets.collect::<Result<_, _>>().map_err(Problem::internal)?;
    let secrets: Vec<&[u8]> = secrets.iter().map(|secret| secret.as_slice()).collect();
    sender.verify(&Proof { delivery, secrets: &secrets, now, certificates: None }).map_err(|error| {
        let reason = error.reason();
        telemetry::metric("InvalidSignatures", 1, &[("provider", sender.name()), ("reason", reason)], now);
        let (store, id) = (store.clone(), endpoint.id.clone());
        request.afterwards("note_webhook_failure", async move {
            store.note_webhook_failure(&id, reason, now).await.map(drop)
        });
        Problem::new(Code::InvalidSignature)
    })
}
