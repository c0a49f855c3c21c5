//! Projections: every marked row counts once, however often it is delivered.

use domain::{
    click::Click,
    conversion::ConversionKind,
    dashboard::{Counters, DayCounters},
    id::{Level, LinkId, PartnerId},
    ledger::TransactionKind,
};
use futures_util::future::join_all;
use rust_decimal::Decimal;

use super::{
    sale::{INVOICE, Sale, count_refund, days, money, partner_of, refund_of, sale, touch, usd},
    sample::{click, program_id},
    steps::{mature_all, pay, register_seller},
};
use crate::{
    Row, Store,
    click::LinkClicks,
    conversion::Record,
    outbox::is_marked,
    projection::Totals,
    testing::{Fault, Faults, TestTable},
};

/// Counts every marked row, each delivered three times; tells how many there were.
pub(super) async fn publish(store: &Store) -> usize {
    let rows: Vec<Row> = store.overdue(days(365), 100).await.unwrap();
    for row in &rows {
        let counted = join_all((0..3).map(|_| store.project(row.clone()))).await;
        let counted = counted.into_iter().filter(|counted| *counted.as_ref().unwrap()).count();
        assert_eq!(counted, 1, "{}", row.key());
    }
    rows.len()
}

async fn counters(store: &Store, partner: &PartnerId, first: i64, last: i64) -> Vec<DayCounters> {
    let day = |count| crate::key::day(days(count));
    store.day_counters(&program_id(), partner, usd(), day(first), day(last)).await.unwrap()
}

async fn totals(store: &Store, level: u8) -> Totals {
    store.totals(&program_id(), &partner_of(level), usd()).await.unwrap()
}

fn level(number: u8, minor: i64) -> (Level, domain::money::Money) {
    (Level::new(number).unwrap(), money(minor))
}

fn day(count: i64, campaign: Option<String>, counters: Counters) -> DayCounters {
    DayCounters { day: crate::key::day(days(count)), campaign, counters }
}

#[tokio::test]
async fn a_sale_counts_once_for_everybody_it_pays() {
    let table = TestTable::create().await;
    let store = table.store();
    assert_eq!(
        totals(&store, 1).await,
        Totals { pending: money(0), earnings_by_level: [].into(), as_of: None }
    );
    sale().record(&store).await;
    assert_eq!(publish(&store).await, 2, "the conversion and its journal transaction");
    assert_eq!(publish(&store).await, 0);
    assert!(!table.dump().await.iter().any(is_marked));
    let zero = Counters::zero(usd());
    let sold = Counters { sales: 1, revenue: money(10_000), earnings: money(2_000), ..zero };
    assert_eq!(counters(&store, &partner_of(1), 0, 0).await, [day(0, touch().campaign, sold)]);
    let recruited = Counters { earnings: money(500), ..zero };
    assert_eq!(counters(&store, &partner_of(2), 0, 0).await, [day(0, None, recruited)]);
    let of_seller = totals(&store, 1).await;
    assert_eq!((of_seller.pending, of_seller.as_of), (money(2_000), Some(sale().at)));
    assert_eq!(of_seller.earnings_by_level, [level(1, 2_000)].into());
    assert_eq!(totals(&store, 3).await.earnings_by_level, [level(3, 100)].into());
}

#[tokio::test]
async fn what_was_missed_counts_once_though_the_row_has_changed_since() {
    let table = TestTable::create().await;
    let store = table.store();
    sale().record(&store).await;
    let delivered: Vec<Row> = table.dump().await.into_iter().filter(is_marked).collect();
    count_refund(&store, INVOICE, &refund_of("re_1", 2_500)).await;
    for row in delivered {
        assert!(store.project(row.clone()).await.unwrap());
        assert!(!store.project(row).await.unwrap());
    }
    assert_eq!(publish(&store).await, 2, "the refund and its journal transaction");
    let total = counters(&store, &partner_of(1), 0, 1).await;
    let revenue: i64 = total.iter().map(|day| day.counters.revenue.minor()).sum();
    assert_eq!(revenue, 7_500);
}

