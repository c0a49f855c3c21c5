//! The network between the functions and AWS: one request at a time, and now and then one is lost,
//! refused, or the last thing its sender ever does.
//!
//! Whoever sends a request waits at a gate until it is let through. So works that run at the same
//! time interleave request by request, in an order that the seed draws and that a second run repeats.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard},
};

use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, SharedHttpClient},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
    },
    http::StatusCode,
};
use serde_json::Value;
use store::testing::Fault;
use tokio::sync::Semaphore;

use super::{
    gate::{Client, Line},
    mutant::Mutant,
    rewrite::{Rewritten, is_swallowed, rewrite, unread_rate, waits_for_rate, with_body},
    trace::Trace,
};
use crate::random::Random;

type Answer = Result<HttpResponse, ConnectorError>;

/// The network.
#[derive(Clone)]
pub(crate) struct Network(Arc<Mutex<State>>);

struct State {
    random: Random,
    trace: Trace,
    calm: bool,
    mutant: Option<Mutant>,
    /// Who is being polled.
    running: Option<u64>,
    senders: BTreeMap<u64, Sender>,
    next: u64,
}

/// A work that sends requests.
struct Sender {
    gate: Arc<Semaphore>,
    waiting: usize,
    in_flight: usize,
    writes: usize,
    crash: Option<Crash>,
    crashed: bool,
    pausing: bool,
    /// It has written that a sale waits for its exchange rate.
    waits_for_rate: bool,
}

/// The write at which an invocation ends for good, and whether it is still carried out.
#[derive(Clone, Copy)]
struct Crash {
    write: usize,
    after: bool,
}

/// Where a work stands after it was polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Its next request is at the gate.
    AtGate,
    /// It will never go on.
    Crashed,
    /// Its last request failed: it waits before it tries again.
    Pausing,
    /// It waits for somebody else, such as a payment provider.
    Busy,
}

#[derive(Debug)]
enum Fate {
    Carried,
    Failed(Fault),
    CrashBefore,
    CrashAfter,
}

