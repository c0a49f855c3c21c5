//! What PayPal writes: batches, items and errors.
//!
//! Shapes follow PayPal's OpenAPI file `payments_payouts_batch_v1` and answers recorded from its
//! sandbox; the link of a duplicate sits in `details[0].link`, not in `links`.

use serde_json::{Value, json};

use super::request::decimal;
use super::{Batch, Item};
use crate::clock::rfc3339;
use crate::outcome::ItemStatus;
use crate::reply::Answer;

const ERRORS: &str = "https://developer.paypal.com/docs/api/payments.payouts-batch/#errors";

pub(super) fn accepted(base: &str, batch: &Batch) -> Answer {
    let body = json!({
        "batch_header": {
            "payout_batch_id": batch.id,
            // Whatever becomes of the items, the first answer only says that they were taken.
            "batch_status": "PENDING",
            "sender_batch_header": batch.header,
        },
        "links": [link(&batch_url(base, &batch.id), "self")],
    });
    Answer::new(201, body)
}

pub(super) fn batch(base: &str, at: i64, batch: &Batch) -> Value {
    let total = batch.items.iter().fold(0_i64, |sum, item| sum.saturating_add(item.order.minor));
    let mut header = json!({
        "payout_batch_id": batch.id,
        "batch_status": batch.status(),
        "time_created": rfc3339(batch.at),
        "sender_batch_header": batch.header,
        "funding_source": "BALANCE",
        "amount": amount(total, &batch.currency),
        "fees": amount(0, &batch.currency),
    });
    if batch.status() != "PENDING" {
        set(&mut header, "time_completed", rfc3339(batch.at).into());
    }
    json!({
        "total_items": batch.items.len(),
        "total_pages": 1,
        "batch_header": header,
        "items": batch.items.iter().map(|i| item(base, at, batch, i)).collect::<Vec<_>>(),
        "links": [link(&batch_url(base, &batch.id), "self")],
    })
}

pub(super) fn item(base: &str, at: i64, batch: &Batch, item: &Item) -> Value {
    let status = item.status(at);
    let order = &item.order;
    let mut body = json!({
        "payout_item_id": item.id,
        "activity_id": item.transaction,
        "transaction_status": status,
        "payout_item_fee": amount(0, &order.currency),
        "payout_batch_id": batch.id,
        "sender_batch_id": batch.sender_batch_id,
        "payout_item": {
            "recipient_type": order.recipient_type,
            "amount": amount(order.minor, &order.currency),
            "note": order.note,
            "receiver": order.receiver,
            "sender_item_id": order.sender_item_id,
            "recipient_wallet": "PAYPAL",
        },
        "time_processed": rfc3339(item.at),
        "links": [
            link(&format!("{base}/v1/payments/payouts-item/{}", item.id), "self"),
            link(&batch_url(base, &batch.id), "batch"),
        ],
    });
    if !matches!(status, ItemStatus::Pending | ItemStatus::Failed) {
        set(&mut body, "transaction_id", item.transaction.as_str().into());
    }
    if let Some(name) = &item.result.error {
        let text = format!("Scripted: {name}");
        let error =
            json!({"name": name, "message": text, "information_link": ERRORS, "details": [], "links": []});
        set(&mut body, "errors", error);
    }
    body
}

/// The state's name on the wire.
pub(super) fn name(status: ItemStatus) -> String {
    let name = serde_json::to_value(status).unwrap_or_default();
    name.as_str().unwrap_or_default().to_owned()
}

pub(super) fn duplicate(base: &str, first: &str) -> Answer {
    let detail = json!({
        "field": "SENDER_BATCH_ID",
        "location": "body",
        "issue": "Batch with given sender_batch_id already exists",
        "link": [link(&batch_url(base, first), "self")],
    });
    error(400, "USER_BUSINESS_ERROR", "User business error.", &[detail])
}

pub(super) fn invalid(field: &str, issue: &str) -> Answer {
    let detail = json!({"field": field, "location": "body", "issue": issue});
    error(400, "VALIDATION_ERROR", "Invalid request - see details", &[detail])
}

pub(super) fn refusal(code: &str, status: Option<u16>) -> Answer {
    let usual = match code {
        "INSUFFICIENT_FUNDS" => 422,
        "AUTHORIZATION_ERROR" | "SENDER_EMAIL_UNCONFIRMED" => 403,
        _ => 400,
    };
    error(status.unwrap_or(usual), code, &format!("Refused by script: {code}"), &[])
}

pub(super) fn missing() -> Answer {
    error(404, "INVALID_RESOURCE_ID", "Requested resource ID was not found", &[])
}

pub(super) fn failure() -> Answer {
    error(500, "INTERNAL_ERROR", "An internal service error has occurred.", &[])
}

/// The answer to a call without a living access token, or to a token request without credentials.
pub(crate) fn unauthenticated(error: &str, description: &str) -> Answer {
    Answer::new(401, json!({"error": error, "error_description": description}))
}

/// 429 or 503, before the request was read.
pub(crate) fn turned_away(status: u16) -> Answer {
    if status == 429 {
        let message = "Too many requests. Blocked due to rate limiting.";
        error(429, "RATE_LIMIT_REACHED", message, &[])
    } else {
        error(503, "SERVICE_UNAVAILABLE", "The service is unavailable.", &[])
    }
}

fn error(status: u16, name: &str, message: &str, details: &[Value]) -> Answer {
    let body = json!({
        "name": name,
        "message": message,
        "debug_id": "f05063556a338",
        "information_link": ERRORS,
        "details": details,
        "links": [],
    });
    Answer::new(status, body)
}

fn amount(minor: i64, currency: &str) -> Value {
    json!({"currency": currency, "value": decimal(minor, currency)})
}

fn batch_url(base: &str, id: &str) -> String {
    format!("{base}/v1/payments/payouts/{id}")
}

fn link(href: &str, rel: &str) -> Value {
    json!({"href": href, "rel": rel, "method": "GET", "encType": "application/json"})
}

fn set(object: &mut Value, name: &str, value: Value) {
    if let Value::Object(fields) = object {
        fields.insert(name.to_owned(), value);
    }
}
