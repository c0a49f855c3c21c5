//! What partners were told of their money, held against what the table said at each moment: nobody is
//! told a balance that there never was, and a payout is taken when it could be paid, and only then.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use domain::id::PayoutId;
use serde_json::{Value, json};

use super::{network::Network, plans::cents, town::Program};
use crate::{Call, Reply, World, stream::Stream};

/// A moment of an account.
#[derive(Debug, Clone, Default)]
struct Moment {
    available: i128,
    open: Option<String>,
}

/// What is asked of an account: its balance, or a payout.
#[derive(Clone)]
pub(crate) struct Question<'w> {
    pub(crate) call: Call<'w>,
    account: String,
    /// Of a payout: its id, and what is wanted, if not all of it.
    payout: Option<(String, Option<i128>)>,
}

/// An answer, and between which moments of the account it was given.
struct Entry {
    account: String,
    between: (usize, usize),
    told: Told,
}

enum Told {
    Balance(Moment),
    Taken { payout: String, amount: i128 },
    Refused { payout: String, wanted: Option<i128> },
}

/// What was asked and told so far.
pub(crate) struct History {
    stream: Stream,
    moments: RefCell<BTreeMap<String, Vec<Moment>>>,
    entries: RefCell<Vec<Entry>>,
    /// The moments at which payouts were first asked for.
    begun: RefCell<BTreeMap<String, usize>>,
}

impl<'w> Question<'w> {
    /// A partner looks at its balance.
    pub(crate) fn balance(world: &'w World, program: &Program, member: usize) -> Self {
        let partner = &program.members[member].story;
        let target = format!("/affiliate/payout/eligibility?program_id={}", program.story.id);
        let call = world.partner(&partner.name, "GET", &target);
        Self { call, account: account(program, member), payout: None }
    }

    /// A partner asks to be paid: everything, or an amount that is there or nearly.
    pub(crate) fn payout(
        world: &'w World,
        network: &Network,
        program: &Program,
        member: usize,
        balance: i64,
    ) -> Self {
        let partner = &program.members[member].story;
        let some = usize::try_from(balance.max(0)).unwrap();
        let wanted = match network.below(4) {
            0 => Some(1 + network.below(some + some / 2 + 1)),
            _ => None,
        };
        let mut body = json!({ "program_id": program.story.id });
        if let Some(wanted) = wanted {
            body["amount"] = cents(wanted);
        }
        let key = world.fresh("key");
        let id = PayoutId::derive(&[&partner.id, "request_payout", &key]).to_string();
        let call = world.partner(&partner.name, "POST", "/affiliate/payout/request").json(&body).key(&key);
        let wanted = wanted.map(|wanted| i128::try_from(wanted).unwrap());
        Self { call, account: account(program, member), payout: Some((id, wanted)) }
    }
}

fn account(program: &Program, member: usize) -> String {
    format!("ACC#{}#{}#USD", program.story.id, program.members[member].story.id)
}

fn minor(money: &Value) -> i128 {
    money["amount"].as_str().unwrap().replace('.', "").parse().unwrap()
}

impl History {
    pub(crate) fn new(world: &World) -> Self {
        Self {
            stream: Stream::of(&world.table),
            moments: RefCell::default(),
            entries: RefCell::default(),
            begun: RefCell::default(),
        }
    }

    /// Which moment of an account it is.
    async fn now(&self, account: &str) -> usize {
        let changes = self.stream.read().await;
        let mut moments = self.moments.borrow_mut();
        for change in &changes {
            let image = &change["dynamodb"]["NewImage"];
            let Some(of) = image["PK"]["S"].as_str().filter(|pk| pk.starts_with("ACC#")) else { continue };
            if let Some(available) = image["available"]["N"].as_str().filter(|_| image["SK"]["S"] == "BAL") {
                let open = image["open_payout"]["S"].as_str().map(str::to_owned);
                let moment = Moment { available: available.parse().unwrap(), open };
                moments.entry(of.to_owned()).or_insert_with(start).push(moment);
            }
        }
        moments.entry(account.to_owned()).or_insert_with(start).len() - 1
    }

