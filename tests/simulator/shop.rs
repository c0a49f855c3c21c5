//! What merchants sell, told by API, in batches and by webhooks: in any order, more than once.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    basket, checkouts,
    doors::{Event, Sender},
    mail::{Mail, Told},
    network::Network,
    office::{FOREIGN, Rates, day},
    people::Buyer,
    reference::Sale,
    touches::Origin,
    town::{LATER, Program, Town},
};
use crate::{World, stripe};

/// Who buys, and by whose word.
pub(crate) struct Deal {
    pub(crate) buyer: Buyer,
    /// The click ids as the checkout hands them over.
    pub(crate) trail: Option<String>,
    pub(crate) coupon: Option<String>,
    /// Of the program's origins.
    origin: usize,
    /// Was the buyer unknown so far?
    is_new: bool,
}

/// What a customer paid.
pub(crate) struct Paid {
    pub(crate) currency: &'static str,
    pub(crate) amount: i64,
    /// Tax and shipping in it.
    pub(crate) parts: i64,
    pub(crate) at: Timestamp,
}

/// Sells something in one of the ways there are, in this currency if there is one; what is to be told
/// of it.
pub(crate) async fn sell(
    world: &World,
    network: &Network,
    town: &mut Town,
    place: usize,
    currency: Option<&'static str>,
) -> Vec<Mail> {
    let Town { programs, rates, .. } = town;
    let mut shop = Shop { world, network, program: &mut programs[place], rates, currency };
    let told = match network.below(12) {
        0..4 => shop.reported().await,
        4 | 5 => shop.come_back(),
        6 => shop.checkout().await,
        7 => shop.paddle().await,
        8 => shop.lemon_squeezy().await,
        9 if shop.program.is_rich => shop.shared(),
        _ => shop.subscription().await,
    };
    told.unwrap_or_default().into_iter().map(|told| Mail { place, told }).collect()
}

/// The shop of a program.
struct Shop<'a> {
    world: &'a World,
    network: &'a Network,
    program: &'a mut Program,
    rates: &'a mut Rates,
    currency: Option<&'static str>,
}

