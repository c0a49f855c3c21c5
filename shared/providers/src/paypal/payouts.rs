//! Payouts as batches of one item.
//!
//! PayPal has no search by our reference. Sending the same batch again is the lookup: within 30
//! days PayPal pays a `sender_batch_id` once, and answers a repeat with a link to the first.

use reqwest::Client;
use url::Url;

use super::{
    api::Api,
    wire::{self, Batch, Verdict},
};
use crate::{
    InvalidCredential,
    payout::{Destination, Lookup, MISMATCH, Order, Payer, Sent, detail},
};

const PATH: [&str; 3] = ["v1", "payments", "payouts"];

/// PayPal Payouts. Clones share the access token.
#[derive(Debug, Clone)]
pub struct PaypalPayouts(Api);

impl PaypalPayouts {
    /// Payouts from the account of this application.
    ///
    /// # Errors
    /// When the credentials cannot be sent in a header.
    pub fn new(
        client: Client,
        api_url: Url,
        client_id: &str,
        client_secret: &str,
    ) -> Result<Self, InvalidCredential> {
        Api::new(client, api_url, client_id, client_secret).map(Self)
    }

    async fn submit(&self, order: &Order, value: &str) -> Verdict {
        match self.0.post(&PATH, &wire::batch(order, value)).await {
            Ok(answer) => wire::judge(&answer),
            Err(cause) => Verdict::Unknown(cause.to_owned()),
        }
    }

    async fn batch(&self, id: &str) -> Result<Option<Batch>, String> {
        let [version, payments, payouts] = PATH;
        let answer = self.0.get(&[version, payments, payouts, id]).await.map_err(str::to_owned)?;
        match answer.status.as_u16() {
            200 => match serde_json::from_value(answer.body) {
                Ok(batch) => Ok(Some(batch)),
                Err(_) => Err("an answer that is no batch".to_owned()),
            },
            404 => Ok(None),
            status => Err(format!("status {status}")),
        }
    }
}

impl Payer for PaypalPayouts {
    async fn send(&self, order: &Order) -> Sent {
        let value = match payable(order) {
            Ok(value) => value,
            Err((code, detail)) => return Sent::Refused { code: code.to_owned(), detail: detail.to_owned() },
        };
        match self.submit(order, &value).await {
            Verdict::Accepted(provider_id) | Verdict::Known(provider_id) => {
                Sent::Accepted { provider_id, settled: false }
            }
            Verdict::Refused { code, message } => {
                Sent::Refused { code, detail: detail(&message, &order.destination) }
            }
            Verdict::Unknown(cause) => Sent::Unknown { cause },
        }
    }

    /// Sends the same batch again, so this may itself make the payment: then it is found, pending.
    async fn find(&self, order: &Order) -> Lookup {
        let Ok(value) = payable(order) else { return Lookup::NotFound };
        let id = match self.submit(order, &value).await {
            Verdict::Accepted(id) | Verdict::Known(id) => id,
            // The same bytes were no valid request the first time either.
            Verdict::Refused { code, .. } if code == "VALIDATION_ERROR" => return Lookup::NotFound,
            // Another refusal proves nothing about the first: that may have emptied the balance.
            Verdict::Refused { code, .. } => return Lookup::Unknown { cause: code },
            Verdict::Unknown(cause) => return Lookup::Unknown { cause },
        };
        match self.batch(&id).await {
            Ok(Some(batch)) if batch.is_of(order, &value) => found(&batch),
            Ok(Some(_)) => Lookup::Unknown { cause: MISMATCH.to_owned() },
            Ok(None) => Lookup::Unknown { cause: "status 404".to_owned() },
            Err(cause) => Lookup::Unknown { cause },
        }
    }

    async fn status(&self, provider_id: &str) -> Lookup {
        match self.batch(provider_id).await {
            Ok(Some(batch)) => found(&batch),
            Ok(None) => Lookup::NotFound,
            Err(cause) => Lookup::Unknown { cause },
        }
    }
}

fn found(batch: &Batch) -> Lookup {
    Lookup::Found { provider_id: batch.id().to_owned(), progress: batch.progress() }
}

/// What PayPal can pay; else the code and text of the refusal.
fn payable(order: &Order) -> Result<String, (&'static str, &'static str)> {
    if !matches!(order.destination, Destination::PaypalEmail(_)) {
        return Err(("wrong_destination", "PayPal pays to PayPal addresses only"));
    }
    wire::value(order.amount).ok_or(("amount_not_payable", "PayPal takes whole units of this currency only"))
}
