//! What merchants sell, told by API and by webhook: in any order, more than once.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    basket,
    mail::{Mail, Told},
    network::Network,
    office::{FOREIGN, Rates, day},
    reference::Sale,
    town::{Customer, LATER, Program, Town},
};
use crate::{World, stripe};

/// Sells something in one of the ways there are, in this currency if there is one; what is to be told
/// of it.
pub(crate) fn sell(
    world: &World,
    network: &Network,
    town: &mut Town,
    place: usize,
    currency: Option<&'static str>,
) -> Vec<Mail> {
    let Town { programs, rates } = town;
    let program = &mut programs[place];
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
    let mut shop = Shop { world, network, program, rates, currency };
    let told = match network.below(9) {
        0..4 => shop.reported(member, Some(&click)),
        4 => match shop.come_back() {
            Some(member) => shop.reported(member, None),
            None => Vec::new(),
        },
        5 => shop.checkout(member, &click),
        6 if shop.program.is_rich => shop.shared(member),
        _ => shop.subscription(member, &click),
    };
    told.into_iter().map(|told| Mail { place, told }).collect()
}

/// The shop of a program.
struct Shop<'a> {
    world: &'a World,
    network: &'a Network,
    program: &'a mut Program,
    rates: &'a mut Rates,
    currency: Option<&'static str>,
}

/// What a customer paid.
struct Paid {
    currency: &'static str,
    amount: i64,
    /// Tax and shipping in it.
    parts: i64,
    at: Timestamp,
}

