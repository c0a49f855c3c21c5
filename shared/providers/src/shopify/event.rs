//! What an event is about, seen by its body.

use jiff::Timestamp;
use serde_json::Value;

use super::{dispute, order, refund};
use crate::webhook::{
    Content, Context, Delivery, Received, Unreadable, digest, header,
    json::{self, Event},
};

const TOPIC: &str = "x-shopify-topic";
/// The longest topic there is has about half of that.
const TOPIC_MAX: usize = 100;
/// Where an object tells its time, the latest first.
const TIMES: [&str; 4] = ["updated_at", "processed_at", "created_at", "initiated_at"];

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Order,
    Refund,
    Dispute,
    Other,
}

impl Subject {
    /// By the fields that no other object has: a checkout and a draft have no financial status, and
    /// nothing else has evidence.
    fn of(object: &Value) -> Self {
        let has = |names: &[&str]| names.iter().all(|name| object.get(name).is_some());
        if has(&["financial_status", "line_items", "total_price"]) {
            Self::Order
        } else if has(&["refund_line_items", "transactions", "order_id"]) {
            Self::Refund
        } else if has(&["evidence_due_by", "order_id", "status"]) {
            Self::Dispute
        } else {
            Self::Other
        }
    }

    /// What the topic says it is; none for topics that say nothing about it.
    fn by_topic(topic: &str) -> Option<Self> {
        match topic {
            "orders/create"
            | "orders/paid"
            | "orders/updated"
            | "orders/cancelled"
            | "orders/fulfilled"
            | "orders/partially_fulfilled" => Some(Self::Order),
            "refunds/create" => Some(Self::Refund),
            "disputes/create" | "disputes/update" => Some(Self::Dispute),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Refund => "refund",
            Self::Dispute => "dispute",
            Self::Other => "other",
        }
    }
}

pub(super) fn parse(delivery: &Delivery<'_>, context: &Context<'_>) -> Result<Received, Unreadable> {
    let object = json::parse(delivery.body)?;
    if !object.is_object() {
        return Err(json::not_an_event("the body itself"));
    }
    let (subject, topic) = (Subject::of(&object), topic(delivery));
    let kind = topic.unwrap_or_else(|| subject.name());
    let event = Event { kind, at: at(&object), object: &object, context };
    if topic.and_then(Subject::by_topic).is_some_and(|said| said != subject) {
        return Err(event.wrong("the body itself, which is not what its topic says"));
    }
    let facts = match subject {
        Subject::Order => order::facts(&event)?,
        Subject::Refund => refund::facts(&event)?,
        Subject::Dispute => dispute::facts(&event)?,
        Subject::Other => Vec::new(),
    };
    Ok(Received {
        event_id: digest::name(delivery.body),
        occurred_at: event.at,
        kind: kind.to_owned(),
        content: Content::of(facts),
    })
}

/// The topic, which is only a name: it is not signed.
fn topic<'a>(delivery: &Delivery<'a>) -> Option<&'a str> {
    let is_name = |byte: u8| byte.is_ascii_lowercase() || b"_/.".contains(&byte);
    let topic = header(delivery.headers, TOPIC).ok()?;
    ((1..=TOPIC_MAX).contains(&topic.len()) && topic.bytes().all(is_name)).then_some(topic)
}

/// When it happened. What tells no time is nothing that counts.
fn at(object: &Value) -> Timestamp {
    let time = |name: &&str| object.get(name)?.as_str()?.parse().ok();
    TIMES.iter().find_map(time).unwrap_or(Timestamp::UNIX_EPOCH)
}
