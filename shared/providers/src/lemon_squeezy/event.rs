//! Events: the envelope, and which object each of them carries.

use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{order, subscription};
use crate::webhook::{
    Content, Context, ExternalFact, Labels, Received, Unreadable, digest,
    json::{self, Event, Id},
};

#[derive(Deserialize)]
struct Envelope {
    meta: Meta,
    data: Value,
}

#[derive(Deserialize)]
struct Meta {
    event_name: String,
    #[serde(default)]
    custom_data: Labels,
}

/// An object, which is known by its id beside its attributes.
#[derive(Deserialize)]
struct Resource<T> {
    id: Id,
    attributes: T,
}

/// What an event tells beside the object.
#[derive(Clone, Copy)]
pub(super) struct Told<'a> {
    /// Its name, time and context.
    pub(super) event: &'a Event<'a>,
    /// What the merchant attached for us.
    pub(super) labels: &'a Labels,
}

impl Told<'_> {
    /// The event's object: its id and its attributes.
    pub(super) fn object<T: DeserializeOwned>(&self) -> Result<(Id, T), Unreadable> {
        let Resource { id, attributes } = self.event.object()?;
        Ok((id, attributes))
    }
}

pub(super) fn parse(body: &[u8], context: &Context<'_>) -> Result<Received, Unreadable> {
    let Envelope { meta, data } = json::envelope(&json::parse(body)?)?;
    let event = Event { kind: &meta.event_name, at: at(&data), object: &data, context };
    let content = Content::of(facts(Told { event: &event, labels: &meta.custom_data })?);
    let (event_id, occurred_at) = (digest::name(body), event.at);
    Ok(Received { event_id, occurred_at, kind: meta.event_name, content })
}

fn facts(told: Told<'_>) -> Result<Vec<ExternalFact>, Unreadable> {
    match told.event.kind {
        "order_created" | "order_refunded" => order::facts(told),
        "subscription_created" => subscription::first_invoice(told),
        "subscription_payment_success"
        | "subscription_payment_recovered"
        | "subscription_payment_refunded" => subscription::invoice_facts(told),
        _ => Ok(Vec::new()),
    }
}

/// When it happened, as near as the object tells: events themselves have no time. What tells no time
/// is nothing that counts.
fn at(data: &Value) -> Timestamp {
    let time = |name: &str| data.get("attributes")?.get(name)?.as_str()?.parse().ok();
    time("updated_at").or_else(|| time("created_at")).unwrap_or(Timestamp::UNIX_EPOCH)
}
