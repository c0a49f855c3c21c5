//! What merchants sell and take back, told by API and by webhook: in any order, more than once.

use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};

use super::{
    network::Network,
    reference::Sale,
    town::{Customer, LATER, Program, Town},
};
use crate::{Reply, World, story::usd, stripe};

/// Something that a merchant or a provider tells until it is heard.
#[derive(Clone)]
pub(crate) struct Mail {
    place: usize,
    told: Told,
}

#[derive(Clone)]
enum Told {
    /// The merchant's server, with its idempotency key.
    Report { key: String, body: Value },
    /// Stripe.
    Event(Value),
}

impl Mail {
    /// The delivery of it, at the receiver's time.
    pub(crate) fn send<'w>(&self, world: &'w World, town: &Town) -> LocalBoxFuture<'w, Reply> {
        let program = &town.programs[self.place];
        match &self.told {
            Told::Report { key, body } => Box::pin(world.conversion(&program.story, body).key(key).send()),
            Told::Event(event) => Box::pin(world.webhook(&program.endpoint, event).send()),
        }
    }
}

/// Sells something in one of the ways there are; what is to be told of it.
pub(crate) fn sell(world: &World, network: &Network, town: &mut Town, place: usize) -> Vec<Mail> {
    let program = &mut town.programs[place];
    let recent = |click: &&super::town::Click| {
        let age = world.now().duration_since(click.at);
        age >= LATER && age.as_hours() < 24 * 55
    };
    let clicks: Vec<_> = program.clicks.iter().filter(recent).collect();
    if clicks.is_empty() {
        return Vec::new();
    }
    let click = clicks[network.below(clicks.len())];
    let (click, member) = (click.id.clone(), click.member);
    let told = match network.below(8) {
        0..3 => reported(world, network, program, member, Some(&click)),
        3 => match come_back(world, network, program) {
            Some(member) => reported(world, network, program, member, None),
            None => Vec::new(),
        },
        4 => checkout(world, network, program, member, &click),
        _ => subscription(world, network, program, member, &click),
    };
    told.into_iter().map(|told| Mail { place, told }).collect()
}

/// A customer of before buys again; gives who brought them.
fn come_back(world: &World, network: &Network, program: &mut Program) -> Option<usize> {
    let old = |(_, customer): &(usize, &Customer)| customer.since + LATER <= world.now();
    let places: Vec<_> = program.customers.iter().enumerate().filter(old).map(|(place, _)| place).collect();
    let customer = program.customers.remove(*places.get(network.below(places.len()))?);
    let member = customer.member;
    program.customers.push(customer);
    Some(member)
}

fn amount(network: &Network) -> i64 {
    i64::try_from(1 + network.below(2000)).unwrap()
}

fn dollars(minor: i64) -> Value {
    usd(&format!("{}.{:02}", minor / 100, minor % 100))
}

impl Program {
    fn sold(&mut self, world: &World, source: &'static str, names: &[&str], member: usize, amount: [i64; 2]) {
        self.sales.push(Sale {
            source,
            external_id: names[0].to_owned(),
            line: self.members[member].line.clone(),
            amount: amount[0].into(),
            parts: amount[1].into(),
            refunded: 0,
            at: world.now(),
        });
        self.names.push(names.iter().map(|name| (*name).to_owned()).collect());
    }
}

/// The merchant's server tells of a sale, a renewal or a lead.
fn reported(
    world: &World,
    network: &Network,
    program: &mut Program,
    member: usize,
    click: Option<&str>,
) -> Vec<Told> {
    let (order, alias) = (world.fresh("order"), world.fresh("alias"));
    let is_lead = click.is_some() && network.below(8) == 0;
    let total = if is_lead { 0 } else { amount(network) };
    let tax = if network.below(3) == 0 { total / 6 } else { 0 };
    let mut body = json!({
        "type": match click { Some(_) if is_lead => "lead", Some(_) => "sale", None => "renewal" },
        "external_id": order,
        "occurred_at": world.now(),
    });
    if !is_lead {
        body["amount"] = dollars(total);
        body["tax"] = dollars(tax);
    }
    body["customer"] = match click {
        Some(click) => {
            body["click_id"] = json!(click);
            let name = world.fresh("customer");
            program.customers.push(Customer { name: name.clone(), member, since: world.now() });
            json!({ "id": name })
        }
        None => json!({ "id": program.customers.last().unwrap().name }),
    };
    let mut names = vec![order.as_str()];
    if network.below(3) == 0 {
        body["aliases"] = json!([alias]);
        names.push(&alias);
    }
    program.sold(world, "api", &names, member, [total, tax]);
    vec![Told::Report { key: world.fresh("key"), body }]
}

