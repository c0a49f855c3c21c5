//! The event: an envelope around a report.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{ID, TIMESTAMP};
use crate::{
    report::{Fault, Kind, Report, Surroundings},
    webhook::{Content, Context, Delivery, ExternalFact, Received, Unreadable, header, json, stamp},
};

#[derive(Deserialize)]
struct Envelope {
    r#type: String,
    timestamp: Timestamp,
    #[serde(default)]
    data: Value,
}

pub(super) fn parse(delivery: &Delivery<'_>, context: &Context<'_>) -> Result<Received, Unreadable> {
    let id = header(delivery.headers, ID).map_err(|_| json::not_an_event(ID))?;
    let envelope: Envelope = json::envelope(&json::parse(delivery.body)?)?;
    let content = match kind(&envelope.r#type) {
        Some(kind) => Content::Facts(vec![fact(&envelope, kind, delivery, context)?]),
        None => Content::Ignored,
    };
    Ok(Received { event_id: id.to_owned(), occurred_at: envelope.timestamp, kind: envelope.r#type, content })
}

/// The type of report that an event carries, if any.
fn kind(event: &str) -> Option<Kind> {
    Some(match event {
        "sale.created" => Kind::Sale,
        "renewal.created" => Kind::Renewal,
        "lead.created" => Kind::Lead,
        "refund.created" => Kind::Refund,
        "refund.failed" => Kind::RefundFailed,
        "dispute.opened" => Kind::DisputeOpened,
        "dispute.lost" => Kind::DisputeLost,
        "dispute.won" => Kind::DisputeWon,
        "cancellation.created" => Kind::Cancellation,
        "reinstatement.created" => Kind::Reinstatement,
        _ => return None,
    })
}

fn fact(
    envelope: &Envelope,
    kind: Kind,
    delivery: &Delivery<'_>,
    context: &Context<'_>,
) -> Result<ExternalFact, Unreadable> {
    let wrong = |at: String| Unreadable::Object { kind: envelope.r#type.clone(), at };
    let mut report = envelope.data.clone();
    let fields = report.as_object_mut().ok_or_else(|| wrong("data".to_owned()))?;
    let told = fields.entry("type").or_insert_with(|| kind.as_str().into());
    if told.as_str() != Some(kind.as_str()) {
        return Err(wrong(format!("data.type: leave it out, or make it {}", kind.as_str())));
    }
    let report: Report = serde_path_to_error::deserialize(&report).map_err(|error| wrong(place(&error)))?;
    let around = Surroundings {
        program_id: context.program_id,
        currency: context.currency,
        hash_email: context.hash_email,
        occurred_at: envelope.timestamp,
        now: sent_at(delivery).unwrap_or(envelope.timestamp),
    };
    let reported = report.into_fact(&around).map_err(|faults| wrong(describe(&faults)))?;
    let source = Some(reported.source);
    Ok(ExternalFact { source, ..ExternalFact::new(reported.external_id, reported.fact) })
}

/// When this attempt was made: signed, and lately.
fn sent_at(delivery: &Delivery<'_>) -> Option<Timestamp> {
    let seconds = stamp::digits(header(delivery.headers, TIMESTAMP).ok()?).ok()?;
    Timestamp::from_second(seconds).ok()
}

/// The place of a value that has not the form of its field. What serde says of it may quote it.
fn place(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    let message = error.inner().to_string();
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    let path = error.path().to_string();
    let steps = ["data", path.as_str(), missing.unwrap_or_default()];
    // The path of the whole is a lone dot.
    let steps: Vec<_> = steps.into_iter().filter(|step| !step.is_empty() && *step != ".").collect();
    steps.join(".")
}

fn describe(faults: &[Fault]) -> String {
    let fault = |fault: &Fault| format!("data{}: {}", fault.pointer.replace('/', "."), fault.detail);
    faults.iter().map(fault).collect::<Vec<_>>().join("; ")
}