impl Shop<'_> {
    /// A customer of before buys again; gives who brought them.
    fn come_back(&mut self) -> Option<usize> {
        let old = |(_, customer): &(usize, &Customer)| customer.since + LATER <= self.world.now();
        let customers = &mut self.program.customers;
        let places: Vec<_> = customers.iter().enumerate().filter(old).map(|(place, _)| place).collect();
        let customer = customers.remove(*places.get(self.network.below(places.len()))?);
        let member = customer.member;
        customers.push(customer);
        Some(member)
    }

    fn amount(&self) -> i64 {
        i64::try_from(1 + self.network.below(2000)).unwrap()
    }

    /// The program's own currency, as a rule.
    fn currency(&self) -> &'static str {
        if let Some(currency) = self.currency {
            return currency;
        }
        if self.network.below(4) == 0 { FOREIGN[self.network.below(FOREIGN.len())] } else { "USD" }
    }

    /// When something was sold: now, and where the calculation itself says what it pays now and then
    /// before, for the merchant may tell late. No plan is older than the program.
    fn time(&self) -> Timestamp {
        let now = self.world.now();
        if !self.program.is_rich || self.network.below(4) > 0 {
            return now;
        }
        let hours = i64::try_from(1 + self.network.below(24 * 30)).unwrap();
        let before = now - jiff::SignedDuration::from_hours(hours);
        before.max(self.program.plans[0].from)
    }

    fn sold(&mut self, source: &'static str, names: &[&str], member: usize, paid: &Paid) {
        let Paid { currency, amount, parts, at } = *paid;
        let is_foreign = currency != "USD" && amount > 0;
        let quote = is_foreign.then(|| self.rates.quote(self.network, (currency, day(at))));
        self.program.sales.push(Sale {
            source,
            external_id: names[0].to_owned(),
            line: self.program.members[member].line.clone(),
            currency,
            quote,
            amount: amount.into(),
            parts: parts.into(),
            refunded: 0,
            at,
        });
        self.program.names.push(names.iter().map(|name| (*name).to_owned()).collect());
    }

    /// The merchant's server tells of a sale, a renewal or a lead.
    fn reported(&mut self, member: usize, click: Option<&str>) -> Vec<Told> {
        let (world, network) = (self.world, self.network);
        let (order, alias) = (world.fresh("order"), world.fresh("alias"));
        let is_lead = click.is_some() && network.below(8) == 0;
        let is_again = self.program.is_rich && network.below(3) == 0;
        let kind = match click {
            Some(_) if is_lead => "lead",
            None if !is_again => "renewal",
            _ => "sale",
        };
        let at = self.time();
        let mut body = json!({ "type": kind, "external_id": order, "occurred_at": at });
        let mut paid = Paid { currency: "USD", amount: 0, parts: 0, at };
        if is_lead {
            basket::label(network, &mut body);
        } else {
            (paid.currency, paid.amount) = (self.currency(), self.amount());
            paid.parts = basket::fill(network, &mut body, paid.amount, paid.currency);
        }
        body["customer"] = match click {
            Some(click) => {
                body["click_id"] = json!(click);
                let name = world.fresh("customer");
                self.program.customers.push(Customer { name: name.clone(), member, since: world.now() });
                json!({ "id": name })
            }
            None => json!({ "id": self.program.customers.last().unwrap().name }),
        };
        let mut names = vec![order.as_str()];
        if network.below(3) == 0 {
            body["aliases"] = json!([alias]);
            names.push(&alias);
        }
        self.sold("api", &names, member, &paid);
        vec![Told::Report { key: world.fresh("key"), body }]
    }

    /// The merchant names the partners who share a sale; one of them may have joined after it.
    fn shared(&mut self, member: usize) -> Vec<Told> {
        let (world, network) = (self.world, self.network);
        let (order, customer) = (world.fresh("order"), world.fresh("customer"));
        let first = self.program.plans[0].from;
        let before_the_last = self.program.members.last().unwrap().joined - LATER;
        let at = match network.below(2) {
            0 if before_the_last > first => before_the_last,
            _ => self.time(),
        };
        let mut body = json!({
            "type": "sale",
            "external_id": order,
            "occurred_at": at,
            "customer": { "id": customer },
            "splits": basket::splits(network, self.program),
        });
        let mut paid = Paid { currency: self.currency(), amount: self.amount(), parts: 0, at };
        paid.parts = basket::fill(network, &mut body, paid.amount, paid.currency);
        self.sold("api", &[&order], member, &paid);
        vec![Told::Report { key: world.fresh("key"), body }]
    }

    /// A payment with Stripe Checkout.
    fn checkout(&mut self, member: usize, click: &str) -> Vec<Told> {
        let world = self.world;
        let (intent, minor, currency) = (world.fresh("pi"), self.amount(), self.currency());
        let mut event = stripe::checkout(world, &intent, minor, click);
        event["data"]["object"]["customer"] = json!(world.fresh("cus"));
        event["data"]["object"]["currency"] = json!(currency.to_lowercase());
        let paid = Paid { currency, amount: minor, parts: 0, at: world.now() };
        self.sold("stripe", &[&intent], member, &paid);
        vec![Told::Event(event)]
    }

    /// A subscription: who brought the customer, what was paid, and by which payment, each told apart.
    fn subscription(&mut self, member: usize, click: &str) -> Vec<Told> {
        let world = self.world;
        let (invoice, intent, customer) = (world.fresh("in"), world.fresh("pi"), world.fresh("cus"));
        let dollars = |amount| Paid { currency: "USD", amount, parts: 0, at: world.now() };
        let minor = self.amount();
        let mut session = stripe::subscription_session(world, &customer, click);
        session["data"]["object"]["invoice"] = Value::Null;
        let mut payment = stripe::invoice_payment(world, &invoice, &intent);
        payment["data"]["object"]["payment"]["charge"] = Value::Null;
        let mut events = vec![session, stripe::invoice(world, &invoice, &customer, minor), payment];
        self.sold("stripe", &[&invoice, &intent], member, &dollars(minor));
        if self.network.below(3) == 0 {
            let renewal = world.fresh("in");
            let again = self.amount();
            let mut event = stripe::invoice(world, &renewal, &customer, again);
            event["data"]["object"]["billing_reason"] = json!("subscription_cycle");
            events.push(event);
            self.sold("stripe", &[&renewal], member, &dollars(again));
        }
        events.into_iter().map(Told::Event).collect()
    }
}
