//! Tokens, good and bad, against keys served on loopback.

use data_encoding::BASE64URL_NOPAD;
use ring::{
    hmac,
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use serde_json::json;

use super::*;
use crate::{http::Code, loopback::Loopback};

const ISSUER: &str = "https://issuer.example.com/pool";
const NOW: i64 = 1_795_339_800;

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    BASE64URL_NOPAD.encode(bytes.as_ref())
}

/// ring signs with RSA but makes no keys, so this one is kept; it opens nothing.
fn rsa() -> RsaKeyPair {
    RsaKeyPair::from_pkcs8(include_bytes!("../../testdata/rsa-key-for-tests.der")).unwrap()
}

fn p256() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap()
}

fn rsa_entry(key_id: &str, key: &RsaKeyPair) -> Value {
    let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(key.public());
    // With the leading zero byte that some issuers write.
    json!({ "kid": key_id, "kty": "RSA", "use": "sig", "alg": "RS256", "n": base64([vec![0], n].concat()), "e": base64(e) })
}

fn p256_entry(key_id: &str, key: &EcdsaKeyPair) -> Value {
    let point = key.public_key().as_ref();
    json!({ "kid": key_id, "kty": "EC", "crv": "P-256", "x": base64(&point[1..33]), "y": base64(&point[33..]) })
}

fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", base64(header.to_string()), base64(claims.to_string()))
}

fn signed_by_rsa(key: &RsaKeyPair, header: &Value, claims: &Value) -> String {
    let text = unsigned(header, claims);
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
    format!("{text}.{}", base64(signature))
}

fn signed_by_p256(key: &EcdsaKeyPair, header: &Value, claims: &Value) -> String {
    let text = unsigned(header, claims);
    let signature = key.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
    format!("{text}.{}", base64(signature))
}

fn header() -> Value {
    json!({ "alg": "RS256", "kid": "one", "typ": "JWT" })
}

/// An id token as Cognito writes it.
fn claims() -> Value {
    json!({
        "iss": ISSUER,
        "sub": "9f0c2d",
        "aud": "client-1",
        "token_use": "id",
        "exp": NOW + 3600,
        "iat": NOW,
        "email": "ada@example.com",
        "email_verified": true,
        "cognito:groups": ["staff"],
    })
}

/// The issuer's key server, on loopback.
struct KeyServer(Loopback);

impl KeyServer {
    fn start(keys: &[Value]) -> Self {
        Self(Loopback::start("200 OK", json!({ "keys": keys }).to_string()))
    }

    fn publish(&self, keys: &[Value]) {
        self.0.answer("200 OK", json!({ "keys": keys }).to_string());
    }

    fn fail(&self) {
        self.0.answer("503 Service Unavailable", String::new());
    }

    fn hits(&self) -> usize {
        self.0.requests().len()
    }

    async fn verifier(&self) -> OidcVerifier {
        let variables =
            [("OIDC_ISSUER", ISSUER), ("OIDC_AUDIENCE", "client-1"), ("OIDC_JWKS_URL", &self.0.url)];
        OidcVerifier::from_environment(&self.0.environment(&variables)).await.unwrap()
    }
}

async fn verified(header: &Value, claims: &Value) -> Result<Claims, TokenError> {
    let key = rsa();
    let verifier = KeyServer::start(&[rsa_entry("one", &key)]).verifier().await;
    verifier.verify(&signed_by_rsa(&key, header, claims), now()).await
}

/// The claims with one of them changed, or removed when `value` is null.
async fn verified_with(name: &str, value: Value) -> Result<Claims, TokenError> {
    let mut claims = claims();
    match value {
        Value::Null => claims.as_object_mut().unwrap().remove(name),
        value => claims.as_object_mut().unwrap().insert(name.to_owned(), value),
    };
    verified(&header(), &claims).await
}

#[tokio::test]
async fn a_good_token_names_its_person() {
    let claims = verified(&header(), &claims()).await.unwrap();
    assert_eq!(claims.subject, "9f0c2d");
    assert_eq!(claims.email.as_deref(), Some("ada@example.com"));
    assert_eq!(claims.groups, ["staff"]);
    assert!(!format!("{claims:?}").contains("ada"));
}

#[tokio::test]
async fn an_es256_token_is_accepted_too() {
    let (key, foreign) = (p256(), p256());
    let verifier = KeyServer::start(&[p256_entry("two", &key)]).verifier().await;
    let header = json!({ "alg": "ES256", "kid": "two" });
    assert!(verifier.verify(&signed_by_p256(&key, &header, &claims()), now()).await.is_ok());
    let forged = verifier.verify(&signed_by_p256(&foreign, &header, &claims()), now()).await;
    assert!(matches!(forged, Err(TokenError::Signature)), "{forged:?}");
}

