//! Signed Stripe events on their way to the receiver, with the faults receivers must survive.

use std::collections::VecDeque;

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::Sha256;

use crate::identity::Change;
use crate::ids::Ids;

const API_VERSION: &str = "2025-04-30.basil";

/// Where events go, and what goes wrong on the way.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Plain `http`: the stand-in never leaves the machine it is tested on.
    pub url: String,
    /// Signing secret, `whsec_...`.
    pub secret: String,
    /// Every event goes out twice.
    #[serde(default)]
    pub duplicate: bool,
    /// Events that are due together go out newest first.
    #[serde(default)]
    pub reorder: bool,
    /// Signed with another secret.
    #[serde(default)]
    pub wrong_signature: bool,
}

/// One HTTP request to the receiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// `evt_...`
    pub event: String,
    /// `identity.verification_session.verified` and the like.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where to.
    pub url: String,
    /// The `Stripe-Signature` header.
    #[serde(skip)]
    pub signature: String,
    /// The raw body that was signed.
    #[serde(skip)]
    pub body: String,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Events {
    endpoint: Option<Endpoint>,
    waiting: VecDeque<Event>,
}

#[derive(Clone, Debug)]
struct Event {
    id: String,
    kind: String,
    body: String,
}

impl Events {
    pub(crate) fn set_endpoint(&mut self, endpoint: Endpoint) -> Result<(), &'static str> {
        if !endpoint.url.starts_with("http://") {
            return Err("`url` must start with http://");
        }
        if endpoint.secret.is_empty() {
            return Err("`secret` must not be empty");
        }
        self.endpoint = Some(endpoint);
        Ok(())
    }

    pub(crate) fn emit(&mut self, ids: &mut Ids, at: i64, changes: Vec<Change>) {
        if self.endpoint.is_none() {
            return;
        }
        self.waiting.extend(changes.into_iter().map(|(kind, object)| {
            let id = ids.stripe("evt");
            let body = json!({
                "id": id,
                "object": "event",
                "api_version": API_VERSION,
                "created": at,
                "data": {"object": object},
                "livemode": false,
                "pending_webhooks": 1,
                "request": {"id": null, "idempotency_key": null},
                "type": kind,
            });
            Event { id, kind, body: body.to_string() }
        }));
    }

    pub(crate) fn take(&mut self, now: i64) -> Vec<Delivery> {
        let Some(endpoint) = &self.endpoint else {
            return Vec::new();
        };
        let mut events: Vec<Event> = self.waiting.drain(..).collect();
        if endpoint.reorder {
            events.reverse();
        }
        let copies = if endpoint.duplicate { 2 } else { 1 };
        let wrong = format!("{}_wrong", endpoint.secret);
        let secret = if endpoint.wrong_signature { &wrong } else { &endpoint.secret };
        let sent = events.into_iter().map(|event| Delivery {
            signature: sign(secret, now, &event.body),
            url: endpoint.url.clone(),
            event: event.id,
            kind: event.kind,
            body: event.body,
        });
        sent.flat_map(|delivery| std::iter::repeat_n(delivery, copies)).collect()
    }

    pub(crate) fn put_back(&mut self, delivery: Delivery) {
        // Two copies of one event may both fail; it is still one event.
        if self.waiting.iter().all(|event| event.id != delivery.event) {
            let Delivery { event: id, kind, body, .. } = delivery;
            self.waiting.push_back(Event { id, kind, body });
        }
    }
}

/// The `Stripe-Signature` header: HMAC-SHA256 over `{t}.{body}` with the secret as it stands.
#[must_use]
pub fn sign(secret: &str, at: i64, body: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        // HMAC takes a key of any length; without this arm there would be a panic to explain.
        return format!("t={at}");
    };
    mac.update(format!("{at}.{body}").as_bytes());
    format!("t={at},v1={}", HEXLOWER.encode(&mac.finalize().into_bytes()))
}
