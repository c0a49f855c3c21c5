//! The merchant's own systems as a sender: events in the way of Standard Webhooks.

use data_encoding::BASE64;
use ring::hmac;
use serde_json::{Value, json};

use crate::{
    Call, World,
    story::{Program, text},
    stripe::Endpoint,
};

impl World {
    /// An endpoint for events of the merchant's own systems.
    pub async fn standard_endpoint(&self, program: &Program) -> Endpoint {
        let secret = format!("whsec_{}", BASE64.encode(&[7; 32]));
        let body = json!({ "program_id": program.id, "provider": "standard", "signing_secrets": [secret] });
        let made = self.admin("POST", "/admin/webhook-endpoints").json(&body).expect(201).await;
        let url: url::Url = text(&made["url"]).parse().unwrap();
        Endpoint { path: url.path().to_owned(), secret }
    }

    /// A delivery of a report as an event of this id, signed now.
    #[must_use]
    pub fn standard_webhook(&self, endpoint: &Endpoint, id: &str, report: &Value) -> Call<'_> {
        let kind = text(&report["type"]);
        let kind = if kind.contains('_') { kind.replace('_', ".") } else { format!("{kind}.created") };
        let body = json!({ "type": kind, "timestamp": self.now(), "data": report }).to_string();
        let timestamp = self.now().as_second().to_string();
        let secret = endpoint.secret.strip_prefix("whsec_").unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &BASE64.decode(secret.as_bytes()).unwrap());
        let signature = hmac::sign(&key, format!("{id}.{timestamp}.{body}").as_bytes());
        let signature = format!("v1,{}", BASE64.encode(signature.as_ref()));
        let call = self.call("POST", &endpoint.path).without("idempotency-key");
        let call = call.text("application/json", &body).header("webhook-id", id);
        call.header("webhook-timestamp", &timestamp).header("webhook-signature", &signature)
    }
}
