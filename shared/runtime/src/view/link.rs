//! Tracking links.

use domain::{
    id::{LinkId, ProgramId},
    link::{Link, Slug, SubIds, Utm},
};
use jiff::Timestamp;
use serde::Serialize;
use store::click::LinkClicks;
use url::Url;

use crate::LinkAddress;

/// A tracking link as its partner sees it.
#[derive(Debug, Clone, Serialize)]
pub struct LinkView {
    id: LinkId,
    slug: Slug,
    url: String,
    program_id: ProgramId,
    destination: Url,
    campaign: Option<String>,
    utm: Utm,
    sub_ids: SubIds,
    created_at: Timestamp,
    disabled_at: Option<Timestamp>,
    #[serde(flatten)]
    clicks: LinkClicks,
}

impl LinkView {
    /// The view of a link, which answers below an address, with what its clicks have come to.
    #[must_use]
    pub fn new(link: Link, clicks: LinkClicks, address: &LinkAddress) -> Self {
        Self {
            id: link.id,
            url: address.link(link.slug.as_str()),
            slug: link.slug,
            program_id: link.program_id,
            destination: link.destination,
            campaign: link.campaign,
            utm: link.utm,
            sub_ids: link.sub_ids,
            created_at: link.created_at,
            disabled_at: link.disabled_at,
            clicks,
        }
    }
}
