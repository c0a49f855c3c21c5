//! The text behind `/r/`.

use serde::{Deserialize, Serialize};

use crate::id::LinkId;

/// The text behind `/r/`: 3 to 64 characters of a-z, 0-9 and hyphen, not at either end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

/// Why a text is not a slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SlugError {
    /// It is too short or too long, or has other characters.
    #[error(
        "a slug is 3 to 64 characters of a-z, 0-9 and hyphen, and starts and ends with a letter or digit"
    )]
    Malformed,
    /// It would make a partner's link look like a page of the merchant's.
    #[error("the slug is reserved; choose another one")]
    Reserved,
}

/// What visitors take for the merchant's own pages, and programs for files that every site has.
const RESERVED: [&str; 40] = [
    "about",
    "account",
    "admin",
    "affiliate",
    "api",
    "app",
    "assets",
    "auth",
    "billing",
    "blog",
    "careers",
    "checkout",
    "contact",
    "conversions",
    "dashboard",
    "docs",
    "favicon",
    "health",
    "help",
    "home",
    "imprint",
    "index",
    "legal",
    "login",
    "logout",
    "null",
    "password",
    "pricing",
    "privacy",
    "robots",
    "security",
    "settings",
    "signin",
    "signup",
    "sitemap",
    "static",
    "status",
    "support",
    "terms",
    "webhooks",
];

impl Slug {
    /// The slug made for a link when the partner chose none: ten characters of its id's hash.
    #[must_use]
    pub fn generated(seed: &[&str]) -> Self {
        let mut text = LinkId::derive(seed).body().to_lowercase();
        text.truncate(10);
        Self(text)
    }

    /// The slug as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of the link with this slug.
    #[must_use]
    pub fn link_id(&self) -> LinkId {
        LinkId::derive(&[&self.0])
    }
}

impl TryFrom<String> for Slug {
    type Error = SlugError;

    fn try_from(text: String) -> Result<Self, SlugError> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let fits = (3..=64).contains(&text.len()) && text.bytes().all(allowed);
        if !fits || text.starts_with('-') || text.ends_with('-') {
            return Err(SlugError::Malformed);
        }
        if RESERVED.contains(&text.as_str()) { Err(SlugError::Reserved) } else { Ok(Self(text)) }
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_plain() {
        for text in ["abc", "summer-sale-2026", "0a1"] {
            assert!(Slug::try_from(text.to_owned()).is_ok(), "{text}");
        }
        for text in ["ab", "-abc", "abc-", "Abc", "a b", "a/b", "é-a", &"a".repeat(65)] {
            assert_eq!(Slug::try_from(text.to_owned()), Err(SlugError::Malformed), "{text}");
        }
        assert!(Slug::try_from(Slug::generated(&["x"]).0).is_ok());
    }

    #[test]
    fn the_merchants_own_words_are_reserved() {
        for word in RESERVED {
            assert_eq!(Slug::try_from(word.to_owned()), Err(SlugError::Reserved), "{word}");
        }
        assert!(Slug::try_from("login-for-less".to_owned()).is_ok());
    }
}
