//! Money that goes back to customers, or nearly: refunds that are made or fail, and disputes that are
//! lost or won.

use serde_json::{Value, json};

use super::{
    basket::money,
    mail::{Mail, Told},
    network::Network,
    town::{Program, Town},
};
use crate::{World, stripe};

/// What is told of parts of a sale, one or several at the same time.
pub(crate) fn tell(world: &World, network: &Network, town: &mut Town, place: usize) -> Vec<Mail> {
    let program = &mut town.programs[place];
    if program.sales.is_empty() {
        return Vec::new();
    }
    let chosen = network.below(program.sales.len());
    let mut told = Vec::new();
    for _ in 0..1 + network.below(3) {
        told.extend(match network.below(6) {
            0 => disputed(world, network, program, chosen),
            _ => refunded(world, network, program, chosen),
        });
    }
    told.into_iter().map(|told| Mail { place, told }).collect()
}

/// A part of a sale that somebody wants back.
struct Part<'a> {
    world: &'a World,
    is_stripe: bool,
    /// The id, or an alias, of the charge.
    name: String,
    minor: i64,
    currency: &'static str,
}

impl<'a> Part<'a> {
    /// A part of what is left, all of it, or more than there ever was.
    fn draw(world: &'a World, network: &Network, program: &Program, chosen: usize) -> Option<Self> {
        let names = &program.names[chosen];
        let name = names[network.below(names.len())].clone();
        let sale = &program.sales[chosen];
        let left = (sale.amount - sale.refunded).max(0);
        let minor = match network.below(12) {
            0 => sale.amount + 1 + i128::try_from(network.below(100)).unwrap(),
            1..4 => left,
            _ => i128::try_from(network.below(usize::try_from(left).unwrap() + 1)).unwrap(),
        };
        let is_stripe = sale.source == "stripe";
        let is_possible = minor > 0 && sale.amount > 0 && !(is_stripe && name.starts_with("in"));
        let minor = i64::try_from(minor).unwrap();
        is_possible.then_some(Self { world, is_stripe, name, minor, currency: sale.currency })
    }

    fn event(&self, mut event: Value) -> Told {
        event["data"]["object"]["currency"] = json!(self.currency.to_lowercase());
        Told::Event(event)
    }

    fn report(&self, kind: &str, id: (&str, &str), with_amount: bool) -> Told {
        let mut body = json!({ "type": kind, "external_id": self.name });
        body[id.0] = json!(id.1);
        if with_amount {
            body["amount"] = money(self.minor, self.currency);
        }
        Told::Report { key: self.world.fresh("key"), body }
    }
}

/// A refund, which now and then fails.
fn refunded(world: &World, network: &Network, program: &mut Program, chosen: usize) -> Vec<Told> {
    let Some(part) = Part::draw(world, network, program, chosen) else { return Vec::new() };
    let fails = network.below(6) == 0;
    if !fails {
        program.sales[chosen].refunded += i128::from(part.minor);
    }
    let id = world.fresh("re");
    let mut told = Vec::new();
    if part.is_stripe {
        let made = stripe::refund(world, &part.name, &id, part.minor);
        let mut failed = made.clone();
        failed["id"] = json!(world.fresh("evt"));
        failed["type"] = json!("refund.failed");
        failed["data"]["object"]["status"] = json!("failed");
        told.push(part.event(made));
        told.extend(fails.then(|| part.event(failed)));
    } else {
        let id = ("refund_id", id.as_str());
        told.push(part.report("refund", id, true));
        told.extend(fails.then(|| part.report("refund_failed", id, false)));
    }
    told
}

/// A dispute and how it ends: won, lost, or lost and won after all.
fn disputed(world: &World, network: &Network, program: &mut Program, chosen: usize) -> Vec<Told> {
    let Some(part) = Part::draw(world, network, program, chosen) else { return Vec::new() };
    let ends: &[&str] = match network.below(3) {
        0 => &["lost"],
        1 => &["won"],
        _ => &["lost", "won"],
    };
    if ends == ["lost"] {
        program.sales[chosen].refunded += i128::from(part.minor);
    }
    let id = world.fresh("dispute");
    let stages = ["opened"].iter().chain(ends);
    let tell = |stage: &&str| {
        if part.is_stripe {
            let status = if *stage == "opened" { "needs_response" } else { *stage };
            return part.event(stripe::dispute(world, &part.name, &id, part.minor, status));
        }
        part.report(&format!("dispute_{stage}"), ("dispute_id", &id), *stage != "won")
    };
    stages.map(tell).collect()
}
