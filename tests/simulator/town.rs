//! The people in it: programs, partners who recruit partners, visitors, customers.

use std::collections::{BTreeMap, BTreeSet};

use domain::money::Money;
use futures_util::future::LocalBoxFuture;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    coupons::Coupon,
    doors::{Door, Sender},
    network::Network,
    office::Rates,
    people::Person,
    plans::{self, one_of},
    reference::{Sale, Terms},
    touches::{Credits, Origin, Policy},
    turns::together,
    visits::{Click, Link},
};
use crate::{
    Call, Reply, World,
    story::{self, application, program_request, text},
};

/// Clocks of functions differ by less than this.
const SKEW: i64 = 299;
/// What happens after something else by a person's hand happens later than clocks differ.
pub(crate) const LATER: SignedDuration = SignedDuration::from_mins(11);
const MEMBERS: usize = 6;

/// Functions that run at the same time as others: two that wait for the same start would wait for
/// each other at the gate.
const TOGETHER: [&str; 12] = [
    "adjust-commission",
    "discard-parked-message",
    "follow-link",
    "get-payout-eligibility",
    "publish-exchange-rates",
    "publish-plan",
    "receive-webhook",
    "record-conversion",
    "record-conversions",
    "replay-webhook-event",
    "request-payout",
    "retry-parked-message",
];

/// A program with everybody in it.
pub(crate) struct Program {
    pub(crate) story: story::Program,
    /// How it attributes unless a plan says otherwise.
    pub(crate) policy: Policy,
    pub(crate) doors: BTreeMap<Sender, Door>,
    /// Do its plans have everything that plans can have? Those of the others pay shares of the base.
    pub(crate) is_rich: bool,
    pub(crate) plans: Vec<Terms>,
    pub(crate) members: Vec<Member>,
    pub(crate) links: Vec<Link>,
    pub(crate) clicks: Vec<Click>,
    pub(crate) coupons: Vec<Coupon>,
    pub(crate) people: Vec<Person>,
    /// How customers and sales came to be, in that order.
    pub(crate) origins: Vec<Origin>,
    pub(crate) sales: Vec<Sale>,
    /// Ids under which each sale can be refunded.
    pub(crate) names: Vec<Vec<String>>,
    /// Orders of Lemon Squeezy, by their sales: refunds of them tell all of it again.
    pub(crate) orders: BTreeMap<usize, Value>,
    /// Reports that have been taken.
    pub(crate) heard: Vec<Value>,
    /// Events that have been taken, by the ids of their senders.
    pub(crate) events: Vec<(Sender, String)>,
    /// Adjustments that were confirmed, by their idempotency keys: the line, and by how much.
    pub(crate) adjusted: BTreeMap<String, (String, i128)>,
}

/// A partner.
pub(crate) struct Member {
    pub(crate) story: story::Partner,
    /// Its own id, then those of the sponsors above, nearest first.
    pub(crate) line: Vec<String>,
    pub(crate) joined: Timestamp,
}

/// Who acts, and where.
pub(crate) struct Town {
    pub(crate) programs: Vec<Program>,
    pub(crate) rates: Rates,
    /// Payouts whose provider thought again after their end.
    pub(crate) turned: BTreeSet<String>,
    /// Payouts that were promised.
    pub(crate) payouts: Vec<String>,
}

/// A call as a client makes it: it may be answered, or not.
pub(crate) fn sending<'w>(call: Call<'w>) -> LocalBoxFuture<'w, Reply> {
    Box::pin(call.send())
}

/// Moves the clock by what one function's clock may be wrong; gives the way back.
pub(crate) fn skewed(world: &World, network: &Network) -> SignedDuration {
    let skew = skew(network);
    world.clock.advance(skew);
    -skew
}

/// How wrong a function's clock is.
pub(crate) fn skew(network: &Network) -> SignedDuration {
    if network.is_calm() || network.below(3) == 0 {
        return SignedDuration::ZERO;
    }
    let seconds = i64::try_from(network.below(599)).unwrap();
    SignedDuration::from_secs(seconds - SKEW)
}

