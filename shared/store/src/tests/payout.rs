//! T4 to T8: an amount is reserved once, leaves once, and comes back whole.

use domain::{
    id::PayoutId,
    partner::Partner,
    payout::{Payout, PayoutEvent, PayoutStatus},
};
use jiff::SignedDuration;
use rust_decimal::Decimal;

use super::{
    audit::assert_balanced,
    page,
    sale::{days, money, partner_of, sale, usd},
    sample::{program_id, request},
    steps::{account, advance, after, decided_on, mature_all, pay, payout, register_seller, reserve, walk},
};
use crate::{
    Store,
    accrual::Written,
    idempotency::{Committed, Idempotency, Once},
    payout::{DecidedOn, Requested},
    testing::TestTable,
};
use PayoutEvent::{Accept, Fail, LoseTrack, Return, Send, Settle, SettleLate};

const RESERVED: Requested = Requested::Committed(Committed::Now);

/// A seller who has earned 20.00.
async fn earned() -> (TestTable, Store) {
    let table = TestTable::create().await;
    let store = table.store();
    register_seller(&store).await;
    sale().record(&store).await;
    mature_all(&store, days(15)).await;
    (table, store)
}

/// Available, in transit and paid, in minor units.
async fn balances(store: &Store) -> (i64, i64, i64) {
    let balances = account(store, 1).await.balances;
    (balances.available.minor(), balances.transit.minor(), balances.paid.minor())
}

async fn status(store: &Store, id: &PayoutId) -> PayoutStatus {
    store.payout(id).await.unwrap().unwrap().value.status
}

#[tokio::test]
async fn a_request_reserves_the_amount() {
    let (table, _) = earned().await;
    let (store, meter) = table.metered();
    let wanted = payout("one", 1_500);
    assert_eq!(store.payout(&wanted.id).await.unwrap(), None);
    assert_eq!(reserve(&store, &wanted).await, RESERVED);
    if table.counts_units() {
        assert_eq!(meter.take().writes["table"], Decimal::from(12), "four written, two checked");
    }
    assert_eq!(balances(&store).await, (500, 1_500, 0));
    assert_eq!(account(&store, 1).await.open_payout, Some(wanted.id.clone()));
    assert_eq!(store.payout(&wanted.id).await.unwrap().unwrap().value, wanted);
    assert_balanced(&table).await;
}

#[tokio::test]
async fn a_request_under_the_same_key_gets_the_first_answer() {
    let (table, store) = earned().await;
    let (on, key) = (decided_on(&store).await, request("key"));
    let wanted = payout("one", 1_500);
    assert_eq!(store.request_payout(&wanted, on, key.once()).await.unwrap(), RESERVED);
    let before = table.dump().await;
    let replay = Requested::Committed(key.replay());
    assert_eq!(store.request_payout(&wanted, on, key.once()).await.unwrap(), replay);
    let once = key.once();
    let other = Idempotency { request_hash: "another".to_owned(), ..once.request.clone() };
    let reused = store.request_payout(&wanted, on, Once { request: &other, ..once }).await.unwrap();
    assert_eq!(reused, Requested::Committed(Committed::Reused));
    assert_eq!(table.dump().await, before);
}

#[tokio::test]
async fn a_second_payout_of_the_account_waits_for_the_end_of_the_first() {
    let (table, store) = earned().await;
    let first = payout("one", 500);
    assert_eq!(reserve(&store, &first).await, RESERVED);
    let before = table.dump().await;
    assert_eq!(reserve(&store, &payout("two", 500)).await, Requested::Stale);
    assert_eq!(table.dump().await, before);
    walk(&store, &first.id, &[Send, Accept, Settle]).await;
    assert_eq!(reserve(&store, &payout("two", 1_500)).await, RESERVED);
    assert_eq!(balances(&store).await, (0, 1_500, 500));
    assert_balanced(&table).await;
}

#[tokio::test]
async fn more_than_is_available_is_not_reserved() {
    let (table, store) = earned().await;
    assert_eq!(reserve(&store, &payout("one", 2_001)).await, Requested::Stale);
    assert_eq!(balances(&store).await, (2_000, 0, 0));
    assert_eq!(reserve(&store, &payout("one", 2_000)).await, RESERVED, "its key is still free");
    assert_balanced(&table).await;
}

