//! Vectors of the signature, and what becomes of the events.

use http::HeaderMap;
use proptest::prelude::*;
use serde_json::json;

use super::RecurlyWebhooks;
use crate::webhook::{
    Content, Delivery,
    InvalidSignature::{self, Malformed, Mismatch, Missing, Stale},
    Received, Unreadable, WebhookSender, hmac,
    testing::{self, BODY, TIME, at, headers},
};

const PAID: &str = include_str!("../../fixtures/recurly/charge_invoice.paid.json");
const CREATED: &str = include_str!("../../fixtures/recurly/charge_invoice.created.json");
const REFUNDED: &str = include_str!("../../fixtures/recurly/payment.refunded.json");
const SECRET: &[u8] = b"rec_test";
const MILLIS: i64 = 1000 * TIME;
/// Computed apart from this code.
const GOOD: &str = "dde21adc73a3ccf37e265b5175b9a5b31548b92ab4ec3f0fcc22bc052e31922b";
const WRONG: &str = "0de21adc73a3ccf37e265b5175b9a5b31548b92ab4ec3f0fcc22bc052e31922b";

fn check(value: &str, body: &[u8]) -> Result<(), InvalidSignature> {
    check_at(TIME, &[SECRET], value, body)
}

fn check_at(second: i64, secrets: &[&[u8]], value: &str, body: &[u8]) -> Result<(), InvalidSignature> {
    testing::verify(&RecurlyWebhooks, secrets, &headers(&[("recurly-signature", value)]), body, second)
}

fn signed(body: &[u8], secret: &[u8]) -> String {
    let signature = hmac::sign(secret, &[MILLIS.to_string().as_bytes(), b".", body]);
    format!("{MILLIS},{}", data_encoding::HEXLOWER.encode(&signature))
}

fn read(body: &str) -> Result<Received, Unreadable> {
    testing::read(&RecurlyWebhooks, &HeaderMap::new(), body.as_bytes())
}

#[test]
fn a_genuine_signature_is_accepted_in_every_form_recurly_may_send() {
    for value in [
        format!("{MILLIS},{GOOD}"),
        format!("{MILLIS},{WRONG},{GOOD}"),
        format!("{MILLIS},{GOOD},{WRONG}"),
        format!("{MILLIS},zz,{GOOD}"),
        format!("{MILLIS}, {GOOD}"),
        format!("{MILLIS},{}", GOOD.to_uppercase()),
    ] {
        assert_eq!(check(&value, BODY), Ok(()), "{value}");
    }
    for body in [b"{\r\n}".as_slice(), b"\xff\xfe\x00", b""] {
        assert_eq!(check(&signed(body, SECRET), body), Ok(()));
    }
}

#[test]
fn either_of_two_live_secrets_fits_and_an_empty_one_never() {
    let value = format!("{MILLIS},{GOOD}");
    for secrets in [[b"old".as_slice(), SECRET], [SECRET, b"old"], [b"", SECRET]] {
        assert_eq!(check_at(TIME, &secrets, &value, BODY), Ok(()));
    }
    for secrets in [&[][..], &[b"".as_slice()], &[b"other"]] {
        assert_eq!(check_at(TIME, secrets, &value, BODY), Err(Mismatch));
    }
    assert_eq!(check_at(TIME, &[b""], &signed(BODY, b""), BODY), Err(Mismatch));
}

