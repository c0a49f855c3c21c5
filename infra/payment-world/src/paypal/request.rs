//! Reading a payout batch: every wrong field is named the way PayPal names it.

use serde::Deserialize;
use serde_json::Value;

use super::wire;
use crate::outcome::{Facts, Provider};
use crate::reply::Answer;

/// A `POST /v1/payments/payouts`, read as far as JSON goes.
#[derive(Clone, Debug, Deserialize)]
pub struct BatchCall {
    sender_batch_header: Value,
    items: Vec<ItemFields>,
}

#[derive(Clone, Debug, Deserialize)]
struct ItemFields {
    recipient_type: Option<String>,
    amount: AmountFields,
    receiver: String,
    note: Option<String>,
    sender_item_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct AmountFields {
    currency: String,
    value: String,
}

/// One item in order to be paid.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) recipient_type: String,
    pub(super) receiver: String,
    pub(super) note: Option<String>,
    pub(super) sender_item_id: Option<String>,
    pub(super) minor: i64,
    pub(super) currency: String,
}

impl BatchCall {
    /// Reads the JSON body.
    ///
    /// # Errors
    /// PayPal's `VALIDATION_ERROR`, naming what is missing.
    pub fn parse(body: &[u8]) -> Result<Self, Answer> {
        serde_json::from_slice(body).map_err(|error| wire::invalid("body", &error.to_string()))
    }

    pub(super) fn header(&self) -> &Value {
        &self.sender_batch_header
    }

    pub(super) fn sender_batch_id(&self) -> Option<&str> {
        self.header_field("sender_batch_id")
    }

    pub(crate) fn facts(&self) -> Facts<'_> {
        let items = self.items.iter().filter_map(|item| item.sender_item_id.as_deref());
        Facts {
            provider: Provider::Paypal,
            destinations: self.items.iter().map(|item| item.receiver.as_str()).collect(),
            references: self.sender_batch_id().into_iter().chain(items).collect(),
        }
    }

    pub(super) fn orders(&self) -> Result<Vec<Order>, Answer> {
        let Some(first) = self.items.first() else {
            return Err(wire::invalid("items", "Must not be empty"));
        };
        if self.items.iter().any(|item| item.amount.currency != first.amount.currency) {
            let issue = "Multiple currencies within a batch is not allowed";
            return Err(wire::invalid("items", issue));
        }
        self.items.iter().enumerate().map(|(index, item)| self.order(index, item)).collect()
    }

    fn order(&self, index: usize, item: &ItemFields) -> Result<Order, Answer> {
        let field = |name: &str| format!("items[{index}].{name}");
        let kind = item.recipient_type.as_deref();
        let kind = kind.or_else(|| self.header_field("recipient_type")).unwrap_or("EMAIL");
        let fits = match kind {
            "EMAIL" => item.receiver.contains('@'),
            "PHONE" | "PAYPAL_ID" => !item.receiver.is_empty(),
            _ => false,
        };
        if !fits {
            let issue = "Receiver is invalid or does not match with type";
            return Err(wire::invalid(&field("receiver"), issue));
        }
        let AmountFields { currency, value } = &item.amount;
        let minor = minor_units(value, currency).filter(|minor| *minor > 0);
        let minor = minor.ok_or_else(|| wire::invalid(&field("amount.value"), "Invalid amount"))?;
        Ok(Order {
            recipient_type: kind.to_owned(),
            receiver: item.receiver.clone(),
            note: item.note.clone(),
            sender_item_id: item.sender_item_id.clone(),
            minor,
            currency: currency.clone(),
        })
    }

    fn header_field(&self, name: &str) -> Option<&str> {
        self.sender_batch_header.get(name).and_then(Value::as_str)
    }
}

/// Decimal places of a currency at PayPal.
fn decimals(currency: &str) -> usize {
    match currency {
        "HUF" | "JPY" | "TWD" => 0,
        _ => 2,
    }
}

/// `12.34` USD is 1234; more digits than the currency has are no amount.
fn minor_units(value: &str, currency: &str) -> Option<i64> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let places = decimals(currency);
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > places {
        return None;
    }
    format!("{whole}{fraction:0<places$}").parse().ok()
}

/// 1234 USD is `12.34`.
pub(super) fn decimal(minor: i64, currency: &str) -> String {
    let places = decimals(currency);
    let width = places + 1;
    let mut digits = format!("{minor:0>width$}");
    if places > 0 {
        digits.insert(digits.len() - places, '.');
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::{decimal, minor_units};

    #[test]
    fn decimal_strings_and_minor_units_agree() {
        for (value, currency, minor) in
            [("12.34", "USD", 1234), ("0.05", "USD", 5), ("7.00", "EUR", 700), ("1500", "JPY", 1500)]
        {
            assert_eq!(minor_units(value, currency), Some(minor), "{value} {currency}");
            assert_eq!(decimal(minor, currency), value, "{minor} {currency}");
        }
        assert_eq!(minor_units("7.5", "EUR"), Some(750));
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for (value, currency) in
            [("12.345", "USD"), ("1.5", "JPY"), ("-1", "USD"), ("", "USD"), (".5", "USD"), ("1e3", "USD")]
        {
            assert_eq!(minor_units(value, currency), None, "{value} {currency}");
        }
    }
}
