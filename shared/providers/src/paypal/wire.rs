//! What PayPal reads and writes: one batch of one item for one payout.

use domain::money::Money;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    exchange::{Answer, text},
    payout::{Order, Progress},
};

/// Currencies that PayPal takes in whole units only, though ISO 4217 gives most of them digits.
/// Source: <https://developer.paypal.com/reports/reference/supported-currencies>.
const WHOLE_UNITS: [&str; 3] = ["HUF", "JPY", "TWD"];

/// The amount as PayPal wants it; none when PayPal cannot pay this exact amount.
pub(super) fn value(amount: Money) -> Option<String> {
    let decimal = amount.to_decimal();
    if !WHOLE_UNITS.contains(&amount.currency().code()) {
        return Some(decimal.to_string());
    }
    decimal.fract().is_zero().then(|| decimal.trunc().normalize().to_string())
}

/// The batch. The same order always gives the same bytes.
pub(super) fn batch(order: &Order, value: &str) -> Value {
    json!({
        "sender_batch_header": {
            "sender_batch_id": order.key(),
            "email_subject": "You have a payout",
        },
        "items": [{
            "recipient_type": "EMAIL",
            "amount": {"value": value, "currency": order.amount.currency().code()},
            "receiver": order.destination.as_str(),
            "sender_item_id": order.payout_id.as_str(),
        }],
    })
}

/// What the answer to a batch proves.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Taken on now.
    Accepted(String),
    /// Taken on before, under the same batch id.
    Known(String),
    /// Refused for good.
    Refused { code: String, message: String },
    /// Nothing.
    Unknown(String),
}

/// Reads the answer to a batch.
pub(super) fn judge(answer: &Answer) -> Verdict {
    let Answer { status, body } = answer;
    let unknown = || Verdict::Unknown(format!("status {}", status.as_u16()));
    match *status {
        StatusCode::CREATED | StatusCode::OK => text(body, &["batch_header", "payout_batch_id"])
            .map_or_else(unknown, |id| Verdict::Accepted(id.to_owned())),
        StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN | StatusCode::UNPROCESSABLE_ENTITY => {
            match (first_batch(body), text(body, &["name"])) {
                (Some(id), _) => Verdict::Known(id),
                // PayPal's name for a duplicate, without the link that proves which one.
                (None, Some("USER_BUSINESS_ERROR" | "DUPLICATE_REQUEST_ID") | None) => unknown(),
                (None, Some(name)) => {
                    let message = text(body, &["message"]).unwrap_or_default().to_owned();
                    Verdict::Refused { code: name.to_owned(), message }
                }
            }
        }
        // 401 is ours to mend, 409 and 429 say nothing, and 5xx may come before or after the work.
        _ => unknown(),
    }
}

/// The id in the link to the first batch with this `sender_batch_id`. Only the id is taken: a
/// token must never follow an address that an answer gives. The reference shows the link among the
/// error's `links`, answers have it within `details`.
fn first_batch(error: &Value) -> Option<String> {
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let details = list(error.get("details"));
    let links = details.iter().flat_map(|detail| list(detail.get("link"))).chain(list(error.get("links")));
    links.into_iter().find_map(|link| {
        let (_, id) = text(&link, &["href"])?.split_once("/v1/payments/payouts/")?;
        is_id(id).then(|| id.to_owned())
    })
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// A batch as PayPal shows it.
#[derive(Debug, Deserialize)]
pub(super) struct Batch {
    batch_header: Header,
    #[serde(default)]
    items: Vec<Item>,
}

#[derive(Debug, Deserialize)]
struct Header {
    payout_batch_id: String,
    batch_status: String,
}

#[derive(Debug, Deserialize)]
struct Item {
    transaction_status: Option<String>,
    payout_item: Option<PayoutItem>,
    errors: Option<ItemError>,
}

#[derive(Debug, Deserialize)]
struct PayoutItem {
    receiver: Option<String>,
    sender_item_id: Option<String>,
    amount: Option<Amount>,
}

#[derive(Debug, Deserialize)]
struct Amount {
    currency: String,
    value: String,
}

#[derive(Debug, Deserialize)]
struct ItemError {
    name: Option<String>,
}

impl Batch {
    /// PayPal's id of it.
    pub(super) fn id(&self) -> &str {
        &self.batch_header.payout_batch_id
    }

    /// Whether it is this order's. Items show up a little after their batch.
    pub(super) fn is_of(&self, order: &Order, value: &str) -> bool {
        self.items.len() <= 1
            && self
                .items
                .iter()
                .all(|item| item.payout_item.as_ref().is_none_or(|item| item.is_of(order, value)))
    }

    /// How far the one payment in it is. Held, blocked and unclaimed money is still out: it ends
    /// in another state, within 30 days.
    pub(super) fn progress(&self) -> Progress {
        let item = self.items.first();
        let error = item.and_then(|item| item.errors.as_ref()).and_then(|error| error.name.clone());
        let status = item.and_then(|item| item.transaction_status.as_deref()).unwrap_or("PENDING");
        let code = |fallback: &str| error.clone().unwrap_or_else(|| fallback.to_owned());
        match (status, self.batch_header.batch_status.as_str()) {
            ("SUCCESS", _) => Progress::Paid,
            ("FAILED", _) => Progress::Failed { code: code("FAILED") },
            ("RETURNED" | "REFUNDED" | "REVERSED", _) => Progress::Returned { code: code(status) },
            (_, batch @ ("DENIED" | "CANCELED")) => Progress::Failed { code: code(batch) },
            _ => Progress::Pending,
        }
    }
}

impl PayoutItem {
    fn is_of(&self, order: &Order, value: &str) -> bool {
        let currency = order.amount.currency();
        // PayPal may write 12.5 as 12.50.
        let same = |amount: &Amount| {
            let same_value =
                amount.value == value || Money::parse(&amount.value, currency) == Ok(order.amount);
            amount.currency == currency.code() && same_value
        };
        self.sender_item_id.as_deref().is_none_or(|id| id == order.payout_id.as_str())
            && self
                .receiver
                .as_deref()
                .is_none_or(|receiver| receiver.eq_ignore_ascii_case(order.destination.as_str()))
            && self.amount.as_ref().is_none_or(same)
    }
}

#[cfg(test)]
mod tests;
