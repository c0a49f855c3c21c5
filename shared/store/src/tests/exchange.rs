//! Exchange rates: published once, and waited for by whoever comes before.

use domain::{
    attribution::{Attribution, Unattributed},
    conversion::{Conversion, Fact, FactReceived},
    exchange::ExchangeRate,
    id::EventId,
    money::{Currency, Money},
};
use jiff::{SignedDuration, civil::Date};

use super::{
    page,
    sale::{SOURCE, Sale, days, sale, usd},
    sample::{program_id, request},
};
use crate::{
    Store,
    accrual::Written,
    conversion::Record,
    exchange::{Announcement, MissingRate, Published},
    idempotency::Committed,
    outbox::{Request, request_of},
    testing::{Fault, Faults, TestTable},
};

fn eur() -> Currency {
    "EUR".parse().unwrap()
}

/// The day of the sample sale.
fn today() -> Date {
    Date::constant(2026, 11, 22)
}

fn rate(day: Date, rate: &str) -> ExchangeRate {
    ExchangeRate { from: eur(), to: usd(), day, rate: rate.parse().unwrap(), source: "ECB".to_owned() }
}

async fn publish(store: &Store, key: &str, rates: &[ExchangeRate]) -> Published {
    store.publish_exchange_rates(rates, request(key).once()).await.unwrap()
}

/// The sample sale in euros, with the fact that tells of it.
fn foreign(external_id: &'static str) -> (Conversion, FactReceived) {
    let mut conversion = Sale { external_id, ..sale() }.unattributed();
    let charge = &mut conversion.charge;
    for part in [&mut charge.amount, &mut charge.tax, &mut charge.shipping, &mut charge.discount] {
        *part = Money::new(part.minor(), eur());
    }
    conversion.refunded = Money::zero(eur());
    conversion.attribution = Attribution::none(Unattributed::NoExchangeRate);
    let fact = FactReceived {
        id: EventId::derive(&[external_id]),
        program_id: program_id(),
        source: SOURCE.to_owned(),
        external_id: external_id.to_owned(),
        received_at: conversion.received_at,
        fact: Fact::Charge(conversion.charge.clone()),
    };
    (conversion, fact)
}

async fn wait(store: &Store, external_id: &'static str) -> Written {
    let (conversion, fact) = foreign(external_id);
    store.wait_for_rate(&Record::default(), &conversion, &fact, usd()).await.unwrap()
}

async fn missing(store: &Store) -> Vec<MissingRate> {
    store.missing_exchange_rates(&page("missing")).await.unwrap().data
}

/// What the outbox asks for, of rates alone.
async fn announcements(store: &Store) -> Vec<Announcement> {
    let rows = store.overdue(days(1), 100).await.unwrap();
    let announced = rows.iter().map(|row| match request_of(row).unwrap() {
        Request::Rate(announcement) => announcement,
        other => panic!("{other:?}"),
    });
    announced.collect()
}

#[tokio::test]
async fn a_rate_published_again_stands_and_another_one_is_refused_with_all_beside_it() {
    let store = TestTable::create().await.store();
    let (old, new) = (rate(today(), "1.0825"), rate(today().tomorrow().unwrap(), "1.09"));
    let now_done = Published::Committed(Committed::Now);
    assert_eq!(publish(&store, "a", std::slice::from_ref(&old)).await, now_done);
    assert_eq!(
        publish(&store, "a", std::slice::from_ref(&old)).await,
        Published::Committed(request("a").replay())
    );
    assert_eq!(publish(&store, "b", std::slice::from_ref(&old)).await, now_done);
    let other = rate(today(), "1.0826");
    assert_eq!(publish(&store, "c", &[new.clone(), other]).await, Published::Taken(vec![old.clone()]));
    assert_eq!(store.exchange_rate(eur(), usd(), new.day).await.unwrap(), None);
    assert_eq!(publish(&store, "d", &[new.clone(), old.clone()]).await, now_done);
    assert_eq!(store.exchange_rate(eur(), usd(), today()).await.unwrap(), Some(old.clone()));
    assert_eq!(store.exchange_rate(usd(), eur(), today()).await.unwrap(), None);
    let listed = store.exchange_rates(eur(), usd(), &page("rates")).await.unwrap();
    assert_eq!(listed.data, [new, old]);
}

#[tokio::test]
async fn of_two_rates_published_at_once_one_stands() {
    let store = TestTable::create().await.store();
    let (one, other) = (rate(today(), "1.0825"), rate(today(), "1.0826"));
    let (first, second) = tokio::join!(
        publish(&store, "a", std::slice::from_ref(&one)),
        publish(&store, "b", std::slice::from_ref(&other)),
    );
    let known = store.exchange_rate(eur(), usd(), today()).await.unwrap().unwrap();
    let taken = Published::Taken(vec![known.clone()]);
    let expected = if known == one { (&second, &first) } else { (&first, &second) };
    assert_eq!(expected, (&taken, &Published::Committed(Committed::Now)));
}

