//! One step after the other, drawn at random; then the healing.

use futures_util::future::LocalBoxFuture;
use jiff::SignedDuration;
use payment_world::{Outcome, Script};

use super::{
    courier::{Courier, Parcel, SCHEDULES},
    mail::Mail,
    money_back,
    mutant::Mutant,
    network::Network,
    office::{self, FOREIGN},
    plans::one_of,
    shop,
    town::{Town, skew, skewed},
    turns::together,
};
use crate::{Reply, World};

/// Rounds after which something goes round in circles.
const ROUNDS: usize = 3000;

/// A run.
pub(crate) struct Simulation<'w> {
    pub(crate) world: &'w World,
    pub(crate) network: &'w Network,
    pub(crate) town: Town,
    pub(crate) courier: Courier,
    mutant: Option<Mutant>,
    mail: Vec<Mail>,
}

/// Something under way at the same time as others.
enum Errand {
    Parcel(Parcel),
    Mail(Mail),
    Schedule,
}

/// How much is under way at the same time.
#[derive(Clone, Copy)]
enum Load {
    /// So many things of any kind.
    Mixed(usize),
    /// So many workers who count.
    Crowd(usize),
    /// So many deliveries of the stream.
    Changes(usize),
}

enum Said {
    Again(Vec<String>),
    Reply(Reply),
    Ticked(bool),
}

impl<'w> Simulation<'w> {
    pub(crate) fn new(
        world: &'w World,
        network: &'w Network,
        mutant: Option<Mutant>,
        town: Town,
        courier: Courier,
    ) -> Self {
        Self { world, network, town, courier, mutant, mail: Vec::new() }
    }

    pub(crate) async fn step(&mut self) {
        let (world, network) = (self.world, self.network);
        let place = network.below(self.town.programs.len());
        let drawn = network.below(118);
        network.note(&format!("step {drawn} at {}", world.now()));
        match drawn {
            0..3 => self.town.join(world, network, place).await,
            3..10 => self.town.visit(world, network, place).await,
            10..26 => self.mail.extend(shop::sell(world, network, &mut self.town, place, None)),
            26..38 => self.mail.extend(money_back::tell(world, network, &mut self.town, place)),
            38..41 => self.town.publish(world, network, place).await,
            41..54 => {
                self.bend_payments();
                self.town.ask(world, network, place).await;
            }
            54..60 => self.bend_payments(),
            60..73 => self.pass_time().await,
            73 => self.courier.redrive(world, network),
            74..78 => self.mail.extend(office::adjust(world, network, &self.town, place)),
            78..83 => {
                // Sales of these days are counted at the same time.
                if network.below(2) == 0 {
                    self.queue_up(place, Some(*one_of(network, &FOREIGN))).await;
                }
                let rates = office::publish_rates(world, network, &mut self.town);
                self.bring(rates, Load::Crowd(4)).await;
            }
            83..86 => {
                self.queue_up(place, None).await;
                self.bring(Vec::new(), Load::Crowd(8)).await;
            }
            _ if network.below(3) == 0 => self.bring(Vec::new(), Load::Crowd(5)).await,
            _ => self.bring(Vec::new(), Load::Mixed(1 + network.below(4))).await,
        }
    }

    /// Many buy at once, in one currency if it is said which: everything that is told of it has come
    /// as far as to the queues.
    async fn queue_up(&mut self, place: usize, currency: Option<&'static str>) {
        let (world, network) = (self.world, self.network);
        // On a day of its own nothing is used up of what is allowed a day, and no rate is known.
        if network.below(2) == 0 && !self.has_open_payouts().await {
            world.wait(SignedDuration::from_hours(24));
        }
        for _ in 0..4 {
            self.mail.extend(shop::sell(world, network, &mut self.town, place, currency));
        }
        let letters = self.mail.split_off(self.mail.len().saturating_sub(8));
        self.bring(letters, Load::Changes(0)).await;
        for _ in 0..3 {
            self.bring(Vec::new(), Load::Changes(2)).await;
        }
    }

