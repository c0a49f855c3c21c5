//! Links of partners, and visitors who follow them.

use domain::link::Slug;
use jiff::Timestamp;
use serde_json::json;

use super::{
    network::Network,
    plans::{CAMPAIGNS, one_of},
    touches::{Kind, Touch},
    town::{LATER, Program, insist, succeed},
};
use crate::{
    World,
    story::{self, text},
};

/// A partner's link.
pub(crate) struct Link {
    slug: String,
    member: usize,
    made: Timestamp,
    disabled: Option<Timestamp>,
    /// When it was followed last.
    followed: Timestamp,
}

/// A visit through a partner's link.
#[derive(Clone)]
pub(crate) struct Click {
    id: String,
    touch: Touch,
}

/// What a checkout hands over: the first and the last click, or the only one.
pub(crate) struct Trail {
    pub(crate) text: String,
    pub(crate) touches: Vec<Touch>,
}

impl Program {
    /// A partner makes a link or disables one, or a visitor follows one that was made before.
    pub(crate) async fn visit(&mut self, world: &World, network: &Network) {
        let now = world.now();
        // A link that was disabled a moment ago is one for some and none for others.
        let is_clear =
            |link: &Link| link.made + LATER <= now && link.disabled.is_none_or(|end| end + LATER <= now);
        let links: Vec<_> = (0..self.links.len()).filter(|place| is_clear(&self.links[*place])).collect();
        let Some(place) = links.get(network.below(links.len() + 1)) else {
            return self.make_link(world, network).await;
        };
        let link = &mut self.links[*place];
        if link.disabled.is_none() && link.followed + LATER <= now && network.below(6) == 0 {
            return link.disable(world, network, &self.members[link.member].story).await;
        }
        let reply = insist(world, network, world.call("GET", &format!("/r/{}", link.slug))).await;
        if link.disabled.is_some() && reply.status == 404 {
            return;
        }
        assert_eq!(reply.status, 302, "{}: {}", link.slug, reply.text);
        link.followed = now;
        let location: url::Url = reply.header("location").unwrap().parse().unwrap();
        let id = location.query_pairs().find(|(name, _)| name == "trb_click").unwrap().1.into_owned();
        let touch =
            Touch { kind: Kind::Click, member: link.member, at: now, counts: link.disabled.is_none() };
        self.clicks.push(Click { id, touch });
    }

    async fn make_link(&mut self, world: &World, network: &Network) {
        let member = network.below(self.members.len());
        let partner = &self.members[member];
        if partner.joined + LATER > world.now() {
            return;
        }
        let mut body = json!({ "program_id": self.story.id, "destination": story::DESTINATION });
        if network.below(2) == 0 {
            body["campaign"] = json!(one_of(network, &CAMPAIGNS));
        }
        let call = world.partner(&partner.story.name, "POST", "/affiliate/links/generate").json(&body);
        let made = world.now();
        let slug = text(&succeed(world, network, call).await.body["slug"]);
        self.links.push(Link { slug, member, made, disabled: None, followed: made });
    }

    /// The clicks of somebody who buys now.
    pub(crate) fn trail(&self, world: &World, network: &Network) -> Option<Trail> {
        let recent = |click: &&Click| {
            let age = world.now().duration_since(click.touch.at);
            age >= LATER && age.as_hours() < 24 * 55
        };
        let clicks: Vec<_> = self.clicks.iter().filter(recent).collect();
        let last = *clicks.get(network.below(clicks.len()))?;
        let earlier = |click: &&&Click| click.touch.at + LATER <= last.touch.at;
        let before: Vec<_> = clicks.iter().filter(earlier).copied().collect();
        let first = before.get(network.below(2 * before.len())).copied();
        let both: Vec<&Click> = first.into_iter().chain([last]).collect();
        let ids: Vec<_> = both.iter().map(|click| click.id.as_str()).collect();
        Some(Trail { text: ids.join("-"), touches: both.iter().map(|click| click.touch.clone()).collect() })
    }
}

impl Link {
    async fn disable(&mut self, world: &World, network: &Network, partner: &story::Partner) {
        let id = Slug::try_from(self.slug.clone()).unwrap().link_id();
        let path = format!("/affiliate/links/{id}/disable");
        let now = world.now();
        let call = if network.below(2) == 0 {
            world.partner(&partner.name, "POST", &path)
        } else {
            world.admin("POST", &path)
        };
        succeed(world, network, call).await;
        self.disabled = Some(now);
    }
}
