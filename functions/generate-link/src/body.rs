//! What a partner asks for, from the wire to a link.

use domain::{
    id::{PartnerId, ProgramId},
    link::{ADDRESS_MAX, Link, Slug, SubIds, Utm, check_destination},
    program::Program,
};
use jiff::Timestamp;
use runtime::{Problem, Violations};
use serde::Deserialize;
use url::Url;

const TEXT_MAX: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkRequest {
    program_id: ProgramId,
    destination: String,
    #[serde(default)]
    campaign: Option<String>,
    #[serde(default)]
    utm: Utm,
    #[serde(default)]
    sub_ids: SubIds,
    #[serde(default)]
    slug: Option<String>,
}

/// A request whose fields are right, each for itself.
pub(crate) struct Wanted {
    pub(crate) program_id: ProgramId,
    pub(crate) slug: Option<Slug>,
    destination: Url,
    campaign: Option<String>,
    utm: Utm,
    sub_ids: SubIds,
}

/// Who asks, and with which idempotency key.
pub(crate) struct Author<'a> {
    pub(crate) partner_id: PartnerId,
    pub(crate) caller: &'a str,
    pub(crate) key: &'a str,
}

impl LinkRequest {
    /// The request with its texts read.
    pub(crate) fn check(self) -> Result<Wanted, Problem> {
        let mut violations = Violations::new();
        violations.text(&self.destination, ADDRESS_MAX, "/destination");
        let destination = violations.take("/destination", self.destination.parse::<Url>());
        let slug = violations.take("/slug", self.slug.map(Slug::try_from).transpose());
        if let Some(campaign) = &self.campaign {
            violations.text(campaign, TEXT_MAX, "/campaign");
        }
        for (name, value) in self.utm.parameters() {
            let pointer = name.replace("utm_", "/utm/");
            let fits = value.chars().count() <= TEXT_MAX;
            violations.check(fits, &pointer, "invalid_length", "use at most 100 characters");
        }
        for (name, value) in self.sub_ids.parameters() {
            violations.text(value, SubIds::CHARACTERS_MAX, &format!("/sub_ids/{name}"));
        }
        match (destination, slug) {
            (Some(destination), Some(slug)) if violations.is_empty() => Ok(Wanted {
                program_id: self.program_id,
                slug,
                destination,
                campaign: self.campaign,
                utm: self.utm,
                sub_ids: self.sub_ids,
            }),
            _ => Err(violations.into()),
        }
    }
}

impl Wanted {
    /// May a link of the program lead there?
    pub(crate) fn check_destination(&self, program: &Program) -> Result<(), Problem> {
        let mut violations = Violations::new();
        violations.take("/destination", check_destination(&program.link_hosts, &self.destination));
        violations.finish()
    }

    /// The link. A slug that is made up is the same for the same request.
    pub(crate) fn into_link(self, author: Author<'_>, created_at: Timestamp) -> Link {
        let slug = self.slug.unwrap_or_else(|| Slug::generated(&[author.caller, author.key]));
        Link {
            id: slug.link_id(),
            slug,
            program_id: self.program_id,
            partner_id: author.partner_id,
            destination: self.destination,
            campaign: self.campaign,
            utm: self.utm,
            sub_ids: self.sub_ids,
            created_at,
            disabled_at: None,
        }
    }
}
