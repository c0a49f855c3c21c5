//! Positive and negative vectors. The scheme signs no time.

use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;

use super::LemonSqueezyWebhooks;
use crate::webhook::{
    InvalidSignature::{self, Malformed, Mismatch, Missing},
    WebhookSender, hmac,
    testing::{self, BODY, TIME},
};

const SECRET: &[u8] = b"ls_test_secret";
/// Computed apart from this code.
const GOOD: &str = "c47a61f32ac8f179e2f89a135cbc7f32a7a7a28e268e605e99c2c3aa06f615cd";

fn headers(value: &str) -> HeaderMap {
    testing::headers(&[("x-signature", value)])
}

fn verify(secrets: &[&[u8]], headers: &HeaderMap, body: &[u8]) -> Result<(), InvalidSignature> {
    testing::verify(&LemonSqueezyWebhooks, secrets, headers, body, TIME)
}

fn check(header: &str, body: &[u8]) -> Result<(), InvalidSignature> {
    verify(&[SECRET], &headers(header), body)
}

fn signed(secret: &[u8], body: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&hmac::sign(secret, &[body]))
}

#[test]
fn a_genuine_signature_is_accepted_under_either_of_two_live_secrets() {
    assert_eq!(check(GOOD, BODY), Ok(()));
    for secrets in [[b"ls_old".as_slice(), SECRET], [SECRET, b"ls_old"], [b"", SECRET]] {
        assert_eq!(verify(&secrets, &headers(GOOD), BODY), Ok(()));
    }
    for secrets in [&[][..], &[b"".as_slice()], &[b"ls_other"]] {
        assert_eq!(verify(secrets, &headers(GOOD), BODY), Err(Mismatch));
    }
    assert_eq!(verify(&[b""], &headers(&signed(b"", BODY)), BODY), Err(Mismatch));
}

#[test]
fn upper_case_is_accepted() {
    assert_eq!(check(&GOOD.to_uppercase(), BODY), Ok(()));
}

#[test]
fn anything_altered_is_refused() {
    for (header, body) in [
        (format!("{}c", &GOOD[..63]).as_str(), BODY),
        (&format!("0{}", &GOOD[1..]), BODY),
        (&GOOD[..62], BODY),
        (&format!("{GOOD}00"), BODY),
        ("", BODY),
        (GOOD, br#"{"id":"evt_1","amount":1998}"#),
        (GOOD, b""),
        (GOOD, b"{\"id\":\"evt_1\",\"amount\":1999}\r\n"),
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
fn what_is_no_hexadecimal_is_malformed() {
    for header in
        ["zz", "a", &GOOD[..63], &format!("{GOOD} "), &format!(" {GOOD}"), &format!("sha256={GOOD}")]
    {
        assert_eq!(check(header, BODY), Err(Malformed), "{header}");
    }
}

#[test]
fn a_header_that_is_missing_repeated_too_long_or_no_text_is_refused() {
    let verify = |headers: &HeaderMap| verify(&[SECRET], headers, BODY);
    assert_eq!(verify(&HeaderMap::new()), Err(Missing));
    let mut twice = headers("AAAA");
    twice.append("x-signature", HeaderValue::from_static(GOOD));
    assert_eq!(verify(&twice), Err(Missing));
    assert_eq!(verify(&headers(&"AAAA".repeat(1025))), Err(Malformed));
    let mut binary = HeaderMap::new();
    binary.insert("x-signature", HeaderValue::from_bytes(b"\xff").unwrap());
    assert_eq!(verify(&binary), Err(Malformed));
}

#[test]
fn a_secret_has_6_to_40_characters() {
    for (length, fits) in [(5, false), (6, true), (40, true), (41, false)] {
        assert_eq!(LemonSqueezyWebhooks.check_secret(&"x".repeat(length)).is_ok(), fits, "{length}");
    }
}

proptest! {
    #[test]
    fn no_header_makes_it_panic_or_pass(header in "[ -~]{0,200}", body: Vec<u8>) {
        prop_assert!(check(&header, &body).is_err());
    }
}
