//! PayPal payouts.

use domain::partner::PayoutProvider;

use super::*;

/// Longer than any access token lives.
const DAY: i64 = 24 * 60 * 60;

fn paypal_order() -> Order {
    order(PayoutProvider::Paypal)
}

fn item(status: ItemStatus, error: Option<&str>) -> ItemResult {
    ItemResult { status, error: error.map(str::to_owned) }
}

#[tokio::test]
async fn a_batch_is_taken_on_and_its_item_tells_how_far_it_is() {
    for (result, expected) in [
        (item(ItemStatus::Success, None), Progress::Paid),
        (item(ItemStatus::Pending, None), Progress::Pending),
        (item(ItemStatus::Unclaimed, Some("RECEIVER_UNREGISTERED")), Progress::Pending),
        (
            item(ItemStatus::Failed, Some("RECEIVER_ACCOUNT_LOCKED")),
            Progress::Failed { code: "RECEIVER_ACCOUNT_LOCKED".into() },
        ),
        (item(ItemStatus::Returned, None), Progress::Returned { code: "RETURNED".into() }),
    ] {
        let (providers, order) = (Providers::start().await, paypal_order());
        let script = Script { item: result, ..Script::next(Outcome::Succeed) };
        providers.world.lock().script(script).unwrap();
        let sent = providers.payers.send(&order).await;
        let Sent::Accepted { provider_id, settled: false } = sent else { panic!("{sent:?}") };
        let lookup = providers.payers.status(PayoutProvider::Paypal, &provider_id).await;
        assert_eq!(lookup, Lookup::Found { provider_id, progress: expected });
    }
}

#[tokio::test]
async fn the_batch_carries_our_key_our_reference_and_the_exact_amount() {
    let (providers, order) = (Providers::start().await, paypal_order());
    let first = id_of(providers.payers.send(&order).await);
    assert_eq!(id_of(providers.payers.send(&order).await), first);
    let payments = providers.world.lock().payments();
    let [payment] = payments.as_slice() else { panic!("{payments:?}") };
    assert_eq!((payment.amount, payment.currency.as_str()), (1250, "USD"));
    assert_eq!(payment.reference.as_deref(), Some(order.payout_id.as_str()));
    assert_eq!(payment.key, Some(order.key()));
    assert_eq!(payment.destination, "ann@example.com");
}

#[tokio::test]
async fn a_refusal_is_definite_for_its_own_call_and_proves_nothing_about_an_earlier_one() {
    let (providers, order) = (Providers::start().await, paypal_order());
    providers.refuse("INSUFFICIENT_FUNDS");
    let sent = providers.payers.send(&order).await;
    assert!(matches!(&sent, Sent::Refused { code, .. } if code == "INSUFFICIENT_FUNDS"), "{sent:?}");
    providers.refuse("INSUFFICIENT_FUNDS");
    assert_eq!(providers.payers.find(&order).await, Lookup::Unknown { cause: "INSUFFICIENT_FUNDS".into() });
    assert_eq!(providers.payments(), 0);
}

#[tokio::test]
async fn looking_for_a_lost_request_sends_it_again_once() {
    let (providers, order) = (Providers::start().await, paypal_order());
    providers.script(Outcome::RequestLost);
    assert!(matches!(providers.payers.send(&order).await, Sent::Unknown { .. }));
    let Lookup::Found { provider_id, .. } = providers.payers.find(&order).await else { panic!() };
    assert_eq!(id_of(providers.payers.send(&order).await), provider_id);
    assert_eq!(providers.payments(), 1);
}

#[tokio::test]
async fn a_batch_under_our_id_that_differs_is_for_a_person() {
    let (providers, order) = (Providers::start().await, paypal_order());
    id_of(providers.payers.send(&order).await);
    let other = Order { amount: Money::new(9999, "USD".parse().unwrap()), ..order };
    assert!(matches!(providers.payers.find(&other).await, Lookup::Unknown { .. }));
    assert_eq!(providers.payments(), 1);
}

#[tokio::test]
async fn a_token_that_died_early_is_replaced_without_a_second_payment() {
    let (providers, order) = (Providers::start().await, paypal_order());
    let id = id_of(providers.payers.send(&order).await);
    providers.world.lock().advance(DAY, 0);
    assert_eq!(id_of(providers.payers.send(&order).await), id);
    providers.world.lock().advance(DAY, 0);
    assert_eq!(progress_of(providers.payers.status(PayoutProvider::Paypal, &id).await), Progress::Paid);
    assert_eq!(providers.payments(), 1);
}

#[tokio::test]
async fn what_paypal_cannot_pay_is_refused_before_it_is_sent() {
    let providers = Providers::start().await;
    let order = Order { amount: Money::new(150_050, "HUF".parse().unwrap()), ..paypal_order() };
    let sent = providers.payers.send(&order).await;
    assert!(matches!(&sent, Sent::Refused { code, .. } if code == "amount_not_payable"), "{sent:?}");
    assert_eq!(providers.payers.find(&order).await, Lookup::NotFound);
    assert_eq!(providers.payments(), 0);
}

#[tokio::test]
async fn an_id_paypal_does_not_know_is_not_found() {
    let providers = Providers::start().await;
    assert_eq!(providers.payers.status(PayoutProvider::Paypal, "NOTHING").await, Lookup::NotFound);
}
