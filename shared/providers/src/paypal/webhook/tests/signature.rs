//! Positive and negative vectors. The authority and the certificates are made here; the key that
//! signs is fixed, because nothing in this program makes RSA keys.

use std::time::Duration;

use data_encoding::BASE64;
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, PKCS_RSA_SHA256,
};
use ring::{rand::SystemRandom, signature::RsaKeyPair};
use rustls_pki_types::{PrivateKeyDer, TrustAnchor, pem::PemObject};

use super::super::{PaypalWebhooks, certificate, signature};
use crate::webhook::{
    Delivery,
    InvalidSignature::{self, Malformed, Mismatch, Missing, Untrusted},
    Proof, WebhookSender,
    testing::{BODY, at},
};

const KEY: &str = include_str!("../../../../fixtures/paypal/signing-key.for-tests-only.pem");
/// 2026-11-22T08:00:00Z
const NOW: i64 = 1_795_334_400;
const DAY: i64 = 86_400;
const WEBHOOK_ID: &[u8] = b"1JE4291016473214C";
const TRANSMISSION: &str = "69cd13f0-d67a-11e5-baa3-778b53f4ae55";
const SENT: &str = "2026-11-22T08:00:00Z";
const NAME: &str = "messageverificationcerts.paypal.com";
const URL: &str = "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-1d93a270";

type Issuer = CertifiedIssuer<'static, KeyPair>;

/// Makes it valid between these days, counted from today.
fn valid(params: &mut CertificateParams, (from, to): (i64, i64)) {
    let midnight = rcgen::date_time_ymd(2026, 11, 22);
    let days = |days: i64| Duration::from_secs(days.unsigned_abs() * 86_400);
    let at = |day: i64| if day < 0 { midnight - days(day) } else { midnight + days(day) };
    (params.not_before, params.not_after) = (at(from), at(to));
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    valid(&mut params, (-1000, 1000));
    params
}

fn root(name: &str) -> Issuer {
    Issuer::self_signed(authority_params(name), KeyPair::generate().unwrap()).unwrap()
}

fn signing_key() -> KeyPair {
    KeyPair::from_pkcs8_pem_and_sign_algo(KEY, &PKCS_RSA_SHA256).unwrap()
}

/// A certificate of the signing key, as PEM.
fn leaf(name: &str, days: (i64, i64), issuer: &Issuer) -> String {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    valid(&mut params, days);
    params.signed_by(&signing_key(), issuer).unwrap().pem()
}

fn good_leaf(issuer: &Issuer) -> String {
    leaf(NAME, (-30, 30), issuer)
}

fn sign(message: &[u8]) -> String {
    let PrivateKeyDer::Pkcs8(der) = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap() else { panic!() };
    let key = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).unwrap();
    let mut signed = vec![0; key.public().modulus_len()];
    key.sign(&ring::signature::RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signed).unwrap();
    BASE64.encode(&signed)
}

fn signed(body: &[u8]) -> HeaderMap {
    let message = signature::message(TRANSMISSION, SENT, WEBHOOK_ID, crc32fast::hash(body));
    with(&[("paypal-transmission-sig", &sign(&message))])
}

