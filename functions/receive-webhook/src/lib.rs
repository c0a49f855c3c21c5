//! `POST /webhooks/{provider}/{endpoint_id}`: takes what a payment provider reports.
//!
//! An event is written down and acknowledged; `publish-events` sends its facts on. Whatever keeps
//! it from being written is not answered with 200, so that the sender tries again.

mod certificates;
mod record;

pub use certificates::Certificates;
use domain::id::WebhookEndpointId;
use jiff::Timestamp;
use providers::webhook::{
    self, Content, Context, Delivery, InvalidSignature, Proof, Received, Unreadable, WebhookSender,
};
use runtime::{Answer, Code, Keyring, Problem, Request, Response, telemetry};
use serde::Serialize;
use store::{Store, webhook::WebhookEndpoint};

use crate::record::{park, record};

/// Bytes an event may have. The largest are orders with hundreds of products.
const BODY_MAX: usize = 1024 * 1024;

#[derive(Serialize)]
struct Acknowledged {
    received: bool,
}

/// Receives a webhook.
///
/// # Errors
/// Every [`Problem`] that the contract lists for this operation.
pub async fn handle(
    (store, keyring, certificates): (Store, Keyring, Certificates),
    request: Request,
) -> Answer {
    let delivery = Delivery { headers: request.headers(), body: request.raw_body_up_to(BODY_MAX)? };
    let sender = request.path_text("provider").and_then(webhook::sender).ok_or_else(Problem::not_found)?;
    let endpoint_id: WebhookEndpointId = request.path_id("endpoint_id")?;
    let endpoint = store.webhook_endpoint(&endpoint_id).await?.map(|read| read.value);
    let endpoint =
        endpoint.filter(|endpoint| endpoint.provider == sender.name()).ok_or_else(Problem::not_found)?;
    let now = request.received_at();
    let verdict = verify(sender, &endpoint, (&keyring, &certificates), delivery, now).await?;
    verdict.map_err(|reason| refused(sender, &endpoint, &store, &request, reason))?;
    let program = store.program(&endpoint.program_id).await?.ok_or_else(Problem::not_found)?;
    let hash_email = |email: &str| keyring.email_hash(email);
    let context = Context { program_id: &program.id, currency: program.currency, hash_email: &hash_email };
    let read = webhook::read(sender, &delivery, &context);
    count(sender, &read, now);
    match read {
        Ok(received) => record(&store, &endpoint, received, now).await?,
        Err(error @ (Unreadable::NotJson | Unreadable::NotAnEvent { .. })) => {
            return Err(Problem::new(Code::UnreadableBody).detail(error.to_string()));
        }
        Err(error) => park((&store, &keyring), sender, &endpoint, &delivery, &error, now).await?,
    }
    Response::ok(&Acknowledged { received: true })
}

/// Did the sender sign these bytes? A problem when that cannot be found out now.
async fn verify(
    sender: &dyn WebhookSender,
    endpoint: &WebhookEndpoint,
    (keyring, certificates): (&Keyring, &Certificates),
    delivery: Delivery<'_>,
    now: Timestamp,
) -> Result<Result<(), InvalidSignature>, Problem> {
    let url = match sender.certificate_url(delivery.headers) {
        Ok(url) => url,
        Err(reason) => return Ok(Err(reason)),
    };
    let pem = match &url {
        Some(url) => Some(certificates.at(url, now).await?),
        None => None,
    };
    let context = WebhookEndpoint::secret_context(&endpoint.id);
    let secrets = endpoint.live_secrets(now).map(|secret| keyring.open(&context, &secret.sealed));
    let secrets: Vec<_> = secrets.collect::<Result<_, _>>().map_err(Problem::internal)?;
    let secrets: Vec<&[u8]> = secrets.iter().map(|secret| secret.as_slice()).collect();
    let verdict = sender.verify(&Proof { delivery, secrets: &secrets, now, certificates: pem.as_deref() });
    if let (Ok(()), Some((url, pem))) = (&verdict, url.zip(pem)) {
        certificates.keep(&url, &pem, now);
    }
    Ok(verdict)
}

/// The answer to bytes that prove nothing. It does not say why, which would help only somebody who
/// tries out signatures.
fn refused(
    sender: &dyn WebhookSender,
    endpoint: &WebhookEndpoint,
    store: &Store,
    request: &Request,
    reason: InvalidSignature,
) -> Problem {
    let (now, reason) = (request.received_at(), reason.reason());
    telemetry::metric("InvalidSignatures", 1, &[("provider", sender.name()), ("reason", reason)], now);
    let (store, id) = (store.clone(), endpoint.id.clone());
    request.afterwards("note_webhook_failure", async move {
        store.note_webhook_failure(&id, reason, now).await.map(drop)
    });
    Problem::new(Code::InvalidSignature)
}

/// Counts what senders tell, each delivery of it.
fn count(sender: &dyn WebhookSender, read: &Result<Received, Unreadable>, now: Timestamp) {
    let outcome = match read.as_ref().map(|received| &received.content) {
        Ok(Content::Facts(_)) => "facts",
        Ok(Content::Identity { .. }) => "identity",
        Ok(Content::Ignored) => "ignored",
        Err(_) => "unreadable",
    };
    telemetry::metric("Webhooks", 1, &[("provider", sender.name()), ("outcome", outcome)], now);
}