#[tokio::test]
async fn an_admin_is_told_from_a_partner_by_group() {
    let verifier = KeyServer::start(&[]).verifier().await;
    let person = |groups: &[&str]| Claims {
        subject: "9f0c2d".to_owned(),
        email: None,
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
    };
    assert_eq!(verifier.caller(person(&["staff", "admin"])).role(), "admin");
    let partner = verifier.caller(person(&["administrators"]));
    assert_eq!(partner.id(), PartnerId::derive(&[ISSUER, "9f0c2d"]).as_str());
}

#[tokio::test]
async fn altered_tokens_are_refused() {
    let key = rsa();
    let verifier = KeyServer::start(&[rsa_entry("one", &key)]).verifier().await;
    let token = signed_by_rsa(&key, &header(), &claims());
    let mut parts: Vec<_> = token.split('.').collect();
    let mut admin = claims();
    admin["cognito:groups"] = json!(["admin"]);
    let admin = base64(admin.to_string());
    parts[1] = &admin;
    let altered = verifier.verify(&parts.join("."), now()).await;
    assert!(matches!(altered, Err(TokenError::Signature)), "{altered:?}");
    let unsigned = verifier.verify(&format!("{}.{}.", parts[0], parts[1]), now()).await;
    assert!(matches!(unsigned, Err(TokenError::Signature)), "{unsigned:?}");
}

#[tokio::test]
async fn a_token_cannot_choose_a_weaker_algorithm() {
    let key = rsa();
    let verifier = KeyServer::start(&[rsa_entry("one", &key)]).verifier().await;
    for algorithm in ["none", "None", "HS256", "RS512", "PS256", ""] {
        let text = unsigned(&json!({ "alg": algorithm, "kid": "one" }), &claims());
        // With the published key as the shared secret, as a confused verifier would check it.
        let public = key.public().as_ref();
        let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, public), text.as_bytes());
        for token in [format!("{text}."), format!("{text}.{}", base64(mac))] {
            let refused = verifier.verify(&token, now()).await;
            assert!(matches!(refused, Err(TokenError::Algorithm)), "{algorithm}: {refused:?}");
        }
    }
    let confused = json!({ "alg": "ES256", "kid": "one" });
    let refused = verifier.verify(&signed_by_rsa(&key, &confused, &claims()), now()).await;
    assert!(matches!(refused, Err(TokenError::Algorithm)), "{refused:?}");
}

#[tokio::test]
async fn what_is_no_token_is_refused() {
    let verifier = KeyServer::start(&[]).verifier().await;
    for token in ["", ".", "..", "a.b.c", "e30.e30", "e30.e30.e30", &"a.".repeat(10_000)] {
        let refused = verifier.verify(token, now()).await;
        assert!(matches!(refused, Err(TokenError::Malformed)), "{token}: {refused:?}");
    }
    let critical =
        verified(&json!({ "alg": "RS256", "kid": "one", "crit": ["b64"], "b64": false }), &claims()).await;
    assert!(matches!(critical, Err(TokenError::Malformed)), "{critical:?}");
    let nameless = verified(&json!({ "alg": "RS256" }), &claims()).await;
    assert!(matches!(nameless, Err(TokenError::UnknownKey)), "{nameless:?}");
}

#[tokio::test]
async fn issuer_and_audience_must_be_the_right_ones() {
    let issuer = verified_with("iss", json!("https://issuer.example.com/pool/")).await;
    assert!(matches!(issuer, Err(TokenError::Issuer)), "{issuer:?}");
    for audience in [json!("client-2"), json!(["client-2"]), json!([]), Value::Null] {
        let refused = verified_with("aud", audience).await;
        assert!(matches!(refused, Err(TokenError::Audience)), "{refused:?}");
    }
    assert!(verified_with("aud", json!(["client-2", "client-1"])).await.is_ok());
    let purpose = verified_with("token_use", json!("refresh")).await;
    assert!(matches!(purpose, Err(TokenError::Use)), "{purpose:?}");
}

#[tokio::test]
async fn an_access_token_names_its_client() {
    let access = |client: &str| json!({ "iss": ISSUER, "sub": "9f0c2d", "client_id": client, "token_use": "access", "exp": NOW + 60 });
    assert!(verified(&header(), &access("client-1")).await.is_ok());
    let foreign = verified(&header(), &access("client-2")).await;
    assert!(matches!(foreign, Err(TokenError::Audience)), "{foreign:?}");
    // The audience, where there is one, is not outvoted by the client.
    let mut both = access("client-1");
    both["aud"] = json!("client-2");
    let refused = verified(&header(), &both).await;
    assert!(matches!(refused, Err(TokenError::Audience)), "{refused:?}");
}

