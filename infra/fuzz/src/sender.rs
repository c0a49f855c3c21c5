//! A sender's webhooks: the signature, and what the event says.

use domain::{id::ProgramId, money::Currency};
use http::HeaderMap;
use jiff::Timestamp;
use providers::webhook::{self, Content, Context, Delivery, KeptDelivery, Proof, Received, WebhookSender};

use crate::conversion;

/// Nothing that is made up is signed with it.
const SECRET: &[u8] = b"whsec_bm9ib2R5IGtub3dzIHRoaXMgc2VjcmV0IGF0IGFsbA==";
/// 2023-11-14, when the fixtures were signed.
const NOW: i64 = 1_700_000_000;

/// Reads bytes as a delivery: a line with its headers and the body, or the body alone.
pub(crate) fn run(sender: &dyn WebhookSender, data: &[u8]) {
    let kept = KeptDelivery::from_bytes(data);
    let none = HeaderMap::new();
    let delivery = kept.as_ref().map_or(Delivery { headers: &none, body: data }, KeptDelivery::delivery);
    check_signature(sender, delivery);
    check_event(sender, delivery);
}

fn check_signature(sender: &dyn WebhookSender, delivery: Delivery<'_>) {
    if let Ok(Some(url)) = sender.certificate_url(delivery.headers) {
        let host = url.host_str().unwrap_or_default();
        assert!(url.scheme() == "https" && host.ends_with(".paypal.com"), "certificates from {url}");
    }
    let now = Timestamp::from_second(NOW).unwrap_or_default();
    for secrets in [&[][..], &[&b""[..]], &[SECRET, b""]] {
        for certificates in [None, Some(delivery.body)] {
            let proof = Proof { delivery, secrets, now, certificates };
            assert!(sender.verify(&proof).is_err(), "verified what nobody signed");
        }
    }
    if let Ok(text) = str::from_utf8(delivery.body) {
        let _ = sender.check_secret(text.get(..300).unwrap_or(text));
    }
}

fn check_event(sender: &dyn WebhookSender, delivery: Delivery<'_>) {
    let Some(received) = parse(sender, delivery) else {
        // An event that cannot be read is kept by its id, if that can be read.
        let _ = sender.event_id(&delivery);
        return;
    };
    assert_eq!(sender.event_id(&delivery).as_deref(), Some(received.event_id.as_str()), "the event's id");
    assert!(received.occurred_at.as_second() != i64::MAX && !received.event_id.is_empty());
    let same = parse(sender, delivery);
    assert_eq!(same.as_ref(), Some(&received), "the same event says the same");
    check_kept(sender, delivery);
    let Content::Facts(facts) = &received.content else { return };
    assert!(!facts.is_empty(), "an event without facts is to be ignored");
    for external in facts {
        assert!(!external.external_id.is_empty(), "a fact about nothing");
        assert!(external.source.as_ref().is_none_or(|source| !source.is_empty()), "a system without a name");
        conversion::check(&external.fact);
    }
}

fn parse(sender: &dyn WebhookSender, delivery: Delivery<'_>) -> Option<Received> {
    let program_id = ProgramId::derive(&["fuzz"]);
    let currency: Currency = "USD".parse().ok()?;
    let hash_email = |_: &str| "hash".to_owned();
    let context = Context { program_id: &program_id, currency, hash_email: &hash_email };
    webhook::read(sender, &delivery, &context).ok()
}

/// What was set aside says the same when it is read again; what is not kept of it says nothing.
fn check_kept(sender: &dyn WebhookSender, delivery: Delivery<'_>) {
    let first = KeptDelivery::from_bytes(&delivery.to_bytes());
    let again = first.as_ref().and_then(|kept| KeptDelivery::from_bytes(&kept.delivery().to_bytes()));
    assert_eq!(again, first, "kept and kept again");
    let kept = first.as_ref().map(KeptDelivery::delivery);
    if let Some(kept) = kept.filter(|kept| kept.headers.len() == delivery.headers.len()) {
        assert_eq!(parse(sender, kept), parse(sender, delivery), "a delivery that was kept");
    }
}