/// Repeats a call, as clients do, until it is answered with anything but trouble.
pub(crate) async fn insist<'w>(world: &'w World, network: &Network, call: Call<'w>) -> Reply {
    for attempt in 0.. {
        let was_calm = network.set_calm(network.is_calm() || attempt > 3);
        let back = skewed(world, network);
        let reply = together(network, vec![sending(call.clone())]).await.pop().flatten();
        world.clock.advance(back);
        network.set_calm(was_calm);
        match reply {
            Some(reply) if reply.status < 500 => return reply,
            _ => assert!(attempt < 5, "{} {}: no answer: {reply:?}", call.method, call.path),
        }
    }
    unreachable!()
}

/// Repeats a call and expects it to go well.
pub(crate) async fn succeed<'w>(world: &'w World, network: &Network, call: Call<'w>) -> Reply {
    let line = format!("{} {}", call.method, call.path);
    let reply = insist(world, network, call).await;
    assert!(reply.status < 400, "{line}: {} {}", reply.status, reply.text);
    reply
}

/// A plan drawn at random, in force from a time on.
fn plan(network: &Network, is_rich: bool, from: Timestamp) -> (Value, Terms) {
    let (plan, rates) = if is_rich {
        (plans::rich(network), None)
    } else {
        let (plan, rates) = plans::plain(network);
        (plan, Some(rates))
    };
    let policy = plan.get("attribution").map(Policy::read);
    (plan, Terms { from, rates, policy })
}

/// How a program attributes.
fn attribution(network: &Network) -> Value {
    let precedences = [
        json!(["customer", "coupon", "click"]),
        json!(["customer", "email", "coupon", "click"]),
        json!(["coupon", "customer", "email", "click"]),
        json!(["coupon", "click", "customer"]),
    ];
    let mut attribution = json!({
        "window_days": *one_of(network, &[7, 60, 60]),
        "model": *one_of(network, &["last_click", "first_click"]),
    });
    if network.below(3) > 0 {
        attribution["precedence"] = one_of(network, &precedences).clone();
    }
    attribution
}

impl Program {
    async fn found(world: &World, network: &Network, is_rich: bool) -> Self {
        let mut request = program_request();
        request["payout"]["minimum"] = story::usd("0.01");
        request["attribution"] = attribution(network);
        let (first, terms) = plan(network, is_rich, world.now());
        let story = world.program_with(&request, &first).await;
        let mut doors = BTreeMap::new();
        for sender in Sender::ALL {
            doors.insert(sender, Door::open(world, &story, sender).await);
        }
        Self {
            story,
            policy: Policy::read(&request["attribution"]),
            doors,
            is_rich,
            plans: vec![terms],
            members: Vec::new(),
            links: Vec::new(),
            clicks: Vec::new(),
            coupons: Vec::new(),
            people: Vec::new(),
            origins: Vec::new(),
            sales: Vec::new(),
            names: Vec::new(),
            orders: BTreeMap::new(),
            heard: Vec::new(),
            events: Vec::new(),
            adjusted: BTreeMap::new(),
        }
    }

    /// What can be paid to a member.
    pub(crate) async fn available(&self, world: &World, member: usize) -> i64 {
        let (program, currency) = (self.story.id.parse().unwrap(), "USD".parse().unwrap());
        let partner = self.members[member].story.id.parse().unwrap();
        let account = world.store().account(&program, &partner, currency).await.unwrap();
        Money::minor(account.balances.available)
    }

    /// The first member from this one on whom something can be paid; this one if there is nobody.
    pub(crate) async fn owed(&self, world: &World, from: usize) -> usize {
        for member in (from..self.members.len()).chain(0..from) {
            if self.available(world, member).await > 0 {
                return member;
            }
        }
        from
    }

    /// The policy that decides at a time.
    fn policy_at(&self, at: Timestamp) -> &Policy {
        let terms = self.plans.iter().rfind(|terms| terms.from <= at);
        terms.and_then(|terms| terms.policy.as_ref()).unwrap_or(&self.policy)
    }

