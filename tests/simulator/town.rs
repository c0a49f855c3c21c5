//! The people in it: programs, partners who recruit partners, visitors, customers.

use std::collections::BTreeMap;

use futures_util::future::LocalBoxFuture;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    network::Network,
    office::Rates,
    plans::{self, CAMPAIGNS, one_of},
    reference::{Sale, Terms},
    turns::together,
};
use crate::{
    Call, Reply, World,
    story::{self, application, program_request, text},
    stripe::Endpoint,
};

/// Clocks of functions differ by less than this.
const SKEW: i64 = 299;
/// What happens after something else by a person's hand happens later than clocks differ.
pub(crate) const LATER: SignedDuration = SignedDuration::from_mins(11);
const MEMBERS: usize = 6;

/// A program with everybody in it.
pub(crate) struct Program {
    pub(crate) story: story::Program,
    pub(crate) endpoint: Endpoint,
    /// Do its plans have everything that plans can have? Those of the others pay shares of the base.
    pub(crate) is_rich: bool,
    pub(crate) plans: Vec<Terms>,
    pub(crate) members: Vec<Member>,
    pub(crate) links: Vec<Link>,
    pub(crate) clicks: Vec<Click>,
    pub(crate) customers: Vec<Customer>,
    pub(crate) sales: Vec<Sale>,
    /// Ids under which each sale can be refunded.
    pub(crate) names: Vec<Vec<String>>,
    pub(crate) payouts: Vec<String>,
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

/// A partner's link.
pub(crate) struct Link {
    slug: String,
    member: usize,
    at: Timestamp,
}

/// A visit through a partner's link.
pub(crate) struct Click {
    pub(crate) id: String,
    pub(crate) member: usize,
    pub(crate) at: Timestamp,
}

/// A customer who was brought by a partner.
pub(crate) struct Customer {
    pub(crate) name: String,
    pub(crate) member: usize,
    pub(crate) since: Timestamp,
}

/// Who acts, and where.
pub(crate) struct Town {
    pub(crate) programs: Vec<Program>,
    pub(crate) rates: Rates,
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

/// A plan drawn at random, with what the reference knows of it.
fn plan(network: &Network, is_rich: bool) -> (Value, Option<Vec<i128>>) {
    if is_rich {
        return (plans::rich(network), None);
    }
    let (plan, rates) = plans::plain(network);
    (plan, Some(rates))
}

/// Starts every function once while nothing goes wrong: two that wait for the same start would wait
/// for each other at the gate.
async fn warm(world: &World, program: &Program) {
    let partner = &program.members[0].story;
    let _ = world.payout(&program.story, partner).send().await.problem(409, "payout_blocked");
    world.visit(&program.story, partner).await;
    for path in ["/conversions", &program.endpoint.path] {
        let reply = world.call("POST", path).bearer(&program.story.token).json(&json!({})).send().await;
        assert!((400..500).contains(&reply.status), "{path}: {}", reply.text);
    }
    let unknown = "/admin/commissions/com_RW59HVJB737GJXNACR6DW6JCNE_01/adjustments";
    for path in ["/admin/exchange-rates", unknown] {
        let reply = world.admin("POST", path).json(&json!({})).send().await;
        assert_eq!(reply.status, 422, "{path}: {}", reply.text);
    }
}

impl Program {
    /// The first member from this one on whom something can be paid; this one if there is nobody.
    async fn owed(&self, world: &World, from: usize) -> usize {
        let (program, currency) = (self.story.id.parse().unwrap(), "USD".parse().unwrap());
        for place in (from..self.members.len()).chain(0..from) {
            let partner = self.members[place].story.id.parse().unwrap();
            let account = world.store().account(&program, &partner, currency).await.unwrap();
            if account.balances.available.minor() > 0 {
                return place;
            }
        }
        from
    }