#[tokio::test]
async fn a_refund_lessens_revenue_and_earnings_on_its_own_day() {
    let store = TestTable::create().await.store();
    sale().record(&store).await;
    count_refund(&store, INVOICE, &refund_of("re_1", 2_500)).await;
    publish(&store).await;
    let zero = Counters::zero(usd());
    let sold = Counters { sales: 1, revenue: money(10_000), earnings: money(2_000), ..zero };
    let refunded = Counters { revenue: money(-2_500), earnings: money(-500), ..zero };
    let campaign = || touch().campaign;
    let both = [day(0, campaign(), sold), day(1, campaign(), refunded)];
    assert_eq!(counters(&store, &partner_of(1), 0, 1).await, both);
    assert_eq!(counters(&store, &partner_of(1), 1, 9).await, both[1..]);
    assert_eq!(counters(&store, &partner_of(1), -9, -1).await, []);
    let of_sponsor = totals(&store, 2).await;
    assert_eq!((of_sponsor.pending, of_sponsor.earnings_by_level), (money(375), [level(2, 375)].into()));
}

#[tokio::test]
async fn a_refund_that_waited_counts_when_it_is_applied() {
    let table = TestTable::create().await;
    let store = table.store();
    count_refund(&store, INVOICE, &refund_of("re_1", 2_500)).await;
    assert_eq!(publish(&store).await, 0);
    super::sale::count_charge(&store, &sale()).await;
    assert_eq!(publish(&store).await, 4);
    let total = counters(&store, &partner_of(1), 0, 1).await;
    let revenue: i64 = total.iter().map(|day| day.counters.revenue.minor()).sum();
    assert_eq!(revenue, 7_500);
}

#[tokio::test]
async fn maturity_and_payout_move_nothing_but_what_is_pending() {
    let store = TestTable::create().await.store();
    register_seller(&store).await;
    sale().record(&store).await;
    mature_all(&store, days(15)).await;
    pay(&store, "one", 2_000).await;
    publish(&store).await;
    let of_seller = totals(&store, 1).await;
    assert_eq!((of_seller.pending, of_seller.earnings_by_level), (money(0), [level(1, 2_000)].into()));
    assert_eq!(counters(&store, &partner_of(1), 1, 99).await, []);
    assert_eq!(totals(&store, 2).await.pending, money(0));
}

/// Hands every click to the projection, each three times and at once.
async fn count_clicks(table: &TestTable) {
    let store = table.store();
    for row in table.dump().await.into_iter().filter(|row| row.entity() == "click") {
        let is_new = row.attributes().get("counted").is_none();
        let counted = join_all((0..3).map(|_| store.project(row.clone()))).await;
        let counted = counted.into_iter().filter(|counted| *counted.as_ref().unwrap()).count();
        assert_eq!(counted, usize::from(is_new), "{}", row.key());
    }
}

#[tokio::test]
async fn a_click_counts_once_on_its_day_and_a_visitor_once_a_day_and_link() {
    let table = TestTable::create().await;
    let store = table.store();
    let other = Click { visitor_hash: "other".to_owned(), ..click(3, days(0)) };
    let elsewhere = Click { link_id: LinkId::derive(&["winter"]), ..click(4, days(0)) };
    let clicks = [click(0, days(0)), click(1, days(0)), click(2, days(1)), other, elsewhere];
    for click in &clicks {
        store.record_click(click, days(90)).await.unwrap();
    }
    for _ in 0..2 {
        count_clicks(&table).await;
        let counted = counters(&store, &clicks[0].partner_id, 0, 1).await;
        let counted: Vec<_> = counted
            .iter()
            .map(|day| (day.campaign.as_deref(), day.counters.clicks, day.counters.unique_clicks))
            .collect();
        assert_eq!(counted, [(Some("spring"), 4, 3), (Some("spring"), 1, 1)]);
        let [summer, winter] = ["summer", "winter"].map(|slug| LinkId::derive(&[slug]));
        let of_links = store.link_clicks(&[summer.clone(), winter.clone(), LinkId::derive(&["x"])]).await;
        let expected = [
            (summer, LinkClicks { clicks: 4, unique_clicks: 3 }),
            (winter, LinkClicks { clicks: 1, unique_clicks: 1 }),
        ];
        assert_eq!(of_links.unwrap(), expected.into());
    }
}

