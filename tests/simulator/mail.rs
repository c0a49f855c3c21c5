//! What somebody tells the deployment until it is heard.

use futures_util::future::LocalBoxFuture;
use serde_json::Value;

use super::{office::RateDay, town::Town};
use crate::{Reply, World};

/// Something that a merchant, a provider or an administrator tells until it is heard.
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
    /// Stripe.
    Event(Value),
    /// An administrator publishes exchange rates.
    Rates { key: String, body: Value, days: Vec<RateDay> },
    /// The same with other values than those that were published.
    OtherRates { key: String, body: Value },
    /// An administrator adjusts a line by so many minor units.
    Adjustment { key: String, line: String, minor: i128, body: Value },
}

impl Mail {
    /// The delivery of it, at the receiver's time.
    pub(crate) fn send<'w>(&self, world: &'w World, town: &Town) -> LocalBoxFuture<'w, Reply> {
        let program = &town.programs[self.place];
        let call = match &self.told {
            Told::Report { key, body } => world.conversion(&program.story, body).key(key),
            Told::Event(event) => world.webhook(&program.endpoint, event),
            Told::Rates { key, body, .. } | Told::OtherRates { key, body } => {
                world.admin("POST", "/admin/exchange-rates").json(body).key(key)
            }
            Told::Adjustment { key, line, body, .. } => {
                world.admin("POST", &format!("/admin/commissions/{line}/adjustments")).json(body).key(key)
            }
        };
        Box::pin(call.send())
    }

    /// Are exchange rates published by it?
    pub(crate) fn is_of_rates(&self) -> bool {
        matches!(self.told, Told::Rates { .. })
    }

    /// Is it done with, by this answer? What it changed is noted.
    pub(crate) fn is_heard(&self, town: &mut Town, reply: &Reply) -> bool {
        if reply.status >= 500 {
            return false;
        }
        let is_taken = reply.status < 300;
        match &self.told {
            Told::Report { .. } | Told::Event(_) => {
                assert!(is_taken, "a fact was refused: {} {}", reply.status, reply.text);
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
                    town.programs[self.place].adjusted.insert(key.clone(), (line.clone(), *minor));
                }
            }
        }
        true
    }
}
