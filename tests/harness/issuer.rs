//! An identity provider: its tokens, good and bad, and its published key.

use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;
use ring::{
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use serde_json::{Value, json};

/// Who issues.
pub const ISSUER: &str = "https://issuer.example.com/pool";
/// Whom tokens are for.
pub const AUDIENCE: &str = "tributary-console";
/// The group whose members administer.
pub const ADMIN_GROUP: &str = "admin";

const KEY_ID: &str = "tests";
const LIFETIME: i64 = 3600;

/// The identity provider.
#[derive(Debug)]
pub struct Issuer;

impl Issuer {
    /// The claims of an id token as Cognito writes it.
    #[must_use]
    pub fn claims(subject: &str, email: Option<&str>, groups: &[&str], now: Timestamp) -> Value {
        let issued = now.as_second();
        let mut claims = json!({
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "token_use": "id",
            "iat": issued,
            "exp": issued + LIFETIME,
            "cognito:groups": groups,
        });
        if let Some(email) = email {
            claims["email"] = json!(email);
            claims["email_verified"] = json!(true);
        }
        claims
    }

    /// A token that says so.
    #[must_use]
    pub fn sign(claims: &Value) -> String {
        let header = json!({ "alg": "RS256", "kid": KEY_ID, "typ": "JWT" });
        let text = format!("{}.{}", base64(header.to_string()), base64(claims.to_string()));
        let key = key();
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
        format!("{text}.{}", base64(signature))
    }

    /// The published keys.
    #[must_use]
    pub fn key_set() -> Value {
        let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(key().public());
        json!({ "keys": [{
            "kid": KEY_ID, "kty": "RSA", "use": "sig", "alg": "RS256", "n": base64(n), "e": base64(e),
        }] })
    }
}

/// ring signs with RSA but makes no keys, so this one is kept; nothing trusts it but these tests.
fn key() -> RsaKeyPair {
    RsaKeyPair::from_pkcs8(include_bytes!("../fixtures/issuer-key-for-tests.der")).unwrap()
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    BASE64URL_NOPAD.encode(bytes.as_ref())
}
