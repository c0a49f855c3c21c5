//! Form-encoded parameters, as Stripe takes them: `metadata[payout_id]=pay_1`.

use serde_json::{Map, Value};

/// Decoded name and value pairs, sorted: Stripe compares parameters, not their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a request body or a query string.
    #[must_use]
    pub fn parse(encoded: &[u8]) -> Self {
        let mut pairs: Vec<_> = url::form_urlencoded::parse(encoded).into_owned().collect();
        pairs.sort();
        Self(pairs)
    }

    /// The parameter, unless it is missing or empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(found, _)| found == name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// Every `metadata[name]` parameter.
    #[must_use]
    pub fn metadata(&self) -> Value {
        let entries = self.0.iter().filter_map(|(name, value)| {
            let name = name.strip_prefix("metadata[")?.strip_suffix(']')?;
            Some((name.to_owned(), Value::from(value.as_str())))
        });
        Value::Object(entries.collect::<Map<_, _>>())
    }
}
