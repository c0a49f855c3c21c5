//! Tracking links.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    id::{LinkId, PartnerId, ProgramId},
    program::Program,
};

/// A partner's tracking link: a slug that leads to a destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Derived from the slug, so that following a link is one read by key.
    pub id: LinkId,
    /// The text behind `/r/`; never passed on to another partner.
    pub slug: Slug,
    /// The program.
    pub program_id: ProgramId,
    /// The partner who is credited.
    pub partner_id: PartnerId,
    /// Where it leads: https, on one of the program's hosts.
    pub destination: Url,
    /// The campaign that the partner's figures are kept by.
    pub campaign: Option<String>,
    /// Parameters added to the destination.
    pub utm: Utm,
    /// The partner's own labels, sub1 to sub5, reported back with its commissions.
    pub sub_ids: Vec<String>,
    /// Creation time.
    pub created_at: Timestamp,
    /// Clicks from here on attribute nothing.
    pub disabled_at: Option<Timestamp>,
}

/// The five UTM parameters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Utm {
    /// `utm_source`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// `utm_medium`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub medium: Option<String>,
    /// `utm_campaign`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// `utm_term`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub term: Option<String>,
    /// `utm_content`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

impl Utm {
    /// Names and values of the parameters that are set.
    pub fn parameters(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("utm_source", &self.source),
            ("utm_medium", &self.medium),
            ("utm_campaign", &self.campaign),
            ("utm_term", &self.term),
            ("utm_content", &self.content),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }
}

/// The text behind `/r/`: 3 to 64 characters of a-z, 0-9 and hyphen, not at either end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

/// A text that is not a slug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a slug is 3 to 64 characters of a-z, 0-9 and hyphen, and starts and ends with a letter or digit")]
pub struct SlugError;

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
        if fits && !text.starts_with('-') && !text.ends_with('-') { Ok(Self(text)) } else { Err(SlugError) }
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

/// Why a destination is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// Plain http would carry the click id in the open.
    #[error("the destination must start with https://")]
    NotHttps,
    /// A link to a foreign host would lend the merchant's name to anyone.
    #[error("the destination's host is not on the program's list of link hosts")]
    ForeignHost,
}

/// Checks that a link of the program may lead here.
///
/// # Errors
/// When the address is not https, or not on one of the program's hosts.
pub fn check_destination(program: &Program, destination: &Url) -> Result<(), DestinationError> {
    if destination.scheme() != "https" || !destination.username().is_empty() || destination.port().is_some() {
        return Err(DestinationError::NotHttps);
    }
    let host = destination.host_str().unwrap_or_default();
    if program.link_hosts.iter().any(|allowed| allowed == host) {
        Ok(())
    } else {
        Err(DestinationError::ForeignHost)
    }
}

impl Link {
    /// Did a click at this moment count?
    #[must_use]
    pub fn is_active_at(&self, at: Timestamp) -> bool {
        self.created_at <= at && self.disabled_at.is_none_or(|disabled| at < disabled)
    }

    /// The destination with the UTM parameters and the click id, if the click counts.
    ///
    /// A parameter that the destination carries already is replaced, not repeated: analytics
    /// would read the first and attribution the last.
    #[must_use]
    pub fn target(&self, click_id: Option<&str>) -> Url {
        let click_id = click_id.map(|id| (CLICK_ID_PARAMETER, id));
        let added: Vec<(&str, &str)> = self.utm.parameters().chain(click_id).collect();
        let mut target = self.destination.clone();
        if added.is_empty() {
            return target;
        }
        let kept: Vec<(String, String)> = self
            .destination
            .query_pairs()
            .filter(|(name, _)| !added.iter().any(|(other, _)| other == name))
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        target.query_pairs_mut().clear().extend_pairs(kept).extend_pairs(added);
        target
    }
}

/// The query parameter, and the cookie, that carry a click id.
pub const CLICK_ID_PARAMETER: &str = "trb_click";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_plain() {
        for text in ["abc", "summer-sale-2026", "0a1"] {
            assert!(Slug::try_from(text.to_owned()).is_ok(), "{text}");
        }
        for text in ["ab", "-abc", "abc-", "Abc", "a b", "a/b", "é-a", &"a".repeat(65)] {
            assert_eq!(Slug::try_from(text.to_owned()), Err(SlugError), "{text}");
        }
        assert!(Slug::try_from(Slug::generated(&["x"]).0).is_ok());
    }

    #[test]
    fn a_target_keeps_foreign_parameters_and_replaces_its_own() {
        let slug = Slug::generated(&["x"]);
        let link = Link {
            id: slug.link_id(),
            slug,
            program_id: ProgramId::derive(&["p"]),
            partner_id: PartnerId::derive(&["p"]),
            destination: "https://shop.example.com/p?id=7&utm_source=old#top".parse().unwrap(),
            campaign: None,
            utm: Utm { source: Some("jane & co".into()), ..Utm::default() },
            sub_ids: vec![],
            created_at: Timestamp::UNIX_EPOCH,
            disabled_at: None,
        };
        assert_eq!(
            link.target(Some("clk_1")).as_str(),
            "https://shop.example.com/p?id=7&utm_source=jane+%26+co&trb_click=clk_1#top"
        );
        assert_eq!(link.target(None).query(), Some("id=7&utm_source=jane+%26+co"));
        let plain = Link { utm: Utm::default(), ..link };
        assert_eq!(plain.target(None), plain.destination);
    }
}