    /// Asks, and notes what is told.
    pub(crate) async fn ask(&self, question: Question<'_>) -> Reply {
        let Question { call, account, payout } = question;
        let from = self.now(&account).await;
        if let Some((id, _)) = &payout {
            self.begun.borrow_mut().entry(id.clone()).or_insert(from);
        }
        let reply = call.send().await;
        let to = self.now(&account).await;
        let told = match (payout, reply.status) {
            (None, 200) => {
                let open = reply.body["open_payout_id"].as_str().map(str::to_owned);
                Told::Balance(Moment { available: minor(&reply.body["available"]), open })
            }
            (Some((payout, _)), 200 | 201) => {
                assert_eq!(reply.body["id"], json!(payout), "another payout was promised");
                Told::Taken { payout, amount: minor(&reply.body["amount"]) }
            }
            (Some((payout, wanted)), 409 | 422) => Told::Refused { payout, wanted },
            (_, 500..) => return reply,
            (_, status) => panic!("a question of money was answered {status}: {}", reply.text),
        };
        self.entries.borrow_mut().push(Entry { account, between: (from, to), told });
        reply
    }

    /// Holds everything that was told against what there was.
    pub(crate) async fn check(&self) {
        self.now("").await;
        let moments = self.moments.borrow();
        let entries = self.entries.borrow();
        let taken = entries.iter().filter_map(|entry| match &entry.told {
            Told::Taken { payout, .. } => Some(payout.as_str()),
            _ => None,
        });
        let taken: BTreeSet<_> = taken.collect();
        for Entry { account, between, told } in entries.iter() {
            let moments = &moments[account];
            let meanwhile = &moments[between.0..=between.1];
            match told {
                Told::Balance(told) => {
                    let is_true =
                        |moment: &Moment| moment.available == told.available && moment.open == told.open;
                    assert!(meanwhile.iter().any(is_true), "{account} was never {told:?} at {meanwhile:?}");
                }
                Told::Taken { payout, amount } => {
                    let first = self.begun.borrow()[payout];
                    check_taken(moments, (first, between.1), payout, *amount);
                }
                Told::Refused { payout, wanted } => {
                    let is_reserved = |moment: &Moment| moment.open.as_ref() == Some(payout);
                    let is_kept = taken.contains(payout.as_str()) || !moments.iter().any(is_reserved);
                    assert!(is_kept, "payout {payout} was refused, and is reserved");
                    let is_right = |moment: &Moment| {
                        let enough = moment.available >= wanted.unwrap_or(1).max(1);
                        !enough || moment.open.is_some()
                    };
                    assert!(
                        taken.contains(payout.as_str()) || meanwhile.iter().any(is_right),
                        "payout {payout} of {wanted:?} was refused for no reason: {meanwhile:?}"
                    );
                }
            }
        }
    }
}

fn start() -> Vec<Moment> {
    vec![Moment::default()]
}

/// A payout that was taken is reserved at one moment since it was asked for, from what was there.
fn check_taken(moments: &[Moment], (from, to): (usize, usize), payout: &str, amount: i128) {
    let is_of = |moment: &Moment| moment.open.as_deref() == Some(payout);
    let begins = |place: &usize| is_of(&moments[*place]) && !is_of(&moments[*place - 1]);
    let places: Vec<_> = (1..moments.len()).filter(begins).collect();
    let [place] = places[..] else { panic!("payout {payout} was promised, and reserved at {places:?}") };
    let (before, after) = (&moments[place - 1], &moments[place]);
    assert!(from < place && place <= to, "{payout} was reserved at {place}, not between {from} and {to}");
    assert!(before.open.is_none(), "{payout} was reserved beside another: {before:?}");
    assert!(before.available >= amount, "{payout} of {amount} was taken from {before:?}");
    assert_eq!(after.available, before.available - amount, "{payout} of {amount}: {before:?}, {after:?}");
}
