//! The state of the world and the way of a payment call through it. No I/O, no randomness.

use serde::Serialize;
use serde_json::Value;

use crate::clock::{Clock, rfc3339};
use crate::form::Form;
use crate::identity::{Decision, Sessions};
use crate::ids::Ids;
use crate::outcome::{Facts, ItemResult, Outcome, Provider, Script, Scripts};
use crate::paypal::{BatchCall, PayPal};
use crate::reply::{Answer, Reply};
use crate::stripe::{Stripe, StripeCall};
use crate::webhook::{Delivery, Endpoint, Events};

/// Stripe, PayPal and the identity checker, with a clock and scripted outcomes.
#[derive(Clone, Debug)]
pub struct World {
    clock: Clock,
    ticks: u64,
    ids: Ids,
    pub(crate) base_url: String,
    scripts: Scripts,
    late: Vec<Late>,
    stripe: Stripe,
    paypal: PayPal,
    sessions: Sessions,
    events: Events,
}

/// A call that moves money.
#[derive(Clone, Debug)]
pub enum Call {
    /// `POST /v1/transfers`
    Transfer(StripeCall),
    /// `POST /v1/payments/payouts`
    Batch(BatchCall),
}

/// What a provider does with a call that has reached it.
#[derive(Clone, Debug)]
pub(crate) enum Verdict {
    Accept(ItemResult),
    FailAfter(ItemResult),
    FailBefore,
    Refuse { code: String, status: Option<u16> },
}

#[derive(Clone, Debug)]
struct Late {
    due: Due,
    call: Call,
    item: ItemResult,
}

#[derive(Clone, Copy, Debug)]
enum Due {
    Time(i64),
    Tick(u64),
}

/// A payment that a provider has really recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Payment {
    /// Who was to pay.
    pub provider: Provider,
    /// The provider's id: `tr_...` or the payout item's.
    pub id: String,
    /// `transfer_group` or `sender_item_id`.
    pub reference: Option<String>,
    /// `Idempotency-Key` or `sender_batch_id`.
    pub key: Option<String>,
    /// Connected account or receiver.
    pub destination: String,
    /// In the provider's minor units.
    pub amount: i64,
    /// Three capital letters.
    pub currency: String,
    /// `PAID` or `REVERSED` at Stripe, the item's state at PayPal.
    pub status: String,
    /// When the provider recorded it.
    pub created: String,
    /// How many payments with this reference have left the sender and not come back: more than
    /// one is a double payment.
    pub applied: usize,
}

