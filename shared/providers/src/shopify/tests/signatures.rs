//! Positive and negative vectors. The scheme signs no time.

use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;

use super::ShopifyWebhooks;
use crate::webhook::{
    InvalidSignature::{self, Malformed, Mismatch, Missing},
    WebhookSender, hmac,
    testing::{self, BODY, TIME},
};

const SECRET: &[u8] = b"shpss_test";
/// Computed apart from this code.
const GOOD: &str = "4UNmRoWc0MD1lBUJV8fIYXw9EwRpnXRaxmaumFjSXWU=";

fn headers(value: &str) -> HeaderMap {
    testing::headers(&[("x-shopify-hmac-sha256", value)])
}

fn verify(secrets: &[&[u8]], headers: &HeaderMap, body: &[u8]) -> Result<(), InvalidSignature> {
    testing::verify(&ShopifyWebhooks, secrets, headers, body, TIME)
}

fn check(header: &str, body: &[u8]) -> Result<(), InvalidSignature> {
    verify(&[SECRET], &headers(header), body)
}

fn signed(secret: &[u8], body: &[u8]) -> String {
    data_encoding::BASE64.encode(&hmac::sign(secret, &[body]))
}

#[test]
fn a_genuine_signature_is_accepted_under_either_of_two_live_secrets() {
    assert_eq!(check(GOOD, BODY), Ok(()));
    for secrets in [[b"shpss_old".as_slice(), SECRET], [SECRET, b"shpss_old"], [b"", SECRET]] {
        assert_eq!(verify(&secrets, &headers(GOOD), BODY), Ok(()));
    }
    for secrets in [&[][..], &[b"".as_slice()], &[b"shpss_other"]] {
        assert_eq!(verify(secrets, &headers(GOOD), BODY), Err(Mismatch));
    }
    assert_eq!(verify(&[b""], &headers(&signed(b"", BODY)), BODY), Err(Mismatch));
}

#[test]
fn anything_altered_is_refused() {
    for (header, body) in [
        (GOOD.replace("XWU=", "XWQ=").as_str(), BODY),
        (&GOOD.replacen('4', "5", 1), BODY),
        // Half of it, and none.
        (&data_encoding::BASE64.encode(&hmac::sign(SECRET, &[BODY])[..16]), BODY),
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
fn what_is_no_base_64_is_malformed() {
    let hex = data_encoding::HEXLOWER.encode(&hmac::sign(SECRET, &[BODY]));
    assert_eq!(check(&hex, BODY), Err(Mismatch));
    for header in ["=", "a", &GOOD[..43], &format!("{GOOD} "), &format!(" {GOOD}"), &GOOD.replace('4', "-")] {
        assert_eq!(check(header, BODY), Err(Malformed), "{header}");
    }
}

#[test]
fn a_header_that_is_missing_repeated_too_long_or_no_text_is_refused() {
    let verify = |headers: &HeaderMap| verify(&[SECRET], headers, BODY);
    assert_eq!(verify(&HeaderMap::new()), Err(Missing));
    let mut twice = headers("AAAA");
    twice.append("x-shopify-hmac-sha256", HeaderValue::from_static(GOOD));
    assert_eq!(verify(&twice), Err(Missing));
    assert_eq!(verify(&headers(&"AAAA".repeat(1025))), Err(Malformed));
    let mut binary = HeaderMap::new();
    binary.insert("x-shopify-hmac-sha256", HeaderValue::from_bytes(b"\xff").unwrap());
    assert_eq!(verify(&binary), Err(Malformed));
}

#[test]
fn a_token_for_the_api_is_no_signing_secret() {
    for (secret, fits) in
        [("shpss_1234", true), ("0123456789abcdef", true), ("shpat_1234", false), ("", false)]
    {
        assert_eq!(ShopifyWebhooks.check_secret(secret).is_ok(), fits, "{secret:?}");
    }
}

proptest! {
    #[test]
    fn no_header_makes_it_panic_or_pass(header in "[ -~]{0,200}", body: Vec<u8>) {
        prop_assert!(check(&header, &body).is_err());
    }
}
