//! `POST /admin/webhook-endpoints/{endpoint_id}/secrets`: gives an endpoint a new signing secret, while the one before stays
//! live for a time.

use domain::id::WebhookEndpointId;
use jiff::{SignedDuration, Timestamp};
use providers::webhook;
use runtime::{
    Answer, Keyring, LinkBase, Problem, Request, Response, Violations, view::webhook::EndpointView,
};
use serde::Deserialize;
use store::{
    Store,
    idempotency::{Keep, Once},
    webhook::{RotationError, SigningSecret, WebhookEndpoint},
};

/// The secret before stays live for this long unless the request says otherwise: senders that sign
/// with both during a rotation, such as Stripe, do so for up to a day.
const OVERLAP_HOURS: u32 = 24;
/// The longest it may stay.
const OVERLAP_HOURS_MAX: u32 = 7 * 24;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretRequest {
    signing_secret: String,
    overlap_hours: Option<u32>,
    keep: Option<u32>,
}

/// Adds the secret; what it replaces ends, at once or after the overlap.
///
/// # Errors
/// Every [`Problem`] that the contract lists for this operation.
pub async fn handle((store, keyring, base): (Store, Keyring, LinkBase), request: Request) -> Answer {
    request.admin()?;
    let endpoint_id: WebhookEndpointId = request.path_id("endpoint_id")?;
    let idempotency = request.idempotency("rotate_webhook_secret")?;
    let body: SecretRequest = request.json()?;
    let now = request.received_at();
    if let Some(answer) = Response::earlier(store.earlier_answer(&idempotency, now).await?) {
        return answer;
    }
    let read = store.webhook_endpoint(&endpoint_id).await?.ok_or_else(Problem::not_found)?;
    let changed = body.rotated(&read.value, &keyring, now)?;
    let location = format!("/webhooks/{}/{}", changed.provider, changed.id);
    let view = EndpointView::new(changed.clone(), &base.of(&request)?, now);
    let response = Response::created(&location, &view)?;
    let once = Once { request: &idempotency, answer: &response.stored(), keep: Keep::Week, now };
    let committed = store.update_webhook_endpoint(&read, &changed, once).await?;
    response.committed(committed)
}

impl SecretRequest {
    fn rotated(
        &self,
        endpoint: &WebhookEndpoint,
        keyring: &Keyring,
        now: Timestamp,
    ) -> Result<WebhookEndpoint, Problem> {
        let sender = webhook::sender(&endpoint.provider).ok_or_else(|| {
            Problem::conflict(format!("{} is no longer among the providers known", endpoint.provider))
        })?;
        let mut violations = Violations::new();
        if let Err(error) = sender.check_secret(&self.signing_secret) {
            violations.add("/signing_secret", "invalid", error.to_string());
        }
        let overlap = self.overlap_hours.unwrap_or(OVERLAP_HOURS);
        let range = format!("the secret before stays live for 0 to {OVERLAP_HOURS_MAX} hours");
        violations.check(overlap <= OVERLAP_HOURS_MAX, "/overlap_hours", "out_of_range", &range);
        violations.finish()?;
        let context = WebhookEndpoint::secret_context(&endpoint.id);
        let open = |secret: &SigningSecret| keyring.open(&context, &secret.sealed);
        for secret in endpoint.live_secrets(now) {
            if open(secret).map_err(Problem::internal)?.as_slice() == self.signing_secret.as_bytes() {
                let detail = format!("this is the live secret number {}", secret.number);
                return Err(violation("/signing_secret", "duplicate", detail));
            }
        }
        let seal = |secret: &[u8]| keyring.seal(&context, secret).map_err(Problem::internal);
        let until = now.saturating_add(SignedDuration::from_hours(overlap.into())).unwrap_or(now);
        let sealed = seal(self.signing_secret.as_bytes())?;
        let mut changed = endpoint.with_new_secret(sealed, self.keep, until, now).map_err(refusal)?;
        for secret in &mut changed.secrets {
            // Sealed anew, so that nothing here needs a former master of the keyring for longer.
            secret.sealed = seal(&open(secret).map_err(Problem::internal)?)?;
        }
        Ok(changed)
    }
}

fn refusal(error: RotationError) -> Problem {
    let code = match error {
        RotationError::Ambiguous { .. } => "missing",
        RotationError::NotLive => "not_found",
    };
    violation("/keep", code, error.to_string())
}

fn violation(pointer: &str, code: &str, detail: String) -> Problem {
    let mut violations = Violations::new();
    violations.add(pointer, code, detail);
    violations.into()
}