impl World {
    /// A world without any payment. Equal clocks and equal calls give equal ids.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            ticks: 0,
            ids: Ids::new(clock.now()),
            base_url: "http://payment-world.invalid".to_owned(),
            scripts: Scripts::default(),
            late: Vec::new(),
            stripe: Stripe::default(),
            paypal: PayPal::default(),
            sessions: Sessions::default(),
            events: Events::default(),
        }
    }

    /// The world's time in seconds since the epoch.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Ticks given so far.
    #[must_use]
    pub fn ticks(&self) -> u64 {
        self.ticks
    }

    /// Moves the clock and the ticks on; late calls that fall due arrive.
    pub fn advance(&mut self, seconds: i64, ticks: u64) {
        self.clock.advance(seconds);
        self.ticks = self.ticks.saturating_add(ticks);
        self.settle();
    }

    /// Adds a script behind the ones already there.
    ///
    /// # Errors
    /// The script lacks what its outcome needs, or has what belongs to another.
    pub fn script(&mut self, script: Script) -> Result<(), &'static str> {
        script.check()?;
        self.scripts.0.push(script);
        Ok(())
    }

    /// The scripts not used up yet.
    #[must_use]
    pub fn scripts(&self) -> &[Script] {
        &self.scripts.0
    }

    /// Forgets every script; late calls under way still arrive.
    pub fn clear_scripts(&mut self) {
        self.scripts.0.clear();
    }

    /// Makes a payment call, by the script that matches it.
    pub fn pay(&mut self, call: Call) -> Reply {
        self.settle();
        let script = self.scripts.take(&call.facts());
        let verdict = match script.outcome {
            Outcome::RequestLost => return Reply::Silence(script.connection),
            Outcome::Late => {
                let (due, item) = (self.due(&script), script.item);
                self.late.push(Late { due, call, item });
                return Reply::Silence(script.connection);
            }
            Outcome::RateLimited => return call.turned_away(429).into(),
            Outcome::Unavailable => return call.turned_away(503).into(),
            Outcome::Refuse => {
                Verdict::Refuse { code: script.code.unwrap_or_default(), status: script.status }
            }
            Outcome::ErrorAfterApplying => Verdict::FailAfter(script.item),
            Outcome::ErrorWithoutApplying => Verdict::FailBefore,
            Outcome::Succeed => Verdict::Accept(script.item),
            Outcome::AnswerLost => {
                self.execute(self.now(), &call, &Verdict::Accept(script.item));
                return Reply::Silence(script.connection);
            }
        };
        self.execute(self.now(), &call, &verdict).into()
    }

    /// `GET /v1/transfers`, newest first.
    pub fn transfers(&mut self, query: &Form) -> Answer {
        self.settle();
        self.stripe.list(query)
    }

    /// `GET /v1/transfers/{id}`
    pub fn transfer(&mut self, id: &str) -> Answer {
        self.settle();
        self.stripe.get(id)
    }

    /// `GET /v1/payments/payouts/{payout_batch_id}`
    pub fn payout_batch(&mut self, id: &str) -> Answer {
        self.settle();
        self.paypal.batch(&self.base_url, self.now(), id)
    }

    /// `GET /v1/payments/payouts-item/{payout_item_id}`
    pub fn payout_item(&mut self, id: &str) -> Answer {
        self.settle();
        self.paypal.item(&self.base_url, self.now(), id)
    }

    /// Takes a transfer back after it was paid; `None` if there is none.
    pub fn reverse_transfer(&mut self, id: &str) -> Option<()> {
        self.stripe.reverse(id)
    }

    /// Moves a payout item on, as time or its receiver would; `None` if there is none.
    pub fn move_item(&mut self, id: &str, result: ItemResult) -> Option<()> {
        let now = self.now();
        self.paypal.move_item(now, id, result)
    }

    /// `POST /v1/oauth2/token`
    pub fn paypal_token(&mut self) -> Answer {
        let now = self.now();
        self.paypal.token(&mut self.ids, now)
    }

    /// Every payment on record, oldest first within a provider.
    #[must_use]
    pub fn payments(&mut self) -> Vec<Payment> {
        self.settle();
        let now = self.now();
        let mut found: Vec<(bool, Payment)> = self.stripe.payments().collect();
        found.extend(self.paypal.payments(now));
        let out = |payment: &Payment| {
            let same = |(is_out, other): &&(bool, Payment)| {
                *is_out
                    && other.provider == payment.provider
                    && match &payment.reference {
                        Some(_) => other.reference == payment.reference,
                        None => other.id == payment.id,
                    }
            };
            found.iter().filter(same).count()
        };
        let counts: Vec<usize> = found.iter().map(|(_, payment)| out(payment)).collect();
        let rows = found.into_iter().zip(counts);
        rows.map(|((_, payment), applied)| Payment { applied, ..payment }).collect()
    }

    /// `POST /v1/identity/verification_sessions`
    pub fn start_identity_check(&mut self, call: &StripeCall) -> Answer {
        let now = self.now();
        self.stripe.once(&mut self.ids, call, crate::identity::PATH, now, |ids, form| {
            self.sessions.create(ids, form, now)
        })
    }

    /// `GET /v1/identity/verification_sessions/{id}`
    #[must_use]
    pub fn identity_session(&self, id: &str) -> Answer {
        self.sessions.get(id)
    }

    /// Ends an identity check, and emits the events Stripe would.
    ///
    /// # Errors
    /// The session does not exist, or was verified or canceled before.
    pub fn decide(&mut self, session: &str, decision: &Decision) -> Result<Value, (u16, String)> {
        let now = self.now();
        let changes = self.sessions.decide(&mut self.ids, session, decision)?;
        let last = changes.last().map(|(_, object)| object.clone()).unwrap_or_default();
        self.events.emit(&mut self.ids, now, changes);
        Ok(last)
    }

    pub(crate) fn knows_token(&self, token: &str) -> bool {
        self.paypal.knows(token, self.now())
    }

    /// Where events go from now on. Without an endpoint they are dropped, as Stripe does.
    ///
    /// # Errors
    /// The URL is not plain `http`.
    pub fn set_endpoint(&mut self, endpoint: Endpoint) -> Result<(), &'static str> {
        self.events.set_endpoint(endpoint)
    }

    /// Takes every delivery that is due, signed with the world's time.
    pub fn deliveries(&mut self) -> Vec<Delivery> {
        self.events.take(self.clock.now())
    }

    /// Puts an event back whose delivery was not answered with 2xx.
    pub fn undelivered(&mut self, delivery: Delivery) {
        self.events.put_back(delivery);
    }

    /// Lets the late calls arrive that are due, each at its own time.
    fn settle(&mut self) {
        let (now, ticks) = (self.now(), self.ticks);
        let arrival = |late: &Late| match late.due {
            Due::Time(time) => time,
            Due::Tick(_) => now,
        };
        let mut due: Vec<Late> = self
            .late
            .extract_if(.., |late| match late.due {
                Due::Time(time) => time <= now,
                Due::Tick(tick) => tick <= ticks,
            })
            .collect();
        due.sort_by_key(arrival);
        for late in due {
            // Whatever the provider answers, nobody is listening any more.
            let _answer = self.execute(arrival(&late), &late.call, &Verdict::Accept(late.item));
        }
    }

    fn due(&self, script: &Script) -> Due {
        match script.ticks {
            Some(ticks) => Due::Tick(self.ticks.saturating_add(ticks.into())),
            None => Due::Time(self.now().saturating_add(script.seconds.unwrap_or_default().into())),
        }
    }

    fn execute(&mut self, at: i64, call: &Call, verdict: &Verdict) -> Answer {
        match call {
            Call::Transfer(call) => self.stripe.transfer(&mut self.ids, at, call, verdict),
            Call::Batch(call) => self.paypal.create(&mut self.ids, &self.base_url, at, call, verdict),
        }
    }
}

impl Call {
    fn facts(&self) -> Facts<'_> {
        match self {
            Self::Transfer(call) => call.facts(),
            Self::Batch(call) => call.facts(),
        }
    }

    fn turned_away(&self, status: u16) -> Answer {
        match self {
            Self::Transfer(_) => crate::stripe::turned_away(status),
            Self::Batch(_) => crate::paypal::turned_away(status),
        }
    }
}

impl Payment {
    /// A row whose `applied` is still to be counted.
    pub(crate) fn recorded(provider: Provider, id: &str, at: i64) -> Self {
        Self {
            provider,
            id: id.to_owned(),
            reference: None,
            key: None,
            destination: String::new(),
            amount: 0,
            currency: String::new(),
            status: String::new(),
            created: rfc3339(at),
            applied: 0,
        }
    }
}
