//! Positive and negative vectors.

use data_encoding::BASE64;
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;
use ring::signature::{Ed25519KeyPair, KeyPair};

use super::headers;
use crate::{
    standard_webhooks::StandardWebhooks,
    webhook::{
        InvalidSignature::{self, Malformed, Mismatch, Missing, Stale},
        WebhookSender, hmac, testing,
    },
};

/// Of the reference implementation:
/// <https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/rust/src/lib.rs>.
const SECRET: &[u8] = b"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const ID: &str = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
const TIME: i64 = 1_649_367_553;
const BODY: &[u8] = br#"{"email":"test@example.com","username":"test_user"}"#;
const GOOD: &str = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";
const WRONG: &str = "v1,uZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";

/// Of the reference implementation in Go, `TestAsymmetricWebhookSign`:
/// <https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/go/webhook_asymmetric_test.go>.
mod asymmetric {
    pub(super) const SEED: &str = "VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=";
    pub(super) const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    pub(super) const TIME: i64 = 1_614_265_330;
    pub(super) const BODY: &[u8] = br#"{"test": 2432232314}"#;
    pub(super) const GOOD: &str =
        "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==";
}

fn verify(secrets: &[&[u8]], headers: &HeaderMap, body: &[u8], second: i64) -> Result<(), InvalidSignature> {
    testing::verify(&StandardWebhooks, secrets, headers, body, second)
}

fn check(signatures: &str, body: &[u8]) -> Result<(), InvalidSignature> {
    verify(&[SECRET], &headers(ID, &TIME.to_string(), signatures), body, TIME)
}

fn key_pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&BASE64.decode(asymmetric::SEED.as_bytes()).unwrap()).unwrap()
}

fn public_key() -> String {
    format!("whpk_{}", BASE64.encode(key_pair().public_key().as_ref()))
}

fn check_asymmetric(secrets: &[&[u8]], signatures: &str, body: &[u8]) -> Result<(), InvalidSignature> {
    let headers = headers(asymmetric::ID, &asymmetric::TIME.to_string(), signatures);
    verify(secrets, &headers, body, asymmetric::TIME)
}

#[test]
fn a_genuine_signature_is_accepted_beside_others() {
    let rotated = BASE64.encode(&hmac::sign(b"some other secret of enough bytes", &[BODY]));
    for signatures in [
        GOOD.to_owned(),
        format!("{WRONG} {GOOD}"),
        format!("{GOOD} {WRONG}"),
        format!("v1,{rotated} {GOOD}"),
        format!("v2,{rotated} {} {GOOD}", asymmetric::GOOD),
        format!("v1,not-base-64 {GOOD}"),
        format!("nonsense  {GOOD} "),
    ] {
        assert_eq!(check(&signatures, BODY), Ok(()), "{signatures}");
    }
}

#[test]
fn the_public_key_fits_what_its_private_key_signed() {
    let key = public_key();
    let message = [asymmetric::ID.as_bytes(), b".1614265330.", asymmetric::BODY].concat();
    let signature = BASE64.encode(key_pair().sign(&message).as_ref());
    assert_eq!(format!("v1a,{signature}"), asymmetric::GOOD);
    let good = asymmetric::GOOD;
    for signatures in [good.to_owned(), format!("{WRONG} {good}"), format!("v1a,AAAA {good} v1a,")] {
        assert_eq!(check_asymmetric(&[key.as_bytes()], &signatures, asymmetric::BODY), Ok(()));
        assert_eq!(check_asymmetric(&[SECRET, key.as_bytes()], &signatures, asymmetric::BODY), Ok(()));
    }
    // Neither signature counts under the other's name, and a shared secret is no public key.
    for signatures in [good.replace("v1a", "v1"), good.replace("tQ9V", "uQ9V"), good.replace("Ag==", "AA==")]
    {
        assert_eq!(check_asymmetric(&[key.as_bytes()], &signatures, asymmetric::BODY), Err(Mismatch));
    }
    assert_eq!(check_asymmetric(&[SECRET], good, asymmetric::BODY), Err(Mismatch));
    assert_eq!(check_asymmetric(&[key.as_bytes()], good, b"{\"test\": 2432232315}"), Err(Mismatch));
    assert_eq!(check_asymmetric(&[key.as_bytes()], good, b"{\"test\": 2432232314}\r\n"), Err(Mismatch));
}

#[test]
fn either_of_two_live_secrets_fits_and_one_that_is_none_never() {
    let headers = headers(ID, &TIME.to_string(), GOOD);
    let other = b"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".as_slice();
    for secrets in [[other, SECRET], [SECRET, other], [b"", SECRET], [b"\xff", SECRET]] {
        assert_eq!(verify(&secrets, &headers, BODY, TIME), Ok(()));
    }
    for secrets in [&[][..], &[b"".as_slice()], &[other], &[&SECRET[6..]], &[b"whsec_"], &[b"whpk_"]] {
        assert_eq!(verify(secrets, &headers, BODY, TIME), Err(Mismatch));
    }
    // Whoever signs with nothing, or with less than a secret has, signs for nobody.
    for weak in [b"".as_slice(), &[7; 23]] {
        let time = TIME.to_string();
        let signature = hmac::sign(weak, &[ID.as_bytes(), b".", time.as_bytes(), b".", BODY]);
        let headers = super::headers(ID, &time, &format!("v1,{}", BASE64.encode(&signature)));
        let secret = format!("whsec_{}", BASE64.encode(weak));
        assert_eq!(verify(&[secret.as_bytes()], &headers, BODY, TIME), Err(Mismatch));
    }
}