impl Network {
    pub(crate) fn new(seed: u64, mutant: Option<Mutant>, told: fn(&str)) -> Self {
        Self(Arc::new(Mutex::new(State {
            random: Random::new(seed ^ 0x6e65_7477_6f72_6b00),
            trace: Trace::new(told),
            calm: true,
            mutant,
            running: None,
            senders: BTreeMap::new(),
            next: 0,
        })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Ends or begins the time in which things go wrong; tells how it was before.
    pub(crate) fn set_calm(&self, calm: bool) -> bool {
        std::mem::replace(&mut self.lock().calm, calm)
    }

    pub(crate) fn is_calm(&self) -> bool {
        self.lock().calm
    }

    pub(crate) fn note(&self, line: &str) {
        self.lock().trace.note(line);
    }

    /// The trace so far: lines and hash.
    pub(crate) fn trace(&self) -> (u64, String) {
        let state = self.lock();
        (state.trace.lines(), state.trace.hash())
    }

    pub(crate) fn below(&self, bound: usize) -> usize {
        self.lock().random.below(bound)
    }

    /// A new sender, whose end may be drawn already.
    pub(crate) fn begin(&self) -> u64 {
        let mut state = self.lock();
        let id = state.next;
        state.next += 1;
        let doomed = !state.calm && state.random.one_in(8);
        let crash = doomed.then(|| Crash { write: 1 + state.random.below(4), after: state.random.one_in(2) });
        let sender = Sender {
            gate: Arc::new(Semaphore::new(0)),
            waiting: 0,
            in_flight: 0,
            writes: 0,
            crash,
            crashed: false,
            pausing: false,
            waits_for_rate: false,
        };
        state.senders.insert(id, sender);
        id
    }

    pub(crate) fn end(&self, id: u64) {
        self.lock().senders.remove(&id);
    }

    /// Lets one waiting request of a sender through.
    pub(crate) fn open(&self, id: u64) {
        if let Some(sender) = self.lock().senders.get_mut(&id).filter(|sender| sender.waiting > 0) {
            sender.waiting -= 1;
            sender.in_flight += 1;
            sender.gate.add_permits(1);
        }
    }

    /// A sender's pause is over.
    pub(crate) fn rested(&self, id: u64) {
        if let Some(sender) = self.lock().senders.get_mut(&id) {
            sender.pausing = false;
        }
    }

    /// Says who is being polled.
    pub(crate) fn run(&self, id: Option<u64>) {
        self.lock().running = id;
    }

    pub(crate) fn standing(&self, id: u64) -> Standing {
        match self.lock().senders.get(&id) {
            Some(sender) if sender.crashed => Standing::Crashed,
            Some(sender) if sender.in_flight > 0 => Standing::Busy,
            Some(sender) if sender.waiting > 0 => Standing::AtGate,
            Some(sender) if sender.pausing => Standing::Pausing,
            _ => Standing::Busy,
        }
    }

    /// A request of whoever is running arrives at the gate.
    pub(crate) fn arrive(&self) -> Option<(u64, Arc<Semaphore>)> {
        let mut state = self.lock();
        let id = state.running?;
        let sender = state.senders.get_mut(&id)?;
        sender.waiting += 1;
        Some((id, sender.gate.clone()))
    }

    fn fate(&self, id: u64, operation: &str, items: usize) -> Fate {
        let mut guard = self.lock();
        let state = &mut *guard;
        let is_write = !matches!(operation, "GetItem" | "BatchGetItem" | "Query" | "GetSecretValue");
        if state.calm || operation == "GetSecretValue" {
            return Fate::Carried;
        }
        let Some(sender) = state.senders.get_mut(&id) else { return Fate::Carried };
        sender.writes += usize::from(is_write);
        if let Some(crash) = sender.crash.filter(|crash| is_write && crash.write == sender.writes) {
            return if crash.after { Fate::CrashAfter } else { Fate::CrashBefore };
        }
        match state.random.below(100) {
            0..2 => Fate::Failed(Fault::RequestLost),
            2..5 => Fate::Failed(Fault::AnswerLost),
            5..7 if items > 0 => Fate::Failed(Fault::conflict(items)),
            7 if operation != "SendMessage" => Fate::Failed(Fault::throttled()),
            _ => Fate::Carried,
        }
    }

    /// A request is given up before it went through the gate: another one that was sent at the same
    /// time has failed.
    pub(crate) fn give_up(&self, id: u64) {
        let mut state = self.lock();
        let Some(sender) = state.senders.get_mut(&id) else { return };
        if sender.waiting > 0 {
            sender.waiting -= 1;
        } else {
            // It was let through and did not go.
            sender.in_flight -= 1;
            sender.gate.forget_permits(1);
        }
    }

    fn settle(&self, id: u64, line: &str, answer: &Answer, failed: bool) {
        let status = answer.as_ref().map_or(0, |answer| answer.status().as_u16());
        let mut state = self.lock();
        state.trace.note(&format!("{line} {status}"));
        if let Some(sender) = state.senders.get_mut(&id) {
            sender.in_flight -= 1;
            sender.pausing |= failed || answer.is_err() || status >= 500;
        }
    }

    fn crash(&self, id: u64) {
        if let Some(sender) = self.lock().senders.get_mut(&id) {
            sender.crashed = true;
        }
    }

    pub(crate) async fn carry(&self, id: u64, line: &Line, request: HttpRequest) -> Answer {
        let body: Value =
            serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap_or_default();
        let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
        let operation = target.rsplit('.').next().unwrap_or_default();
        let items = body["TransactItems"].as_array().map_or(0, Vec::len);
        let fate = self.fate(id, operation, items);
        let text = format!("{id} {} {operation} {fate:?}", line.binary);
        let failed = matches!(fate, Fate::Failed(_));
        let answer = match fate {
            Fate::Carried => self.perform(id, line, request, &body).await,
            Fate::Failed(Fault::RequestLost) => Err(lost("request")),
            Fate::Failed(Fault::Hangs) => std::future::pending().await,
            Fate::Failed(Fault::AnswerLost) => {
                drop(self.perform(id, line, request, &body).await);
                Err(lost("answer"))
            }
            Fate::Failed(Fault::Answer { status, body }) => {
                Ok(HttpResponse::new(StatusCode::try_from(status).unwrap(), body.into()))
            }
            Fate::CrashBefore | Fate::CrashAfter => {
                if matches!(fate, Fate::CrashAfter) {
                    drop(self.perform(id, line, request, &body).await);
                }
                self.note(&text);
                self.crash(id);
                std::future::pending().await
            }
        };
        self.settle(id, &text, &answer, failed);
        answer
    }

    /// Carries a request out, in the way of the mutant if there is one.
    async fn perform(&self, id: u64, line: &Line, request: HttpRequest, body: &Value) -> Answer {
        if self.swallows(&line.binary, body) {
            return Ok(HttpResponse::new(StatusCode::try_from(200).unwrap(), "{}".into()));
        }
        let Some(Rewritten { before, main, after }) = self.rewritten(id, &line.binary, body) else {
            return line.connector.call(request).await;
        };
        for (operation, body) in before {
            drop(line.connector.call(with_body(&request, Some(operation), &body)).await);
        }
        let answer = line.connector.call(with_body(&request, None, &main)).await;
        if answer.as_ref().is_ok_and(|answer| answer.status().is_success()) {
            for (operation, body) in after {
                drop(line.connector.call(with_body(&request, Some(operation), &body)).await);
            }
        }
        answer
    }

    fn swallows(&self, binary: &str, body: &Value) -> bool {
        let mut state = self.lock();
        state.mutant.is_some_and(|mutant| is_swallowed(mutant, binary, body) && state.random.one_in(10))
    }

    fn rewritten(&self, id: u64, binary: &str, body: &Value) -> Option<Rewritten> {
        let mut guard = self.lock();
        let state = &mut *guard;
        let mutant = state.mutant?;
        let chance = state.random.below(1000);
        if state.calm {
            return None;
        }
        if mutant != Mutant::RateMissed || binary != "calculate-commission" {
            return rewrite(mutant, binary, body, chance);
        }
        let sender = state.senders.get_mut(&id)?;
        if waits_for_rate(body) {
            sender.waits_for_rate = true;
            return None;
        }
        let unread = unread_rate(body).filter(|_| sender.waits_for_rate);
        sender.waits_for_rate &= unread.is_none();
        unread
    }

    /// A client over this network.
    pub(crate) fn over(&self, binary: &str, http: SharedHttpClient) -> SharedHttpClient {
        SharedHttpClient::new(Client::new(http, self.clone(), binary))
    }
}

fn lost(what: &str) -> ConnectorError {
    ConnectorError::timeout(format!("the {what} was lost on the way").into())
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Network")
    }
}