#[tokio::test]
async fn a_click_that_was_first_stays_first_when_counting_it_failed() {
    let table = TestTable::create().await;
    let first = click(0, days(0));
    table.store().record_click(&first, days(90)).await.unwrap();
    let row = table.dump().await.remove(0);
    // The visit is noted, and the counters cannot be written.
    let transactions_fail = |operation: &str| (operation == "TransactWriteItems").then(Fault::throttled);
    assert!(table.faulty(Faults::new(transactions_fail)).project(row.clone()).await.is_err());
    assert!(table.store().project(row).await.unwrap());
    let counted = counters(&table.store(), &first.partner_id, 0, 0).await;
    assert_eq!((counted[0].counters.clicks, counted[0].counters.unique_clicks), (1, 1));
}

#[tokio::test]
async fn a_click_is_counted_for_seven_units() {
    let table = TestTable::create().await;
    let (store, meter) = table.metered();
    store.record_click(&click(0, days(0)), days(90)).await.unwrap();
    let row = table.dump().await.remove(0);
    let _ = meter.take();
    store.project(row).await.unwrap();
    if table.counts_units() {
        assert_eq!(meter.take().total_writes(), Decimal::from(7));
    }
}

#[tokio::test]
async fn leads_are_counted_apart_and_a_sale_of_nobody_not_at_all() {
    let store = TestTable::create().await.store();
    let (mut lead, _) = Sale { amount: 0, ..sale() }.attributed();
    lead.charge.kind = ConversionKind::Lead;
    let nothing = domain::accrual::Accrual { commissions: Vec::new(), transaction: None };
    store.accrue(&Record::default(), &lead, &nothing, &[]).await.unwrap();
    let other = Sale { external_id: "in_2", ..sale() }.unattributed();
    store.record_unattributed(&Record::default(), &other, &[]).await.unwrap();
    assert_eq!(publish(&store).await, 1);
    let expected = Counters { leads: 1, ..Counters::zero(usd()) };
    assert_eq!(counters(&store, &partner_of(1), 0, 0).await, [day(0, touch().campaign, expected)]);
}

#[tokio::test]
async fn the_journal_of_a_day_holds_that_days_bookings_in_order_and_balanced() {
    let store = TestTable::create().await.store();
    register_seller(&store).await;
    sale().record(&store).await;
    count_refund(&store, INVOICE, &refund_of("re_1", 5_000)).await;
    mature_all(&store, days(15)).await;
    pay(&store, "one", 1_000).await;
    let mut kinds = Vec::new();
    for count in 0..20 {
        let journal = store.journal_of_day(&program_id(), crate::key::day(days(count))).await.unwrap();
        assert!(journal.is_sorted_by_key(|booked| booked.at));
        for booked in journal {
            booked.check().unwrap();
            assert_eq!(crate::key::day(booked.at), crate::key::day(days(count)));
            assert_eq!(store.transaction(&booked.id).await.unwrap(), Some(booked.clone()));
            kinds.push((count, booked.kind));
        }
    }
    use TransactionKind::{Accrue, Mature, PayoutRequest, PayoutSettle, Refund};
    kinds.sort_by_key(|(day, kind)| (*day, kind.as_str()));
    let expected = [
        (0, Accrue),
        (1, Refund),
        (15, Mature),
        (15, Mature),
        (15, Mature),
        (15, PayoutRequest),
        (16, PayoutSettle),
    ];
    assert_eq!(kinds, expected);
}
