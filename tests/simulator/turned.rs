//! Payments that turn out otherwise after their end: money comes back, and what had failed is paid.

use domain::{
    partner::PayoutProvider,
    payout::{Payout, PayoutStatus},
};
use jiff::SignedDuration;
use payment_world::{ItemResult, ItemStatus, Payment};

use super::steps::Simulation;

/// A provider that thinks again is asked after this, by whatever clock.
const AHEAD: SignedDuration = SignedDuration::from_hours(1);

impl Simulation<'_> {
    /// The provider of a payout that has ended thinks again, while somebody still looks.
    pub(crate) async fn turn_a_payment(&mut self) {
        let mut ended = Vec::new();
        for id in &self.town.payouts {
            let read = self.world.store().payout(&id.parse().unwrap()).await.unwrap();
            let payout = read.map(|read| read.value);
            ended.extend(payout.filter(|payout| payout.next_look(self.world.now() + AHEAD).is_some()));
        }
        if ended.is_empty() {
            return;
        }
        let payout = ended.swap_remove(self.network.below(ended.len()));
        let back = [ItemStatus::Returned, ItemStatus::Refunded, ItemStatus::Reversed][self.network.below(3)];
        let mut payments = self.world.payments.lock();
        let paid = payments.payments();
        let Some(payment) = paid.iter().find(|payment| is_of(payment, &payout)) else { return };
        let item = |status| ItemResult { status, error: None };
        let turned = match (payout.status, payout.method.provider) {
            (PayoutStatus::Paid, PayoutProvider::Stripe) => payments.reverse_transfer(&payment.id),
            (PayoutStatus::Paid, PayoutProvider::Paypal) => payments.move_item(&payment.id, item(back)),
            (_, PayoutProvider::Paypal) => payments.move_item(&payment.id, item(ItemStatus::Success)),
            // A transfer that was reversed stays so.
            (_, PayoutProvider::Stripe) => return,
        };
        assert_eq!(turned, Some(()), "{payment:?}");
        self.network.note(&format!("payment of {} turned, which was {:?}", payout.id, payout.status));
        self.town.turned.insert(payout.id.to_string());
    }
}

fn is_of(payment: &Payment, payout: &Payout) -> bool {
    payment.reference.as_deref() == Some(payout.id.as_str())
}
