//! One step after the other, drawn at random; then the healing.

use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use jiff::{SignedDuration, Timestamp};
use payment_world::{ItemResult, ItemStatus, Outcome, Script};

use super::{
    batches,
    courier::{Courier, Parcel, SCHEDULES},
    history::{History, Question},
    mail::Mail,
    money_back,
    mutant::Mutant,
    network::Network,
    office, shop, support,
    town::{Town, skew, skewed},
    turns::together,
};
use crate::{Reply, World, story::text};

/// Rounds after which something goes round in circles.
const ROUNDS: usize = 3000;

/// A run.
pub(crate) struct Simulation<'w> {
    pub(crate) world: &'w World,
    pub(crate) network: &'w Network,
    pub(crate) town: Town,
    pub(crate) courier: Courier,
    pub(crate) history: Rc<History>,
    pub(crate) mail: Vec<Mail>,
    pub(crate) is_rotated: bool,
    mutant: Option<Mutant>,
}

/// Something under way at the same time as others.
enum Errand<'w> {
    Parcel(Parcel),
    Mail(Mail),
    /// Of a program.
    Question(Question<'w>),
    Schedule,
}

/// How much is under way at the same time.
#[derive(Clone, Copy)]
pub(crate) enum Load {
    /// So many things of any kind.
    Mixed(usize),
    /// So many workers.
    Crowd(usize),
    /// So many deliveries of the stream.
    Changes(usize),
    /// What has matured is looked for.
    Due,
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
        let history = Rc::new(History::new(world));
        Self { world, network, town, courier, history, mail: Vec::new(), is_rotated: false, mutant }
    }

    pub(crate) async fn step(&mut self) {
        let (world, network) = (self.world, self.network);
        let place = network.below(self.town.programs.len());
        let drawn = network.below(146);
        network.note(&format!("step {drawn} at {}", world.now()));
        match drawn {
            0..3 => self.town.join(world, network, place).await,
            3..12 => self.town.programs[place].visit(world, network).await,
            12..28 => {
                let told = shop::sell(world, network, &mut self.town, place, None).await;
                self.mail.extend(told);
            }
            28..40 => self.mail.extend(money_back::tell(world, network, &mut self.town, place)),
            40..43 => self.town.publish(world, network, place).await,
            43..52 => {
                self.bend_payments();
                let program = &self.town.programs[place];
                let member = program.owed(world, network.below(program.members.len())).await;
                let questions = self.questions(place, member).await;
                self.bring(Vec::new(), questions, Load::Mixed(0)).await;
            }
            52..58 => self.bend_payments(),
            58..71 => self.pass_time().await,
            71 => self.courier.redrive(world, network),
            72..76 => self.mail.extend(office::adjust(world, network, &self.town, place)),
            76..81 => self.rush_of_rates(self.crowded()).await,
            81..85 => {
                self.queue_up(self.crowded(), None).await;
                self.bring(Vec::new(), Vec::new(), Load::Crowd(8)).await;
            }
            85..93 => self.meet(self.crowded()).await,
            93..97 => self.town.programs[place].keep_coupons(world, network).await,
            97..101 => {
                let batch = batches::gather(world, network, &self.town, place, &mut self.mail);
                self.mail.extend(batch);
            }
            101..106 => self.mail.extend(support::act(world, network, &self.town, place).await),
            106..108 => self.town.programs[place].rotate_secret(world, network).await,
            108 => self.rotate_keys(network).await,
            109..113 => self.turn_a_payment().await,
            _ if network.below(3) == 0 => self.bring(Vec::new(), Vec::new(), Load::Crowd(5)).await,
            _ => self.bring(Vec::new(), Vec::new(), Load::Mixed(1 + network.below(4))).await,
        }
    }

    /// The next call to a payment provider goes wrong in one of the ways it can.
    pub(crate) fn bend_payments(&self) {
        let mut payments = self.world.payments.lock();
        if payments.scripts().len() > 1 {
            return;
        }
        let outcome = match self.network.below(12) {
            // PayPal takes it on, and denies it or gives it back.
            9 => Outcome::Succeed,
            10.. => return,
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
            item: match outcome {
                Outcome::Succeed => {
                    let status = [ItemStatus::Failed, ItemStatus::Returned][self.network.below(2)];
                    ItemResult { status, error: None }
                }
                _ => ItemResult::default(),
            },
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
        for id in &self.town.payouts {
            let payout = self.world.store().payout(&id.parse().unwrap()).await.unwrap();
            if payout.is_some_and(|payout| payout.value.status.is_open()) {
                return true;
            }
        }
        false
    }

    /// Several things are brought at the same time, these letters and questions among them.
    pub(crate) async fn bring(&mut self, letters: Vec<Mail>, questions: Vec<Question<'w>>, load: Load) {
        let (world, network) = (self.world, self.network);
        self.courier.look().await;
        let (mut errands, mut works) = (Vec::new(), Vec::new());
        let right = world.now();
        let back = skewed(world, network);
        for mail in letters {
            works.push(self.told(&mail, works.is_empty()));
            errands.push(Errand::Mail(mail));
        }
        for question in questions {
            works.push(self.asked(question.clone()));
            errands.push(Errand::Question(question));
        }
        self.take(load, right, &mut errands, &mut works);
        let said = together(network, works).await;
        world.clock.advance(back);
        let mut unheard = Vec::new();
        for (errand, said) in errands.into_iter().zip(said) {
            unheard.extend(self.settle(errand, said));
        }
        for question in unheard {
            self.insist(question).await;
        }
        world.breaches.assert_none();
    }

    /// What there is to do beside that, each with a clock that is wrong in its own way: wrong against the
    /// `right` time, since the world's is wrong already for who calls.
    fn take(
        &mut self,
        load: Load,
        right: Timestamp,
        errands: &mut Vec<Errand<'w>>,
        works: &mut Vec<LocalBoxFuture<'w, Said>>,
    ) {
        let (world, network) = (self.world, self.network);
        let count = match load {
            Load::Mixed(count) | Load::Crowd(count) | Load::Changes(count) => count,
            Load::Due => 1,
        };
        for _ in 0..count {
            let now = right + skew(network);
            let is_mixed = matches!(load, Load::Mixed(_));
            let parcel = match load {
                Load::Changes(_) => self.courier.pick_changes(network),
                Load::Crowd(_) => self.courier.pick_work(world, network),
                Load::Mixed(_) | Load::Due => None,
            };
            if let Some(parcel) = parcel {
                works.push(wrap(self.courier.deliver(&parcel, now), Said::Again));
                errands.push(Errand::Parcel(parcel));
            } else if matches!(load, Load::Due) || (is_mixed && network.below(5) == 0) {
                let due = if is_mixed { [0, 0, 1, 2, 2, 3, 4, 4][network.below(8)] } else { 0 };
                works.push(wrap(self.courier.tick(SCHEDULES[due], now), Said::Ticked));
                errands.push(Errand::Schedule);
            } else if is_mixed && !self.mail.is_empty() && network.below(2) == 0 {
                let mail = self.mail.swap_remove(network.below(self.mail.len()));
                works.push(wrap(mail.send(world, network, &self.town), Said::Reply));
                errands.push(Errand::Mail(mail));
            } else if let Some(parcel) = is_mixed.then(|| self.courier.pick(world, network)).flatten() {
                works.push(wrap(self.courier.deliver(&parcel, now), Said::Again));
                errands.push(Errand::Parcel(parcel));
            }
        }
    }

    fn asked(&self, question: Question<'w>) -> LocalBoxFuture<'w, Said> {
        let history = self.history.clone();
        Box::pin(async move { Said::Reply(history.ask(question).await) })
    }

    /// Asks again, as clients do, until it is answered.
    async fn insist(&mut self, question: Question<'w>) {
        let (world, network) = (self.world, self.network);
        for attempt in 0.. {
            assert!(attempt < 6, "a question of money is not answered");
            let was_calm = network.set_calm(network.is_calm() || attempt > 3);
            let back = skewed(world, network);
            let said = together(network, vec![self.asked(question.clone())]).await.pop().flatten();
            world.clock.advance(back);
            network.set_calm(was_calm);
            if self.settle(Errand::Question(question.clone()), said).is_none() {
                return;
            }
        }
    }

    /// The delivery of a letter. Of exchange rates the first one is told to the stream's follower at
    /// once: whoever counts a sale at the same moment must not miss it.
    fn told(&self, mail: &Mail, is_first: bool) -> LocalBoxFuture<'w, Said> {
        let sent = mail.send(self.world, self.network, &self.town);
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

    /// What becomes of an errand; a question that was not answered comes back.
    fn settle(&mut self, errand: Errand<'w>, said: Option<Said>) -> Option<Question<'w>> {
        match (errand, said) {
            (Errand::Parcel(parcel), said) => {
                let failed = match said {
                    Some(Said::Again(failed)) => Some(failed),
                    _ => None,
                };
                self.courier.settle(self.world, self.network, parcel, failed);
            }
            (Errand::Question(question), Some(Said::Reply(reply))) if reply.status < 500 => {
                self.network.note(&format!("{}: {}", question.call.path, reply.status));
                if question.call.method == "POST" && reply.status < 300 {
                    self.town.payouts.push(text(&reply.body["id"]));
                }
            }
            (Errand::Question(question), _) => return Some(question),
            (Errand::Mail(mail), said) => {
                let is_heard = match said {
                    Some(Said::Reply(reply)) => mail.is_heard(self.network, &mut self.town, &reply),
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
        None
    }

    /// Nothing goes wrong any more: what is under way arrives, what is due happens.
    pub(crate) async fn heal(&mut self) {
        self.world.payments.lock().clear_scripts();
        self.rest().await;
        // Some sales have been waiting for their rates all the time.
        self.mail.extend(office::publish_all_rates(self.world, &mut self.town));
        self.rest().await;
        // Calls to providers that are late arrive within two hours; then days may pass.
        for _ in 0..6 {
            self.world.wait(SignedDuration::from_mins(30));
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
            let sent = mail.send(self.world, self.network, &self.town);
            let said = together(self.network, vec![sent]).await.pop().flatten();
            self.settle(Errand::Mail(mail), said.map(Said::Reply));
            return;
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