    async fn link(&mut self, world: &World, network: &Network) {
        let member = network.below(self.members.len());
        let partner = &self.members[member];
        if partner.joined + LATER > world.now() {
            return;
        }
        let mut body = json!({ "program_id": self.story.id, "destination": story::DESTINATION });
        if network.below(2) == 0 {
            body["campaign"] = json!(one_of(network, &CAMPAIGNS));
        }
        let call = world.partner(&partner.story.name, "POST", "/affiliate/links/generate").json(&body);
        let at = world.now();
        let link = succeed(world, network, call).await;
        self.links.push(Link { slug: text(&link.body["slug"]), member, at });
    }
}

impl Town {
    /// One or two programs, each with its first partners.
    pub(crate) async fn build(world: &World, network: &Network) -> Self {
        let mut programs = Vec::new();
        for _ in 0..1 + network.below(2) {
            let is_rich = network.below(2) == 0;
            let (terms, rates) = plan(network, is_rich);
            let mut request = program_request();
            request["payout"]["minimum"] = story::usd("0.01");
            let story = world.program_with(&request, &terms).await;
            let endpoint = world.endpoint(&story).await;
            let program = Program {
                story,
                endpoint,
                is_rich,
                plans: vec![Terms { from: world.now(), rates }],
                members: Vec::new(),
                links: Vec::new(),
                clicks: Vec::new(),
                customers: Vec::new(),
                sales: Vec::new(),
                names: Vec::new(),
                payouts: Vec::new(),
                adjusted: BTreeMap::new(),
            };
            programs.push(program);
        }
        let mut town = Self { programs, rates: Rates::default() };
        for _ in 0..2 + network.below(3) {
            for place in 0..town.programs.len() {
                town.join(world, network, place).await;
            }
            world.wait(LATER);
        }
        warm(world, &town.programs[0]).await;
        town
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

    /// A partner makes a link, or a visitor follows one that was made before.
    pub(crate) async fn visit(&mut self, world: &World, network: &Network, place: usize) {
        let program = &mut self.programs[place];
        let old = |link: &&Link| link.at + LATER <= world.now();
        let links: Vec<_> = program.links.iter().filter(old).collect();
        let Some(link) = links.get(network.below(links.len() + 1)) else {
            return program.link(world, network).await;
        };
        let (target, member, at) = (format!("/r/{}", link.slug), link.member, world.now());
        let reply = succeed(world, network, world.call("GET", &target)).await;
        let location: url::Url = reply.header("location").unwrap().parse().unwrap();
        let id = location.query_pairs().find(|(name, _)| name == "trb_click").unwrap().1.into_owned();
        program.clicks.push(Click { id, member, at });
    }

    /// The terms change for what is sold half an hour from now.
    pub(crate) async fn publish(&mut self, world: &World, network: &Network, place: usize) {
        let program = &mut self.programs[place];
        let (plan, rates) = plan(network, program.is_rich);
        let from = world.now() + SignedDuration::from_mins(30);
        if program.plans.last().unwrap().from >= from {
            return;
        }
        let path = format!("/admin/programs/{}/plans", program.story.id);
        let body = json!({ "effective_from": from, "plan": plan });
        succeed(world, network, world.admin("POST", &path).json(&body)).await;
        program.plans.push(Terms { from, rates });
    }

    /// A partner asks to be paid, now and then twice at the same moment.
    pub(crate) async fn ask(&mut self, world: &World, network: &Network, place: usize) {
        let program = &mut self.programs[place];
        let partner = &program.members[program.owed(world, network.below(program.members.len())).await];
        let calls: Vec<_> =
            (0..1 + network.below(3)).map(|_| world.payout(&program.story, &partner.story)).collect();
        let back = skewed(world, network);
        let mut replies = together(network, calls.iter().cloned().map(sending).collect()).await;
        world.clock.advance(back);
        for (call, reply) in calls.into_iter().zip(&mut replies) {
            if reply.as_ref().is_none_or(|reply| reply.status >= 500) {
                *reply = Some(insist(world, network, call).await);
            }
        }
        for reply in replies.into_iter().flatten() {
            network.note(&format!("payout asked for: {}", reply.status));
            match reply.status {
                200 | 201 => program.payouts.push(text(&reply.body["id"])),
                409 => {}
                status => panic!("a payout request was answered {status}: {}", reply.text),
            }
        }
    }
}