#[test]
fn anything_altered_is_refused() {
    let good = format!("{MILLIS},{GOOD}");
    for (value, body) in [
        (format!("{MILLIS},{}c", &GOOD[..63]), BODY),
        (format!("{MILLIS},{WRONG}"), BODY),
        (format!("{MILLIS},{}", &GOOD[..62]), BODY),
        (format!("{MILLIS},{GOOD}00"), BODY),
        (format!("{MILLIS},"), BODY),
        (format!("{MILLIS}"), BODY),
        (format!("{},{GOOD}", MILLIS + 1), BODY),
        (good.clone(), br#"{"id":"evt_1","amount":1998}"#),
        (good.clone(), b""),
        (good, b"{\"id\":\"evt_1\",\"amount\":1999}\r\n"),
    ] {
        assert_eq!(check(&value, body), Err(Mismatch), "{value}");
    }
    assert_eq!(check(&signed(b"{\r\n}", SECRET), b"{\n}"), Err(Mismatch));
}

#[test]
fn a_malformed_header_is_refused() {
    for value in [
        "",
        ",",
        "nonsense",
        GOOD,
        &format!("{GOOD},{MILLIS}"),
        &format!("+{MILLIS},{GOOD}"),
        &format!("-{MILLIS},{GOOD}"),
        &format!("0{MILLIS},{GOOD}"),
        &format!(" {MILLIS},{GOOD}"),
        &format!("t={MILLIS},{GOOD}"),
        &format!("99999999999999999999,{GOOD}"),
        &format!("{MILLIS},{}", "x".repeat(5000)),
    ] {
        assert_eq!(check(value, BODY), Err(Malformed), "{value}");
    }
    let none = testing::verify(&RecurlyWebhooks, &[SECRET], &HeaderMap::new(), BODY, TIME);
    assert_eq!(none, Err(Missing));
    let value = format!("{MILLIS},{GOOD}");
    let mut twice = headers(&[("recurly-signature", &value)]);
    twice.append("recurly-signature", value.parse().unwrap());
    assert_eq!(testing::verify(&RecurlyWebhooks, &[SECRET], &twice, BODY, TIME), Err(Missing));
}

#[test]
fn five_minutes_either_way_are_allowed_and_seconds_are_no_milliseconds() {
    let value = format!("{MILLIS},{GOOD}");
    for (away, expected) in [(-301, Err(Stale)), (-300, Ok(())), (300, Ok(())), (301, Err(Stale))] {
        assert_eq!(check_at(TIME + away, &[SECRET], &value, BODY), expected, "{away}");
    }
    assert_eq!(check(&format!("{TIME},{GOOD}"), BODY), Err(Stale));
}

#[test]
fn what_moves_money_is_set_aside_with_the_remedy_and_nothing_is_made_up() {
    for (event, kind) in [
        (PAID.to_owned(), "charge_invoice.paid"),
        (REFUNDED.to_owned(), "payment.refunded"),
        (testing::with(REFUNDED, "", &json!({"event_type": "voided"})), "payment.voided"),
    ] {
        let Err(error @ Unreadable::WithoutAmounts { .. }) = read(&event) else { panic!("{event}") };
        assert!(error.to_string().starts_with(kind) && error.to_string().contains("by API"), "{error}");
    }
}

#[test]
fn everything_else_is_ignored_under_an_id_that_every_delivery_has() {
    let received = read(CREATED).unwrap();
    let expected = Received {
        event_id: "charge_invoice.created.ra8fzs41jdxd.2026-11-22T11:59:00Z".into(),
        occurred_at: at(1_795_348_740),
        kind: "charge_invoice.created".into(),
        content: Content::Ignored,
    };
    assert_eq!(received, expected);
    let id = |body: &str| {
        RecurlyWebhooks.event_id(&Delivery { headers: &HeaderMap::new(), body: body.as_bytes() })
    };
    assert_eq!(id(PAID).as_deref(), Some("charge_invoice.paid.ra8fzs41jdxd.2026-11-22T12:00:00Z"));
    assert_eq!(id("{}"), None);
}

#[test]
fn what_is_no_notification_names_its_place() {
    assert_eq!(read("<xml/>"), Err(Unreadable::NotJson));
    let untimed = testing::with(CREATED, "", &json!({"event_time": "jane"}));
    assert_eq!(read(&untimed), Err(Unreadable::NotAnEvent { at: "event_time".into() }));
}

#[test]
fn a_secret_is_what_recurly_shows() {
    for (secret, fits) in
        [("0123456789abcdef", true), ("0123456789abcde", false), ("0123456789 abcdef", false)]
    {
        assert_eq!(RecurlyWebhooks.check_secret(secret).is_ok(), fits);
    }
}

proptest! {
    #[test]
    fn nothing_makes_it_panic_or_pass(value in "[ -~]{0,200}", body: Vec<u8>, text in ".{0,40}") {
        prop_assert!(check(&value, &body).is_err());
        let _ = read(&String::from_utf8_lossy(&body));
        let _ = read(&testing::with(PAID, "", &json!({"event_time": text, "object_type": text})));
    }
}
