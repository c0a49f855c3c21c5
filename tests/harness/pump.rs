//! What moves by itself in a deployment: the table's stream to its follower, queues to their
//! workers, schedules. With switches for what a real one does now and then.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use aws_lambda_events::{dynamodb, sqs::SqsEvent};
use futures_util::{StreamExt, future::join_all, stream};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    cloud::Message,
    functions::{self, Consumer, Reactor, Ticker},
    random::Random,
    stream::{Stream, passes},
    template::{Template, Trigger},
    world::World,
};

/// Marks the second of two deliveries.
const AGAIN: &str = "-again";

/// Rounds after which something goes round in circles.
const ROUNDS: usize = 500;

/// How deliveries go wrong. Every one of these happens in a real deployment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Delivery {
    /// Chance is drawn from this.
    pub seed: u64,
    /// Everything comes twice.
    pub twice: bool,
    /// Everything comes in another order; on a FIFO queue groups overtake each other.
    pub shuffled: bool,
    /// Some things come later than what was sent after them.
    pub delayed: bool,
}

/// The moving parts.
#[derive(Default)]
pub struct Pump {
    /// How deliveries go wrong.
    pub delivery: RefCell<Delivery>,
    /// How many instances of a worker are at work at the same time, as far as the template allows; one after
    /// the other with none.
    pub at_once: Cell<usize>,
    chance: RefCell<Option<Random>>,
    stream: RefCell<Vec<Value>>,
    dead: RefCell<Vec<String>>,
    /// Instances of workers that have nothing to do.
    idle: RefCell<BTreeMap<String, Vec<Consumer>>>,
    most_receives: Cell<u32>,
    reactor: tokio::sync::OnceCell<Reactor>,
    source: tokio::sync::OnceCell<Stream>,
    tickers: RefCell<BTreeMap<String, Ticker>>,
}

impl std::fmt::Debug for Pump {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pump").field("dead", &self.dead).finish_non_exhaustive()
    }
}

/// A queue with its worker.
pub(crate) struct Source {
    pub(crate) queue: String,
    pub(crate) binary: String,
    pub(crate) batch: usize,
    most: u32,
    /// Instances that the template allows at the same time.
    instances: usize,
    pub(crate) fifo: bool,
}

impl Pump {
    /// Sets how deliveries go wrong from here on.
    pub fn misbehave(&self, delivery: Delivery) {
        *self.delivery.borrow_mut() = delivery;
        *self.chance.borrow_mut() = Some(Random::new(delivery.seed));
    }

    /// What ended in a dead-letter queue.
    #[must_use]
    pub fn dead(&self) -> Vec<String> {
        self.dead.borrow().clone()
    }

    /// How often the message was handed out that failed most often, the last time not counted.
    #[must_use]
    pub fn most_receives(&self) -> u32 {
        self.most_receives.get()
    }

    /// What ended in a dead-letter queue, which is emptied.
    pub fn forgive(&self) -> Vec<String> {
        self.dead.borrow_mut().drain(..).collect()
    }

    /// Loses what the stream has not delivered yet, as after a day of trouble.
    pub async fn lose_stream(&self, world: &World) {
        drop(self.source.get_or_init(|| async { Stream::of(&world.table) }).await.read().await);
        self.stream.borrow_mut().clear();
    }

    /// Delivers everything until nothing moves any more.
    pub async fn drain(&self, world: &World) {
        let sources = sources();
        for _ in 0..ROUNDS {
            let mut moved = self.drain_stream(world).await;
            for source in &sources {
                moved |= self.drain_queue(world, source).await;
            }
            world.breaches.assert_none();
            if !moved {
                return;
            }
        }
        panic!("after {ROUNDS} rounds of deliveries there is still no rest");
    }

    /// Runs a scheduled function once.
    pub async fn tick(&self, world: &World, binary: &str) {
        let known = self.tickers.borrow().get(binary).cloned();
        let ticker = match known {
            Some(ticker) => ticker,
            None => {
                let ticker = functions::ticker(world, binary).await;
                self.tickers.borrow_mut().insert(binary.to_owned(), ticker.clone());
                ticker
            }
        };
        let outcome = ticker(world.now()).await;
        world.breaches.assert_none();
        // With faults about a run may fail: the schedule comes again.
        if !world.breaches.has_faults() {
            outcome.unwrap_or_else(|failure| panic!("{binary}: {failure}"));
        }
    }

    /// Delivers what the stream has, and nothing that follows from it.
    pub async fn publish(&self, world: &World) {
        self.drain_stream(world).await;
        world.breaches.assert_none();
    }

