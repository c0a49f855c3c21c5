//! What somebody tells the deployment until it is heard.

use futures_util::future::LocalBoxFuture;
use serde_json::Value;

use super::{
    batches::{self, Line},
    doors::Event,
    network::Network,
    office::RateDay,
    town::{Program, Town},
};
use crate::{Reply, World};

/// Something that a merchant, a sender or an administrator tells until it is heard.
#[derive(Clone)]
pub(crate) struct Mail {
    /// Of which program it is.
    pub(crate) place: usize,
    pub(crate) told: Told,
}

#[derive(Clone)]
pub(crate) enum Told {
    /// The merchant's server, with its idempotency key.
    Report { key: String, body: Value },
    /// The merchant's server, many facts at once.
    Batch { key: String, lines: Vec<Line> },
    /// A sender of webhooks.
    Event(Event),
    /// Somebody who is not the sender, or no longer.
    Forged(Event),
    /// An administrator publishes exchange rates.
    Rates { key: String, body: Value, days: Vec<RateDay> },
    /// The same with other values than those that were published.
    OtherRates { key: String, body: Value },
    /// An administrator adjusts a line by so many minor units.
    Adjustment { key: String, line: String, minor: i128, body: Value },
    /// An administrator sees to an event or to something that was set aside.
    Support { path: String, body: Value, key: Option<String>, allowed: &'static [u16] },
}

impl Mail {
    /// The delivery of it, at the receiver's time.
    pub(crate) fn send<'w>(
        &self,
        world: &'w World,
        network: &Network,
        town: &Town,
    ) -> LocalBoxFuture<'w, Reply> {
        let program = &town.programs[self.place];
        let call = match &self.told {
            Told::Event(event) => return program.doors[&event.sender].bring(world, network, event),
            Told::Forged(event) => return program.doors[&event.sender].forge(world, network, event),
            Told::Report { key, body } => world.conversion(&program.story, body).key(key),
            Told::Batch { key, lines } => {
                let facts: Vec<_> = lines.iter().map(|line| line.body.clone()).collect();
                world.conversions(&program.story, &facts).key(key)
            }
            Told::Rates { key, body, .. } | Told::OtherRates { key, body } => {
                world.admin("POST", "/admin/exchange-rates").json(body).key(key)
            }
            Told::Adjustment { key, line, body, .. } => {
                world.admin("POST", &format!("/admin/commissions/{line}/adjustments")).json(body).key(key)
            }
            Told::Support { path, body, key, .. } => {
                let call = world.admin("POST", path);
                let call = key.iter().fold(call, |call, key| call.key(key));
                if body.is_null() { call } else { call.json(body) }
            }
        };
        Box::pin(call.send())
    }

    /// Are exchange rates published by it?
    pub(crate) fn is_of_rates(&self) -> bool {
        matches!(self.told, Told::Rates { .. })
    }

    /// Is it done with, by this answer? What it changed is noted.
    pub(crate) fn is_heard(&self, network: &Network, town: &mut Town, reply: &Reply) -> bool {
        if reply.status >= 500 {
            return false;
        }
        let is_taken = reply.status < 300;
        let program = &mut town.programs[self.place];
        match &self.told {
            Told::Report { body, .. } => {
                assert!(is_taken, "a fact was refused: {} {}", reply.status, reply.text);
                batches::remember(program, network, body);
            }
            Told::Batch { lines, .. } => return batches::is_heard(program, lines, reply),
            Told::Event(event) => {
                assert!(is_taken, "an event was refused: {} {}", reply.status, reply.text);
                remember(program, event);
            }
            Told::Forged(_) => {
                assert_eq!(reply.status, 401, "a forged event was taken: {}", reply.text);
            }
            Told::Rates { days, .. } => {
                assert!(is_taken, "exchange rates were refused: {} {}", reply.status, reply.text);
                town.rates.confirm(days);
            }
            Told::OtherRates { .. } => {
                assert_eq!(
                    reply.status, 409,
                    "a published exchange rate was published again: {}",
                    reply.text
                );
            }
            Told::Adjustment { key, line, minor, .. } => {
                // There is no such line, it is worth less, or this was heard so long ago that its answer
                // is no longer known.
                let is_known = reply.status == 409 && reply.text.contains("ninety days");
                let is_refused = matches!(reply.status, 404 | 409 | 422);
                assert!(is_taken || is_refused, "an adjustment: {} {}", reply.status, reply.text);
                if is_taken || is_known {
                    program.adjusted.insert(key.clone(), (line.clone(), *minor));
                }
            }
            Told::Support { path, allowed, .. } => {
                assert!(allowed.contains(&reply.status), "{path}: {} {}", reply.status, reply.text);
            }
        }
        true
    }
}

/// Notes that an event has come: it may be asked for again.
fn remember(program: &mut Program, event: &Event) {
    let is_readable = !event.body["data"]["object"]["amount"].is_string();
    if is_readable && event.sender.names_events() {
        program.events.push((event.sender, event.id.clone()));
    }
}
