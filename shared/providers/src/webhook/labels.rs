//! What the merchant attached to a payment for us.
//!
//! Senders call it metadata, custom data, note attributes or custom fields. Only names that begin with
//! `trb_` are read: what else is there was not meant for us and may be personal.

use std::collections::BTreeMap;

use domain::click::ClickTrail;
use serde::Deserialize;
use serde_json::Value;

const PREFIX: &str = "trb_";
const CLICK: &str = "trb_click";
const CUSTOMER: &str = "trb_customer";
const COUPON: &str = "trb_coupon";
/// What is no label.
const OWN: [&str; 3] = [CLICK, CUSTOMER, COUPON];
/// As many labels, and of such lengths, as a report by API may have.
const LABELS_MAX: usize = 20;
const NAME_MAX: usize = 40;
const VALUE_MAX: usize = 500;

/// What was attached for us, by name. Whatever else the field holds, and of whatever type, it keeps
/// nothing from being read.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(from = "Value")]
pub(crate) struct Labels(BTreeMap<String, String>);

impl Labels {
    /// Was this object marked for us?
    pub(crate) fn is_ours(&self) -> bool {
        [CLICK, CUSTOMER].iter().any(|name| self.get(name).is_some())
    }

    /// The clicks, if the text has the form of some.
    pub(crate) fn clicks(&self) -> Option<ClickTrail> {
        clicks(self.get(CLICK)?)
    }

    /// The merchant's own id of the customer.
    pub(crate) fn customer(&self) -> Option<&str> {
        self.get(CUSTOMER)
    }

    /// The code that the customer used, where the sender itself does not tell it.
    pub(crate) fn coupon(&self) -> Option<&str> {
        self.get(COUPON)
    }

    /// Labels for rules and reports, without the prefix. What is longer, or more, than a report by API
    /// may say is left out: it is never worth a sale.
    pub(crate) fn metadata(&self) -> BTreeMap<String, String> {
        let label = |(name, value): (&String, &String)| {
            let name = name.strip_prefix(PREFIX).filter(|_| !OWN.contains(&name.as_str()))?;
            let fits = (1..=NAME_MAX).contains(&name.chars().count()) && value.chars().count() <= VALUE_MAX;
            fits.then(|| (name.to_owned(), value.clone()))
        };
        self.0.iter().filter_map(label).take(LABELS_MAX).collect()
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

impl FromIterator<(String, String)> for Labels {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().filter(|(name, _)| name.starts_with(PREFIX)).collect())
    }
}

impl From<Value> for Labels {
    fn from(value: Value) -> Self {
        let Value::Object(fields) = value else { return Self::default() };
        fields.into_iter().filter_map(|(name, value)| Some((name, text(value)?))).collect()
    }
}

/// A value that a text can stand for.
fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A text that is click ids; one that is not was somebody else's reference.
pub(crate) fn clicks(text: &str) -> Option<ClickTrail> {
    ClickTrail::try_from(text.to_owned()).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Labels {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn only_what_was_meant_for_us_is_read() {
        let labels = read(json!({
            "trb_customer": "c-9", "trb_plan": "pro", "trb_seats": 3, "trb_trial": false,
            "trb_nested": {"email": "jane@example.com"}, "trb_none": null, "email": "jane@example.com",
        }));
        let expected = [("plan", "pro"), ("seats", "3"), ("trial", "false")];
        let expected: BTreeMap<_, _> = expected.map(|(n, v)| (n.to_owned(), v.to_owned())).into();
        assert_eq!((labels.customer(), labels.metadata()), (Some("c-9"), expected));
        assert!(labels.is_ours() && labels.clicks().is_none());
    }

    #[test]
    fn what_is_no_set_of_names_is_none() {
        for value in [json!(null), json!([]), json!(["trb_click"]), json!("trb_click"), json!(7), json!({})] {
            let labels = read(value);
            assert!(!labels.is_ours() && labels.metadata().is_empty());
        }
        assert!(!read(json!({"trb_customer": ""})).is_ours());
    }

    #[test]
    fn labels_beyond_the_limits_are_left_out() {
        let long = "x".repeat(501);
        let labels =
            read(json!({"trb_a": long, "trb_": "x", format!("trb_{}", "n".repeat(41)): "x", "trb_b": "x"}));
        assert_eq!(labels.metadata().into_keys().collect::<Vec<_>>(), ["b"]);
        let many: Labels = (0..30).map(|n| (format!("trb_{n}"), "x".to_owned())).collect();
        assert_eq!(many.metadata().len(), 20);
    }
}
