//! Senders that sign with a secret of their own making, beside Stripe and Standard Webhooks.

use data_encoding::{BASE64, HEXLOWER};
use jiff::Timestamp;
use ring::hmac;
use serde_json::{Value, json};

use crate::{
    Call, World, repository,
    story::{Program, text},
    stripe::Endpoint,
};

/// A sender: its name, and how it signs.
#[derive(Debug, Clone, Copy)]
pub struct Sender {
    /// The name of it in addresses, and of its recorded events.
    pub name: &'static str,
    sign: fn(&str, Timestamp, &str) -> (&'static str, String),
}

/// Paddle Billing.
pub const PADDLE: Sender = Sender {
    name: "paddle",
    sign: |secret, now, body| {
        let seconds = now.as_second();
        let signature = HEXLOWER.encode(hmac_of(secret, &format!("{seconds}:{body}")).as_ref());
        ("paddle-signature", format!("ts={seconds};h1={signature}"))
    },
};

/// Shopify.
pub const SHOPIFY: Sender = Sender {
    name: "shopify",
    sign: |secret, _, body| ("x-shopify-hmac-sha256", BASE64.encode(hmac_of(secret, body).as_ref())),
};

/// Lemon Squeezy.
pub const LEMON_SQUEEZY: Sender = Sender {
    name: "lemon_squeezy",
    sign: |secret, _, body| ("x-signature", HEXLOWER.encode(hmac_of(secret, body).as_ref())),
};

fn hmac_of(secret: &str, text: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), text.as_bytes())
}

impl Sender {
    /// An endpoint for this sender's events.
    pub async fn endpoint(&self, world: &World, program: &Program) -> Endpoint {
        let secret = "pdl_ntfset_0123456789".to_owned();
        let body = json!({ "program_id": program.id, "provider": self.name, "signing_secrets": [secret] });
        let made = world.admin("POST", "/admin/webhook-endpoints").json(&body).expect(201).await;
        let url: url::Url = text(&made["url"]).parse().unwrap();
        Endpoint { path: url.path().to_owned(), secret }
    }

    /// A recorded event with its object, at a JSON pointer, changed.
    #[must_use]
    pub fn event(&self, name: &str, pointer: &str, changes: &Value) -> Value {
        let path = format!("shared/providers/fixtures/{}/{name}.json", self.name);
        let mut event: Value = serde_json::from_str(&repository::read(&path)).unwrap();
        let object = event.pointer_mut(pointer).unwrap();
        for (name, value) in changes.as_object().unwrap() {
            object[name] = value.clone();
        }
        event
    }

    /// A delivery of an event, signed now.
    #[must_use]
    pub fn deliver<'w>(&self, world: &'w World, endpoint: &Endpoint, event: &Value) -> Call<'w> {
        let body = event.to_string();
        let (header, signature) = self.signature(world, endpoint, &body);
        let call = world.call("POST", &endpoint.path).without("idempotency-key");
        call.text("application/json", &body).header(header, &signature)
    }

    /// The header that signs a body now.
    #[must_use]
    pub fn signature(&self, world: &World, endpoint: &Endpoint, body: &str) -> (&'static str, String) {
        (self.sign)(&endpoint.secret, world.now(), body)
    }
}
