//! `POST /webhooks/{provider}/{endpoint_id}`: takes what a payment provider reports.
//!
//! An event is written down and acknowledged; `publish-events` sends its facts on. Whatever keeps
//! it from being written is not answered with 200, so that the sender tries again.

mod record;

use domain::id::WebhookEndpointId;
use providers::webhook::{self, Context, Received, Unreadable, WebhookSender};
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
    let body = request.raw_body()?;
    let sender = request.path_text("provider").and_then(webhook::sender).ok_or_else(Problem::not_found)?;
    let endpoint_id: WebhookEndpointId = request.path_id("endpoint_id")?;
    let endpoint = store.webhook_endpoint(&endpoint_id).await?;
    let endpoint =
        endpoint.filter(|endpoint| endpoint.provider == sender.name()).ok_or_else(Problem::not_found)?;
    verify(sender, &endpoint, &keyring, &request)?;
    let now = request.received_at();
    match parse(sender, &endpoint, &keyring, body) {
        Ok(received) => record(&store, &endpoint, received, now).await?,
        Err(error @ (Unreadable::NotJson | Unreadable::NotAnEvent { .. })) => {
            return Err(Problem::new(Code::UnreadableBody).detail(error.to_string()));
        }
        Err(error) => {
            let event_id = sender.event_id(body).unwrap_or_default();
            let sealed = keyring.seal(&record::parked_id(&endpoint, &event_id), body);
            park(&store, &endpoint, &event_id, &sealed.map_err(Problem::internal)?, &error, now).await?;
        }
    }
    Response::ok(&Acknowledged { received: true })
}

/// Did the sender sign these bytes? The answer does not say why not, which would help only
/// somebody who tries out signatures.
fn verify(
    sender: &dyn WebhookSender,
    endpoint: &WebhookEndpoint,
    keyring: &Keyring,
    request: &Request,
) -> Result<(), Problem> {
    let context = WebhookEndpoint::secret_context(&endpoint.id);
    let secrets = endpoint.sealed_secrets.iter().map(|sealed| keyring.open(&context, sealed));
    let secrets: Vec<_> = secrets.collect::<Result<_, _>>().map_err(Problem::internal)?;
    let secrets: Vec<&[u8]> = secrets.iter().map(|secret| secret.as_slice()).collect();
    let now = request.received_at();
    sender.verify(&secrets, request.headers(), request.raw_body()?, now).map_err(|error| {
        let dimensions = [("provider", sender.name()), ("reason", error.reason())];
        telemetry::metric("InvalidSignatures", 1, &dimensions, now);
        Problem::new(Code::InvalidSignature)
    })
}

fn parse(
    sender: &dyn WebhookSender,
    endpoint: &WebhookEndpoint,
    keyring: &Keyring,
    body: &[u8],
) -> Result<Received, Unreadable> {
    let hash_email = |email: &str| keyring.email_hash(email);
    sender.parse(body, &Context { program_id: &endpoint.program_id, hash_email: &hash_email })
}