    async fn drain_stream(&self, world: &World) -> bool {
        let (binary, properties) = follower();
        let stream = self.source.get_or_init(|| async { Stream::of(&world.table) }).await;
        let filters = properties["FilterCriteria"]["Filters"].as_array().unwrap();
        let mut records: Vec<_> =
            stream.read().await.into_iter().filter(|record| passes(record, filters)).collect();
        records.splice(0..0, self.stream.borrow_mut().drain(..));
        let delivery = *self.delivery.borrow();
        if delivery.twice {
            records = records.iter().flat_map(|record| [once_more(record), record.clone()]).collect();
        }
        let moved = !records.is_empty();
        let (mut now, later) = self.in_what_order(records);
        // What has been sent twice is not sent four times because it comes later.
        self.stream.borrow_mut().extend(later.into_iter().filter(|record| !is_copy(record)));
        let batch = usize::try_from(properties["BatchSize"].as_u64().unwrap()).unwrap();
        while !now.is_empty() {
            let rest = now.split_off(now.len().min(batch));
            let event: dynamodb::Event = serde_json::from_value(json!({ "Records": now })).unwrap();
            let reactor = self.reactor.get_or_init(|| functions::reactor(world, binary)).await;
            let answer = serde_json::to_value(reactor(event, world.now()).await).unwrap();
            for failure in answer["batchItemFailures"].as_array().into_iter().flatten() {
                let sequence = &failure["itemIdentifier"];
                let record = now.iter().find(|record| record["dynamodb"]["SequenceNumber"] == *sequence);
                self.dead.borrow_mut().push(format!("stream: {}", record.unwrap()["dynamodb"]["Keys"]));
            }
            now = rest;
        }
        moved
    }

    async fn drain_queue(&self, world: &World, source: &Source) -> bool {
        let waiting = world.cloud.lock().queues.remove(&source.queue).unwrap_or_default();
        if waiting.is_empty() {
            return false;
        }
        let delivery = *self.delivery.borrow();
        let mut messages: Vec<Message> = waiting.into();
        if delivery.twice {
            messages = messages.into_iter().flat_map(repeated).collect();
        }
        let (mut now, later) =
            if source.fifo { self.by_group(messages) } else { self.in_what_order(messages) };
        let mut again = later;
        if self.at_once.get() > 0 {
            again.extend(self.hand_out_side_by_side(world, source, now).await);
            now = Vec::new();
        }
        while !now.is_empty() {
            let rest = now.split_off(now.len().min(source.batch));
            again.extend(self.hand_out(world, source, now).await);
            now = rest;
        }
        let mut cloud = world.cloud.lock();
        let queue = cloud.queues.entry(source.queue.clone()).or_default();
        for message in again.into_iter().rev() {
            queue.push_front(message);
        }
        true
    }

    /// Hands every message to an instance of its own, as many at a time as there are; on a FIFO queue
    /// messages of one group go one after the other. Gives what has to come again.
    async fn hand_out_side_by_side(
        &self,
        world: &World,
        source: &Source,
        messages: Vec<Message>,
    ) -> Vec<Message> {
        let mut lanes: BTreeMap<String, Vec<Message>> = BTreeMap::new();
        for message in messages {
            let lane =
                if source.fifo { message.group.clone().unwrap_or_default() } else { message.id.clone() };
            lanes.entry(lane).or_default().push(message);
        }
        let lanes = stream::iter(lanes.into_values()).map(|lane| self.hand_out_in_turn(world, source, lane));
        lanes.buffer_unordered(self.at_once.get().min(source.instances)).concat().await
    }

    /// One after the other; behind one that fails the rest waits.
    async fn hand_out_in_turn(&self, world: &World, source: &Source, lane: Vec<Message>) -> Vec<Message> {
        let mut again = Vec::new();
        for message in lane {
            if again.is_empty() {
                again = self.hand_out(world, source, vec![message]).await;
            } else {
                again.push(message);
            }
        }
        again
    }

    /// Hands each message of a queue to so many instances at the same time, as when its visibility timeout
    /// runs out again and again while they are at work. It comes again when none of them is done with it.
    pub async fn hand_out_at_once(&self, world: &World, queue: &str, instances: usize) {
        let source = sources().into_iter().find(|source| source.queue == queue).unwrap();
        let waiting = world.cloud.lock().queues.remove(queue).unwrap_or_default();
        assert!(!waiting.is_empty(), "there is nothing in {queue}");
        for message in waiting {
            let attempts = (0..instances).map(|_| self.hand_out(world, &source, vec![message.clone()]));
            let failed = join_all(attempts).await.into_iter().flatten().collect::<Vec<_>>();
            if failed.len() == instances {
                world
                    .cloud
                    .lock()
                    .queues
                    .entry(queue.to_owned())
                    .or_default()
                    .extend(failed.into_iter().next());
            }
        }
        world.breaches.assert_none();
    }

