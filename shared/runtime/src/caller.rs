//! Who is calling.
//!
//! The authorizer decides it once and hands it on in API Gateway's authorizer context, whose
//! values are texts. A function reads it back here; it never sees the token.

use std::{collections::BTreeSet, fmt, str::FromStr};

use domain::id::{ApiKeyId, PartnerId, ProgramId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An authenticated caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A partner with a token of the identity provider.
    Partner(PartnerCaller),
    /// A person of the operator's administrators' group.
    Admin(AdminCaller),
    /// A merchant's server with an API key.
    Merchant(MerchantCaller),
}

/// A partner.
#[derive(Clone, PartialEq, Eq)]
pub struct PartnerCaller {
    /// Derived from issuer and subject, so it exists before the partner has registered.
    pub id: PartnerId,
    /// Present only when the token says that the address is verified.
    pub email: Option<String>,
}

/// An administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminCaller {
    /// The token's subject.
    pub subject: String,
}

/// A merchant's server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MerchantCaller {
    /// The key that was shown.
    pub key: ApiKeyId,
    /// The program the key belongs to.
    pub program: ProgramId,
    /// What the key may do.
    pub scopes: BTreeSet<Scope>,
}

/// What an API key may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// Report leads, sales and refunds.
    #[serde(rename = "conversions:write")]
    ConversionsWrite,
}

/// A text that names no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a scope; the scopes are: conversions:write")]
pub struct UnknownScope;

impl Scope {
    /// The name as it stands in keys and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConversionsWrite => "conversions:write",
        }
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        match text {
            "conversions:write" => Ok(Self::ConversionsWrite),
            _ => Err(UnknownScope),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Caller {
    /// The role's name: `partner`, `admin` or `merchant`.
    #[must_use]
    pub const fn role(&self) -> &'static str {
        match self {
            Self::Partner(_) => "partner",
            Self::Admin(_) => "admin",
            Self::Merchant(_) => "merchant",
        }
    }

    /// The caller's id: a partner id, a subject or a key id.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Partner(partner) => partner.id.as_str(),
            Self::Admin(admin) => &admin.subject,
            Self::Merchant(merchant) => merchant.key.as_str(),
        }
    }

    /// Whose idempotency keys these are.
    ///
    /// A merchant's belong to its program and not to the API key: a request repeated after a
    /// rotation carries another key and must still be recognised.
    #[must_use]
    pub fn scope(&self) -> String {
        match self {
            Self::Merchant(merchant) => format!("merchant:{}", merchant.program),
            Self::Partner(_) | Self::Admin(_) => format!("{}:{}", self.role(), self.id()),
        }
    }

    /// What the authorizer hands on: a flat object of texts.
    #[must_use]
    pub fn to_context(&self) -> Map<String, Value> {
        let mut context = Map::new();
        let mut put = |name: &str, value: &str| context.insert(name.to_owned(), Value::from(value));
        put("role", self.role());
        put("id", self.id());
        match self {
            Self::Partner(PartnerCaller { email: Some(email), .. }) => {
                put("email", email);
            }
            Self::Merchant(merchant) => {
                let scopes: Vec<_> = merchant.scopes.iter().map(|scope| scope.as_str()).collect();
                put("program_id", merchant.program.as_str());
                put("scopes", &scopes.join(" "));
            }
            Self::Partner(_) | Self::Admin(_) => {}
        }
        context
    }

    /// Reads back what [`Caller::to_context`] wrote, or nothing when any part is amiss.
    pub(crate) fn from_context<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        let id = get("id").filter(|id| !id.is_empty())?;
        match get("role")? {
            "partner" => Some(Self::Partner(PartnerCaller {
                id: id.parse().ok()?,
                email: get("email").filter(|email| !email.is_empty()).map(str::to_owned),
            })),
            "admin" => Some(Self::Admin(AdminCaller { subject: id.to_owned() })),
            "merchant" => Some(Self::Merchant(MerchantCaller {
                key: id.parse().ok()?,
                program: get("program_id")?.parse().ok()?,
                scopes: get("scopes")?.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?,
            })),
            _ => None,
        }
    }
}

impl fmt::Debug for PartnerCaller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address must not reach a log by way of a debug print.
        f.debug_struct("PartnerCaller")
            .field("id", &self.id)
            .field("email", &self.email.as_ref().map(|_| "hidden"))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(caller: &Caller) {
        let context = caller.to_context();
        assert_eq!(Caller::from_context(|name| context.get(name)?.as_str()).as_ref(), Some(caller));
    }

    fn partner(email: Option<&str>) -> Caller {
        Caller::Partner(PartnerCaller {
            id: PartnerId::derive(&["issuer", "subject"]),
            email: email.map(str::to_owned),
        })
    }

    fn merchant() -> Caller {
        Caller::Merchant(MerchantCaller {
            key: ApiKeyId::derive(&["key"]),
            program: ProgramId::derive(&["program"]),
            scopes: BTreeSet::from([Scope::ConversionsWrite]),
        })
    }

    #[test]
    fn every_kind_of_caller_survives_the_context() {
        round_trip(&partner(None));
        round_trip(&partner(Some("ada@example.com")));
        round_trip(&Caller::Admin(AdminCaller { subject: "9f0c".to_owned() }));
        round_trip(&merchant());
    }

    #[test]
    fn a_context_with_a_foreign_role_or_bad_id_is_nobody() {
        let read = |role: &'static str, id: &'static str| {
            Caller::from_context(|name| match name {
                "role" => Some(role),
                "id" => Some(id),
                _ => None,
            })
        };
        assert_eq!(read("root", "x"), None);
        assert_eq!(read("partner", "ptr_short"), None);
        assert_eq!(read("admin", ""), None);
        assert_eq!(read("merchant", ApiKeyId::PREFIX), None);
    }

    #[test]
    fn a_rotated_api_key_keeps_the_idempotency_scope() {
        let Caller::Merchant(first) = merchant() else { panic!("a merchant") };
        let second = MerchantCaller { key: ApiKeyId::derive(&["another"]), ..first.clone() };
        assert_eq!(Caller::Merchant(first).scope(), Caller::Merchant(second).scope());
    }

    #[test]
    fn an_email_does_not_print() {
        assert!(!format!("{:?}", partner(Some("ada@example.com"))).contains("ada"));
    }
}