fn with(changes: &[(&'static str, &str)]) -> HeaderMap {
    let usual = [
        ("paypal-transmission-id", TRANSMISSION),
        ("paypal-transmission-time", SENT),
        ("paypal-transmission-sig", "AAAA"),
        ("paypal-cert-url", URL),
        ("paypal-auth-algo", "SHA256withRSA"),
    ];
    let mut headers = HeaderMap::new();
    for (name, value) in usual.iter().chain(changes) {
        headers.insert(*name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn check(root: &Issuer, pem: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Result<(), InvalidSignature> {
    check_at(at(NOW), root, pem, headers, body, &[WEBHOOK_ID])
}

fn check_at(
    now: Timestamp,
    root: &Issuer,
    pem: Option<&str>,
    headers: &HeaderMap,
    body: &[u8],
    secrets: &[&[u8]],
) -> Result<(), InvalidSignature> {
    let anchor: TrustAnchor<'_> = webpki::anchor_from_trusted_cert(root.der()).unwrap();
    let delivery = Delivery { headers, body };
    let proof = Proof { delivery, secrets, now, certificates: pem.map(str::as_bytes) };
    signature::verify(&proof, &[anchor])
}

#[test]
fn the_message_is_the_one_that_paypal_documents() {
    assert_eq!(crc32fast::hash(BODY), 3_168_376_448);
    let message = signature::message("tid", "2026-11-22T08:00:00Z", b"WH-1", 3_168_376_448);
    assert_eq!(message, b"tid|2026-11-22T08:00:00Z|WH-1|3168376448");
}

#[test]
fn a_genuine_signature_is_accepted_whenever_it_was_sent() {
    let root = root("root");
    let leaf = good_leaf(&root);
    assert_eq!(check(&root, Some(&leaf), &signed(BODY), BODY), Ok(()));
    for body in [b"{\r\n}".as_slice(), b"\xff\xfe\x00", b""] {
        assert_eq!(check(&root, Some(&leaf), &signed(body), body), Ok(()));
    }
    let from_windows = leaf.replace('\n', "\r\n");
    assert_eq!(check(&root, Some(&from_windows), &signed(BODY), BODY), Ok(()));
    for days in [-3, 3] {
        let now = at(NOW + days * DAY);
        assert_eq!(check_at(now, &root, Some(&leaf), &signed(BODY), BODY, &[WEBHOOK_ID]), Ok(()));
    }
    let sandbox = self::leaf("messageverificationcerts.sandbox.paypal.com", (-1, 1), &root);
    assert_eq!(check(&root, Some(&sandbox), &signed(BODY), BODY), Ok(()));
}

#[test]
fn an_authority_between_comes_with_the_certificate() {
    let root = root("root");
    let between =
        Issuer::signed_by(authority_params("between"), KeyPair::generate().unwrap(), &root).unwrap();
    let leaf = good_leaf(&between);
    let both = format!("{leaf}{}", between.pem());
    assert_eq!(check(&root, Some(&both), &signed(BODY), BODY), Ok(()));
    assert_eq!(check(&root, Some(&leaf), &signed(BODY), BODY), Err(Untrusted));
    let backwards = format!("{}{leaf}", between.pem());
    assert_eq!(check(&root, Some(&backwards), &signed(BODY), BODY), Err(Untrusted));
}

#[test]
fn the_webhook_id_is_the_secret() {
    let root = root("root");
    let leaf = good_leaf(&root);
    let headers = signed(BODY);
    let verify = |secrets: &[&[u8]]| check_at(at(NOW), &root, Some(&leaf), &headers, BODY, secrets);
    for secrets in [[b"OTHER".as_slice(), WEBHOOK_ID], [WEBHOOK_ID, b"OTHER"], [b"", WEBHOOK_ID]] {
        assert_eq!(verify(&secrets), Ok(()));
    }
    for secrets in [&[][..], &[b"".as_slice()], &[b"OTHER"], &[b"1je4291016473214c"]] {
        assert_eq!(verify(secrets), Err(Mismatch));
    }
    let by_nothing = sign(&signature::message(TRANSMISSION, SENT, b"", crc32fast::hash(BODY)));
    let headers = with(&[("paypal-transmission-sig", &by_nothing)]);
    assert_eq!(check_at(at(NOW), &root, Some(&leaf), &headers, BODY, &[b""]), Err(Mismatch));
}

#[test]
fn anything_altered_is_refused() {
    let root = root("root");
    let leaf = good_leaf(&root);
    let message = signature::message(TRANSMISSION, SENT, WEBHOOK_ID, crc32fast::hash(BODY));
    let good = BASE64.decode(sign(&message).as_bytes()).unwrap();
    let (mut flipped, mut cut, mut longer) = (good.clone(), good.clone(), good.clone());
    flipped[255] ^= 1;
    cut.pop();
    longer.push(0);
    for wrong in [flipped, cut, longer, vec![], good.iter().rev().copied().collect()] {
        let headers = with(&[("paypal-transmission-sig", &BASE64.encode(&wrong))]);
        assert_eq!(check(&root, Some(&leaf), &headers, BODY), Err(Mismatch));
    }
    let signature = BASE64.encode(&good);
    for (name, value) in [
        ("paypal-transmission-id", "69cd13f0-d67a-11e5-baa3-778b53f4ae56"),
        ("paypal-transmission-time", "2026-11-22T08:00:01Z"),
        ("paypal-transmission-time", "2026-11-22T08:00:00.000Z"),
    ] {
        let headers = with(&[("paypal-transmission-sig", &signature), (name, value)]);
        assert_eq!(check(&root, Some(&leaf), &headers, BODY), Err(Mismatch), "{value}");
    }
    for body in
        [br#"{"id":"evt_1","amount":1998}"#.as_slice(), b"", b"{\"id\":\"evt_1\",\"amount\":1999}\r\n"]
    {
        assert_eq!(check(&root, Some(&leaf), &signed(BODY), body), Err(Mismatch));
    }
}

#[test]
fn what_has_not_the_form_of_the_scheme_is_refused() {
    let root = root("root");
    let leaf = good_leaf(&root);
    for (name, value) in [
        ("paypal-auth-algo", "SHA1withRSA"),
        ("paypal-auth-algo", "sha256withrsa"),
        ("paypal-auth-algo", ""),
        ("paypal-transmission-id", ""),
        ("paypal-transmission-id", "a|b"),
        ("paypal-transmission-time", ""),
        ("paypal-transmission-time", "1700000000"),
        ("paypal-transmission-time", "2026-11-22"),
        ("paypal-transmission-sig", "no base64!"),
        ("paypal-transmission-sig", "AAA"),
    ] {
        let mut headers = signed(BODY);
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        assert_eq!(check(&root, Some(&leaf), &headers, BODY), Err(Malformed), "{name}: {value}");
    }
    for name in [
        "paypal-auth-algo",
        "paypal-transmission-id",
        "paypal-transmission-time",
        "paypal-transmission-sig",
        "paypal-cert-url",
    ] {
        let (mut without, mut twice) = (signed(BODY), signed(BODY));
        let value = without.remove(name).unwrap();
        twice.append(name, value);
        for headers in [without, twice] {
            assert_eq!(check(&root, Some(&leaf), &headers, BODY), Err(Missing), "{name}");
        }
    }
    assert_eq!(check(&root, None, &signed(BODY), BODY), Err(Missing));
}

#[test]
fn a_certificate_that_is_not_paypals_or_not_vouched_for_is_refused() {
    let (root, other) = (root("root"), self::root("other"));
    let refused = |pem: &str| assert_eq!(check(&root, Some(pem), &signed(BODY), BODY), Err(Untrusted));
    for name in [
        "paypal.com",
        "api.paypal.com",
        "example.com",
        "messageverificationcerts.paypal.com.example.com",
        "x.messageverificationcerts.paypal.com",
        "*.paypal.com.example.com",
    ] {
        refused(&leaf(name, (-30, 30), &root));
    }
    refused(&leaf(NAME, (-30, -1), &root));
    refused(&leaf(NAME, (1, 30), &root));
    // Of an authority that nobody trusts, also one of the same name.
    refused(&good_leaf(&other));
    refused(&format!("{}{}", good_leaf(&other), other.pem()));
    refused(&good_leaf(&self::root("root")));
    // Of itself.
    let mut own = CertificateParams::new(vec![NAME.to_owned()]).unwrap();
    valid(&mut own, (-1, 1));
    refused(&own.self_signed(&signing_key()).unwrap().pem());
    // Of a certificate that is no authority.
    let mut params = authority_params("no authority");
    params.is_ca = IsCa::ExplicitNoCa;
    let no_authority = Issuer::signed_by(params, KeyPair::generate().unwrap(), &root).unwrap();
    refused(&format!("{}{}", good_leaf(&no_authority), no_authority.pem()));
    // For another use.
    let mut params = CertificateParams::new(vec![NAME.to_owned()]).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    valid(&mut params, (-1, 1));
    refused(&params.signed_by(&signing_key(), &root).unwrap().pem());
    for pem in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", KEY] {
        refused(pem);
    }
    refused(&format!("{}{}", good_leaf(&root), " ".repeat(70_000)));
}

#[test]
fn a_certificate_of_another_key_fits_no_signature() {
    let root = root("root");
    let mut params = CertificateParams::new(vec![NAME.to_owned()]).unwrap();
    valid(&mut params, (-1, 1));
    let other = params.signed_by(&KeyPair::generate().unwrap(), &root).unwrap().pem();
    assert_eq!(check(&root, Some(&other), &signed(BODY), BODY), Err(Mismatch));
}

#[test]
fn certificates_are_fetched_from_paypal_alone() {
    for host in ["api.paypal.com", "api-m.paypal.com", "api.sandbox.paypal.com", "api-m.sandbox.paypal.com"] {
        let url = format!("https://{host}/v1/notifications/certs/CERT-360caa42-fca2a594-1d93a270");
        let found = PaypalWebhooks.certificate_url(&with(&[("paypal-cert-url", &url)]));
        assert_eq!(found.unwrap().unwrap().as_str(), url);
    }
    for url in [
        "http://api.paypal.com/v1/notifications/certs/CERT-1",
        "https://example.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com.example.com/v1/notifications/certs/CERT-1",
        "https://www.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com@example.com/v1/notifications/certs/CERT-1",
        "https://user@api.paypal.com/v1/notifications/certs/CERT-1",
        "https://:word@api.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com:8443/v1/notifications/certs/CERT-1",
        "https://api.paypal.com./v1/notifications/certs/CERT-1",
        "https://127.0.0.1/v1/notifications/certs/CERT-1",
        "https://api.paypal.com/v1/notifications/certs/",
        "https://api.paypal.com/v1/notifications/certs/a/b",
        "https://api.paypal.com/v1/notifications/certs/../webhooks",
        "https://api.paypal.com/v1/notifications/certs/%2e%2e%2fwebhooks",
        "https://api.paypal.com/v1/notifications/certs/CERT-1?x=1",
        "https://api.paypal.com/v1/notifications/certs/CERT-1#x",
        "https://api.paypal.com/",
        "file:///v1/notifications/certs/CERT-1",
    ] {
        let headers = with(&[("paypal-cert-url", url)]);
        assert_eq!(PaypalWebhooks.certificate_url(&headers), Err(Untrusted), "{url}");
    }
    assert_eq!(PaypalWebhooks.certificate_url(&with(&[("paypal-cert-url", "no address")])), Err(Malformed));
    assert_eq!(PaypalWebhooks.certificate_url(&HeaderMap::new()), Err(Missing));
}

#[test]
fn the_public_door_trusts_no_root_of_ours() {
    let root = root("root");
    let leaf = good_leaf(&root);
    let delivery = Delivery { headers: &signed(BODY), body: BODY };
    let certificates = Some(leaf.as_bytes());
    let proof = Proof { delivery, secrets: &[WEBHOOK_ID], now: at(NOW), certificates };
    assert_eq!(PaypalWebhooks.verify(&proof), Err(Untrusted));
}

#[test]
fn the_authorities_that_come_along_are_certificates_that_can_issue() {
    assert_eq!(certificate::issuers(), 2);
}

#[test]
fn only_a_webhook_id_is_a_secret() {
    for (secret, fits) in [
        ("1JE4291016473214C", true),
        ("", false),
        ("WH-1", false),
        ("WEBHOOK_ID", false),
        ("1je4291016473214c", true),
        ("1JE4291016473214C ", false),
        (&"A".repeat(51), false),
    ] {
        assert_eq!(PaypalWebhooks.check_secret(secret).is_ok(), fits, "{secret:?}");
    }
}

proptest! {
    #[test]
    fn nothing_makes_it_panic_or_pass(
        texts in prop::array::uniform5("[ -~]{0,60}"), body: Vec<u8>, pem: Vec<u8>, key: Vec<u8>, second: i32,
    ) {
        let names = [
            "paypal-transmission-id", "paypal-transmission-time", "paypal-transmission-sig",
            "paypal-cert-url", "paypal-auth-algo",
        ];
        let changes: Vec<_> = names.into_iter().zip(texts.iter().map(String::as_str)).collect();
        for headers in [with(&[]), with(&changes)] {
            let delivery = Delivery { headers: &headers, body: &body };
            let secrets: [&[u8]; 1] = [&key];
            let proof =
                Proof { delivery, secrets: &secrets, now: at(second.into()), certificates: Some(&pem) };
            prop_assert!(PaypalWebhooks.verify(&proof).is_err());
            let _ = PaypalWebhooks.certificate_url(&headers);
        }
    }
}
