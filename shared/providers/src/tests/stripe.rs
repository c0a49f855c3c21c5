//! Stripe transfers.

use domain::partner::PayoutProvider;

use super::*;
use crate::payout::Payer;

fn stripe_order() -> Order {
    order(PayoutProvider::Stripe)
}

#[tokio::test]
async fn a_transfer_is_settled_at_once_and_found_by_id_and_by_reference() {
    let (providers, order) = (Providers::start().await, stripe_order());
    let sent = providers.payers.send(&order).await;
    let Sent::Accepted { provider_id, settled: true } = sent else { panic!("{sent:?}") };
    let found = Lookup::Found { provider_id: provider_id.clone(), progress: Progress::Paid };
    assert_eq!(providers.payers.find(&order).await, found);
    assert_eq!(providers.payers.status(PayoutProvider::Stripe, &provider_id).await, found);

    let payment = providers.world.lock().payments().remove(0);
    assert_eq!((payment.amount, payment.currency.as_str()), (1250, "USD"));
    assert_eq!(payment.reference.as_deref(), Some(order.payout_id.as_str()));
    assert_eq!(payment.key, Some(format!("{}-1", order.payout_id)));
    assert_eq!(payment.destination, "acct_1AnnAnnAnn");
}

#[tokio::test]
async fn a_refusal_is_definite_and_names_its_code() {
    let (providers, order) = (Providers::start().await, stripe_order());
    providers.refuse("balance_insufficient");
    let sent = providers.payers.send(&order).await;
    assert!(matches!(&sent, Sent::Refused { code, .. } if code == "balance_insufficient"), "{sent:?}");
    assert_eq!(providers.payers.find(&order).await, Lookup::NotFound);
    assert_eq!(providers.payments(), 0);
}

#[tokio::test]
async fn a_lost_request_is_not_found_and_safely_sent_again() {
    let (providers, order) = (Providers::start().await, stripe_order());
    providers.script(Outcome::RequestLost);
    assert!(matches!(providers.payers.send(&order).await, Sent::Unknown { .. }));
    assert_eq!(providers.payers.find(&order).await, Lookup::NotFound);
    let first = id_of(providers.payers.send(&order).await);
    assert_eq!(id_of(providers.payers.send(&order).await), first);
    assert_eq!(providers.payments(), 1);
}

#[tokio::test]
async fn a_failure_that_stripe_keeps_under_the_key_stays_unknown_and_is_never_got_round() {
    let (providers, order) = (Providers::start().await, stripe_order());
    providers.script(Outcome::ErrorWithoutApplying);
    for _ in 0..3 {
        assert!(matches!(providers.payers.send(&order).await, Sent::Unknown { .. }));
        assert_eq!(providers.payers.find(&order).await, Lookup::NotFound);
    }
    assert_eq!(providers.payments(), 0);
}

#[tokio::test]
async fn the_same_key_for_another_amount_and_a_transfer_that_differs_are_for_a_person() {
    let (providers, order) = (Providers::start().await, stripe_order());
    id_of(providers.payers.send(&order).await);
    let other = Order { amount: Money::new(9999, "USD".parse().unwrap()), ..order };
    assert!(matches!(providers.payers.send(&other).await, Sent::Unknown { .. }));
    assert!(matches!(providers.payers.find(&other).await, Lookup::Unknown { .. }));
    assert_eq!(providers.payments(), 1);
}

#[tokio::test]
async fn what_stripe_cannot_move_is_refused_before_it_is_sent() {
    let providers = Providers::start().await;
    for (minor, currency) in [(5124, "KWD"), (100, "CLF"), (50, "MGA")] {
        let order = Order { amount: Money::new(minor, currency.parse().unwrap()), ..stripe_order() };
        let sent = providers.payers.send(&order).await;
        assert!(matches!(&sent, Sent::Refused { code, .. } if code == "amount_not_payable"), "{sent:?}");
    }
    let stripe = providers.payers.stripe.clone().unwrap();
    let sent = stripe.send(&order(PayoutProvider::Paypal)).await;
    assert!(matches!(sent, Sent::Refused { code, .. } if code == "wrong_destination"));
    assert_eq!(providers.payments(), 0);
}

#[tokio::test]
async fn an_id_stripe_does_not_know_is_not_found() {
    let providers = Providers::start().await;
    assert_eq!(providers.payers.status(PayoutProvider::Stripe, "tr_nothing").await, Lookup::NotFound);
}