impl Shop<'_> {
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

    /// When something was sold: now, or before, for the merchant may tell late. No plan is older than
    /// the program.
    fn time(&self) -> Timestamp {
        let now = self.world.now();
        if self.network.below(6) > 0 {
            return now;
        }
        let hours = i64::try_from(1 + self.network.below(24 * 30)).unwrap();
        let before = now - jiff::SignedDuration::from_hours(hours);
        before.max(self.program.plans[0].from)
    }

    /// What was paid at a time, with tax in it now and then.
    fn paid(&self, at: Timestamp) -> Paid {
        let amount = self.amount();
        let parts = if self.network.below(3) == 0 { amount / 6 } else { 0 };
        Paid { currency: self.currency(), amount, parts, at }
    }

    /// Somebody buys who comes through links, with a coupon, or both: as a rule somebody new.
    async fn deal(&mut self, at: Timestamp, with_coupon: bool) -> Option<Deal> {
        let (world, network) = (self.world, self.network);
        let program = &mut *self.program;
        let coupon =
            if with_coupon && network.below(3) == 0 { program.use_coupon(network, at) } else { None };
        let trail =
            if coupon.is_some() && network.below(2) == 0 { None } else { program.trail(world, network) };
        if coupon.is_none() && trail.is_none() {
            return None;
        }
        let id = program.story.id.parse().unwrap();
        let regular = match network.below(4) {
            0 => {
                let with_address = program.policy.knows_addresses();
                Buyer::regular(world, network, &id, &program.people, with_address).await
            }
            _ => None,
        };
        let is_new = regular.is_none();
        let buyer = regular.unwrap_or_else(|| Buyer::new(world, network, &mut program.people));
        let mut touches = Vec::new();
        touches.extend(coupon.iter().map(|(_, touch)| touch.clone()));
        touches.extend(trail.iter().flat_map(|trail| trail.touches.clone()));
        let identities = buyer.identities(program.policy.knows_addresses());
        let origin = program.begin(Origin { at, identities, touches, is_shared: false })?;
        Some(Deal {
            buyer,
            trail: trail.map(|trail| trail.text),
            coupon: coupon.map(|coupon| coupon.0),
            origin,
            is_new,
        })
    }

    fn sold(&mut self, source: &'static str, names: &[&str], origin: usize, paid: &Paid) {
        let Paid { currency, amount, parts, at } = *paid;
        let is_foreign = currency != "USD" && amount > 0;
        let quote = is_foreign.then(|| self.rates.quote(self.network, (currency, day(at))));
        self.program.sales.push(Sale {
            source,
            external_id: names[0].to_owned(),
            origin,
            currency,
            quote,
            amount: amount.into(),
            parts: parts.into(),
            refunded: 0,
            at,
        });
        self.program.names.push(names.iter().map(|name| (*name).to_owned()).collect());
    }

    /// The merchant's server tells of a sale or a lead.
    async fn reported(&mut self) -> Option<Vec<Told>> {
        let at = self.time();
        let deal = self.deal(at, true).await?;
        let kind = if self.network.below(8) == 0 { "lead" } else { "sale" };
        Some(self.report(kind, at, &deal))
    }

    /// A customer of before buys again, or renews, by nobody's word: under the name or the address of
    /// before.
    fn come_back(&mut self) -> Option<Vec<Told>> {
        let (world, network, at) = (self.world, self.network, self.time());
        let program = &mut *self.program;
        let buyer = Buyer::again(world, network, &mut program.people)?;
        let identities = buyer.identities(program.policy.knows_addresses());
        let origin = program.begin(Origin { at, identities, touches: Vec::new(), is_shared: false })?;
        let kind = if network.below(3) == 0 { "sale" } else { "renewal" };
        Some(self.report(kind, at, &Deal { buyer, trail: None, coupon: None, origin, is_new: false }))
    }

    fn report(&mut self, kind: &str, at: Timestamp, deal: &Deal) -> Vec<Told> {
        let (world, network) = (self.world, self.network);
        let (order, alias) = (world.fresh("order"), world.fresh("alias"));
        let mut body = json!({ "type": kind, "external_id": order, "occurred_at": at });
        if let Some(coupon) = &deal.coupon {
            body["coupon"] = json!(coupon);
        }
        let mut paid = Paid { currency: "USD", amount: 0, parts: 0, at };
        if kind == "lead" {
            basket::label(network, &mut body);
        } else {
            (paid.currency, paid.amount) = (self.currency(), self.amount());
            paid.parts = basket::fill(network, &mut body, paid.amount, paid.currency);
        }
        let mut names = vec![order.as_str()];
        if network.below(3) == 0 {
            body["aliases"] = json!([alias]);
            names.push(&alias);
        }
        self.sold("api", &names, deal.origin, &paid);
        body["customer"] = deal.buyer.told(network);
        let silent = body.clone();
        if let Some(trail) = &deal.trail {
            body["click_id"] = json!(trail);
        }
        // Another report of it, which does not say who brought the customer, and credits nobody.
        let is_told_twice = deal.is_new && deal.coupon.is_none() && network.below(4) == 0;
        let mut told = vec![self.by_some_door(body)];
        told.extend(is_told_twice.then(|| self.by_some_door(silent)));
        told
    }

    /// By API, or as an event of the merchant's own systems.
    fn by_some_door(&self, body: Value) -> Told {
        match self.network.below(4) {
            0 => Told::Event(Event { sender: Sender::Standard, id: self.world.fresh("msg"), body }),
            _ => Told::Report { key: self.world.fresh("key"), body },
        }
    }

    /// The merchant names the partners who share a sale; one of them may have joined after it.
    fn shared(&mut self) -> Option<Vec<Told>> {
        let (world, network) = (self.world, self.network);
        let first = self.program.plans[0].from;
        let before_the_last = self.program.members.last().unwrap().joined - LATER;
        let at = match network.below(2) {
            0 if before_the_last > first => before_the_last,
            _ => self.time(),
        };
        let splits = basket::splits(network, self.program);
        let origin = Origin { at, identities: Vec::new(), touches: Vec::new(), is_shared: true };
        let origin = self.program.begin(origin)?;
        let order = world.fresh("order");
        let mut body = json!({
            "type": "sale",
            "external_id": order,
            "occurred_at": at,
            "customer": { "id": world.fresh("customer") },
            "splits": splits,
        });
        let mut paid = Paid { currency: self.currency(), amount: self.amount(), parts: 0, at };
        paid.parts = basket::fill(network, &mut body, paid.amount, paid.currency);
        self.sold("api", &[&order], origin, &paid);
        Some(vec![self.by_some_door(body)])
    }

    /// A payment with Stripe Checkout.
    async fn checkout(&mut self) -> Option<Vec<Told>> {
        let (world, at) = (self.world, self.world.now());
        let deal = self.deal(at, true).await?;
        let paid = Paid { parts: 0, ..self.paid(at) };
        let intent = world.fresh("pi");
        self.sold("stripe", &[&intent], deal.origin, &paid);
        Some(vec![Told::Event(checkouts::stripe(world, self.network, &intent, &deal, &paid))])
    }

    /// A transaction of Paddle, whose events tell no address.
    async fn paddle(&mut self) -> Option<Vec<Told>> {
        let (world, at) = (self.world, self.time());
        let mut deal = self.deal(at, true).await?;
        self.program.origins[deal.origin].identities.truncate(1);
        deal.buyer.address = None;
        let paid = self.paid(at);
        let transaction = world.fresh("txn");
        self.sold("paddle", &[&transaction], deal.origin, &paid);
        Some(vec![Told::Event(checkouts::paddle(world, &transaction, &deal, &paid))])
    }

    /// An order of Lemon Squeezy.
    async fn lemon_squeezy(&mut self) -> Option<Vec<Told>> {
        let (world, at) = (self.world, self.time());
        let deal = self.deal(at, true).await?;
        let paid = self.paid(at);
        let order = world.fresh("1");
        let event = checkouts::lemon_squeezy(world, self.network, &order, &deal, &paid);
        self.sold("lemon_squeezy", &[&format!("order_{order}")], deal.origin, &paid);
        self.program.orders.insert(self.program.sales.len() - 1, event.body.clone());
        Some(vec![Told::Event(event)])
    }

    /// A subscription: who brought the customer, what was paid, and by which payment, each told apart.
    async fn subscription(&mut self) -> Option<Vec<Told>> {
        let (world, network, at) = (self.world, self.network, self.world.now());
        let deal = self.deal(at, false).await?;
        let customer = deal.buyer.name.as_str();
        let (invoice, intent) = (world.fresh("in"), world.fresh("pi"));
        let mut session = stripe::subscription_session(world, customer, deal.trail.as_deref()?);
        session["data"]["object"]["invoice"] = Value::Null;
        checkouts::address(&mut session["data"]["object"], network, &deal.buyer);
        let mut payment = stripe::invoice_payment(world, &invoice, &intent);
        payment["data"]["object"]["payment"]["charge"] = Value::Null;
        let mut events = vec![session, payment];
        let renewal = world.fresh("in");
        let again = network.below(3) == 0;
        let invoices =
            [(vec![invoice.as_str(), &intent], None), (vec![&renewal], Some("subscription_cycle"))];
        for (names, reason) in invoices.into_iter().take(1 + usize::from(again)) {
            let name = deal.buyer.identities(false);
            let origin = Origin { at, identities: name, touches: Vec::new(), is_shared: false };
            let Some(origin) = self.program.begin(origin) else { continue };
            let paid = Paid { currency: "USD", amount: self.amount(), parts: 0, at };
            let mut event = stripe::invoice(world, names[0], customer, paid.amount);
            event["data"]["object"]["customer_email"] = Value::Null;
            if let Some(reason) = reason {
                event["data"]["object"]["billing_reason"] = json!(reason);
            }
            self.sold("stripe", &names, origin, &paid);
            events.push(event);
        }
        Some(events.into_iter().map(|event| Told::Event(Event::stripe(event))).collect())
    }
}
