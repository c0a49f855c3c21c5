//! Deliveries: from the stream to its follower, from queues to workers, by the schedules. They are
//! lost, repeated, reordered, late, and set aside and sent again under a new id.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, VecDeque},
    rc::Rc,
};

use aws_lambda_events::{dynamodb, sqs::SqsEvent};
use futures_util::future::LocalBoxFuture;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{intercept::Interceptor, mutant::Mutant, network::Network};
use crate::{
    World,
    cloud::Message,
    functions::{self, Consumer, Reactor, Ticker},
    pump::{self, Source},
    stream::{Stream, passes},
};

/// The scheduled functions.
pub(crate) const SCHEDULES: [&str; 5] =
    ["evaluate-maturity", "publish-missed-events", "reconcile-payouts", "evaluate-tiers", "evaluate-bonuses"];

/// Brings what has to be brought.
pub(crate) struct Courier {
    stream: Rc<Stream>,
    records: VecDeque<Value>,
    /// Read by somebody in between; they come like all others, too.
    read_before: Rc<RefCell<Vec<Value>>>,
    crew: Crew,
    interceptor: Option<Rc<Interceptor>>,
    /// Set aside after failing again and again.
    dead: Vec<(String, Message)>,
    redriven: usize,
    /// Groups of which a message is under way.
    busy: BTreeSet<String>,
}

/// What is under way.
pub(crate) enum Parcel {
    /// Changes of the table.
    Changes(Vec<Value>),
    /// Messages of a queue.
    Messages(Rc<Source>, Vec<Message>),
}

/// The functions that nobody calls.
struct Crew {
    reactor: Reactor,
    workers: Vec<(Rc<Source>, Consumer)>,
    tickers: BTreeMap<&'static str, Ticker>,
}

impl Crew {
    async fn start(world: &World) -> Self {
        let (mut workers, mut tickers) = (Vec::new(), BTreeMap::new());
        for source in pump::sources() {
            let consumer = functions::consumer(world, &source.binary).await;
            workers.push((Rc::new(source), consumer));
        }
        for name in SCHEDULES {
            tickers.insert(name, functions::ticker(world, name).await);
        }
        Self { reactor: functions::reactor(world, pump::follower().0).await, workers, tickers }
    }
}

impl Courier {
    pub(crate) async fn new(world: &World, mutant: Option<Mutant>) -> Self {
        Self {
            stream: Rc::new(Stream::of(&world.table)),
            records: VecDeque::new(),
            read_before: Rc::default(),
            crew: Crew::start(world).await,
            interceptor: mutant.map(|mutant| Rc::new(Interceptor::new(mutant, world.store()))),
            dead: Vec::new(),
            redriven: 0,
            busy: BTreeSet::new(),
        }
    }

    /// Every function starts anew.
    pub(crate) async fn restart(&mut self, world: &World) {
        self.crew = Crew::start(world).await;
    }

    /// Reads what the table has changed since the last time.
    pub(crate) async fn look(&mut self) {
        self.records.extend(self.read_before.take());
        self.records.extend(read(&self.stream).await);
    }

