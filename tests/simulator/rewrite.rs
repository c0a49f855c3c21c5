//! Mutants that send other requests than the store does.

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use domain::{id::ConversionId, ledger::TransactionKind};
use serde_json::{Value, json};

use super::mutant::Mutant;

/// What is sent instead of a request.
pub(crate) struct Rewritten {
    /// Operations before it, whatever becomes of it.
    pub(crate) before: Vec<(&'static str, Value)>,
    /// What is left of it.
    pub(crate) main: Value,
    /// Operations after it when it was carried out.
    pub(crate) after: Vec<(&'static str, Value)>,
}

impl Rewritten {
    fn only(main: Value) -> Self {
        Self { before: Vec::new(), main, after: Vec::new() }
    }
}

/// What a mutant makes of a transaction; `chance` is below 1000.
pub(crate) fn rewrite(mutant: Mutant, binary: &str, body: &Value, chance: usize) -> Option<Rewritten> {
    body["TransactItems"].as_array()?;
    match mutant {
        Mutant::NoJournalGuard if binary == "calculate-commission" => journal_apart(body, chance),
        Mutant::BareAdd if binary == "mature-commissions" => add_apart(body, chance),
        Mutant::ProjectionUnguarded if binary.starts_with("publish-") => Some(without_conditions(body, "")),
        Mutant::RefundUnguarded if binary == "calculate-commission" => Some(without_conditions(body, "CNV#")),
        Mutant::CapUnguarded if binary == "calculate-commission" => Some(without_conditions(body, "CAP#")),
        Mutant::FreshBonus if binary == "evaluate-bonuses" => granted_anew(body, chance),
        Mutant::ReservationUnguarded if binary == "request-payout" => Some(without_conditions(body, "ACC#")),
        _ => None,
    }
}

fn key(item: &Value) -> &str {
    let write = item.as_object().and_then(|item| item.values().next()).unwrap_or(&Value::Null);
    write["Key"]["PK"]["S"].as_str().or_else(|| write["Item"]["PK"]["S"].as_str()).unwrap_or_default()
}

/// Takes the items of a partition out of a transaction.
fn take(body: &Value, prefix: &str) -> (Value, Vec<Value>) {
    let items = body["TransactItems"].as_array().cloned().unwrap_or_default();
    let (taken, left): (Vec<_>, Vec<_>) = items.into_iter().partition(|item| key(item).starts_with(prefix));
    let mut main = body.clone();
    main["TransactItems"] = json!(left);
    (main, taken)
}

/// The journal goes first and on its own, under an id that nothing derives.
fn journal_apart(body: &Value, chance: usize) -> Option<Rewritten> {
    let (main, taken) = take(body, "TXN#");
    let mut put = taken.first()?["Put"].clone();
    let id = put["Item"]["id"]["S"].as_str()?.to_owned();
    let id = format!("{}{:03}", &id[..id.len() - 3], chance);
    put["Item"]["id"]["S"] = json!(id);
    put["Item"]["PK"]["S"] = json!(format!("TXN#{id}"));
    unconditional(&mut put);
    Some(Rewritten { before: vec![("PutItem", put)], main, after: Vec::new() })
}

/// The balance follows on its own; a client that gets no answer sends it again.
fn add_apart(body: &Value, chance: usize) -> Option<Rewritten> {
    let (main, taken) = take(body, "ACC#");
    let update = taken.first()?["Update"].clone();
    let times = match chance {
        0..50 => 0,
        50..150 => 2,
        _ => 1,
    };
    Some(Rewritten { before: Vec::new(), main, after: vec![("UpdateItem", update); times] })
}

/// The award, its line and its entry under an id that is drawn.
fn granted_anew(body: &Value, chance: usize) -> Option<Rewritten> {
    let puts = body["TransactItems"].as_array()?.iter().map(|item| &item["Put"]["Item"]);
    let award = puts.into_iter().find(|item| item["bookings"]["N"].is_string())?;
    let id: ConversionId = award["PK"]["S"].as_str()?.strip_prefix("CNV#")?.parse().ok()?;
    let drawn = ConversionId::derive(&[id.as_str(), &chance.to_string()]);
    let bookings = award["bookings"]["N"].as_str()?;
    let entry =
        |id: &ConversionId| TransactionKind::Bonus.transaction_id(&[id.as_str(), bookings]).to_string();
    let text = body.to_string().replace(id.body(), drawn.body()).replace(&entry(&id), &entry(&drawn));
    serde_json::from_str(&text).ok().map(Rewritten::only)
}

/// Is a fact of a batch answered for and never written?
pub(crate) fn is_swallowed(mutant: Mutant, binary: &str, body: &Value) -> bool {
    let put = body["Item"]["PK"]["S"].as_str().unwrap_or_default();
    mutant == Mutant::BatchUnstored && binary == "record-conversions" && put.starts_with("FCT#")
}

/// Does a transaction write down that a sale waits for its exchange rate?
pub(crate) fn waits_for_rate(body: &Value) -> bool {
    let items = body["TransactItems"].as_array().into_iter().flatten();
    items.filter_map(|item| item["Put"]["Item"]["SK"]["S"].as_str()).any(|sk| sk.starts_with("WAIT#"))
}

/// The read of an exchange rate as a read of what is not there.
pub(crate) fn unread_rate(body: &Value) -> Option<Rewritten> {
    let pk = body["Key"]["PK"]["S"].as_str().filter(|pk| pk.starts_with("FX#") && *pk != "FX#MISSING")?;
    let mut main = body.clone();
    main["Key"]["PK"]["S"] = json!(format!("{pk}#NONE"));
    Some(Rewritten::only(main))
}

/// Conditions on items of a partition are left out, and so is everything that is only checked there.
fn without_conditions(body: &Value, prefix: &str) -> Rewritten {
    let mut main = body.clone();
    for item in main["TransactItems"].as_array_mut().into_iter().flatten() {
        if key(item).starts_with(prefix) {
            for write in ["Put", "Update"] {
                if item[write].is_object() {
                    unconditional(&mut item[write]);
                }
            }
        }
    }
    Rewritten::only(main)
}

/// Takes the condition away, with the names and values that only it used: the table refuses
/// what is not used.
fn unconditional(write: &mut Value) {
    let Some(fields) = write.as_object_mut() else { return };
    fields.remove("ConditionExpression");
    let used = fields.get("UpdateExpression").and_then(Value::as_str).unwrap_or_default().to_owned();
    let words: Vec<&str> =
        used.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '#' | ':' | '_'))).collect();
    for names in ["ExpressionAttributeNames", "ExpressionAttributeValues"] {
        if let Some(known) = fields.get_mut(names).and_then(Value::as_object_mut) {
            known.retain(|name, _| words.contains(&name.as_str()));
            if known.is_empty() {
                fields.remove(names);
            }
        }
    }
}

/// The same request with another body, and for another operation.
pub(crate) fn with_body(request: &HttpRequest, operation: Option<&str>, body: &Value) -> HttpRequest {
    let mut copy = request.try_clone().unwrap();
    let text = body.to_string();
    copy.headers_mut().insert("content-length", text.len().to_string());
    if let Some(operation) = operation {
        copy.headers_mut().insert("x-amz-target", format!("DynamoDB_20120810.{operation}"));
    }
    *copy.body_mut() = text.into();
    copy
}
