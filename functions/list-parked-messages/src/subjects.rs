//! What a parked message is about, by ids. Nothing else of its body gets out.

use std::collections::BTreeMap;

use domain::conversion::FactReceived;
use serde_json::Value;
use store::{
    park::{Parked, Queue},
    webhook::WebhookEvent,
};

/// Longer texts are no ids of anything.
const ID_MAX: usize = 200;

/// The ids by name; none that a body which cannot be read does not give away.
pub(crate) fn of(parked: &Parked) -> BTreeMap<&'static str, String> {
    let body: Value = serde_json::from_str(&parked.body).unwrap_or_default();
    let mut subjects = BTreeMap::new();
    let mut add = |name: &'static str, id: Option<&str>| {
        if let Some(id) = id.filter(|id| !id.is_empty() && id.len() <= ID_MAX) {
            subjects.insert(name, id.to_owned());
        }
    };
    let mut take = |names: &[&'static str]| {
        for name in names {
            add(name, body.get(name).and_then(Value::as_str));
        }
    };
    match parked.queue {
        Queue::Conversions => {
            take(&["program_id", "source", "external_id"]);
            let fact = serde_json::from_str::<FactReceived>(&parked.body).ok();
            add("conversion_id", fact.map(|fact| fact.conversion_id().to_string()).as_deref());
        }
        Queue::Maturities => take(&["program_id", "partner_id"]),
        Queue::Payouts => take(&["payout_id"]),
        Queue::Changes => {
            add("partition_key", body.pointer("/PK/S").and_then(Value::as_str));
            add("sort_key", body.pointer("/SK/S").and_then(Value::as_str));
        }
        Queue::Refunds => {
            let mut parts = parked.message_id.splitn(2, '/');
            add("conversion_id", parts.next());
            add("refund_id", parts.next());
        }
        Queue::Webhooks => {
            if let Some((endpoint, event)) = WebhookEvent::of_message_id(&parked.message_id) {
                add("endpoint_id", Some(endpoint.as_str()));
                add("event_id", Some(event));
            }
        }
    }
    subjects
}
