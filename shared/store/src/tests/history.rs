//! Conversions by their day, and the order of what happened to them.

use domain::{
    commission::{Decision, review},
    conversion::conversion_id,
    id::ConversionId,
    replay::{Event, Tally, replay},
    risk::HoldReason,
};
use jiff::{SignedDuration, Timestamp, civil::Date};
use rust_decimal::Decimal;

use super::{
    sale::{INVOICE, SOURCE, Sale, apply, count_refund, days, refund_of, sale},
    sample::program_id,
    steps::mature_all,
};
use crate::{Store, accrual::Written, conversion::Record, history::Walk, key, testing::TestTable};

/// Sales of one day, every two of them at the same moment.
const NAMES: [&str; 30] = [
    "o-00", "o-01", "o-02", "o-03", "o-04", "o-05", "o-06", "o-07", "o-08", "o-09", "o-10", "o-11", "o-12",
    "o-13", "o-14", "o-15", "o-16", "o-17", "o-18", "o-19", "o-20", "o-21", "o-22", "o-23", "o-24", "o-25",
    "o-26", "o-27", "o-28", "o-29",
];

fn day() -> Date {
    key::day(sale().at)
}

async fn record(store: &Store, name: &'static str, at: Timestamp) -> (Timestamp, ConversionId) {
    let sale = Sale { external_id: name, at, levels: 1, ..sale() };
    assert_eq!(sale.record(store).await, Written::Now);
    (at, sale.id())
}

/// Thirty sales of a day and one of the next; gives the former in their order.
async fn recorded(store: &Store) -> Vec<ConversionId> {
    let mut made = Vec::new();
    for (place, name) in (0_i64..).zip(NAMES) {
        // Not in the order in which they come in.
        let minutes = (place * 7 % 30) / 2;
        made.push(record(store, name, sale().at + SignedDuration::from_mins(minutes)).await);
    }
    record(store, "tomorrow", days(1)).await;
    made.sort();
    made.into_iter().map(|(_, id)| id).collect()
}

#[tokio::test]
async fn the_conversions_of_a_day_come_in_their_order_however_many_at_a_time() {
    let table = TestTable::create().await;
    let store = table.store();
    let expected = recorded(&store).await;
    for limit in [1, 2, 7, 29, 30, 31, 500] {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = store.conversions_of_day(&program_id(), day(), after.as_deref(), limit).await.unwrap();
            assert!(page.0.len() <= limit);
            assert!(!page.0.is_empty() || page.1.is_none(), "a step forward, or the end");
            found.extend(page.0);
            after = page.1;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, expected, "{limit} at a time");
    }
}

#[tokio::test]
async fn a_walk_passes_over_days_without_conversions() {
    let table = TestTable::create().await;
    let store = table.store();
    let mut expected = recorded(&store).await;
    record(&store, "much-later", days(200)).await;
    expected.extend(["tomorrow", "much-later"].map(|name| conversion_id(&program_id(), SOURCE, name)));
    let first = Walk::from(key::day(days(-100)));
    let (mut next, mut found, mut steps) = (Some(first), Vec::new(), 0);
    while let Some(walk) = next {
        let text = serde_json::to_string(&walk).unwrap();
        let walk = serde_json::from_str(&text).unwrap();
        let page = store.walk(&program_id(), walk, key::day(days(300)), 20).await.unwrap();
        assert!(page.conversions.len() <= 20);
        found.extend(page.conversions);
        (next, steps) = (page.next, steps + 1);
    }
    assert_eq!(found, expected);
    assert!((4..40).contains(&steps), "{steps}");
}

#[tokio::test]
async fn only_what_somebody_is_credited_for_is_listed_and_stays_so() {
    let table = TestTable::create().await;
    let (store, meter) = table.metered();
    let listed = || async { store.conversions_of_day(&program_id(), day(), None, 10).await.unwrap().0 };
    count_refund(&store, INVOICE, &refund_of("re_1", 1_000)).await;
    assert!(listed().await.is_empty(), "a stub");
    let stub = sale().read(&store).await;
    store.record_unattributed(&stub, &sale().unattributed(), &[]).await.unwrap();
    assert!(listed().await.is_empty(), "nobody's");
    let record = sale().read(&store).await;
    drop(meter.take());
    assert_eq!(sale().record_on(&store, &record).await, Written::Now);
    if table.counts_units() {
        // Three lines on their accounts, the entry of its day, and the conversion.
        assert_eq!(meter.take().writes["GSI1"], Decimal::from(5));
    }
    assert_eq!(listed().await, [sale().id()]);
    let record = sale().read(&store).await;
    apply(&store, &record, &refund_of("re_2", 500)).await.unwrap();
    assert_eq!(listed().await, [sale().id()], "after a refund");
}

/// Replays the sale, and gives the events in their order.
async fn replayed(store: &Store) -> Vec<Event> {
    let plans = [sale().plan()];
    let mut tally = Tally::new();
    store.replay(&plans, &[sale().id()], &mut tally).await.unwrap();
    assert_eq!(tally.first_difference, None);
    assert_eq!((tally.expected, tally.conversions), (tally.stored, 1));
    let facts = sale().read(store).await.facts().unwrap();
    assert_eq!(replay(&facts, &plans).unwrap().len(), usize::try_from(tally.entries).unwrap());
    facts.steps.into_iter().map(|step| step.event).collect()
}

#[tokio::test]
async fn what_happened_is_replayed_in_the_order_in_which_it_took_effect() {
    let table = TestTable::create().await;
    let store = table.store();
    sale().record(&store).await;
    // The ids sort the other way.
    for (id, minor) in [("re_9", 3_333), ("re_5", 1_111)] {
        apply(&store, &sale().read(&store).await, &refund_of(id, minor)).await.unwrap();
    }
    mature_all(&store, days(31)).await;
    apply(&store, &sale().read(&store).await, &refund_of("re_1", 2_222)).await.unwrap();
    let events = replayed(&store).await;
    let refunds = [("re_9", 3_333), ("re_5", 1_111), ("re_1", 2_222)];
    assert_eq!(events, refunds.map(|(id, minor)| Event::Refunded(refund_of(id, minor))));
}

#[tokio::test]
async fn a_decision_stands_between_the_refunds_around_it() {
    for decision in [Decision::Release, Decision::Reject] {
        let table = TestTable::create().await;
        let store = table.store();
        Sale { hold: Some(HoldReason::SelfReferral), ..sale() }.record(&store).await;
        apply(&store, &sale().read(&store).await, &refund_of("re_1", 5_000)).await.unwrap();
        let record: Record = sale().read(&store).await;
        let conversion = &record.conversion().unwrap().value;
        let reviewed = review(conversion, &record.lines(), false, decision, days(1)).unwrap();
        assert_eq!(store.record_review(&record, &reviewed, days(1)).await.unwrap(), Written::Now);
        apply(&store, &sale().read(&store).await, &refund_of("re_0", 5_000)).await.unwrap();
        let events = replayed(&store).await;
        let refunded = |id: &str| Event::Refunded(refund_of(id, 5_000));
        assert_eq!(events, [refunded("re_1"), Event::Reviewed(decision), refunded("re_0")]);
    }
}