#[tokio::test]
async fn nothing_is_reserved_on_what_has_changed_since() {
    let (_, store) = earned().await;
    let on = decided_on(&store).await;
    let ask = async |on| store.request_payout(&payout("one", 500), on, request("key").once()).await.unwrap();
    let read = store.partner(&partner_of(1)).await.unwrap().unwrap();
    let renamed = Partner { name: "Renamed".to_owned(), ..read.value.clone() };
    store.update_partner(&read, &renamed).await.unwrap();
    assert_eq!(ask(on).await, Requested::Stale, "the partner");
    let on = decided_on(&store).await;
    let read = store.agreement(&program_id(), &partner_of(1)).await.unwrap().unwrap();
    store.update_agreement(&read, &read.value).await.unwrap();
    assert_eq!(ask(on).await, Requested::Stale, "the agreement");
    assert_eq!(ask(DecidedOn { partner: 7, agreement: 7 }).await, Requested::Stale);
    assert_eq!(ask(decided_on(&store).await).await, RESERVED);
}

#[tokio::test]
async fn the_intent_is_written_once_and_the_providers_id_is_of_one_payout() {
    let (table, store) = earned().await;
    let wanted = payout("one", 500);
    reserve(&store, &wanted).await;
    let sending = after(&wanted, Send);
    assert_eq!(store.move_payout(&sending, 0).await.unwrap(), Written::Now);
    assert_eq!(store.move_payout(&sending, 0).await.unwrap(), Written::Stale);
    let sent = after(&sending, Accept);
    assert_eq!(store.move_payout(&sent, 1).await.unwrap(), Written::Now);
    assert_eq!(store.payout(&wanted.id).await.unwrap().unwrap().value, sent);
    assert_eq!(balances(&store).await, (1_500, 500, 0));
    walk(&store, &wanted.id, &[Settle]).await;

    let second = payout("two", 500);
    reserve(&store, &second).await;
    walk(&store, &second.id, &[Send]).await;
    let read = store.payout(&second.id).await.unwrap().unwrap();
    let same_id = Payout { provider_id: sent.provider_id.clone(), ..after(&read.value, Accept) };
    let refused = store.move_payout(&same_id, read.revision).await.unwrap();
    assert_eq!(refused, Written::Stale, "one payment cannot settle two payouts");
    assert_eq!(status(&store, &second.id).await, PayoutStatus::Sending);
    assert_balanced(&table).await;
}

#[tokio::test]
async fn settled_is_not_failed_and_failed_is_not_settled() {
    for (first, second) in [(Settle, Fail), (Fail, Settle)] {
        let (table, store) = earned().await;
        let wanted = payout("one", 500);
        reserve(&store, &wanted).await;
        let sent = walk(&store, &wanted.id, &[Send, LoseTrack, Accept]).await;
        let read = store.payout(&wanted.id).await.unwrap().unwrap();
        assert_eq!(advance(&store, &sent, read.revision, first).await, Written::Now);
        let before = table.dump().await;
        // The other one was decided on the same reading, or even on the latest revision.
        for revision in [read.revision, read.revision + 1] {
            assert_eq!(advance(&store, &sent, revision, second).await, Written::Stale, "{second:?}");
            assert_eq!(advance(&store, &sent, revision, first).await, Written::Stale, "{first:?} again");
        }
        assert_eq!(table.dump().await, before);
        assert_balanced(&table).await;
    }
}

#[tokio::test]
async fn a_settled_payout_is_paid_and_the_account_free_again() {
    let (table, store) = earned().await;
    let paid = pay(&store, "one", 1_500).await;
    assert_eq!((paid.status, paid.paid_at), (PayoutStatus::Paid, Some(days(16))));
    assert_eq!(balances(&store).await, (500, 0, 1_500));
    let account = account(&store, 1).await;
    assert_eq!((account.open_payout, account.uncovered), (None, money(1_500)));
    assert_balanced(&table).await;
}

#[tokio::test]
async fn a_failed_payout_gives_the_amount_back() {
    for events in [&[Fail][..], &[Send, Fail], &[Send, Accept, Fail]] {
        let (table, store) = earned().await;
        let wanted = payout("one", 1_500);
        reserve(&store, &wanted).await;
        let failed = walk(&store, &wanted.id, events).await;
        assert_eq!(failed.failure.as_deref(), Some("account_closed"));
        assert_eq!(balances(&store).await, (2_000, 0, 0));
        // Only what a provider had taken on may be paid after all.
        let looks = store.due_payouts(days(17), 100).await.unwrap();
        assert_eq!(looks.len(), usize::from(events.contains(&Accept)), "{events:?}");
        assert_eq!(store.due_payouts(days(16), 100).await.unwrap(), [], "nothing is left to do now");
        assert_eq!(reserve(&store, &payout("two", 2_000)).await, RESERVED);
        assert_balanced(&table).await;
    }
}

#[tokio::test]
async fn a_returned_payout_is_available_again_even_while_another_is_open() {
    let (table, store) = earned().await;
    let first = pay(&store, "one", 1_500).await;
    reserve(&store, &payout("two", 500)).await;
    let read = store.payout(&first.id).await.unwrap().unwrap();
    assert_eq!(advance(&store, &first, read.revision, Return).await, Written::Now);
    assert_eq!(advance(&store, &first, read.revision, Return).await, Written::Stale);
    assert_eq!(balances(&store).await, (1_500, 500, 0));
    assert_eq!(account(&store, 1).await.open_payout, Some(payout("two", 500).id));
    assert_balanced(&table).await;
}

