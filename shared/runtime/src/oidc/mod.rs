//! Verifies tokens of the identity provider.
//!
//! Written on `ring` rather than on `jsonwebtoken`: that crate needs either aws-lc, a second
//! cryptographic library with a C build, or the `rsa` crate, whose timing leak (RUSTSEC-2023-0071)
//! has no fix. What is left of a token without the options we refuse is small: two algorithms,
//! named keys, and six claims.

mod jwks;
mod token;

#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

use domain::id::PartnerId;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use crate::{
    AdminCaller, Caller, Environment, Error, FromEnvironment, HttpClient, PartnerCaller, Problem, Variable,
    http_client,
};
use jwks::KeyStore;
use token::Token;

/// How far apart the clocks of issuer and API may be.
const LEEWAY: SignedDuration = SignedDuration::from_secs(60);

/// Why a token is not accepted. The caller is told none of it: only the log is.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Not three parts of base64url with JSON inside, or a claim of the wrong type.
    #[error("not a token")]
    Malformed,
    /// Signed with an algorithm that is not accepted: `none`, a shared secret, anything but RS256
    /// and ES256.
    #[error("the algorithm is not accepted")]
    Algorithm,
    /// Signed with a key that the issuer does not publish.
    #[error("the signing key is not known")]
    UnknownKey,
    /// The signature does not fit.
    #[error("the signature is not valid")]
    Signature,
    /// Issued by somebody else.
    #[error("the issuer is another one")]
    Issuer,
    /// Meant for somebody else.
    #[error("the audience is another one")]
    Audience,
    /// Neither an id token nor an access token.
    #[error("the token is for another use")]
    Use,
    /// Expired.
    #[error("the token has expired")]
    Expired,
    /// Not valid yet.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// The issuer's keys could not be fetched, so nothing can be said about the token.
    #[error("the issuer's keys could not be fetched")]
    KeysUnavailable(#[source] Option<Box<dyn std::error::Error + Send + Sync>>),
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::KeysUnavailable(_) => Self::unavailable(error),
            _ => Self::unauthenticated().caused_by(error),
        }
    }
}

/// What a verified token says.
#[derive(Clone, PartialEq, Eq)]
pub struct Claims {
    /// The person, as the issuer names them.
    pub subject: String,
    /// The address, if the issuer says that it is verified.
    pub email: Option<String>,
    /// The person's groups.
    pub groups: Vec<String>,
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address must not reach a log by way of a debug print.
        f.debug_struct("Claims")
            .field("subject", &self.subject)
            .field("groups", &self.groups)
            .finish_non_exhaustive()
    }
}

/// The claims as the issuer writes them.
#[derive(Deserialize)]
struct RawClaims {
    iss: String,
    sub: String,
    exp: i64,
    nbf: Option<i64>,
    aud: Option<OneOrMany>,
    client_id: Option<String>,
    token_use: Option<String>,
    email: Option<String>,
    email_verified: Option<Value>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn contains(&self, wanted: &str) -> bool {
        match self {
            Self::One(one) => one == wanted,
            Self::Many(many) => many.iter().any(|one| one == wanted),
        }
    }
}

/// Verifies tokens of one issuer.
#[derive(Clone)]
pub struct OidcVerifier(Arc<Inner>);

struct Inner {
    issuer: String,
    audience: String,
    groups_claim: String,
    admin_group: String,
    keys: KeyStore,
}

impl OidcVerifier {
    /// Verifies a token: its signature, for whom it was issued, by whom, and until when.
    ///
    /// # Errors
    /// When it is not acceptable, or the issuer's keys are out of reach.
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, TokenError> {
        let token = Token::parse(token)?;
        let key = self.0.keys.find(&token, now).await?;
        key.verify(&token)?;
        // Nothing of the claims is looked at before the signature holds.
        let claims = serde_json::from_slice(&token.claims()?).map_err(|_| TokenError::Malformed)?;
        self.0.judge(claims, now)
    }

    /// Who the verified person is here: an administrator by group, else a partner.
    #[must_use]
    pub fn caller(&self, claims: Claims) -> Caller {
        if claims.groups.contains(&self.0.admin_group) {
            return Caller::Admin(AdminCaller { subject: claims.subject });
        }
        let id = PartnerId::derive(&[&self.0.issuer, &claims.subject]);
        Caller::Partner(PartnerCaller { id, email: claims.email })
    }

    fn new(environment: &Environment, http: HttpClient, keys: Url) -> Result<Self, Error> {
        let text = |variable| environment.variable(variable).map(str::to_owned);
        Ok(Self(Arc::new(Inner {
            issuer: text(Variable::OidcIssuer)?,
            audience: text(Variable::OidcAudience)?,
            groups_claim: text(Variable::OidcGroupsClaim)?,
            admin_group: text(Variable::OidcAdminGroup)?,
            keys: KeyStore::new(http, keys),
        })))
    }
}

impl Inner {
    fn judge(&self, claims: RawClaims, now: Timestamp) -> Result<Claims, TokenError> {
        if claims.iss != self.issuer {
            return Err(TokenError::Issuer);
        }
        // Cognito's access tokens have no audience; the client they were issued to stands for it.
        let meant_for_us = match (&claims.aud, &claims.client_id) {
            (Some(audience), _) => audience.contains(&self.audience),
            (None, Some(client)) => *client == self.audience,
            (None, None) => false,
        };
        if !meant_for_us {
            return Err(TokenError::Audience);
        }
        if !matches!(claims.token_use.as_deref(), None | Some("id" | "access")) {
            return Err(TokenError::Use);
        }
        let at = |seconds| Timestamp::from_second(seconds).map_err(|_| TokenError::Malformed);
        if now.duration_since(at(claims.exp)?) >= LEEWAY {
            return Err(TokenError::Expired);
        }
        if claims.nbf.map(at).transpose()?.is_some_and(|start| start.duration_since(now) > LEEWAY) {
            return Err(TokenError::NotYetValid);
        }
        if claims.sub.is_empty() {
            return Err(TokenError::Malformed);
        }
        Ok(Claims {
            email: claims.email.filter(|_| is_true(claims.email_verified.as_ref())),
            groups: groups(claims.others.get(&self.groups_claim)),
            subject: claims.sub,
        })
    }
}

/// Some issuers write the flag as a text.
fn is_true(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => text == "true",
        _ => false,
    }
}

fn groups(value: Option<&Value>) -> Vec<String> {
    let names = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    names.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

impl FromEnvironment for OidcVerifier {
    async fn from_environment(environment: &Environment) -> Result<Self, Error> {
        Self::new(environment, http_client()?, environment.url(Variable::OidcJwksUrl)?)
    }

    async fn warm(&self) {
        self.0.keys.warm(crate::clock::now()).await;
    }
}