/// A payment with Stripe Checkout.
fn checkout(
    world: &World,
    network: &Network,
    program: &mut Program,
    member: usize,
    click: &str,
) -> Vec<Told> {
    let (intent, minor) = (world.fresh("pi"), amount(network));
    let mut event = stripe::checkout(world, &intent, minor, click);
    event["data"]["object"]["customer"] = json!(world.fresh("cus"));
    program.sold(world, "stripe", &[&intent], member, [minor, 0]);
    vec![Told::Event(event)]
}

/// A subscription: who brought the customer, what was paid, and by which payment, each told apart.
fn subscription(
    world: &World,
    network: &Network,
    program: &mut Program,
    member: usize,
    click: &str,
) -> Vec<Told> {
    let (invoice, intent, customer) = (world.fresh("in"), world.fresh("pi"), world.fresh("cus"));
    let minor = amount(network);
    let mut session = stripe::subscription_session(world, &customer, click);
    session["data"]["object"]["invoice"] = Value::Null;
    let mut payment = stripe::invoice_payment(world, &invoice, &intent);
    payment["data"]["object"]["payment"]["charge"] = Value::Null;
    let mut events = vec![session, stripe::invoice(world, &invoice, &customer, minor), payment];
    program.sold(world, "stripe", &[&invoice, &intent], member, [minor, 0]);
    if network.below(3) == 0 {
        let renewal = world.fresh("in");
        let again = amount(network);
        let mut event = stripe::invoice(world, &renewal, &customer, again);
        event["data"]["object"]["billing_reason"] = json!("subscription_cycle");
        events.push(event);
        program.sold(world, "stripe", &[&renewal], member, [again, 0]);
    }
    events.into_iter().map(Told::Event).collect()
}

/// Takes back parts of a sale, one or several at the same time.
pub(crate) fn refunds(world: &World, network: &Network, town: &mut Town, place: usize) -> Vec<Mail> {
    let program = &mut town.programs[place];
    if program.sales.is_empty() {
        return Vec::new();
    }
    let chosen = network.below(program.sales.len());
    let told = (0..1 + network.below(3)).filter_map(|_| refund(world, network, program, chosen));
    told.map(|told| Mail { place, told }).collect()
}

/// Takes back a part of a sale or all that is left, or tries to take back more than there was.
fn refund(world: &World, network: &Network, program: &mut Program, chosen: usize) -> Option<Told> {
    let names = &program.names[chosen];
    let name = &names[network.below(names.len())];
    let sale = &mut program.sales[chosen];
    let left = sale.amount - sale.refunded;
    let minor = match network.below(12) {
        0 => sale.amount + 1 + i128::try_from(network.below(100)).unwrap(),
        1..4 => left,
        _ => i128::try_from(network.below(usize::try_from(left).unwrap() + 1)).unwrap(),
    };
    if minor == 0 || (sale.source == "stripe" && name.starts_with("in")) || sale.amount == 0 {
        return None;
    }
    // More than the charge is refused, whatever else was refunded, so the order does not matter.
    if minor <= sale.amount {
        sale.refunded += minor;
    }
    let minor = i64::try_from(minor).unwrap();
    Some(match sale.source {
        "stripe" => Told::Event(stripe::refund(world, name, &world.fresh("re"), minor)),
        _ => {
            let mut body = crate::story::refund(name, &world.fresh("refund"), "0.01");
            body["amount"] = dollars(minor);
            Told::Report { key: world.fresh("key"), body }
        }
    })
}