#[tokio::test]
async fn a_payout_is_due_until_it_rests() {
    let (_, store) = earned().await;
    let wanted = payout("one", 500);
    reserve(&store, &wanted).await;
    let minutes = |count| days(15) + SignedDuration::from_mins(count);
    let due = async |at| store.due_payouts(at, 100).await.unwrap();
    assert_eq!(due(minutes(1)).await, [], "the queue may still be at it");
    let listed = due(minutes(2)).await;
    assert_eq!((listed.len(), &listed[0].payout_id), (1, &wanted.id));
    assert_eq!(due(minutes(3)).await, listed, "the same step has the same name");

    let later = Payout { updated_at: minutes(10), ..wanted.clone() };
    assert_eq!(store.postpone_payout(&later, 0).await.unwrap(), Written::Now);
    assert_eq!(store.postpone_payout(&later, 0).await.unwrap(), Written::Stale);
    assert_eq!(due(minutes(11)).await, []);
    let postponed = due(minutes(12)).await;
    assert_ne!(postponed[0].since, listed[0].since);
    assert_eq!(postponed[0].account, listed[0].account);
    assert_eq!(status(&store, &wanted.id).await, PayoutStatus::Requested);

    let paid = walk(&store, &wanted.id, &[Send, Accept, Settle]).await;
    assert_eq!(due(days(16)).await.len(), 1, "its commissions are to be marked");
    for (now, next) in [(16, 17), (17, 19), (18, 19), (19, 23), (23, 30), (30, 46)] {
        let revision = store.payout(&wanted.id).await.unwrap().unwrap().revision;
        let watch = async || store.watch_payout(&paid, revision, days(now)).await.unwrap();
        assert_eq!((watch().await, watch().await), (Written::Now, Written::Stale));
        let second = SignedDuration::from_secs(1);
        assert_eq!((due(days(next) - second).await.len(), due(days(next)).await.len()), (0, 1), "day {now}");
    }
    let revision = store.payout(&wanted.id).await.unwrap().unwrap().revision;
    assert_eq!(store.watch_payout(&paid, revision, days(46)).await.unwrap(), Written::Now);
    assert_eq!(due(days(90)).await, []);
    assert_eq!(store.payout(&wanted.id).await.unwrap().unwrap().value, paid, "looking changes nothing of it");
}

/// By then the amount is reserved by another payout: what was paid after all is a debt.
#[tokio::test]
async fn a_payout_that_had_failed_and_was_paid_leaves_a_debt() {
    let (table, store) = earned().await;
    let first = payout("one", 1_500);
    reserve(&store, &first).await;
    let failed = walk(&store, &first.id, &[Send, Accept, Fail]).await;
    let second = Payout { requested_at: days(20), updated_at: days(20), ..payout("two", 2_000) };
    reserve(&store, &second).await;
    let read = store.payout(&first.id).await.unwrap().unwrap();
    assert_eq!(advance(&store, &failed, read.revision, SettleLate).await, Written::Now);
    for revision in [read.revision, read.revision + 1] {
        assert_eq!(advance(&store, &failed, revision, SettleLate).await, Written::Stale, "{revision}");
    }
    let paid = store.payout(&first.id).await.unwrap().unwrap().value;
    assert_eq!((paid.status, paid.failure, paid.paid_at), (PayoutStatus::Paid, None, Some(days(16))));
    assert_eq!(balances(&store).await, (-1_500, 2_000, 1_500));
    let account = account(&store, 1).await;
    assert_eq!((account.open_payout, account.uncovered), (Some(second.id.clone()), money(1_500)));
    walk(&store, &second.id, &[Send, Accept, Settle]).await;
    assert_eq!(balances(&store).await, (-1_500, 0, 3_500));
    walk(&store, &first.id, &[Return]).await;
    assert_eq!(balances(&store).await, (0, 0, 2_000));
    assert_balanced(&table).await;
}

#[tokio::test]
async fn a_partners_payouts_are_listed_the_latest_first() {
    let (_, store) = earned().await;
    pay(&store, "one", 500).await;
    let second = Payout { requested_at: days(20), updated_at: days(20), ..payout("two", 700) };
    reserve(&store, &second).await;
    let listed = store.payouts_of(&program_id(), &partner_of(1), usd(), &page("payouts")).await.unwrap();
    let listed: Vec<_> = listed.data.iter().map(|payout| (payout.amount.minor(), payout.status)).collect();
    assert_eq!(listed, [(700, PayoutStatus::Requested), (500, PayoutStatus::Paid)]);
}
