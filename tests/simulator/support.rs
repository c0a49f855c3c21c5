//! What people of the support do: they send events on again, look at what was set aside, and try it
//! again or give it up. Events that nobody can read give them something to do.

use serde_json::json;
use store::park::Queue;

use super::{
    doors::{Event, Sender},
    mail::{Mail, Told},
    network::Network,
    plans::one_of,
    town::Town,
};
use crate::{World, stripe};

/// Reasons for which a message may be set aside: refunds of more than was paid, a referral that came
/// later than the plan allows, and an event that nobody can read.
pub(crate) const ACCEPTED: [&str; 3] = ["refunds_exceed_charge", "referral_not_valid", "unreadable_event"];

/// One of the things that they do.
pub(crate) async fn act(world: &World, network: &Network, town: &Town, place: usize) -> Option<Mail> {
    let told = match network.below(4) {
        0 => Told::Event(unreadable(world)),
        1 => Told::Forged(unreadable(world)),
        2 => replay(network, town, place)?,
        _ => parked(world, network).await?,
    };
    Some(Mail { place, told })
}

/// A refund of an amount that is none.
fn unreadable(world: &World) -> Event {
    let mut event = stripe::refund(world, "pi-unknown", &world.fresh("re"), 1);
    event["data"]["object"]["amount"] = json!("some");
    Event::stripe(event)
}

/// An event that has come is sent on its way again.
fn replay(network: &Network, town: &Town, place: usize) -> Option<Told> {
    let program = &town.programs[place];
    let (sender, event) = program.events.get(network.below(program.events.len()))?;
    let endpoint = program.doors[sender].id();
    let path = format!("/admin/webhook-events/{endpoint}/{event}/replay");
    Some(Told::Support { path, body: json!(null), key: None, allowed: &[202] })
}

/// Something that was set aside, for a reason that there may be, is tried again or given up.
async fn parked(world: &World, network: &Network) -> Option<Told> {
    let page = world.admin("GET", "/admin/parked-messages?limit=100").expect(200).await;
    let is_accepted = |code: &str| ACCEPTED.contains(&code);
    let data = page["data"].as_array().unwrap();
    let parked: Vec<_> = data.iter().filter(|parked| is_accepted(parked["code"].as_str().unwrap())).collect();
    let parked = *parked.get(network.below(parked.len()))?;
    let queue: Queue = serde_json::from_value(parked["queue"].clone()).unwrap();
    let key = Some(world.fresh("key"));
    // Somebody may have dealt with it before, or at the same time.
    let (path, body, allowed): (_, _, &'static [u16]) = match (&parked["retry"], network.below(2)) {
        (serde_json::Value::String(retry), 0) => {
            let allowed: &[u16] = if queue == Queue::Webhooks { &[404, 409] } else { &[202, 404, 409] };
            (retry.clone(), json!(null), allowed)
        }
        _ => {
            let reason = one_of(network, &["Settled with the customer.", "Nothing to be done."]);
            (parked["discard"].as_str().unwrap().to_owned(), json!({ "reason": reason }), &[200, 404, 409])
        }
    };
    Some(Told::Support { path, body, key, allowed })
}

impl Sender {
    /// Can its events be asked for by the id that their sender gave them?
    pub(crate) fn names_events(self) -> bool {
        self != Self::LemonSqueezy
    }
}
