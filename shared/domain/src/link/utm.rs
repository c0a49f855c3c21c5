//! The UTM parameters of a link, and a program's template of them.

use serde::{Deserialize, Serialize};

use super::Link;

/// The five UTM parameters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, remote = "Self")]
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

crate::object!(Utm);

/// A template names something that no link has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the placeholders are {{partner_id}}, {{link_id}}, {{slug}} and {{campaign}}; no other braces")]
pub struct TemplateError;

impl Utm {
    /// Names and values of the parameters that are set.
    pub fn parameters(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.all().into_iter().filter_map(|(name, value)| Some((name, value?)))
    }

    fn all(&self) -> [(&'static str, Option<&str>); 5] {
        [
            ("utm_source", self.source.as_deref()),
            ("utm_medium", self.medium.as_deref()),
            ("utm_campaign", self.campaign.as_deref()),
            ("utm_term", self.term.as_deref()),
            ("utm_content", self.content.as_deref()),
        ]
    }

    /// What a link's visitors carry on: its own values, and where it has none, those of the program's
    /// template. What the template makes of a link without a campaign may be empty, and is left out then.
    pub(super) fn of(link: &Link, template: &Self) -> Vec<(&'static str, String)> {
        let own = link.utm.all().into_iter();
        let pairs = own.zip(template.all()).filter_map(|((name, own), (_, template))| {
            let value = match own {
                Some(own) => own.to_owned(),
                None => filled(template?, |placeholder| value_of(link, placeholder)).ok()?,
            };
            Some((name, value)).filter(|(_, value)| !value.is_empty())
        });
        pairs.collect()
    }
}

/// Checks one parameter of a template.
///
/// # Errors
/// When it has a placeholder that is not known, or a brace that belongs to none.
pub fn check_template(text: &str) -> Result<(), TemplateError> {
    filled(text, |placeholder| PLACEHOLDERS.contains(&placeholder).then_some("")).map(drop)
}

const PLACEHOLDERS: [&str; 4] = ["partner_id", "link_id", "slug", "campaign"];

fn value_of<'a>(link: &'a Link, placeholder: &str) -> Option<&'a str> {
    match placeholder {
        "partner_id" => Some(link.partner_id.as_str()),
        "link_id" => Some(link.id.as_str()),
        "slug" => Some(link.slug.as_str()),
        "campaign" => Some(link.campaign.as_deref().unwrap_or_default()),
        _ => None,
    }
}

fn filled<'a>(template: &str, value: impl Fn(&str) -> Option<&'a str>) -> Result<String, TemplateError> {
    let (mut text, mut rest) = (String::new(), template);
    while let Some((before, after)) = rest.split_once('{') {
        let (placeholder, behind) = after.split_once('}').ok_or(TemplateError)?;
        plain(before)?;
        text.push_str(before);
        text.push_str(value(placeholder).ok_or(TemplateError)?);
        rest = behind;
    }
    plain(rest)?;
    text.push_str(rest);
    Ok(text)
}

fn plain(text: &str) -> Result<(), TemplateError> {
    if text.contains('}') { Err(TemplateError) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::link, *};

    #[test]
    fn the_links_own_values_win_over_the_template() {
        let link = Link { campaign: Some("spring".to_owned()), ..link() };
        let template = Utm {
            source: Some("partners".to_owned()),
            medium: Some("affiliate".to_owned()),
            campaign: Some("{campaign}".to_owned()),
            content: Some("{partner_id}/{slug}".to_owned()),
            ..Utm::default()
        };
        let content = format!("{}/{}", link.partner_id, link.slug.as_str());
        let expected = [
            ("utm_source", "jane & co"),
            ("utm_medium", "affiliate"),
            ("utm_campaign", "spring"),
            ("utm_content", &content),
        ];
        let filled = Utm::of(&link, &template);
        let filled: Vec<_> = filled.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(filled, expected);
        let names: Vec<_> =
            Utm::of(&Link { campaign: None, ..link }, &template).iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["utm_source", "utm_medium", "utm_content"]);
    }

    #[test]
    fn a_template_names_what_every_link_has() {
        for text in ["", "affiliate", "{partner_id}", "p-{partner_id}-{link_id}-{slug}-{campaign}"] {
            assert_eq!(check_template(text), Ok(()), "{text}");
        }
        for text in ["{email}", "{", "}", "{}", "{slug", "slug}", "{{slug}}", "{slug}}"] {
            assert_eq!(check_template(text), Err(TemplateError), "{text}");
        }
    }
}