#[tokio::test]
async fn a_sale_before_its_rate_waits_until_it_is_told() {
    let table = TestTable::create().await;
    let store = table.store();
    assert_eq!(wait(&store, "in_1").await, Written::Now);
    assert_eq!(wait(&store, "in_2").await, Written::Now);
    let since = sale().at;
    let noted = MissingRate { from: eur(), to: usd(), day: today(), since };
    assert_eq!(missing(&store).await, std::slice::from_ref(&noted));
    assert_eq!(store.exchange_rates_missing_since(since).await.unwrap(), [noted]);
    let earlier = since - SignedDuration::from_secs(1);
    assert_eq!(store.exchange_rates_missing_since(earlier).await.unwrap(), []);

    publish(&store, "a", &[rate(today(), "1.0825"), rate(today().tomorrow().unwrap(), "1.09")]).await;
    assert_eq!(missing(&store).await, [], "what is known is not missing");
    for announcement in announcements(&store).await {
        let waiting = store.waiting_for_rate(&announcement).await.unwrap();
        let mut told: Vec<_> = waiting.facts.iter().map(|fact| fact.external_id.as_str()).collect();
        told.sort_unstable();
        let expected: &[&str] = if announcement.rate.day == today() { &["in_1", "in_2"] } else { &[] };
        assert_eq!((told.as_slice(), waiting.next), (expected, None));
        store.rate_sent(&announcement, None).await.unwrap();
    }
    assert_eq!(announcements(&store).await, []);
    for external_id in ["in_1", "in_2"] {
        for _ in 0..2 {
            store.stop_waiting_for_rate(&foreign(external_id).0, usd()).await.unwrap();
        }
    }
    let rows = table.dump().await;
    let left: Vec<_> = rows.iter().map(|row| row.key().pk).filter(|pk| pk.starts_with("FX#")).collect();
    assert_eq!(left, ["FX#EUR#USD", "FX#EUR#USD"], "nothing waits and nothing is missing");
}

#[tokio::test]
async fn a_sale_that_comes_after_its_rate_is_decided_again() {
    let store = TestTable::create().await.store();
    publish(&store, "a", &[rate(today(), "1.0825")]).await;
    assert_eq!(wait(&store, "in_1").await, Written::Stale);
    assert_eq!(missing(&store).await, []);
    let (conversion, _) = foreign("in_1");
    let known = store.conversion(&conversion.id).await.unwrap();
    assert_eq!(known.conversion().unwrap().value, conversion, "as one that waits");
}

#[tokio::test]
async fn a_sale_and_its_rate_at_the_same_moment_never_miss_each_other() {
    for _ in 0..10 {
        let store = TestTable::create().await.store();
        let rates = [rate(today(), "1.0825")];
        let (written, _) = tokio::join!(wait(&store, "in_1"), publish(&store, "a", &rates));
        let [announcement] = announcements(&store).await.try_into().unwrap();
        let is_told = !store.waiting_for_rate(&announcement).await.unwrap().facts.is_empty();
        assert!(is_told || written == Written::Stale);
    }
}

#[tokio::test]
async fn a_sale_that_waits_already_is_written_once() {
    let table = TestTable::create().await;
    // The note is looked for, then comes the transaction.
    let faults = Faults::script([None, Some(Fault::AnswerLost)]);
    assert_eq!(wait(&table.faulty(faults), "in_1").await, Written::Now);
    let store = table.store();
    assert_eq!(wait(&store, "in_1").await, Written::Stale, "it is known by now");
    assert_eq!(missing(&store).await.len(), 1);
}

#[tokio::test]
async fn many_sales_are_told_step_by_step() {
    let store = TestTable::create().await.store();
    const SALES: usize = 60;
    for number in 0..SALES {
        let external_id: &'static str = Box::leak(format!("in_{number}").into_boxed_str());
        wait(&store, external_id).await;
    }
    publish(&store, "a", &[rate(today(), "1.0825")]).await;
    let (mut told, mut steps) = (Vec::new(), 0);
    loop {
        let Ok([announcement]) = <[_; 1]>::try_from(announcements(&store).await) else { break };
        let waiting = store.waiting_for_rate(&announcement).await.unwrap();
        told.extend(waiting.facts.into_iter().map(|fact| fact.external_id));
        store.rate_sent(&announcement, waiting.next.as_ref()).await.unwrap();
        if waiting.next.is_some() {
            // Delivered again: whoever is further is not held back.
            let further = announcements(&store).await;
            store.rate_sent(&announcement, waiting.next.as_ref()).await.unwrap();
            assert_eq!(announcements(&store).await, further);
        }
        steps += 1;
    }
    told.sort_unstable();
    told.dedup();
    assert_eq!((told.len(), steps), (SALES, 2));
    let row = store.exchange_rates(eur(), usd(), &page("rates")).await.unwrap();
    assert_eq!(row.data, [rate(today(), "1.0825")], "the rate is what it was");
}
