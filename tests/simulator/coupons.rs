//! Coupons of partners: made, used and disabled.

use jiff::Timestamp;
use serde_json::json;

use super::{
    network::Network,
    touches::{Kind, Touch},
    town::{LATER, Program, insist, succeed},
};
use crate::{World, story::text};

/// A code and whose it is.
pub(crate) struct Coupon {
    id: String,
    code: String,
    member: usize,
    made: Timestamp,
    disabled: Option<Timestamp>,
    /// The time of the latest sale with it.
    used: Timestamp,
}

impl Coupon {
    /// Does it count at a time? Unknown where clocks may differ on it.
    fn counts(&self, at: Timestamp) -> Option<bool> {
        let turns = [Some(self.made), self.disabled].into_iter().flatten();
        let is_clear = turns.into_iter().all(|turn| at.duration_since(turn).abs() >= LATER);
        is_clear.then(|| self.made <= at && self.disabled.is_none_or(|end| at < end))
    }
}

impl Program {
    /// A code for a sale at this time, as the customer types it, with the touch that it is.
    pub(crate) fn use_coupon(&mut self, network: &Network, at: Timestamp) -> Option<(String, Touch)> {
        let known = self.coupons.len();
        let coupon = self.coupons.get_mut(network.below(known))?;
        let counts = coupon.counts(at)?;
        coupon.used = coupon.used.max(at);
        let code = if network.below(3) == 0 { coupon.code.to_lowercase() } else { coupon.code.clone() };
        Some((code, Touch { kind: Kind::Coupon, member: coupon.member, at, counts }))
    }

    /// An administrator makes a coupon, or disables one.
    pub(crate) async fn keep_coupons(&mut self, world: &World, network: &Network) {
        let now = world.now();
        let idle = |coupon: &&mut Coupon| {
            let turned = [coupon.made, coupon.used].into_iter().max().unwrap();
            coupon.disabled.is_none() && turned + LATER <= now
        };
        let mut idle: Vec<_> = self.coupons.iter_mut().filter(idle).collect();
        if idle.is_empty() || network.below(3) > 0 {
            return self.make_coupon(world, network).await;
        }
        let coupon = idle.swap_remove(network.below(idle.len()));
        let path = format!("/admin/coupons/{}/disable", coupon.id);
        succeed(world, network, world.admin("POST", &path)).await;
        coupon.disabled = Some(now);
    }

    async fn make_coupon(&mut self, world: &World, network: &Network) {
        let member = network.below(self.members.len());
        let partner = &self.members[member];
        if partner.joined + LATER > world.now() {
            return;
        }
        let taken = self.coupons.get(network.below(8)).map(|coupon| coupon.code.to_lowercase());
        let code = taken.clone().unwrap_or_else(|| world.fresh("LAUNCH"));
        let body = json!({ "program_id": self.story.id, "partner_id": partner.story.id, "code": code });
        let reply = insist(world, network, world.admin("POST", "/admin/coupons").json(&body)).await;
        if taken.is_some() {
            assert_eq!(reply.status, 409, "{code} was given a second time: {}", reply.text);
            return;
        }
        assert_eq!(reply.status, 201, "{}", reply.text);
        let (id, made) = (text(&reply.body["id"]), world.now());
        self.coupons.push(Coupon { id, code, member, made, disabled: None, used: made });
    }
}