    /// Brings changes of exchange rates to the stream's follower as soon as they are there, while
    /// others are at work.
    pub(crate) fn tell_rates(&self, now: Timestamp) -> LocalBoxFuture<'static, ()> {
        let (stream, reactor, known) =
            (self.stream.clone(), self.crew.reactor.clone(), self.read_before.clone());
        Box::pin(async move {
            let changes = read(&stream).await;
            let is_rate =
                |change: &&Value| change["dynamodb"]["Keys"]["PK"]["S"].as_str().unwrap().starts_with("FX#");
            let rates: Vec<_> = changes.iter().filter(is_rate).cloned().collect();
            known.borrow_mut().extend(changes);
            if !rates.is_empty() {
                let event: dynamodb::Event = serde_json::from_value(json!({ "Records": rates })).unwrap();
                let answer = reactor(event, now).await;
                // What has gone through does not come again.
                if failed(&serde_json::to_value(answer).unwrap()).is_empty() {
                    known.borrow_mut().retain(|change| !rates.contains(change));
                }
            }
        })
    }

    /// Is anything still to be brought?
    pub(crate) fn is_idle(&self, world: &World) -> bool {
        let waiting = world.cloud.lock().queues.values().map(VecDeque::len).sum::<usize>();
        self.records.is_empty() && self.dead.is_empty() && waiting == 0
    }

    /// Takes something from the stream or from a queue, in any order that these allow.
    pub(crate) fn pick(&mut self, world: &World, network: &Network) -> Option<Parcel> {
        let mut cloud = world.cloud.lock();
        let has_messages = |place: &usize| {
            let queue = &self.crew.workers[*place].0.queue;
            cloud.queues.get(queue).is_some_and(|messages| !messages.is_empty())
        };
        let mut places: Vec<usize> = (0..self.crew.workers.len()).filter(has_messages).collect();
        if !self.records.is_empty() {
            places.extend([usize::MAX; 2]);
        }
        if places.is_empty() {
            return None;
        }
        let place = places[network.below(places.len())];
        if place == usize::MAX {
            return Some(Parcel::Changes(self.changes(network)));
        }
        let source = self.crew.workers[place].0.clone();
        let waiting = cloud.queues.get_mut(&source.queue)?;
        let most = 1 + network.below(source.batch.min(3));
        let messages = if source.fifo {
            self.of_a_group(waiting, most, network)
        } else {
            let taken =
                (0..most.min(waiting.len())).filter_map(|_| waiting.remove(network.below(waiting.len())));
            taken.collect()
        };
        (!messages.is_empty()).then_some(Parcel::Messages(source, messages))
    }

    /// Takes messages for a worker: one that is to be counted, or those of an account.
    pub(crate) fn pick_work(&mut self, world: &World, network: &Network) -> Option<Parcel> {
        let is_wanted = |fifo: bool| move |source: &&Rc<Source>| source.fifo == fifo;
        let sources = self.crew.workers.iter().map(|(source, _)| source);
        let queues: Vec<_> = match network.below(4) {
            0 => sources.clone().filter(is_wanted(true)).chain(sources.filter(is_wanted(false))).collect(),
            _ => sources.clone().filter(is_wanted(false)).chain(sources.filter(is_wanted(true))).collect(),
        };
        let queues: Vec<_> = queues.into_iter().cloned().collect();
        let mut cloud = world.cloud.lock();
        for source in queues {
            let Some(waiting) = cloud.queues.get_mut(&source.queue) else { continue };
            let messages = match source.fifo {
                true => self.of_a_group(waiting, source.batch, network),
                false => waiting.remove(network.below(waiting.len())).into_iter().collect(),
            };
            if !messages.is_empty() {
                return Some(Parcel::Messages(source, messages));
            }
        }
        None
    }

    /// Takes something from the stream.
    pub(crate) fn pick_changes(&mut self, network: &Network) -> Option<Parcel> {
        (!self.records.is_empty()).then(|| Parcel::Changes(self.changes(network)))
    }

    /// Has the follower of the stream come as far as the table?
    pub(crate) fn has_followed(&self) -> bool {
        self.records.is_empty()
    }

    /// The stream keeps its order but for what fails and comes again.
    fn changes(&mut self, network: &Network) -> Vec<Value> {
        let most = 1 + network.below(8);
        if !network.is_calm() && network.below(6) == 0 {
            let place = network.below(self.records.len());
            self.records.rotate_left(place);
        }
        let changes: Vec<_> = self.records.drain(..most.min(self.records.len())).collect();
        if !network.is_calm() {
            match network.below(16) {
                0 => {
                    network.note("the stream gives up on changes");
                    return Vec::new();
                }
                1..4 => self.records.extend(changes.iter().cloned()),
                _ => {}
            }
        }
        changes
    }

    fn of_a_group(
        &mut self,
        waiting: &mut VecDeque<Message>,
        most: usize,
        network: &Network,
    ) -> Vec<Message> {
        let group_of = |message: &Message| message.group.clone().unwrap_or_default();
        let groups: BTreeSet<_> =
            waiting.iter().map(group_of).filter(|group| !self.busy.contains(group)).collect();
        let groups: Vec<_> = groups.into_iter().collect();
        if groups.is_empty() {
            return Vec::new();
        }
        let group = groups[network.below(groups.len())].clone();
        let (mut taken, mut left) = (Vec::new(), VecDeque::new());
        for message in waiting.drain(..) {
            if group_of(&message) == group && taken.len() < most {
                taken.push(message);
            } else {
                left.push_back(message);
            }
        }
        *waiting = left;
        self.busy.insert(group);
        taken
    }

    /// The delivery of a parcel; gives what has to come again.
    pub(crate) fn deliver(&self, parcel: &Parcel, now: Timestamp) -> LocalBoxFuture<'static, Vec<String>> {
        match parcel {
            Parcel::Changes(changes) => {
                let event: dynamodb::Event = serde_json::from_value(json!({ "Records": changes })).unwrap();
                let work = (self.crew.reactor)(event, now);
                Box::pin(async move { failed(&serde_json::to_value(work.await).unwrap()) })
            }
            Parcel::Messages(source, messages) => {
                let worker = self.crew.workers.iter().find(|(known, _)| known.queue == source.queue).unwrap();
                let (worker, source, messages) = (worker.1.clone(), source.clone(), messages.clone());
                let interceptor = self.interceptor.clone();
                Box::pin(async move {
                    let mut left = Vec::new();
                    for message in messages {
                        let done = match &interceptor {
                            Some(interceptor) => interceptor.takes(&source.queue, &message, now).await,
                            None => false,
                        };
                        let added = interceptor.as_ref().and_then(|one| one.adds(&source.queue, &message));
                        left.extend((!done).then_some(message).into_iter().chain(added));
                    }
                    let event: SqsEvent = serde_json::from_value(pump::event(&source, &left)).unwrap();
                    failed(&serde_json::to_value(worker(event, now).await).unwrap())
                })
            }
        }
    }

    /// Puts back what has to come again: what failed, everything when the worker died, and now and
    /// then what was done, because the word of it was lost.
    pub(crate) fn settle(
        &mut self,
        world: &World,
        network: &Network,
        parcel: Parcel,
        failed: Option<Vec<String>>,
    ) {
        let calm = network.is_calm();
        let again = |id: &str| match &failed {
            None => true,
            Some(failed) => failed.iter().any(|other| other == id) || (!calm && network.below(10) == 0),
        };
        match parcel {
            Parcel::Changes(changes) => {
                let sequence =
                    |change: &Value| change["dynamodb"]["SequenceNumber"].as_str().unwrap().to_owned();
                let back: Vec<_> = changes.into_iter().filter(|change| again(&sequence(change))).collect();
                for change in back.into_iter().rev() {
                    self.records.push_front(change);
                }
            }
            Parcel::Messages(source, messages) => {
                self.busy.remove(messages[0].group.as_deref().unwrap_or_default());
                let mut cloud = world.cloud.lock();
                let queue = cloud.queues.entry(source.queue.clone()).or_default();
                for mut message in messages.into_iter().rev().filter(|message| again(&message.id)) {
                    message.receives += 1;
                    if !calm && network.below(8) == 0 {
                        self.dead.push((source.queue.clone(), message));
                    } else {
                        queue.push_front(message);
                    }
                }
            }
        }
    }

    /// Sends what was set aside again, under new ids.
    pub(crate) fn redrive(&mut self, world: &World, network: &Network) {
        for (queue, message) in self.dead.drain(..) {
            self.redriven += 1;
            network.note(&format!("redrive {}", message.id));
            let id = format!("redriven-{}", self.redriven);
            let message = Message { id, receives: 0, ..message };
            world.cloud.lock().queues.entry(queue).or_default().push_back(message);
        }
    }

    /// The run of a schedule; false when it failed.
    pub(crate) fn tick(&self, name: &str, now: Timestamp) -> LocalBoxFuture<'static, bool> {
        let run = self.crew.tickers[name](now);
        Box::pin(async move { run.await.is_ok() })
    }
}

/// What the table has changed, as far as its follower is told of it.
async fn read(stream: &Stream) -> Vec<Value> {
    let filters = pump::follower().1["FilterCriteria"]["Filters"].as_array().unwrap();
    stream.read().await.into_iter().filter(|record| passes(record, filters)).collect()
}

fn failed(answer: &Value) -> Vec<String> {
    let failures = answer["batchItemFailures"].as_array().into_iter().flatten();
    failures.filter_map(|failure| failure["itemIdentifier"].as_str().map(str::to_owned)).collect()
}
