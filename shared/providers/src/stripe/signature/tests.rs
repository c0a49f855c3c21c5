//! Positive and negative vectors.

use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;

use crate::{
    stripe::StripeWebhooks,
    webhook::{
        InvalidSignature::{self, Malformed, Mismatch, Missing, Stale},
        WebhookSender, hmac,
        testing::{self, BODY, TIME},
    },
};

const SECRET: &[u8] = b"whsec_test_secret";
/// Computed apart from this code.
const GOOD: &str = "fa2855d9478a1cd5c9edff5796ff8681b07391550436fd2ecb7d5fbc95ca37f2";
const WRONG: &str = "0a2855d9478a1cd5c9edff5796ff8681b07391550436fd2ecb7d5fbc95ca37f2";

fn headers(value: &str) -> HeaderMap {
    testing::headers(&[("stripe-signature", value)])
}

fn verify(secrets: &[&[u8]], headers: &HeaderMap, body: &[u8], second: i64) -> Result<(), InvalidSignature> {
    testing::verify(&StripeWebhooks, secrets, headers, body, second)
}

fn check(header: &str, body: &[u8]) -> Result<(), InvalidSignature> {
    verify(&[SECRET], &headers(header), body, TIME)
}

fn signed(secret: &[u8], body: &[u8]) -> String {
    let signature = hmac::sign(secret, &[TIME.to_string().as_bytes(), b".", body]);
    format!("t={TIME},v1={}", data_encoding::HEXLOWER.encode(&signature))
}

#[test]
fn a_genuine_signature_is_accepted_in_every_form_stripe_may_send() {
    for header in [
        format!("t={TIME},v1={GOOD}"),
        format!("v1={GOOD},t={TIME}"),
        format!("t={TIME},v1={WRONG},v1={GOOD}"),
        format!("t={TIME},v1=zz,v1={GOOD}"),
        format!("t={TIME},v1={GOOD},v0={WRONG}"),
        format!("t={TIME},v1={}", GOOD.to_uppercase()),
    ] {
        assert_eq!(check(&header, BODY), Ok(()), "{header}");
    }
}

#[test]
fn either_of_two_live_secrets_fits_and_an_empty_one_never() {
    let header = headers(&format!("t={TIME},v1={GOOD}"));
    for secrets in [[b"whsec_old".as_slice(), SECRET], [SECRET, b"whsec_old"], [b"", SECRET]] {
        assert_eq!(verify(&secrets, &header, BODY, TIME), Ok(()));
    }
    for secrets in [&[][..], &[b"".as_slice()], &[b"whsec_other"]] {
        assert_eq!(verify(secrets, &header, BODY, TIME), Err(Mismatch));
    }
    let header = headers(&signed(b"", BODY));
    assert_eq!(verify(&[b""], &header, BODY, TIME), Err(Mismatch));
}

#[test]
fn anything_altered_is_refused() {
    let last = format!("t={TIME},v1={}3", &GOOD[..63]);
    let good = format!("t={TIME},v1={GOOD}");
    for (header, body) in [
        (last.as_str(), BODY),
        (&format!("t={TIME},v1={WRONG}"), BODY),
        (&format!("t={TIME},v1={}", &GOOD[..62]), BODY),
        (&format!("t={TIME},v1="), BODY),
        (&format!("t={TIME},v1={GOOD}00"), BODY),
        (&format!("t={TIME},v0={GOOD}"), BODY),
        (&format!("t={TIME}"), BODY),
        (&format!("t={},v1={GOOD}", TIME + 1), BODY),
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
        "t",
        "nonsense",
        &format!("v1={GOOD}"),
        &format!("t={TIME},t={TIME},v1={GOOD}"),
        &format!("t=,v1={GOOD}"),
        &format!("t=+{TIME},v1={GOOD}"),
        &format!("t=-{TIME},v1={GOOD}"),
        &format!("t=0{TIME},v1={GOOD}"),
        &format!("t= {TIME},v1={GOOD}"),
        &format!("t=99999999999999999999,v1={GOOD}"),
        &format!("t={TIME},v1={GOOD},{}", "x".repeat(5000)),
    ] {
        assert_eq!(check(header, BODY), Err(Malformed), "{header}");
    }
}

#[test]
fn a_header_that_is_missing_repeated_or_no_text_is_refused() {
    let verify = |headers: &HeaderMap| verify(&[SECRET], headers, BODY, TIME);
    assert_eq!(verify(&HeaderMap::new()), Err(Missing));
    let mut twice = headers(&format!("t={TIME},v1={GOOD}"));
    twice.append("stripe-signature", HeaderValue::from_static("t=1"));
    assert_eq!(verify(&twice), Err(Missing));
    let mut binary = HeaderMap::new();
    binary.insert("stripe-signature", HeaderValue::from_bytes(b"t=1,v1=\xff").unwrap());
    assert_eq!(verify(&binary), Err(Malformed));
}

#[test]
fn five_minutes_either_way_are_allowed_and_not_a_second_more() {
    let header = headers(&format!("t={TIME},v1={GOOD}"));
    for (now, expected) in [(-301, Err(Stale)), (-300, Ok(())), (300, Ok(())), (301, Err(Stale))] {
        assert_eq!(verify(&[SECRET], &header, BODY, TIME + now), expected, "{now}");
    }
}

#[test]
fn only_what_begins_like_a_signing_secret_is_one() {
    for (secret, fits) in [("whsec_1", true), ("whsec_", false), ("sk_live_1", false), ("whsec_1\n", false)] {
        assert_eq!(StripeWebhooks.check_secret(secret).is_ok(), fits, "{secret:?}");
    }
}

proptest! {
    #[test]
    fn no_header_makes_it_panic_or_pass(header in "[ -~]{0,200}", body: Vec<u8>) {
        prop_assert!(check(&header, &body).is_err());
    }
}