    /// The next call to a payment provider goes wrong in one of the ways it can.
    fn bend_payments(&self) {
        let mut payments = self.world.payments.lock();
        if payments.scripts().len() > 1 {
            return;
        }
        let outcome = match self.network.below(12) {
            9.. => return,
            0 => Outcome::AnswerLost,
            1 => Outcome::RequestLost,
            2..5 => Outcome::Late,
            5 => Outcome::ErrorAfterApplying,
            6 => Outcome::Refuse,
            7 => Outcome::RateLimited,
            _ => Outcome::Unavailable,
        };
        let script = Script {
            code: (outcome == Outcome::Refuse).then(|| "balance_insufficient".to_owned()),
            seconds: (outcome == Outcome::Late)
                .then(|| u32::try_from(300 + self.network.below(6000)).unwrap()),
            ..Script::next(outcome)
        };
        payments.script(script).unwrap();
    }

    /// Minutes pass, or days when no payout is under way: its schedule runs every few minutes, and
    /// days without a single run are no fault of the system.
    async fn pass_time(&mut self) {
        let minutes = |count: usize| SignedDuration::from_mins(i64::try_from(count).unwrap());
        let time = match self.network.below(4) {
            0 if !self.has_open_payouts().await => minutes(60 * (1 + self.network.below(24 * 12))),
            _ => minutes(1 + self.network.below(25)),
        };
        self.world.wait(time);
    }

    pub(crate) async fn has_open_payouts(&self) -> bool {
        for id in self.town.programs.iter().flat_map(|program| &program.payouts) {
            let payout = self.world.store().payout(&id.parse().unwrap()).await.unwrap();
            if payout.is_some_and(|payout| payout.value.status.is_open()) {
                return true;
            }
        }
        false
    }

    /// Several things are brought at the same time, these letters among them.
    async fn bring(&mut self, letters: Vec<Mail>, load: Load) {
        let (world, network) = (self.world, self.network);
        self.courier.look().await;
        let (mut errands, mut works) = (Vec::new(), Vec::new());
        let back = skewed(world, network);
        for mail in letters {
            works.push(self.told(&mail, works.is_empty()));
            errands.push(Errand::Mail(mail));
        }
        let (Load::Mixed(count) | Load::Crowd(count) | Load::Changes(count)) = load;
        for _ in 0..count {
            let now = world.now() + skew(network);
            if !matches!(load, Load::Mixed(_)) {
                let parcel = match load {
                    Load::Changes(_) => self.courier.pick_changes(network),
                    _ => self.courier.pick_one(world, network),
                };
                let Some(parcel) = parcel else { break };
                works.push(wrap(self.courier.deliver(&parcel, now), Said::Again));
                errands.push(Errand::Parcel(parcel));
            } else if network.below(5) == 0 {
                let schedule = SCHEDULES[[0, 0, 1, 2, 2, 3, 4, 4][network.below(8)]];
                let run = self.courier.tick(schedule, now);
                works.push(wrap(run, Said::Ticked));
                errands.push(Errand::Schedule);
            } else if !self.mail.is_empty() && network.below(2) == 0 {
                let mail = self.mail.swap_remove(network.below(self.mail.len()));
                works.push(wrap(mail.send(world, &self.town), Said::Reply));
                errands.push(Errand::Mail(mail));
            } else if let Some(parcel) = self.courier.pick(world, network) {
                works.push(wrap(self.courier.deliver(&parcel, now), Said::Again));
                errands.push(Errand::Parcel(parcel));
            }
        }
        let said = together(network, works).await;
        world.clock.advance(back);
        for (errand, said) in errands.into_iter().zip(said) {
            self.settle(errand, said);
        }
        world.breaches.assert_none();
    }

