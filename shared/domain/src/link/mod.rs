//! Tracking links.

mod destination;
mod slug;
mod sub_ids;
mod utm;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

pub use destination::{ADDRESS_MAX, DestinationError, check_destination, deep_link};
pub use slug::{Slug, SlugError};
pub use sub_ids::SubIds;
pub use utm::{TemplateError, Utm, check_template};

use crate::{
    id::{LinkId, PartnerId, ProgramId},
    program::LinkPolicy,
};

/// The query parameter, and the cookie, that carry a click id.
pub const CLICK_ID_PARAMETER: &str = "trb_click";

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
    /// Parameters added to the destination, in place of the program's.
    pub utm: Utm,
    /// The partner's own labels of its visitors.
    pub sub_ids: SubIds,
    /// Creation time.
    pub created_at: Timestamp,
    /// Clicks from here on attribute nothing.
    pub disabled_at: Option<Timestamp>,
}

/// What one visitor brings along.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Visit {
    /// The page that the visitor asked for, checked; else it is the link's destination.
    pub page: Option<Url>,
    /// Labels of this visit alone, which stand above the link's.
    pub sub_ids: SubIds,
}

impl Link {
    /// Did a click at this moment count?
    #[must_use]
    pub fn is_active_at(&self, at: Timestamp) -> bool {
        self.created_at <= at && self.disabled_at.is_none_or(|disabled| at < disabled)
    }

    /// The labels of a visit: its own, and the link's where it has none.
    #[must_use]
    pub fn labels(&self, visit: &Visit) -> SubIds {
        visit.sub_ids.clone().or(&self.sub_ids)
    }

    /// The page with the UTM parameters, the labels if the program asks for them, and the click id if the
    /// click counts.
    ///
    /// A parameter that the page carries already is replaced, not repeated: analytics would read the
    /// first and attribution the last.
    #[must_use]
    pub fn target(&self, policy: &LinkPolicy, visit: &Visit, click_id: Option<&str>) -> Url {
        let mut added = Utm::of(self, &policy.utm);
        if policy.pass_sub_ids {
            let labels = self.labels(visit);
            added.extend(labels.parameters().map(|(name, value)| (name, value.to_owned())));
        }
        added.extend(click_id.map(|id| (CLICK_ID_PARAMETER, id.to_owned())));
        let page = visit.page.as_ref().unwrap_or(&self.destination);
        let mut target = page.clone();
        if added.is_empty() {
            return target;
        }
        let kept: Vec<(String, String)> = page
            .query_pairs()
            .filter(|(name, _)| !added.iter().any(|(other, _)| other == name))
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        target.query_pairs_mut().clear().extend_pairs(kept).extend_pairs(added);
        target
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn link() -> Link {
        let slug = Slug::generated(&["x"]);
        Link {
            id: slug.link_id(),
            slug,
            program_id: ProgramId::derive(&["p"]),
            partner_id: PartnerId::derive(&["p"]),
            destination: "https://shop.example.com/p?id=7&utm_source=old#top".parse().unwrap(),
            campaign: None,
            utm: Utm { source: Some("jane & co".into()), ..Utm::default() },
            sub_ids: SubIds { sub1: Some("blog".into()), ..SubIds::default() },
            created_at: Timestamp::UNIX_EPOCH,
            disabled_at: None,
        }
    }

    #[test]
    fn a_target_keeps_foreign_parameters_and_replaces_its_own() {
        let (link, policy, visit) = (link(), LinkPolicy::default(), Visit::default());
        assert_eq!(
            link.target(&policy, &visit, Some("clk_1")).as_str(),
            "https://shop.example.com/p?id=7&utm_source=jane+%26+co&trb_click=clk_1#top"
        );
        let bare = link.target(&policy, &visit, None);
        assert_eq!(bare.query(), Some("id=7&utm_source=jane+%26+co"));
        let plain = Link { utm: Utm::default(), ..link };
        assert_eq!(plain.target(&policy, &visit, None), plain.destination);
    }

    #[test]
    fn a_visit_lands_on_its_page_with_its_labels() {
        let policy = LinkPolicy { pass_sub_ids: true, ..LinkPolicy::default() };
        let page = "https://shop.example.com/boots?trb_click=clk_2&sub2=old";
        let sub_ids = SubIds { sub1: Some("mail".into()), sub2: Some("7".into()), ..SubIds::default() };
        let visit = Visit { page: page.parse().ok(), sub_ids };
        assert_eq!(
            link().target(&policy, &visit, Some("clk_1")).as_str(),
            "https://shop.example.com/boots?utm_source=jane+%26+co&sub1=mail&sub2=7&trb_click=clk_1"
        );
        let silent = link().target(&LinkPolicy::default(), &visit, Some("clk_1"));
        assert!(!silent.as_str().contains("sub1"));
    }
}