#[tokio::test]
async fn time_is_judged_with_a_minute_of_leeway() {
    assert!(verified_with("exp", json!(NOW - 59)).await.is_ok());
    for expiry in [NOW - 60, NOW - 3600, 0] {
        let expired = verified_with("exp", json!(expiry)).await;
        assert!(matches!(expired, Err(TokenError::Expired)), "{expired:?}");
    }
    assert!(verified_with("nbf", json!(NOW + 60)).await.is_ok());
    let early = verified_with("nbf", json!(NOW + 61)).await;
    assert!(matches!(early, Err(TokenError::NotYetValid)), "{early:?}");
    for missing in ["exp", "sub", "iss"] {
        let refused = verified_with(missing, Value::Null).await;
        assert!(matches!(refused, Err(TokenError::Malformed)), "{missing}: {refused:?}");
    }
}

#[tokio::test]
async fn an_email_counts_only_when_verified() {
    for unverified in [json!(false), json!("false"), json!(1), Value::Null] {
        assert_eq!(verified_with("email_verified", unverified).await.unwrap().email, None);
    }
    assert!(verified_with("email_verified", json!("true")).await.unwrap().email.is_some());
}

#[tokio::test]
async fn a_new_key_is_fetched_at_most_once_a_minute() {
    let (old, new) = (p256(), p256());
    let server = KeyServer::start(&[p256_entry("old", &old)]);
    let verifier = server.verifier().await;
    let by_old = signed_by_p256(&old, &json!({ "alg": "ES256", "kid": "old" }), &claims());
    let by_new = signed_by_p256(&new, &json!({ "alg": "ES256", "kid": "new" }), &claims());
    let at = |seconds| Timestamp::from_second(NOW + seconds).unwrap();
    for _ in 0..3 {
        assert!(verifier.verify(&by_old, at(0)).await.is_ok());
    }
    assert_eq!(server.hits(), 1);
    server.publish(&[p256_entry("old", &old), p256_entry("new", &new)]);
    for seconds in [0, 30, 59] {
        assert!(matches!(verifier.verify(&by_new, at(seconds)).await, Err(TokenError::UnknownKey)));
    }
    assert_eq!(server.hits(), 1);
    assert!(verifier.verify(&by_new, at(60)).await.is_ok());
    assert_eq!(server.hits(), 2);
}

#[tokio::test]
async fn a_withdrawn_key_stops_working_after_an_hour() {
    let key = p256();
    let server = KeyServer::start(&[p256_entry("one", &key)]);
    let verifier = server.verifier().await;
    let mut claims = claims();
    claims["exp"] = json!(NOW + 86_400);
    let token = signed_by_p256(&key, &json!({ "alg": "ES256", "kid": "one" }), &claims);
    let at = |seconds| Timestamp::from_second(NOW + seconds).unwrap();
    assert!(verifier.verify(&token, at(0)).await.is_ok());
    server.fail();
    // The issuer cannot be asked: what was good stays good, rather than turning everybody away.
    assert!(verifier.verify(&token, at(3600)).await.is_ok());
    server.publish(&[]);
    assert!(matches!(verifier.verify(&token, at(3660)).await, Err(TokenError::UnknownKey)));
}

#[tokio::test]
async fn without_keys_the_answer_is_to_try_again() {
    let key = p256();
    let server = KeyServer::start(&[p256_entry("one", &key)]);
    server.fail();
    let verifier = server.verifier().await;
    verifier.warm().await;
    let token = signed_by_p256(&key, &json!({ "alg": "ES256", "kid": "one" }), &claims());
    for _ in 0..2 {
        let error = verifier.verify(&token, now()).await.unwrap_err();
        assert_eq!(Problem::from(error).code(), Code::Unavailable);
    }
}

#[tokio::test]
async fn keys_of_other_kinds_are_passed_over() {
    let key = p256();
    let mut encrypting = p256_entry("enc", &key);
    encrypting["use"] = json!("enc");
    let odd = [
        json!({ "kty": "OKP", "kid": "x" }),
        json!("text"),
        json!({ "kid": "bare", "kty": "RSA" }),
        encrypting,
    ];
    let server = KeyServer::start(&[odd.as_slice(), &[p256_entry("one", &key)]].concat());
    let verifier = server.verifier().await;
    assert!(
        verifier
            .verify(&signed_by_p256(&key, &json!({ "alg": "ES256", "kid": "one" }), &claims()), now())
            .await
            .is_ok()
    );
    let other = verifier
        .verify(&signed_by_p256(&key, &json!({ "alg": "ES256", "kid": "enc" }), &claims()), now())
        .await;
    assert!(matches!(other, Err(TokenError::UnknownKey)), "{other:?}");
}
