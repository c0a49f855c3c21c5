//! Positive and negative vectors.

use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;

use super::PaddleWebhooks;
use crate::webhook::{
    InvalidSignature::{self, Malformed, Mismatch, Missing, Stale},
    WebhookSender, hmac,
    testing::{self, BODY, TIME},
};

const SECRET: &[u8] = b"pdl_ntfset_test";
/// Computed apart from this code.
const GOOD: &str = "9c9c80cd4c0fd30f00fdc8c06ab5e73a5687b48618d76c294515321fa3e293cc";
const WRONG: &str = "0c9c80cd4c0fd30f00fdc8c06ab5e73a5687b48618d76c294515321fa3e293cc";

fn headers(value: &str) -> HeaderMap {
    testing::headers(&[("paddle-signature", value)])
}

fn verify(secrets: &[&[u8]], headers: &HeaderMap, body: &[u8], second: i64) -> Result<(), InvalidSignature> {
    testing::verify(&PaddleWebhooks, secrets, headers, body, second)
}

fn check(header: &str, body: &[u8]) -> Result<(), InvalidSignature> {
    verify(&[SECRET], &headers(header), body, TIME)
}

fn signed(secret: &[u8], body: &[u8]) -> String {
    let signature = hmac::sign(secret, &[TIME.to_string().as_bytes(), b":", body]);
    format!("ts={TIME};h1={}", data_encoding::HEXLOWER.encode(&signature))
}

#[test]
fn a_genuine_signature_is_accepted_in_every_form_paddle_may_send() {
    for header in [
        format!("ts={TIME};h1={GOOD}"),
        format!("h1={GOOD};ts={TIME}"),
        format!("ts={TIME};h1={WRONG};h1={GOOD}"),
        format!("ts={TIME};h1=zz;h1={GOOD}"),
        format!("ts={TIME};h2={WRONG};h1={GOOD}"),
        format!("ts={TIME};h1={}", GOOD.to_uppercase()),
    ] {
        assert_eq!(check(&header, BODY), Ok(()), "{header}");
    }
}

#[test]
fn either_of_two_live_secrets_fits_and_an_empty_one_never() {
    let header = headers(&format!("ts={TIME};h1={GOOD}"));
    for secrets in [[b"pdl_ntfset_old".as_slice(), SECRET], [SECRET, b"pdl_ntfset_old"], [b"", SECRET]] {
        assert_eq!(verify(&secrets, &header, BODY, TIME), Ok(()));
    }
    for secrets in [&[][..], &[b"".as_slice()], &[b"pdl_ntfset_other"]] {
        assert_eq!(verify(secrets, &header, BODY, TIME), Err(Mismatch));
    }
    assert_eq!(verify(&[b""], &headers(&signed(b"", BODY)), BODY, TIME), Err(Mismatch));
}

#[test]
fn anything_altered_is_refused() {
    let good = format!("ts={TIME};h1={GOOD}");
    for (header, body) in [
        (format!("ts={TIME};h1={}d", &GOOD[..63]).as_str(), BODY),
        (&format!("ts={TIME};h1={WRONG}"), BODY),
        (&format!("ts={TIME};h1={}", &GOOD[..62]), BODY),
        (&format!("ts={TIME};h1="), BODY),
        (&format!("ts={TIME};h1={GOOD}00"), BODY),
        (&format!("ts={TIME}"), BODY),
        (&format!("ts={};h1={GOOD}", TIME + 1), BODY),
        (&good, br#"{"id":"evt_1","amount":1998}"#),
        (&good, b""),
        (&good, b"{\"id\":\"evt_1\",\"amount\":1999}\r\n"),
    ] {
        assert_eq!(check(header, body), Err(Mismatch), "{header}");
    }
}

#[test]
fn line_ends_and_bytes_that_are_no_text_are_signed_as_they_are() {
    for body in [b"{\r\n}".as_slice(), b"\xff\xfe\x00", b""] {
        assert_eq!(check(&signed(SECRET, body), body), Ok(()));
    }
    assert_eq!(check(&signed(SECRET, b"{\r\n}"), b"{\n}"), Err(Mismatch));
}

#[test]
fn a_malformed_header_is_refused() {
    for header in [
        "",
        "ts",
        "nonsense",
        &format!("h1={GOOD}"),
        &format!("ts={TIME},h1={GOOD}"),
        &format!("ts={TIME};ts={TIME};h1={GOOD}"),
        &format!("ts=;h1={GOOD}"),
        &format!("ts=+{TIME};h1={GOOD}"),
        &format!("ts=-{TIME};h1={GOOD}"),
        &format!("ts=0{TIME};h1={GOOD}"),
        &format!("ts= {TIME};h1={GOOD}"),
        &format!("ts=99999999999999999999;h1={GOOD}"),
        &format!("ts={TIME};h1={GOOD};{}", "x".repeat(5000)),
    ] {
        assert_eq!(check(header, BODY), Err(Malformed), "{header}");
    }
}

#[test]
fn a_header_that_is_missing_repeated_or_no_text_is_refused() {
    let verify = |headers: &HeaderMap| verify(&[SECRET], headers, BODY, TIME);
    assert_eq!(verify(&HeaderMap::new()), Err(Missing));
    let mut twice = headers(&format!("ts={TIME};h1={GOOD}"));
    twice.append("paddle-signature", HeaderValue::from_static("ts=1"));
    assert_eq!(verify(&twice), Err(Missing));
    let mut binary = HeaderMap::new();
    binary.insert("paddle-signature", HeaderValue::from_bytes(b"ts=1;h1=\xff").unwrap());
    assert_eq!(verify(&binary), Err(Malformed));
}

#[test]
fn a_minute_either_way_is_allowed_and_not_a_second_more() {
    let header = headers(&format!("ts={TIME};h1={GOOD}"));
    for (away, expected) in
        [(-301, Err(Stale)), (-61, Err(Stale)), (-60, Ok(())), (60, Ok(())), (61, Err(Stale))]
    {
        assert_eq!(verify(&[SECRET], &header, BODY, TIME + away), expected, "{away}");
    }
}

#[test]
fn only_what_begins_like_a_destinations_secret_is_one() {
    for (secret, fits) in [("pdl_ntfset_1", true), ("pdl_ntfset_", false), ("pdl_live_apikey_1", false)] {
        assert_eq!(PaddleWebhooks.check_secret(secret).is_ok(), fits, "{secret:?}");
    }
}

proptest! {
    #[test]
    fn no_header_makes_it_panic_or_pass(header in "[ -~]{0,200}", body: Vec<u8>) {
        prop_assert!(check(&header, &body).is_err());
    }
}
