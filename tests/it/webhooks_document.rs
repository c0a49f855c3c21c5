//! `docs/webhooks.md`: every sender has its section, every event in it means something to the sender and none
//! is left out, and what the page tells to send is taken.

use std::{collections::BTreeSet, process::Command};

use domain::{conversion::Fact, id::ProgramId};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use providers::webhook::{self, Content, Context, Delivery, Proof, Received, Unreadable, WebhookSender};
use serde_json::{Value, json};
use tests::{contract::Contract, repository};

/// When the page's own signature was made.
const SIGNED_AT: i64 = 1_795_348_800;

fn page() -> String {
    repository::read("docs/webhooks.md")
}

/// The section of a sender: from its heading to the next one.
fn section(page: &str, sender: &str) -> String {
    let mut sections = page.split("\n## ").filter(|section| {
        section.lines().next().is_some_and(|heading| heading.ends_with(&format!("(`{sender}`)")))
    });
    let section = sections.next().unwrap_or_else(|| panic!("docs/webhooks.md has no section of {sender}"));
    assert!(sections.next().is_none(), "{sender} has two sections");
    section.to_owned()
}

/// The events of a section: what stands as code in the first column of its table.
fn documented(section: &str) -> BTreeSet<String> {
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    rows.flat_map(|cell| cell.split('`').step_by(2).map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let header = |(name, value): &(&str, &str)| {
        (HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap())
    };
    pairs.iter().map(header).collect()
}

fn parse(sender: &dyn WebhookSender, headers: &HeaderMap, body: &[u8]) -> Result<Received, Unreadable> {
    let program_id = ProgramId::derive(&["p"]);
    let currency = "USD".parse().unwrap();
    let context = Context { program_id: &program_id, currency, hash_email: &|_| "hash".to_owned() };
    webhook::read(sender, &Delivery { headers, body }, &context)
}

/// Does an event of this type mean something to the sender? One that does not is ignored, whatever it holds;
/// of one that does, a list in the place of its object is refused.
fn is_known(sender: &dyn WebhookSender, kind: &str) -> bool {
    let (object, event) = kind.rsplit_once('.').unwrap_or((kind, ""));
    let body = match sender.name() {
        "stripe" => json!({ "id": "e", "type": kind, "created": 1, "data": { "object": [] } }),
        "paddle" => {
            json!({ "event_id": "e", "event_type": kind, "occurred_at": "2026-11-22T00:00:00Z", "data": [] })
        }
        "paypal" => {
            json!({ "id": "e", "event_type": kind, "create_time": "2026-11-22T00:00:00Z", "resource": [] })
        }
        "lemon_squeezy" => json!({ "meta": { "event_name": kind }, "data": [] }),
        "standard" => json!({ "type": kind, "timestamp": "2026-11-22T00:00:00Z", "data": [] }),
        // What a body is decides its fields: an object of another type than the topic says is refused.
        "shopify" => json!({}),
        "chargebee" => json!({ "id": "e", "event_type": kind, "occurred_at": 1, "content": [] }),
        "recurly" => {
            json!({ "id": "i", "object_type": object, "event_type": event, "event_time": "2026-11-22T00:00:00Z" })
        }
        other => panic!("how does an event of {other} look? Say it here"),
    };
    let kind = if sender.name() == "shopify" { kind } else { "none" };
    let headers = headers(&[("webhook-id", "msg_1"), ("x-shopify-topic", kind)]);
    match parse(sender, &headers, body.to_string().as_bytes()) {
        Ok(received) => received.content != Content::Ignored,
        Err(Unreadable::NotJson | Unreadable::NotAnEvent { .. }) => {
            panic!("{} has no such envelope", sender.name())
        }
        Err(_) => true,
    }
}

/// Every text in the sender's code, of which those that name an event are among them.
fn texts(sender: &str) -> BTreeSet<String> {
    let folder = ["", "_webhooks"].map(|ending| format!("shared/providers/src/{sender}{ending}"));
    let folder = folder.iter().find(|folder| repository::root().join(folder).is_dir()).unwrap();
    let files = repository::files(folder, &[".rs"]);
    let code = files.iter().map(|file| std::fs::read_to_string(file).unwrap());
    let is_name = |text: &&str| {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"._/".contains(&byte);
        !text.is_empty() && text.len() < 80 && text.bytes().all(is_part)
    };
    code.flat_map(|code| code.split('"').filter(is_name).map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[test]
fn every_sender_has_a_section_with_exactly_its_events() {
    let page = page();
    for name in webhook::names() {
        let sender = webhook::sender(name).unwrap();
        let documented = documented(&section(&page, name));
        assert!(!documented.is_empty(), "{name}: no events");
        assert!(!is_known(sender, "nobody.sends.this"), "{name}");
        for event in &documented {
            assert!(is_known(sender, event), "docs/webhooks.md: {event} means nothing to {name}");
        }
        for text in texts(name).difference(&documented) {
            assert!(!is_known(sender, text), "docs/webhooks.md does not say what {text} of {name} does");
        }
    }
}

#[test]
fn every_sender_says_where_its_secret_is() {
    for name in webhook::names() {
        assert!(section(&page(), name).contains("**Secret.**"), "{name}");
    }
}

/// The fenced blocks that are marked so.
fn blocks(label: &str) -> Vec<String> {
    let (page, fence) = (page(), format!("\n```{label}\n"));
    let blocks = page.split(&fence).skip(1);
    let blocks: Vec<String> = blocks.map(|rest| rest.split("\n```").next().unwrap().to_owned()).collect();
    assert!(!blocks.is_empty(), "docs/webhooks.md has no block {label}");
    blocks
}

#[test]
fn what_is_sent_to_the_api_is_in_the_contract() {
    let contract = Contract::get();
    for (label, path) in [("sh endpoint", "/admin/webhook-endpoints"), ("sh api", "/conversions")] {
        for block in blocks(label) {
            let body = block.split("-d '").nth(1).unwrap().split('\'').next().unwrap();
            let body: Value = serde_json::from_str(body).unwrap();
            assert!(block.contains(&format!("\"$API{path}\"")), "{block}");
            contract.check_request(contract.operation("POST", path), &body).unwrap();
        }
    }
}

/// The value of a variable of the example.
fn variable(script: &str, name: &str) -> String {
    let line = script.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
    line.unwrap().trim_matches('\'').to_owned()
}

#[test]
fn the_signed_example_is_taken() {
    let sender = webhook::sender("standard").unwrap();
    let script = blocks("sh standard").remove(0);
    let (secret, body) = (variable(&script, "secret"), variable(&script, "body"));
    sender.check_secret(&secret).unwrap();
    let check = |headers: &HeaderMap, body: &str, second: i64| {
        let delivery = Delivery { headers, body: body.as_bytes() };
        let now = Timestamp::from_second(second).unwrap();
        let secrets: &[&[u8]] = &[secret.as_bytes()];
        sender.verify(&Proof { delivery, secrets, now, certificates: None }).unwrap();
        let Ok(Received { content: Content::Facts(facts), .. }) = parse(sender, headers, body.as_bytes())
        else {
            panic!("{body} is no report");
        };
        assert!(matches!(facts.as_slice(), [fact] if matches!(fact.fact, Fact::Charge(_))));
    };
    let signature = blocks("text signature").remove(0);
    let signature = signature.strip_prefix("webhook-signature: ").unwrap();
    let (id, time) = (variable(&script, "id"), SIGNED_AT.to_string());
    let told =
        headers(&[("webhook-id", &id), ("webhook-timestamp", &time), ("webhook-signature", signature)]);
    check(&told, &body, SIGNED_AT);
    // The script itself, with a curl that prints what it is to send.
    let told = format!("curl() {{ printf '%s\\n' \"$@\"; }}\nset -euo pipefail\nURL=-\n{script}");
    let output = Command::new("bash").args(["-c", &told]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let sent = String::from_utf8(output.stdout).unwrap();
    let pairs: Vec<_> = sent.lines().filter_map(|line| line.split_once(": ")).collect();
    let sent_body = sent.lines().last().unwrap();
    assert_eq!(sent_body, body);
    let time = pairs.iter().find(|(name, _)| *name == "webhook-timestamp").unwrap().1;
    check(&headers(&pairs), sent_body, time.parse().unwrap());
}
