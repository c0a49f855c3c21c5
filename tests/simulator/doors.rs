//! Addresses for webhooks: of several senders, with secrets that follow one another.

use data_encoding::BASE64;
use futures_util::future::LocalBoxFuture;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    network::Network,
    plans::one_of,
    town::{LATER, succeed},
};
use crate::{
    Reply, World,
    senders::{LEMON_SQUEEZY, PADDLE},
    story,
    stripe::Endpoint,
};

/// Who sends events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sender {
    Stripe,
    Paddle,
    LemonSqueezy,
    /// The merchant's own systems, in the way of Standard Webhooks.
    Standard,
}

impl Sender {
    pub(crate) const ALL: [Self; 4] = [Self::Stripe, Self::Paddle, Self::LemonSqueezy, Self::Standard];

    fn secret(self, world: &World) -> String {
        let fresh = world.fresh("secret-of-a-sender");
        match self {
            Self::Stripe => format!("whsec_{fresh}"),
            Self::Paddle => format!("pdl_ntfset_{fresh}"),
            Self::LemonSqueezy => fresh,
            Self::Standard => format!("whsec_{}", BASE64.encode(format!("{fresh:-<32}").as_bytes())),
        }
    }

    fn send<'w>(self, world: &'w World, endpoint: &Endpoint, event: &Event) -> LocalBoxFuture<'w, Reply> {
        let call = match self {
            Self::Stripe => world.webhook(endpoint, &event.body),
            Self::Paddle => PADDLE.deliver(world, endpoint, &event.body),
            Self::LemonSqueezy => LEMON_SQUEEZY.deliver(world, endpoint, &event.body),
            Self::Standard => world.standard_webhook(endpoint, &event.id, &event.body),
        };
        Box::pin(call.send())
    }
}

/// An event, under the id by which its sender knows it; Lemon Squeezy's have none.
#[derive(Clone)]
pub(crate) struct Event {
    pub(crate) sender: Sender,
    pub(crate) id: String,
    pub(crate) body: Value,
}

/// The address of a sender, with its secrets, the latest last, and until when each is used.
pub(crate) struct Door {
    sender: Sender,
    path: String,
    secrets: Vec<(String, Option<Timestamp>)>,
}

impl Door {
    pub(crate) async fn open(world: &World, program: &story::Program, sender: Sender) -> Self {
        let endpoint = match sender {
            Sender::Stripe => world.endpoint(program).await,
            Sender::Paddle => PADDLE.endpoint(world, program).await,
            Sender::LemonSqueezy => LEMON_SQUEEZY.endpoint(world, program).await,
            Sender::Standard => world.standard_endpoint(program).await,
        };
        Self { sender, path: endpoint.path, secrets: vec![(endpoint.secret, None)] }
    }

    /// The id of the address.
    pub(crate) fn id(&self) -> &str {
        self.path.rsplit('/').next().unwrap()
    }

    /// Brings an event, signed with any of the secrets that are valid by everybody's clock.
    pub(crate) fn bring<'w>(
        &self,
        world: &'w World,
        network: &Network,
        event: &Event,
    ) -> LocalBoxFuture<'w, Reply> {
        let is_valid = |until: Option<Timestamp>| until.is_none_or(|until| world.now() + LATER < until);
        let valid: Vec<_> = self.secrets.iter().filter(|(_, until)| is_valid(*until)).collect();
        let secret = one_of(network, &valid).0.clone();
        self.sender.send(world, &Endpoint { path: self.path.clone(), secret }, event)
    }

    /// Brings an event signed with a secret that is over by everybody's clock, or was none.
    pub(crate) fn forge<'w>(
        &self,
        world: &'w World,
        network: &Network,
        event: &Event,
    ) -> LocalBoxFuture<'w, Reply> {
        let is_over = |until: Option<Timestamp>| until.is_some_and(|until| until + LATER <= world.now());
        let over: Vec<_> = self.secrets.iter().filter(|(_, until)| is_over(*until)).collect();
        let secret = over.get(network.below(over.len() + 1));
        let secret = secret.map_or_else(|| self.sender.secret(world), |(secret, _)| secret.clone());
        self.sender.send(world, &Endpoint { path: self.path.clone(), secret }, event)
    }

    /// Another secret takes the place of the one in use, which stays valid for a while.
    pub(crate) async fn rotate(&mut self, world: &World, network: &Network) {
        let now = world.now();
        let may_stand =
            |(_, until): &(String, Option<Timestamp>)| until.is_some_and(|until| now < until + LATER);
        if self.secrets.iter().any(may_stand) {
            return;
        }
        let secret = self.sender.secret(world);
        let hours = *one_of(network, &[0, 1, 24, 48]);
        let body = json!({ "signing_secret": secret, "overlap_hours": hours });
        let path = format!("/admin/webhook-endpoints/{}/secrets", self.id());
        succeed(world, network, world.admin("POST", &path).json(&body)).await;
        self.secrets.last_mut().unwrap().1 = Some(now + SignedDuration::from_hours(hours));
        self.secrets.push((secret, None));
    }
}