#[test]
fn anything_altered_is_refused() {
    let flipped = GOOD.replace("Kkw=", "Kkg=");
    for (signatures, body) in [
        (flipped.as_str(), BODY),
        (WRONG, BODY),
        ("v1,", BODY),
        ("v1", BODY),
        (",", BODY),
        ("", BODY),
        (&GOOD.replace("v1", "v2"), BODY),
        (&GOOD.replace("v1", "V1"), BODY),
        (&GOOD.to_uppercase(), BODY),
        (&GOOD[..GOOD.len() - 1], BODY),
        (GOOD, br#"{"email":"test@example.com","username":"test_users"}"#),
        (GOOD, b""),
        (GOOD, b"{\"email\":\"test@example.com\",\"username\":\"test_user\"}\r\n"),
        (GOOD, b"\xff\xfe"),
    ] {
        assert_eq!(check(signatures, body), Err(Mismatch), "{signatures}");
    }
    let signed = |id: &str, time: &str| verify(&[SECRET], &headers(id, time, GOOD), BODY, TIME);
    assert_eq!(signed("msg_other", &TIME.to_string()), Err(Mismatch));
    assert_eq!(signed(ID, &(TIME + 1).to_string()), Err(Mismatch));
}

#[test]
fn bytes_that_are_no_text_are_signed_as_they_are() {
    let time = TIME.to_string();
    let secret = BASE64.decode(&SECRET[6..]).unwrap();
    for body in [b"\xff\xfe\x00".as_slice(), b"{\r\n}", b""] {
        let signature = hmac::sign(&secret, &[ID.as_bytes(), b".", time.as_bytes(), b".", body]);
        assert_eq!(check(&format!("v1,{}", BASE64.encode(&signature)), body), Ok(()));
    }
}

#[test]
fn a_malformed_time_or_id_is_refused() {
    for time in ["", "0", "+1649367553", "-1649367553", "01649367553", "1649367553.0", "99999999999999999999"]
    {
        assert_eq!(verify(&[SECRET], &headers(ID, time, GOOD), BODY, TIME), Err(Malformed), "{time}");
    }
    for id in ["", "msg.1", "two words"] {
        let headers = headers(id, &TIME.to_string(), GOOD);
        assert_eq!(verify(&[SECRET], &headers, BODY, TIME), Err(Malformed), "{id}");
    }
}

#[test]
fn a_header_that_is_missing_repeated_endless_or_no_text_is_refused() {
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let good = || headers(ID, &TIME.to_string(), GOOD);
        let mut missing = good();
        missing.remove(name);
        assert_eq!(verify(&[SECRET], &missing, BODY, TIME), Err(Missing), "{name}");
        let mut twice = good();
        twice.append(name, HeaderValue::from_static("1649367553"));
        assert_eq!(verify(&[SECRET], &twice, BODY, TIME), Err(Missing), "{name}");
        for value in [b"\xff".to_vec(), vec![b'1'; 5000]] {
            let mut headers = good();
            headers.insert(name, HeaderValue::from_bytes(&value).unwrap());
            assert_eq!(verify(&[SECRET], &headers, BODY, TIME), Err(Malformed), "{name}");
        }
    }
}

#[test]
fn five_minutes_either_way_are_allowed_and_not_a_second_more() {
    let headers = headers(ID, &TIME.to_string(), GOOD);
    for (away, expected) in [(-301, Err(Stale)), (-300, Ok(())), (300, Ok(())), (301, Err(Stale))] {
        assert_eq!(verify(&[SECRET], &headers, BODY, TIME + away), expected, "{away}");
    }
}

#[test]
fn a_secret_has_its_prefix_and_its_length() {
    let secret = |prefix: &str, bytes: usize| format!("{prefix}{}", BASE64.encode(&vec![7; bytes]));
    for (text, fits) in [
        (String::from_utf8(SECRET.to_vec()).unwrap(), true),
        (public_key(), true),
        (secret("whsec_", 24), true),
        (secret("whsec_", 64), true),
        (secret("whsec_", 23), false),
        (secret("whsec_", 65), false),
        (secret("whpk_", 32), true),
        (secret("whpk_", 31), false),
        (secret("whpk_", 33), false),
        (secret("", 32), false),
        (format!(" {}", secret("whsec_", 32)), false),
        ("whsec_not base 64".to_owned(), false),
        (String::new(), false),
    ] {
        assert_eq!(StandardWebhooks.check_secret(&text).is_ok(), fits, "{text}");
    }
    let private = StandardWebhooks.check_secret(&secret("whsk_", 32)).unwrap_err();
    assert!(private.to_string().contains("private key"), "{private}");
}

proptest! {
    #[test]
    fn no_header_makes_it_panic_or_pass(id in "[ -~]{0,60}", signatures in "[ -~]{0,200}", body: Vec<u8>) {
        let headers = headers(&id, &TIME.to_string(), &signatures);
        let key = public_key();
        prop_assert!(verify(&[SECRET, key.as_bytes()], &headers, &body, TIME).is_err());
    }
}