    /// Whose everything is by now.
    pub(crate) fn credits(&self) -> Credits {
        Credits::of(&self.origins, |at| self.policy_at(at))
    }

    /// Notes how a customer or a sale comes to be; nothing where the clocks of functions decide whose
    /// it is.
    pub(crate) fn begin(&mut self, origin: Origin) -> Option<usize> {
        let is_clear = self.credits().is_clear(&origin, self.policy_at(origin.at));
        if is_clear {
            self.origins.push(origin);
        }
        is_clear.then(|| self.origins.len() - 1)
    }

    /// A sender gets another secret.
    pub(crate) async fn rotate_secret(&mut self, world: &World, network: &Network) {
        let sender = one_of(network, &Sender::ALL);
        self.doors.get_mut(sender).unwrap().rotate(world, network).await;
    }
}

impl Town {
    /// One program, or one of each kind, with their first partners.
    pub(crate) async fn build(world: &World, network: &Network) -> Self {
        let (mut programs, is_rich) = (Vec::new(), network.below(2) == 0);
        programs.push(Program::found(world, network, is_rich).await);
        if network.below(2) == 0 {
            programs.push(Program::found(world, network, !is_rich).await);
        }
        let mut town =
            Self { programs, rates: Rates::default(), turned: BTreeSet::new(), payouts: Vec::new() };
        for _ in 0..2 + network.below(3) {
            for place in 0..town.programs.len() {
                town.join(world, network, place).await;
            }
            world.wait(LATER);
        }
        town.warm(world).await;
        town
    }

    /// Starts the functions that run at the same time as others.
    pub(crate) async fn warm(&self, world: &World) {
        for binary in TOGETHER {
            world.gateway.start(world, binary).await;
        }
    }

    /// Somebody joins a program, below somebody or nobody.
    pub(crate) async fn join(&mut self, world: &World, network: &Network, place: usize) {
        let program = &self.programs[place];
        let settled = |member: &&Member| member.joined + LATER <= world.now();
        let sponsors: Vec<_> = program.members.iter().filter(settled).collect();
        if program.members.len() == MEMBERS {
            return;
        }
        let sponsor = sponsors.get(network.below(sponsors.len() + 1 - usize::from(network.below(3) > 0)));
        let name = world.fresh("partner");
        let code = sponsor.map(|sponsor| sponsor.story.code.as_str());
        let body = application(&program.story.id, &name, code);
        let call = world.partner(&name, "POST", "/affiliate/register").json(&body);
        let registered = succeed(world, network, call).await.body;
        let id = text(&registered["id"]);
        let mut line = vec![id.clone()];
        line.extend(sponsor.iter().flat_map(|sponsor| sponsor.line.clone()));
        let method = match network.below(3) {
            0 => json!({ "provider": "paypal", "email": format!("{name}@paypal.example") }),
            _ => json!({ "provider": "stripe", "account": format!("acct_{}", name.replace('-', "")) }),
        };
        succeed(world, network, world.partner(&name, "PUT", "/affiliate/payout-method").json(&method)).await;
        let code = text(&registered["agreement"]["sponsor_code"]);
        let member = Member { story: story::Partner { name, id, code }, line, joined: world.now() };
        self.programs[place].members.push(member);
    }

    /// The terms change for what is sold half an hour from now.
    pub(crate) async fn publish(&mut self, world: &World, network: &Network, place: usize) {
        let program = &mut self.programs[place];
        let from = world.now() + SignedDuration::from_mins(30);
        let (plan, terms) = plan(network, program.is_rich, from);
        if program.plans.last().unwrap().from >= from {
            return;
        }
        let path = format!("/admin/programs/{}/plans", program.story.id);
        let body = json!({ "effective_from": from, "plan": plan });
        succeed(world, network, world.admin("POST", &path).json(&body)).await;
        program.plans.push(terms);
    }
}