    /// Hands out a batch; gives what has to come again.
    async fn hand_out(&self, world: &World, source: &Source, batch: Vec<Message>) -> Vec<Message> {
        let idle = self.idle.borrow_mut().get_mut(&source.binary).and_then(Vec::pop);
        let consumer = match idle {
            Some(consumer) => consumer,
            None => functions::consumer(world, &source.binary).await,
        };
        let event: SqsEvent = serde_json::from_value(event(source, &batch)).unwrap();
        let answer = serde_json::to_value(consumer(event, world.now()).await).unwrap();
        self.idle.borrow_mut().entry(source.binary.clone()).or_default().push(consumer);
        let failed = answer["batchItemFailures"].as_array().cloned().unwrap_or_default();
        let mut again = Vec::new();
        for mut message in batch {
            if failed.iter().any(|failure| failure["itemIdentifier"] == message.id.as_str()) {
                message.receives += 1;
                self.most_receives.set(self.most_receives.get().max(message.receives));
                if message.receives >= source.most {
                    self.dead.borrow_mut().push(format!("{}: {}", source.queue, message.body));
                } else {
                    again.push(message);
                }
            }
        }
        again
    }

    /// What comes now, in which order, and what comes later.
    fn in_what_order<T>(&self, mut items: Vec<T>) -> (Vec<T>, Vec<T>) {
        let delivery = *self.delivery.borrow();
        let mut chance = self.chance.borrow_mut();
        let Some(chance) = chance.as_mut() else { return (items, Vec::new()) };
        if delivery.shuffled {
            chance.shuffle(&mut items);
        }
        if delivery.delayed {
            return items.into_iter().partition(|_| !chance.one_in(3));
        }
        (items, Vec::new())
    }

    /// Within a group the order stands, and nothing overtakes what comes later.
    fn by_group(&self, messages: Vec<Message>) -> (Vec<Message>, Vec<Message>) {
        let mut groups: BTreeMap<String, Vec<Message>> = BTreeMap::new();
        for message in messages {
            groups.entry(message.group.clone().unwrap_or_default()).or_default().push(message);
        }
        let (now, later) = self.in_what_order(groups.into_values().collect());
        (now.into_iter().flatten().collect(), later.into_iter().flatten().collect())
    }
}

/// What is handed out for the first time comes twice. What comes again because it failed does not:
/// a worker that fails would have ever more to do.
fn repeated(message: Message) -> Vec<Message> {
    if message.receives > 0 || message.id.ends_with(AGAIN) {
        return vec![message];
    }
    let again = Message { id: format!("{}{AGAIN}", message.id), ..message.clone() };
    vec![message, again]
}

/// The repeated record keeps its place in the stream; it is marked here only.
fn once_more(record: &Value) -> Value {
    let mut copy = record.clone();
    copy["eventID"] = json!(format!("{}{AGAIN}", record["eventID"].as_str().unwrap_or_default()));
    copy
}

fn is_copy(record: &Value) -> bool {
    record["eventID"].as_str().is_some_and(|id| id.ends_with(AGAIN))
}

/// Who follows the table's stream, and the event source's properties.
pub(crate) fn follower() -> (&'static str, &'static Value) {
    let function = Template::get().functions().iter().find_map(|function| {
        function.triggers.iter().find_map(|trigger| match trigger {
            Trigger::Stream { properties } => Some((function.binary.as_str(), properties)),
            _ => None,
        })
    });
    function.expect("template.yaml follows the table's stream")
}

/// Every queue that the template has a worker for.
pub(crate) fn sources() -> Vec<Source> {
    let mut sources = Vec::new();
    for function in Template::get().functions() {
        for trigger in &function.triggers {
            if let Trigger::Queue { queue, properties } = trigger {
                let settings = Template::get().resource(queue);
                sources.push(Source {
                    queue: queue.clone(),
                    binary: function.binary.clone(),
                    batch: usize::try_from(properties["BatchSize"].as_u64().unwrap()).unwrap(),
                    most: u32::try_from(settings["RedrivePolicy"]["maxReceiveCount"].as_u64().unwrap())
                        .unwrap(),
                    instances: usize::try_from(
                        properties["ScalingConfig"]["MaximumConcurrency"].as_u64().unwrap(),
                    )
                    .unwrap(),
                    fifo: settings["FifoQueue"] == true,
                });
            }
        }
    }
    sources
}

/// A batch as Lambda hands it out.
pub(crate) fn event(source: &Source, batch: &[Message]) -> Value {
    let suffix = if source.fifo { ".fifo" } else { "" };
    let records: Vec<_> = batch
        .iter()
        .map(|message| {
            let mut attributes = json!({ "ApproximateReceiveCount": (message.receives + 1).to_string() });
            if let Some(group) = &message.group {
                attributes["MessageGroupId"] = json!(group);
            }
            json!({
                "messageId": message.id,
                "receiptHandle": "handle",
                "body": message.body,
                "attributes": attributes,
                "messageAttributes": {},
                "md5OfBody": "",
                "eventSource": "aws:sqs",
                "eventSourceARN": format!("arn:aws:sqs:us-east-1:123456789012:{}{suffix}", source.queue),
                "awsRegion": "us-east-1",
            })
        })
        .collect();
    json!({ "Records": records })
}

/// After this long the schedule takes for missed what the stream has not brought.
pub const MISSED_AFTER: SignedDuration = SignedDuration::from_mins(3);
