//! Many things at once, of one program: customers who buy, and everything that moves a balance.

use jiff::SignedDuration;

use super::{
    history::Question,
    money_back,
    office::FOREIGN,
    plans::one_of,
    shop,
    steps::{Load, Simulation},
    town::LATER,
};

impl<'w> Simulation<'w> {
    /// A program that many hurry to: as a rule one whose plans limit what is granted.
    pub(crate) fn crowded(&self) -> usize {
        let programs = &self.town.programs;
        let rich: Vec<_> = (0..programs.len()).filter(|place| programs[*place].is_rich).collect();
        match rich.get(self.network.below(4)) {
            Some(place) => *place,
            None if rich.is_empty() || self.network.below(3) == 0 => self.network.below(programs.len()),
            None => rich[0],
        }
    }

    /// Many buy at once, in one currency if it is said which: everything that is told of it has come
    /// as far as to the queues.
    pub(crate) async fn queue_up(&mut self, place: usize, currency: Option<&'static str>) {
        let (world, network) = (self.world, self.network);
        // On a day of its own nothing is used up of what is allowed a day, and no rate is known.
        if network.below(2) == 0 && !self.has_open_payouts().await {
            world.wait(SignedDuration::from_hours(24));
        }
        for _ in 0..7 {
            let told = shop::sell(world, network, &mut self.town, place, currency).await;
            self.mail.extend(told);
        }
        self.hand_over(10).await;
    }

    /// The latest letters come as far as to the queues.
    async fn hand_over(&mut self, most: usize) {
        let letters = self.mail.split_off(self.mail.len().saturating_sub(most));
        self.bring(letters, Vec::new(), Load::Changes(0)).await;
        // They are the last of what the table has changed.
        for _ in 0..12 {
            self.bring(Vec::new(), Vec::new(), Load::Changes(2)).await;
            if self.courier.has_followed() {
                return;
            }
        }
    }

    /// Rates are published while the sales that wait for them are counted.
    pub(crate) async fn rush_of_rates(&mut self, place: usize) {
        let (world, network) = (self.world, self.network);
        if network.below(2) == 0 {
            self.queue_up(place, Some(*one_of(network, &FOREIGN))).await;
        }
        let rates = super::office::publish_rates(world, network, &mut self.town);
        self.bring(rates, Vec::new(), Load::Crowd(4)).await;
    }

    /// What one partner is owed matures, is refunded, adjusted, looked at and paid out, and the plan is
    /// changed, all in the same moment.
    pub(crate) async fn meet(&mut self, place: usize) {
        let (world, network) = (self.world, self.network);
        if network.below(2) == 0 && !self.has_open_payouts().await {
            world.wait(SignedDuration::from_hours(24 * 8));
        }
        let program = &self.town.programs[place];
        let members = program.credits().members;
        let member = program.owed(world, network.below(program.members.len())).await;
        let is_of = |sale: &usize| members[program.sales[*sale].origin] == Some(member);
        let sales: Vec<_> = (0..program.sales.len()).filter(is_of).collect();
        for _ in 0..2 {
            let Some(sale) = sales.get(network.below(sales.len())) else { break };
            self.mail.extend(money_back::tell_of(world, network, &mut self.town, place, *sale));
        }
        self.hand_over(6).await;
        self.bring(Vec::new(), Vec::new(), Load::Due).await;
        if network.below(3) == 0 {
            self.town.publish(world, network, place).await;
        }
        self.bend_payments();
        let questions = self.questions(place, member).await;
        self.bring(Vec::new(), questions, Load::Crowd(5)).await;
    }

    /// A partner asks to be paid, now and then twice at the same moment, and looks at its balance.
    pub(crate) async fn questions(&self, place: usize, member: usize) -> Vec<Question<'w>> {
        let (world, network) = (self.world, self.network);
        let program = &self.town.programs[place];
        // Whose payout method is as new as the clocks differ may be asked to wait.
        if program.members[member].joined + LATER > world.now() {
            return Vec::new();
        }
        let balance = program.available(world, member).await;
        let mut questions = Vec::new();
        for _ in 0..1 + network.below(3) {
            questions.push(Question::payout(world, network, program, member, balance));
        }
        for _ in 0..network.below(3) {
            questions.push(Question::balance(world, program, member));
        }
        questions
    }
}