    /// The delivery of a letter. Of exchange rates the first one is told to the stream's follower at
    /// once: whoever counts a sale at the same moment must not miss it.
    fn told(&self, mail: &Mail, is_first: bool) -> LocalBoxFuture<'w, Said> {
        let sent = mail.send(self.world, &self.town);
        if !mail.is_of_rates() || !is_first {
            return wrap(sent, Said::Reply);
        }
        let told = self.courier.tell_rates(self.world.now());
        Box::pin(async move {
            let reply = sent.await;
            told.await;
            Said::Reply(reply)
        })
    }

    fn settle(&mut self, errand: Errand, said: Option<Said>) {
        match (errand, said) {
            (Errand::Parcel(parcel), said) => {
                let failed = match said {
                    Some(Said::Again(failed)) => Some(failed),
                    _ => None,
                };
                self.courier.settle(self.world, self.network, parcel, failed);
            }
            (Errand::Mail(mail), said) => {
                let is_heard = match said {
                    Some(Said::Reply(reply)) => mail.is_heard(&mut self.town, &reply),
                    _ => false,
                };
                // Now and then the sender does not hear it: it comes again.
                let comes_again = match is_heard {
                    true => !self.network.is_calm() && self.network.below(5) == 0,
                    false => self.mutant != Some(Mutant::AcknowledgedUnstored),
                };
                if comes_again {
                    self.mail.push(mail);
                }
            }
            (Errand::Schedule, Some(Said::Ticked(done))) => self.network.note(&format!("ticked: {done}")),
            (Errand::Schedule, _) => {}
        }
    }

    /// Nothing goes wrong any more: what is under way arrives, what is due happens.
    pub(crate) async fn heal(&mut self) {
        self.world.payments.lock().clear_scripts();
        self.rest().await;
        // Some sales have been waiting for their rates all the time.
        self.mail.extend(office::publish_all_rates(self.world, &mut self.town));
        self.rest().await;
        // Calls to providers that are late arrive within the hour; then days may pass.
        for _ in 0..8 {
            self.world.wait(SignedDuration::from_mins(10));
            self.rest().await;
        }
        self.world.wait(SignedDuration::from_hours(24 * 32));
        self.rest().await;
        for _ in 0..3 {
            self.world.wait(SignedDuration::from_mins(10));
            self.rest().await;
        }
        assert!(self.courier.is_idle(self.world), "something is still to be delivered");
    }

    /// Brings everything there is, and runs every schedule, until nothing is left.
    async fn rest(&mut self) {
        self.courier.redrive(self.world, self.network);
        self.empty().await;
        // After this long the schedule takes for missed what the stream has not brought.
        self.world.wait(crate::pump::MISSED_AFTER);
        for schedule in SCHEDULES {
            let ran = together(self.network, vec![self.courier.tick(schedule, self.world.now())]).await;
            assert_eq!(ran, [Some(true)], "{schedule} fails although nothing goes wrong");
            self.empty().await;
        }
    }

    async fn empty(&mut self) {
        for _ in 0..ROUNDS {
            self.courier.look().await;
            if self.mail.is_empty() && self.courier.is_idle(self.world) {
                return;
            }
            self.bring_one().await;
        }
        panic!("after {ROUNDS} rounds of deliveries there is still no rest");
    }

    async fn bring_one(&mut self) {
        if let Some(mail) = self.mail.pop() {
            let said = together(self.network, vec![mail.send(self.world, &self.town)]).await;
            return self.settle(Errand::Mail(mail), said.into_iter().flatten().next().map(Said::Reply));
        }
        if let Some(parcel) = self.courier.pick(self.world, self.network) {
            let work = self.courier.deliver(&parcel, self.world.now());
            let failed = together(self.network, vec![work]).await.pop().flatten();
            self.courier.settle(self.world, self.network, parcel, failed);
        }
    }
}

fn wrap<'a, T: 'a>(work: LocalBoxFuture<'a, T>, say: fn(T) -> Said) -> LocalBoxFuture<'a, Said> {
    Box::pin(async move { say(work.await) })
}
