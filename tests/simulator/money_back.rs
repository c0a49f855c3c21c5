//! Money that goes back to customers, or nearly: refunds that are made or fail, and disputes that are
//! lost or won.

use serde_json::{Value, json};

use super::{
    basket::money,
    checkouts::{lemon_squeezy_refund, paddle_adjustment},
    doors::{Event, Sender},
    mail::{Mail, Told},
    network::Network,
    town::{Program, Town},
};
use crate::{World, stripe};

/// What is told of parts of a sale, one or several at the same time.
pub(crate) fn tell(world: &World, network: &Network, town: &mut Town, place: usize) -> Vec<Mail> {
    let sales = town.programs[place].sales.len();
    if sales == 0 {
        return Vec::new();
    }
    tell_of(world, network, town, place, network.below(sales))
}

/// What is told of parts of this sale.
pub(crate) fn tell_of(
    world: &World,
    network: &Network,
    town: &mut Town,
    place: usize,
    chosen: usize,
) -> Vec<Mail> {
    let program = &mut town.programs[place];
    let mut told = Vec::new();
    for _ in 0..1 + network.below(3) {
        let Some(part) = Part::draw(world, network, program, chosen) else { continue };
        told.extend(match network.below(6) {
            0 if part.source != "lemon_squeezy" => part.disputed(network, program),
            _ => part.refunded(network, program),
        });
    }
    told.into_iter().map(|told| Mail { place, told }).collect()
}

/// A part of a sale that somebody wants back.
struct Part<'a> {
    world: &'a World,
    /// Of the program's sales.
    chosen: usize,
    source: &'static str,
    /// The id, or an alias, of the charge.
    name: String,
    minor: i64,
    currency: &'static str,
    /// Are reports told as events of the merchant's own systems?
    by_webhook: bool,
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
        let is_told = !(sale.source == "stripe" && name.starts_with("in"));
        let is_possible = minor > 0 && sale.amount > 0 && is_told;
        let minor = i64::try_from(minor).unwrap();
        let by_webhook = network.below(4) == 0;
        let (source, currency) = (sale.source, sale.currency);
        is_possible.then_some(Self { world, chosen, source, name, minor, currency, by_webhook })
    }

    fn stripe(&self, mut event: Value) -> Told {
        event["data"]["object"]["currency"] = json!(self.currency.to_lowercase());
        Told::Event(Event::stripe(event))
    }

    fn paddle(&self, id: &str, action: &str, status: &str) -> Told {
        let money = (self.minor, self.currency);
        Told::Event(paddle_adjustment(self.world, (&self.name, id), (action, status), money))
    }

    fn report(&self, kind: &str, id: (&str, &str), with_amount: bool) -> Told {
        let mut body = json!({ "type": kind, "external_id": self.name });
        body[id.0] = json!(id.1);
        if with_amount {
            body["amount"] = money(self.minor, self.currency);
        }
        if self.by_webhook {
            let id = self.world.fresh("msg");
            return Told::Event(Event { sender: Sender::Standard, id, body });
        }
        Told::Report { key: self.world.fresh("key"), body }
    }

    /// A refund, which now and then fails.
    fn refunded(&self, network: &Network, program: &mut Program) -> Vec<Told> {
        let fails = self.source != "lemon_squeezy" && network.below(6) == 0;
        let refunded = &mut program.sales[self.chosen].refunded;
        if !fails {
            *refunded += i128::from(self.minor);
        }
        let id = self.world.fresh("re");
        let mut told = Vec::new();
        match self.source {
            "stripe" => {
                let made = stripe::refund(self.world, &self.name, &id, self.minor);
                let mut failed = made.clone();
                failed["id"] = json!(self.world.fresh("evt"));
                failed["type"] = json!("refund.failed");
                failed["data"]["object"]["status"] = json!("failed");
                told.push(self.stripe(made));
                told.extend(fails.then(|| self.stripe(failed)));
            }
            "paddle" => {
                let is_asked_for = network.below(3) == 0;
                told.extend(is_asked_for.then(|| self.paddle(&id, "refund", "pending_approval")));
                told.push(self.paddle(&id, "refund", "approved"));
                told.extend(fails.then(|| self.paddle(&id, "refund", "reversed")));
            }
            "lemon_squeezy" => {
                let total = i64::try_from(*refunded).unwrap();
                let order = &program.orders[&self.chosen];
                told.push(Told::Event(lemon_squeezy_refund(self.world, order, total)));
            }
            _ => {
                let id = ("refund_id", id.as_str());
                told.push(self.report("refund", id, true));
                told.extend(fails.then(|| self.report("refund_failed", id, false)));
            }
        }
        told
    }

    /// A dispute and how it ends: won, lost, or lost and won after all.
    fn disputed(&self, network: &Network, program: &mut Program) -> Vec<Told> {
        let ends: &[&str] = match network.below(3) {
            0 => &["lost"],
            1 => &["won"],
            _ => &["lost", "won"],
        };
        if ends == ["lost"] {
            program.sales[self.chosen].refunded += i128::from(self.minor);
        }
        let id = self.world.fresh("dispute");
        if self.source == "paddle" {
            return self.charged_back(&id, ends);
        }
        let stages = ["opened"].iter().chain(ends);
        let tell = |stage: &&str| {
            if self.source == "stripe" {
                let status = if *stage == "opened" { "needs_response" } else { *stage };
                return self.stripe(stripe::dispute(self.world, &self.name, &id, self.minor, status));
            }
            self.report(&format!("dispute_{stage}"), ("dispute_id", &id), *stage != "won")
        };
        stages.map(tell).collect()
    }

    /// A warning, and perhaps the chargeback itself, which may be taken back.
    fn charged_back(&self, id: &str, ends: &[&str]) -> Vec<Told> {
        let warning = self.world.fresh("adj");
        let mut told = vec![self.paddle(&warning, "chargeback_warning", "approved")];
        if ends == ["won"] {
            told.push(self.paddle(&self.world.fresh("adj"), "chargeback_warning_reverse", "approved"));
            return told;
        }
        told.push(self.paddle(id, "chargeback", "approved"));
        told.extend((ends.len() > 1).then(|| self.paddle(id, "chargeback", "reversed")));
        told
    }
}
